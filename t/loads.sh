#!/bin/sh
# Every workload in guests, over the shared network with a round trip, with disks over iSCSI: each does work, has a role,
# and goes on doing it where it moves.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

cat >"$work/loads.conf" <<'END'
[experiment]
name = loads
warmup = 1s
baseline = 3s
settle = 3s
[link]
rate = 100M
rtt = 10ms
topology = shared
[storage]
kind = iscsi
[vm vm1]
node = src
memory = 128M
disk = 32M
workload = memdirty+seqread
memdirty.region = 8M
memdirty.rate = 1M
[vm vm2]
node = dst
memory = 96M
workload = dutycycle
memory_fill = none
[vm vm3]
node = src
memory = 96M
workload = idle
memory_fill = none
[migration]
downtime_limit = 1s
END
run=$work/run
ok 'three VMs, four workloads: a run completes' "$migmeter" run "$work/loads.conf" -q -o "$run"

# metric NAME VM ESTIMATOR -> its value
metric() {
	awk -F, -v metric="$1" -v vm="$2" -v estimator="$3" \
		'$1 == metric && $2 == vm && $4 == estimator { print $5; exit }' "$run/metrics.csv"
}
role() {
	awk -F, -v vm="$1" '$1 == "baseline_rate" && $2 == vm { print $3; exit }' "$run/metrics.csv"
}
while read -r vm workload; do
	ok "$vm: $workload worked before" awk -v v="$(metric baseline_rate "$vm" "$workload")" 'BEGIN { exit !(v > 0) }'
	ok "$vm: $workload worked meanwhile" awk -v v="$(metric mean_rate "$vm" "$workload")" 'BEGIN { exit !(v > 0) }'
done <<'END'
vm1 memdirty
vm1 seqread
vm2 dutycycle
vm3 idle
END
is 'role of vm1' "$(role vm1)" migrating
is 'role of vm2' "$(role vm2)" destination-neighbour
is 'role of vm3' "$(role vm3)" source-neighbour
# On a busy machine they get less than asked, never more.
ok 'dutycycle takes no more than its half of a core' awk -v v="$(metric baseline_rate vm2 dutycycle)" \
	'BEGIN { exit !(v < 0.55e9) }'
ok 'memdirty writes no faster than asked' awk -v v="$(metric baseline_rate vm1 memdirty)" \
	'BEGIN { exit !(v < 1.1 * 1048576) }'
for console in "$run"/console-*.log; do
	is "no kernel complains in $(basename "$console")" "$(grep -cE 'BUG:|fault|panic' "$console")" 0
done
like 'the round trip was measured' "$(cat "$run/manifest.json")" '"rtt_p50_ns": ?1[0-9]{7},'
is 'nothing is left' "$(left_behind)" ''
done_testing
