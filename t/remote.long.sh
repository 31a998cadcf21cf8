#!/bin/sh
# Remote nodes for real: those of a local testbed, reached only through sshd in their namespaces, with keys made for this;
# the head runs in its namespace and knows of them what a config says. A run gives what one of the local kind does; what was
# shaped is put back, also when the head is killed; a domain that runs already is measured and left.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
[ -x /usr/sbin/sshd ] || skip_all 'no sshd (package openssh-server)'
for program in ssh ssh-keygen virsh setsid; do
	command -v $program >/dev/null || skip_all "no $program"
done
alone

here() { "$migmeter" testbed exec "$@"; }
finish() {
	[ -z "${killed:-}" ] || kill -9 "$killed" 2>/dev/null
	"$migmeter" testbed down --wait >/dev/null 2>&1
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The link between the nodes is bare: shaping it is the run's.
"$migmeter" testbed up --wait -s link.rate=0 >"$work/up" 2>&1 || {
	cat "$work/up" >&2
	skip_all 'no testbed can be made'
}

# ---- sshd on each node, a key of the head's, a known host each ----
keys=$work/keys
mkdir -m 700 "$keys"
ssh-keygen -q -t ed25519 -N '' -f "$keys/head"
for node in src dst; do
	ssh-keygen -q -t ed25519 -N '' -f "$keys/host-$node"
	address=10.77.1.$([ $node = src ] && echo 2 || echo 3)
	echo "$address $(cat "$keys/host-$node.pub")" >>"$keys/known"
	cat >"$keys/sshd-$node" <<END
ListenAddress $address
HostKey $keys/host-$node
AuthorizedKeysFile $keys/authorized
PidFile $keys/$node.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
END
done
cp "$keys/head.pub" "$keys/authorized"
cat >"$keys/client" <<END
IdentityFile $keys/head
IdentitiesOnly yes
UserKnownHostsFile $keys/known
StrictHostKeyChecking yes
END
# libvirt's own ssh is told by a script, since a URI cannot carry a config file
printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$keys/client" >"$keys/ssh"
chmod 755 "$keys/ssh"
for node in src dst; do
	here $node sh -c "mkdir -p /run/sshd && exec /usr/sbin/sshd -f $keys/sshd-$node -E $keys/$node.log"
done

config=$work/remote.conf
cat >"$config" <<END
[experiment]
name = remote
warmup = 1s
baseline = 4s
settle = 4s
[hosts]
kind = remote
accelerator = tcg
[remote]
src_uri = qemu+ssh://root@10.77.1.2/system?command=$keys/ssh
dst_uri = qemu+ssh://root@10.77.1.3/system?command=$keys/ssh
src_ssh = root@10.77.1.2
dst_ssh = root@10.77.1.3
src_ssh_options = -F $keys/client
dst_ssh_options = -F $keys/client
src_address = 10.77.3.2
dst_address = 10.77.3.3
src_device = mig0
dst_device = mig0
head = 10.77.1.1
head_data = 10.77.2.1
lease = 5s
[link]
rate = 100M
[vm vm1]
memory = 128M
workload = intadd
[migration]
mode = precopy
END
on_head() { here head "$migmeter" "$@"; }
qdisc() { here "$1" tc qdisc show dev mig0; }
# A qdisc of the machine's own, which must be there again.
here src tc qdisc add dev mig0 root handle 8001: pfifo limit 77
src_before=$(qdisc src)
dst_before=$(qdisc dst)

# ---- what would be done ----
said=$(on_head check "$config" 2>&1)
is 'check: exit status' "$?" 0
printf '%s\n' "$said" | sed 's/^/# /'
like 'check: ssh and libvirt answer' "$said" '^src ssh +yes'
like 'check: the data network is one' "$said" '^data network +yes'
like 'check: shows what it would shape' "$said" 'tc qdisc add dev mig0 root'
like 'check: and what puts back' "$said" 'tc qdisc replace dev mig0 root handle 8001: pfifo limit 77'
is 'check: names one interface only' "$(printf '%s\n' "$said" | grep -o ' dev [a-z0-9]*' | sort -u)" ' dev mig0'
is 'check: changes nothing' "$(qdisc src)$(qdisc dst)" "$src_before$dst_before"

# ---- a run, as the local kind's ----
run=$work/run
ok 'a run over ssh completes' on_head run "$config" -q -o "$run"
is 'the qdisc of src is as before' "$(qdisc src)" "$src_before"
is 'and that of dst' "$(qdisc dst)" "$dst_before"
for node in src dst; do
	is "nothing is left on $node" \
		"$(here $node sh -c 'ls -d /run/migmeter-lease /var/lib/libvirt/migmeter 2>/dev/null; virsh -q list --name')" ''
done

# metric RUN NAME ESTIMATOR -> its value
metric() {
	awk -F, -v metric="$2" -v estimator="$3" '$1 == metric && (estimator == "" || $4 == estimator) { print $5; exit }' "$1/metrics.csv"
}
sed 's/^/# /' "$run/metrics.csv" | head -n 70
for estimator in stop_resume guest_clock network work reported; do
	like "downtime by $estimator is a number" "$(metric "$run" downtime $estimator)" '^[0-9.e+-]+$'
done
like 'the clocks of the nodes were mapped' "$(head -n 2 "$run/clocks.csv")" '^(src|dst),'
like 'reported says whose clocks it needs' "$(cat "$run/metrics.json")" "two machines' clocks"
like 'CPU of the VM is known' "$(metric "$run" cpu_vm src:baseline)" '^[0-9.e+-]+$'
like 'bytes on the wire are known' "$(metric "$run" bytes_on_wire migration:src-to-dst)" '^[0-9.e+-]+$'

# ---- a head that is killed while it shapes ----
on_head run "$config" -q -o "$work/dead" -s experiment.baseline=60s >"$work/dead.out" 2>&1 &
for _ in $(seq 240); do
	grep -q baseline "$work/dead/events.csv" 2>/dev/null && break
	sleep 0.5
done
killed=$(cat /var/lib/migmeter/lock)
like 'a run is on that shapes' "$(qdisc src)" 'htb|netem'
like 'its guest runs' "$(here src virsh -q list --name)" vm1
# kept for later: what that guest boots, and how it is described
mkdir "$work/guest"
here src cp /var/lib/libvirt/migmeter/vmlinuz /var/lib/libvirt/migmeter/guest.initrd "$work/guest/"
here src virsh -q dumpxml --migratable vm1 >"$work/guest/vm1.xml"
kill -9 "$killed"
wait
killed=
began=$(date +%s)
for _ in $(seq 60); do
	[ "$(qdisc src)" = "$src_before" ] && [ "$(qdisc dst)" = "$dst_before" ] && break
	sleep 0.5
done
echo "# put back after $(($(date +%s) - began)) s"
is 'killed: the qdisc of src comes back by itself' "$(qdisc src)" "$src_before"
is 'killed: and that of dst' "$(qdisc dst)" "$dst_before"
for node in src dst; do
	is "killed: nothing is left on $node" \
		"$(here $node sh -c 'ls -d /run/migmeter-lease /var/lib/libvirt/migmeter 2>/dev/null; virsh -q list --name')" ''
done

# ---- a domain that runs already; the shipped guest stands for it: its PID 1 is the agent, begun anew when it ends ----
own='-s vm1.domain=own -s vm1.address=10.77.1.11 -s remote.run_id=0123456789abcdef
	-s remote.head_data=10.77.1.1 -s remote.data_device=br-mgmt'
# shellcheck disable=SC2086
said=$(on_head check "$config" $own 2>&1)
like 'check: no such domain yet' "$said" '^own domain +no'
like 'check: how the agent is started' "$said" 'migmeter-guest --host --run 0123456789abcdef --vm 0'
sed -e 's|<name>vm1</name>|<name>own</name>|' -e '/<uuid>/d' -e "s|/var/lib/libvirt/migmeter/|$work/guest/|g" \
	-e 's|migmeter.run=[0-9a-f]*|migmeter.run=0123456789abcdef|' \
	-e 's|migmeter.headdata=[0-9.]*|migmeter.headdata=10.77.1.1|' \
	-e 's|<on_poweroff>destroy|<on_poweroff>restart|' "$work/guest/vm1.xml" >"$work/guest/own.xml"
ok 'a domain of the user is started' here src virsh -q create "$work/guest/own.xml"
# shellcheck disable=SC2086
said=$(on_head check "$config" $own 2>&1)
like 'check: now it is there' "$said" '^own domain +yes'
# shellcheck disable=SC2086
ok 'it is measured, twice' on_head run "$config" -q -o "$work/own" --repeat 2 $own
for repeat in "$work"/own/*/; do
	for estimator in stop_resume guest_clock network work; do
		like "its downtime by $estimator" "$(metric "$repeat" downtime $estimator)" '^[0-9.e+-]+$'
	done
done
is 'it is where it was' "$(here src virsh -q list --name | tr -d '\n') $(here dst virsh -q list --name | tr -d '\n')" 'own '
is 'and nothing of the run is left' "$(here src sh -c 'ls -d /run/migmeter-lease /var/lib/libvirt/migmeter 2>/dev/null')" ''

# ---- the local kind beside it: the same metrics, within what either varies by ----
"$migmeter" testbed down --wait >/dev/null 2>&1
ok 'the same of the local kind' "$migmeter" run "$config" --wait -q -o "$work/local" -s hosts.kind=local
# But for CPU, which is of whole machines there, and links that only a local testbed has.
names() { awk -F, 'NR > 1 && $1 !~ /^cpu/ && $4 !~ /uplink/ { print $1 "," $2 "," $3 "," $4 }' "$1/metrics.csv" | sort -u; }
names "$run" >"$work/names.remote"
names "$work/local" >"$work/names.local"
is 'the metrics have the same names' "$(diff "$work/names.remote" "$work/names.local")" ''
# near WHAT METRIC ESTIMATOR SHARE ABSOLUTE
near() {
	ok "$1: $(metric "$run" "$2" "$3") and $(metric "$work/local" "$2" "$3")" awk -v a="$(metric "$run" "$2" "$3")" \
		-v b="$(metric "$work/local" "$2" "$3")" -v share="$4" -v most="$5" \
		'BEGIN { d = a - b; d = d < 0 ? -d : d; exit !(a != "" && b != "" && (d <= share * b || d <= most)) }'
}
near 'migration time' migration_time completion 0.15 0
near 'bytes on the wire' bytes_on_wire migration:src-to-dst 0.10 0
near 'downtime by stop_resume' downtime stop_resume 0.25 60e6
near 'downtime by guest_clock' downtime guest_clock 0.25 60e6
done_testing
