#!/bin/sh
# One move between two LANs over a tunnel: the client's TCP connection lives, the switches learn where the guest is now, and
# what ovs-ofctl shows by hand is what flows.csv counts. Killed, the testbed is taken down like any other.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
command -v ovs-vswitchd >/dev/null && command -v osken-manager >/dev/null || skip_all 'needs Open vSwitch and os-ken'
alone
trap '"$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT
link='-s link.network=ovs -s link.topology=shared -s link.rate=100M'

metric() { # METRIC ESTIMATOR
	awk -F, -v metric="$1" -v estimator="$2" '$1 == metric && $4 == estimator { print $5 }' "$work/run/metrics.csv"
}
by_hand() { # SWITCH
	"$migmeter" testbed exec "$1" ovs-ofctl --names dump-flows br-lan
}
# The counters of the datagrams to the guest: they grow no more, since nobody talks to it.
stream_by_hand() {
	by_hand src | sed -n 's/.*n_packets=\([0-9]*\),.*udp.*tp_dst=7707 .*/\1/p'
}
stream_collected() {
	awk -F, '$2 == "src" && $4 == "udp" && $11 == "7707" { packets = $14 } END { print packets }' "$work/run/flows.csv"
}

# shellcheck disable=SC2086
ok 'testbed up with two LANs' "$migmeter" testbed up $link
like 'status says which datapath the switches have' "$("$migmeter" testbed status)" 'gre; datapath in (user space|the kernel)'
like 'dst is behind the tunnel' "$(by_hand src)" 'nw_dst=10.77.2.3.* actions=output:tun0'
# shellcheck disable=SC2086
ok 'the run completes' "$migmeter" run configs/quick.conf -q -o "$work/run" -s hosts.accelerator=tcg $link \
	-s vm1.workload=stream -s vm1.memory=96M -s vm1.memory_fill=none -s experiment.baseline=3s -s experiment.settle=4s
is 'the connection lives' "$(metric connection_alive tcp)" 1
like 'both switches say when they learnt it' "$(metric learning_time src) $(metric learning_time dst)" '^[0-9.e+]+ [0-9.e+]+$'
like 'an event says so' "$(cat "$work/run/events.csv")" '^[0-9]+,vm1,src,learned,port tun0 error_ns [0-9]+$'
like 'another, from when on the stream has a flow' "$(cat "$work/run/events.csv")" \
	'^[0-9]+,vm1,src,flow-made,udp from-guest port tun0 error_ns [0-9]+$'
like 'the gap with the stop has its parts' "$(for part in stopped starting unreachable returning; do
	metric stream_gap_part from-guest:$part
done | tr '\n' ' ')" '^([0-9.e+]+ ){4}$'
like 'the flows count the stream' "$(metric flow_counted udp:to-guest)" '^(9[89]|10[01])'
is 'by hand the same flow is seen' "$(stream_by_hand | tail -n 1)" "$(stream_collected)"
ok 'testbed down' "$migmeter" testbed down
is 'nothing is left' "$(left_behind)" ''

# What the switches need dies by itself: the run says so, and nothing of it is left. NAME NODE WORD-OF-ITS-COMMAND
dies() {
	run=$work/without-$1
	# shellcheck disable=SC2086
	"$migmeter" run configs/quick.conf -q -o "$run" -s hosts.accelerator=tcg $link -s vm1.memory=96M \
		-s vm1.memory_fill=none -s experiment.baseline=60s 2>"$work/said" &
	pid=$!
	reached ',phase,baseline'
	kill -9 "$(for one in $(ip netns pids "mm-$2"); do
		tr '\0' ' ' <"/proc/$one/cmdline" | grep -q -- "$3" && echo "$one"
	done | head -n 1)"
	wait $pid
	is "$1 is dead: exit status" $? 1
	like "$1 is dead: who, where, and its log" "$(cat "$work/said")" "$1 of node '$2' .process [0-9]+. has ended: .*its log: '$run/$2-$1.log'"
	like "$1 is dead: the run says so" "$(cat "$run/manifest.json")" "\"reason\": ?\"$1 of node"
	ok "$1 is dead: its log is there" test -e "$run/$2-$1.log"
	is "$1 is dead: nothing is left" "$(left_behind)" ''
}
dies controller head osken-manager
dies ovs-vswitchd dst '^ovs-vswitchd'

# shellcheck disable=SC2086
"$migmeter" run configs/quick.conf -q -o "$work/killed" -s hosts.accelerator=tcg $link -s vm1.memory=96M 2>/dev/null &
victim=$!
for _ in $(seq 100); do
	[ -e /var/lib/migmeter/testbed/dst/run/openvswitch/br-lan.mgmt ] && break
	sleep 0.2
done
daemons=$(sed -n 's/^process\t\([0-9]*\) .*/\1/p' /var/lib/migmeter/register)
kill -9 $victim
wait $victim 2>/dev/null
ok 'killed: testbed down' "$migmeter" testbed down
is 'killed: nothing is left' "$(left_behind)" ''
for pid in $daemons; do
	for _ in $(seq 50); do # init may be slow to reap it
		kill -0 "$pid" 2>/dev/null || continue 2
		sleep 0.2
	done
	echo "$pid"
done >"$work/alive"
is 'killed: no daemon lives' "$(cat "$work/alive")" ''
done_testing
