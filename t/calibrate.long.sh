#!/bin/sh
# A real calibration, the quick one: what was injected is in the run directory, and errors are computed from it. Interrupted,
# it keeps what it had.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

run=$work/run
ok 'a quick calibration completes' "$migmeter" calibrate --quick --seed 7 -o "$run"
sed 's/^/# /' "$work/output"
for file in calibration.csv calibration.json calibration-errors.csv ping-vm1.csv plots/calibration.svg report.html; do
	ok "$file is there" test -s "$run/$file"
done
is 'three lengths, three times, of two kinds' "$(grep -c ',inject-end,' "$run/events.csv")" 18
# n KIND OBSERVER -> injections that it was held against
n() {
	awk -F, -v kind="$1" -v observer="$2" '$1 == kind && $3 == observer { n += $4 } END { print n + 0 }' "$run/calibration.csv"
}
for observer in stop_resume guest_clock network work ping_10ms_lost ping_200ms_gap; do
	is "$observer is held against every stop" "$(n stop $observer)" 9
	is "$observer is held against every cut" "$(n cut $observer)" 9
done
# found KIND LENGTH_NS OBSERVER
found() {
	awk -F, -v kind="$1" -v asked="$2" -v observer="$3" '$1 == kind && $2 == asked && $3 == observer { print $5 }' \
		"$run/calibration.csv"
}
is 'guest_clock finds every stop of 50 ms' "$(found stop 50000000 guest_clock)" 3
is "QEMU says when it stopped the clock" "$(n stop qemu_clock)" 9
is 'and takes no cut for a stop' "$(found cut 200000000 guest_clock)" 0
is 'a cut of 200 ms is seen by the network estimator' "$(found cut 200000000 network)" 3
ok 'it can be analysed again' "$migmeter" analyze "$run"
"$migmeter" report "$run" --format markdown >"$work/markdown"
ok 'its tables are printed as Markdown' grep -q '^| guest clock |' "$work/markdown"
is 'the machine is clean' "$(left_behind)" ''

alone
ok 'a quick calibration of shares completes' "$migmeter" calibrate --cpu --quick --seed 7 -o "$work/cpu"
sed 's/^/# /' "$work/output"
# shares KIND ASKED OBSERVER -> how many there were
shares() {
	awk -F, -v kind="$1" -v asked="$2" -v observer="$3" '$1 == kind && $2 == asked && $3 == observer { print $4 }' \
		"$work/cpu/calibration-shares.csv"
}
is 'half of the CPU is taken three times' "$(shares taken 0.5 work)" 3
is 'and its CPU time is watched' "$(shares taken 0.5 cpu)" 3
ok 'a guest is half busy some times' test "$(shares duty 0.5 work)" -ge 2
is 'the machine is clean after that' "$(left_behind)" ''

alone
"$migmeter" calibrate --quick -o "$work/cut" >"$work/log" 2>&1 &
pid=$!
ended() {
	grep -c ',inject-end,' "$work/cut/events.csv" 2>/dev/null || true
}
while kill -0 $pid 2>/dev/null && [ "$(ended | grep . || echo 0)" -lt 4 ]; do
	sleep 0.5
done
kill -INT $pid
wait $pid
is 'an interrupt ends it with 130' $? 130
ok 'what was measured is in the table' grep -q '^stop,.*guest_clock' "$work/cut/calibration.csv"
ok 'which says that it was interrupted' grep -Eq '"status": ?"interrupted"' "$work/cut/calibration.json"
is 'and nothing is left behind' "$(left_behind)" ''
is 'a repeat of 0 is refused' "$("$migmeter" calibrate --repeat 0 2>&1; echo $?)" \
	"migmeter: --repeat '0': expected 1 to 200
2"
done_testing
