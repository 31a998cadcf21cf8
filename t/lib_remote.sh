# shellcheck shell=sh disable=SC2034,SC2154
# Nodes of a local testbed as remote ones: reached only through sshd in their namespaces, with keys made for this. Sourced after
# t/lib.sh by tests that run as root; makes the testbed (its link is bare: shaping it is the run's), $keys and $config.
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
[ -x /usr/sbin/sshd ] || skip_all 'no sshd (package openssh-server)'
for program in ssh ssh-keygen virsh setsid; do
	command -v $program >/dev/null || skip_all "no $program"
done

here() { "$migmeter" testbed exec "$@"; }
finish() {
	[ -z "${head:-}" ] || kill -9 "$head" 2>/dev/null
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
