#!/bin/sh
# Remote nodes for real: those of a local testbed, reached only through sshd in their namespaces, with keys made for this;
# the head runs in its namespace and knows of them what a config says. A run gives what one of the local kind does; what was
# shaped is put back, also when the head is killed; a domain that runs already is measured and left.
. t/lib.sh
. t/lib_remote.sh

# A qdisc of the machine's own, which must be there again; what shapes has the same handle.
here src tc qdisc add dev mig0 root handle 1: tbf rate 500mbit burst 64kb latency 50ms
src_before=$(qdisc src)
dst_before=$(qdisc dst)

# ---- what would be done ----
said=$(on_head check "$config" 2>&1)
is 'check: exit status' "$?" 0
printf '%s\n' "$said" | sed 's/^/# /'
like 'check: ssh and libvirt answer' "$said" '^src ssh +yes'
like 'check: the data network is one' "$said" '^data network +yes'
like 'check: shows what it would shape' "$said" 'tc qdisc add dev mig0 root'
like 'check: and what puts back' "$said" 'must tc qdisc add dev mig0 root handle 1: tbf rate 500Mbit'
is 'check: names one interface only, but where it tries' \
	"$(printf '%s\n' "$said" | grep -v 'unshare --net' | grep -o ' dev [a-z0-9]*' | sort -u)" ' dev mig0'
is 'check: changes nothing' "$(qdisc src)$(qdisc dst)" "$src_before$dst_before"
like 'check: compares CPUs, where guests use them' "$(on_head check "$config" -s hosts.accelerator=auto 2>&1)" \
	'^CPU model +yes .*the same on both'
ok 'check: as JSON' sh -c "'$migmeter' testbed exec head '$migmeter' check '$config' --format json |
	perl -MJSON::PP -0777 -ne 'exit !@{decode_json(\$_)->{commands}{dst}}'"

# ---- a run, as the local kind's ----
ok 'three runs over ssh complete' on_head run "$config" --wait -q -o "$work/run" --repeat 3
run=$(printf '%s\n' "$work"/run/*/ | head -n 1)
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

# under_way DIR: start a run in the background, which goes on for a minute more; $head is its pid
under_way() {
	(exec "$migmeter" testbed exec head "$migmeter" run "$config" --wait -q -o "$1" -s experiment.baseline=60s \
		>"$1.out" 2>&1) &
	head=$!
	for _ in $(seq 600); do
		grep -q baseline "$1/events.csv" 2>/dev/null && break
		sleep 0.5
	done
}

# ---- a head that is told to end ----
under_way "$work/ended"
kill -TERM "$head"
wait "$head"
is 'ended: exit status' "$?" 130
head=
is 'ended: the qdiscs are as before' "$(qdisc src)$(qdisc dst)" "$src_before$dst_before"

# ---- a head that is killed while it shapes ----
under_way "$work/dead"
like 'a run is on that shapes' "$(qdisc src)" 'htb|netem'
like 'its guest runs' "$(here src virsh -q list --name)" vm1
# kept for later: what that guest boots, and how it is described
mkdir "$work/guest"
here src cp /var/lib/libvirt/migmeter/vmlinuz /var/lib/libvirt/migmeter/guest.initrd "$work/guest/"
here src virsh -q dumpxml --migratable vm1 >"$work/guest/vm1.xml"
kill -9 "$head"
wait "$head"
head=
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
	-e 's|<on_poweroff>destroy|<on_poweroff>restart|' -e 's|<on_reboot>destroy|<on_reboot>restart|' \
	-e "s|<devices>|&<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='$work/guest/disk'/><target dev='vda' bus='virtio'/><readonly/></disk>|" \
	"$work/guest/vm1.xml" >"$work/guest/own.xml"
truncate -s 1M "$work/guest/disk"
# one whose disk the destination does not have
sed -e 's|<name>own</name>|<name>split</name>|' -e "s|$work/guest/disk|/var/lib/libvirt/split.img|" \
	"$work/guest/own.xml" >"$work/guest/split.xml"
ok 'a domain with a disk of its node' here src sh -c "truncate -s 1M /var/lib/libvirt/split.img &&
	virsh -q create --paused $work/guest/split.xml"
like 'check: its disk is not on both' "$(on_head check "$config" -s vm1.domain=split -s vm1.address=10.77.1.11 \
	-s remote.run_id=0123456789abcdef 2>&1)" '^split storage +no .*not there on dst'
here src virsh -q destroy split
ok 'a domain of the user is started' here src virsh -q create "$work/guest/own.xml"
# shellcheck disable=SC2086
said=$(on_head check "$config" $own 2>&1)
like 'check: now it is there' "$said" '^own domain +yes'
like 'check: its memory is as the config says' "$said" '^own memory +yes'
like 'check: its disk is the same on both' "$said" '^own storage +yes'
# shellcheck disable=SC2086
ok 'it is measured, twice' on_head run "$config" --wait -q -o "$work/own" --repeat 2 $own
for repeat in "$work"/own/*/; do
	for estimator in stop_resume guest_clock network work; do
		like "its downtime by $estimator" "$(metric "$repeat" downtime $estimator)" '^[0-9.e+-]+$'
	done
done
is 'it is where it was' "$(here src virsh -q list --name | tr -d '\n') $(here dst virsh -q list --name | tr -d '\n')" 'own '
is 'and nothing of the run is left' "$(here src sh -c 'ls -d /run/migmeter-lease /var/lib/libvirt/migmeter 2>/dev/null')" ''

# ---- the local kind beside it: the same metrics, within their intervals over the repeats ----
"$migmeter" testbed down --wait >/dev/null 2>&1
ok 'the same of the local kind' "$migmeter" run "$config" --wait -q -o "$work/local" --repeat 3 -s hosts.kind=local
# But for CPU, which is of whole machines there, and links that only a local testbed has.
names() { awk -F, 'NR > 1 && $6 !~ /^cpu/ && $9 !~ /uplink/ { print $6 "," $7 "," $8 "," $9 }' "$1/study.csv" | sort -u; }
names "$work/run" >"$work/names.remote"
names "$work/local" >"$work/names.local"
ok 'metrics were computed' test -s "$work/names.remote"
is 'the metrics have the same names' "$(diff "$work/names.remote" "$work/names.local")" ''
# interval RUNS METRIC ESTIMATOR -> its 95 % interval, "LOW HIGH"
interval() { awk -F, -v metric="$2" -v estimator="$3" '$6 == metric && $9 == estimator { print $11, $12; exit }' "$1/study.csv"; }
# alike METRIC ESTIMATOR
alike() {
	remote=$(interval "$work/run" "$1" "$2") local=$(interval "$work/local" "$1" "$2")
	ok "$1 $2: remote $remote, local $local" sh -c "echo '$remote $local' | awk 'NF != 4 || /missing/ { exit 1 }
		{ exit !(\$1 <= \$4 && \$3 <= \$2) }'"
}
alike migration_time completion
alike bytes_on_wire migration:src-to-dst
for estimator in stop_resume guest_clock network work reported; do
	alike downtime $estimator
done
done_testing
