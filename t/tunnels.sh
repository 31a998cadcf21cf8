#!/bin/sh
# Every kind of tunnel between the two LANs carries whole frames, a ping and a TCP stream, as it is asked to, and the switches
# count them. (A move over one: ovs.long.sh)
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
command -v ovs-vswitchd >/dev/null && command -v osken-manager >/dev/null || skip_all 'needs Open vSwitch and os-ken'
alone
trap '"$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT

on() { # NODE COMMAND...
	"$migmeter" testbed exec "$@"
}
# counted NODE WHAT PATTERN: n_packets or n_bytes of the flow into or out of the tunnel; 0: there is none
counted() {
	on "$1" ovs-ofctl --names dump-flows br-lan | sed -n "/$3/s/.*$2=\([0-9]*\),.*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}
# grown NODE WHAT PATTERN LEAST: until the flow has counted so much (the switch looks at its datapath now and then); prints it
grown() {
	for _ in $(seq 100); do
		[ "$(counted "$1" "$2" "$3")" -ge "$4" ] && break
		sleep 0.1
	done
	counted "$1" "$2" "$3"
}
there='icmp,.*nw_dst=10.77.2.3.*actions=output:tun0' back='icmp,.*in_port=tun0,.*nw_src=10.77.2.3.*'
stream='tcp,.*nw_dst=10.77.2.3,.*tp_dst=7000 actions=output:tun0'

# What comes is told by its number of bytes and their sum.
receive='import hashlib, socket
listener = socket.create_server(("10.77.2.3", 7000))
print("listens", flush=True)
connection, data, size = listener.accept()[0], hashlib.md5(), 0
while part := connection.recv(65536):
    data.update(part)
    size += len(part)
print(size, data.hexdigest())'
send='import hashlib, os, socket
data = os.urandom(1000000)
socket.create_connection(("10.77.2.3", 7000), 10).sendall(data)
print(len(data), hashlib.md5(data).hexdigest())'

for kind in gre vxlan geneve; do
	ok "$kind: testbed up" "$migmeter" testbed up -s link.network=ovs -s link.topology=shared -s link.rate=100M \
		-s "link.tunnel=$kind"
	like "$kind: status says so" "$("$migmeter" testbed status)" "$kind; datapath in (user space|the kernel)"
	is "$kind: the switches have it" "$(on src ovs-vsctl get interface tun0 type) $(on dst ovs-vsctl get interface tun0 type)" \
		"$kind $kind"
	ok "$kind: whole frames go there and back" on head ping -q -c 1 -W 5 -M "do" -s 1472 10.77.2.3 # and their flows are made
	before=$(counted src n_packets "$there") back_before=$(counted src n_packets "$back")
	like "$kind: none of 20 is lost" "$(on head ping -q -c 20 -i 0.05 -W 5 -M "do" -s 1472 10.77.2.3 2>&1)" ' 0% packet loss'
	is "$kind: they are counted on their way there" "$(grown src n_packets "$there" $((before + 20)))" $((before + 20))
	is "$kind: and back" "$(grown src n_packets "$back" $((back_before + 20)))" $((back_before + 20))
	on dst /usr/bin/python3 -c "$receive" >"$work/received" 2>&1 &
	pid=$!
	until_so grep -q listens "$work/received"
	sent=$(on head /usr/bin/python3 -c "$send" 2>&1)
	wait $pid
	is "$kind: a TCP stream comes as it was sent" "$(tail -n 1 "$work/received")" "$sent"
	ok "$kind: and is counted" test "$(grown src n_bytes "$stream" 1000000)" -ge 1000000
	ok "$kind: testbed down" "$migmeter" testbed down
done
is 'nothing is left' "$(left_behind)" ''
done_testing
