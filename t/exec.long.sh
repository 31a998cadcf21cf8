#!/bin/sh
# driver = exec on real guests: virsh moves one, beside the same by libvirt; what no hypervisor told is missing; commands
# that fail, hang or talk nonsense leave a run with the status and the reason, and nothing else.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
command -v virsh >/dev/null || skip_all 'there is no virsh'
alone

short='-s experiment.warmup=1s -s experiment.baseline=3s -s experiment.settle=3s -s vm1.memory=100M'

# manifest RUN MEMBER: a text of the manifest itself; cores RUN: those of the VM that arrived
manifest() {
	sed -n 's/^  "'"$2"'": *"\(.*\)",*$/\1/p' "$1/manifest.json"
}
cores() {
	tr -d ' \n' <"$1/manifest.json" | grep -o '"vcpu_cores":[][0-9,]*'
}
# metric RUN METRIC ESTIMATOR COLUMN (5 the value, 7 and 8 its interval)
metric() {
	awk -F, -v m="$2" -v e="$3" -v c="$4" '$1 == m && $4 == e { print $c; exit }' "$1/metrics.csv"
}
# near WHAT A B MS: two times in ns
near() {
	if awk -v a="$2" -v b="$3" -v ms="$4" 'BEGIN { d = a - b; exit !(a + 0 > 0 && b + 0 > 0 && d < ms * 1e6 && -d < ms * 1e6) }'; then
		result ok "$1"
	else
		result 'not ok' "$1"
		echo "# $2 and $3 are not within $4 ms" >&2
	fi
}

# shellcheck disable=SC2086
ok 'the config that comes along' "$migmeter" run exec-virsh -q --wait $short -s experiment.order=listed -o "$work/study"
plain=$work/study/001-driver=libvirt-r1 exec=$work/study/002-driver=exec-r1
is 'both are complete' "$(manifest "$plain" status) $(manifest "$exec" status)" 'complete complete'
is 'its stop is not told' "$(metric "$exec" downtime stop_resume 5)" missing
is 'nor its switch-over' "$(metric "$exec" migration_time switch_over 5)" missing
is 'nor a forecast' "$(metric "$exec" expected_downtime_error last 5)" missing
for estimator in guest_clock network work; do
	like "$estimator sees it from the outside" "$(metric "$exec" downtime $estimator 5)" '^[1-9]'
done
near 'what virsh reports is what the guest missed' "$(metric "$exec" downtime reported 5)" \
	"$(metric "$exec" downtime guest_clock 5)" 50
near 'as with libvirt' "$(metric "$plain" downtime reported 5)" "$(metric "$plain" downtime guest_clock 5)" 50
# start ends with it; the answer that says so comes later, by what two calls of virsh take
near 'it takes as long as with libvirt' "$(metric "$exec" migration_time completion 7)" \
	"$(metric "$plain" migration_time completion 5)" 1500
is 'and ended at the answer at the latest' "$(metric "$exec" migration_time completion 8)" \
	"$(metric "$exec" migration_time completion 5)"
like 'bytes are reported' "$(metric "$exec" bytes_reported '' 5)" '^[1-9]'
is 'it is pinned to the core of its destination' "$(cores "$exec")" "$(cores "$plain")"
ok 'the page says that commands moved it' grep -q 'commands moved the VM' "$exec/report.html"

cat >"$work/exec.conf" <<'END'
[experiment]
name = exec
warmup = 1s
baseline = 2s
settle = 2s
[vm vm1]
memory = 100M
workload = intadd
[migration]
driver = exec
command_timeout = 3s
END
one() {
	name=$1 wanted=$2
	shift 2
	"$migmeter" run "$work/exec.conf" -q --wait -o "$work/$name" "$@" >"$work/said" 2>&1
	is "$name: exit status" $? "$wanted"
}
failed() {
	like "$1: the manifest has its status" "$(manifest "$work/$1" status)" '^failed$'
	like "$1: and the reason" "$(manifest "$work/$1" reason)" "$2"
	is "$1: and no metrics" "$(wc -l <"$work/$1/metrics.csv")" 1
	ok "$1: samples are kept" test -s "$work/$1/samples-vm1.csv"
}

one fails 1 -s 'migration.start=echo no route to host >&2; exit 4'
failed fails 'migration.start failed with status 4: no route to host'
one hangs 1 -s migration.start='sleep 612' -s migration.timeout=3s
failed hangs 'it took longer than migration.timeout; there is no migration.cancel'
is 'hangs: nothing of it goes on' "$(pgrep -fx 'sleep 612')" ''
one nonsense 1 -s migration.start=true -s migration.state='echo BUILD' -s migration.state_interval=100ms
failed nonsense "migration.state: 'BUILD' is none of running, completed, failed"
one liar 1 -s migration.start=true
failed liar "migration.start ended with status 0, but 'vm1' is not on node 'dst'"

script="$PWD/configs/exec/virsh.sh"
one slow 0 -s migration.timeout=4s -s migration.bandwidth=1M -s migration.start="sh $script start" \
	-s migration.cancel="sh $script cancel"
is 'slow: it is complete, and did not converge' "$(manifest "$work/slow" status) $(metric "$work/slow" converged '' 5)" 'complete 0'
like 'slow: its guest works on where it was' "$(metric "$work/slow" settled_rate intadd 5)" '^[1-9]'
is 'nothing is left' "$(left_behind)" ''
done_testing
