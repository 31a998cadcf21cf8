#!/bin/sh
# migmeter history as scripts use it: runs added once, listed, and where their metric changed.
. t/lib.sh

# run NUMBER RATE QEMU [STATUS]
run() {
	mkdir -p "$work/runs/$1"
	printf '{"format":1,"run_id":"%s","clock_pairs":[{"wall_ns":1795292%03d000000000}],"status":"%s","reason":"","name":"nightly","point":"load=cpu","repeat":1,"hypervisor":{"qemu":"%s","libvirt":"9.0.0"},"host":{"kernel":"6.1"},"version":"0.1"}\n' \
		"id$1" "$1" "${4:-complete}" "$3" >"$work/runs/$1/manifest.json"
	printf '{"metrics":[{"metric":"baseline_rate","vm":"vm1","role":"migrating","estimator":"intadd","unit":"additions/s","value":%s,"reason":""}]}\n' \
		"$2" >"$work/runs/$1/metrics.json"
}

history() {
	"$migmeter" history -d "$work/history.sqlite" "$@"
}

for i in $(seq 10 24); do run "$i" $((1000000 + i * 7919 % 10000)) 7.2.22; done
for i in $(seq 25 39); do run "$i" $((900000 + i * 7919 % 10000)) 8.0.0; done
is 'runs are added' "$(history add "$work/runs")" '30 runs added, 0 known before'
is 'and are known then' "$(history add "$work/runs" "$work/runs/12")" '0 runs added, 31 known before'
run 40 900000 8.0.0 running
like 'one that runs is left out, and said to be' "$(history add "$work/runs" 2>&1)" "40' has not ended: its status is 'running'"
is 'the list has a row a run' "$(history list | wc -l)" 31
like 'with its versions' "$(history list | sed -n 2p)" '^2026-11-21T[0-9:]*Z,nightly,load=cpu,complete,7\.2\.22,9\.0\.0,6\.1,0\.1,id10,'
is 'of one experiment' "$(history list --name another | wc -l)" 1

said=$(history trend baseline_rate)
like 'the trend says where, and which version came with it' "$said" \
	'^  regressed at 2026-11-21 [0-9:]*: 1\.0.* to 90[0-9.]* k additions/s \(-9\..*with qemu 7\.2\.22 to 8\.0\.0$'
is 'once' "$(echo "$said" | grep -c regressed)" 1
is 'CSV marks the run' "$(history trend --format csv baseline_rate:intadd | awk -F, '$6 != "" { print $6, $7 }' | tail -n +2)" \
	'regressed id25'
history trend -o "$work/page" baseline_rate >/dev/null 2>&1
is 'a page and its picture' "$(cd "$work/page" && ls ./*.html plots)" "./trend.html

plots:
trend_1.png
trend_1.svg"
is 'a page of one run' "$("$migmeter" history add -d "$work/one.sqlite" "$work/runs/12" >/dev/null
	"$migmeter" history trend -d "$work/one.sqlite" -o "$work/one" baseline_rate >/dev/null 2>&1; echo $?; ls "$work/one/plots")" "0
trend_1.png
trend_1.svg"
"$migmeter" history list -d "$work/typo.sqlite" >/dev/null 2>"$work/said"
is 'a history that is not there: 2' "$?" 2
like '... and what makes one' "$(cat "$work/said")" "typo.sqlite', which 'migmeter history add' makes"
"$migmeter" history add -d "$work/typo.sqlite" "$work/nowhere" >/dev/null 2>&1
is 'runs that are not there: 2' "$?" 2
is 'neither made one' "$(ls "$work"/typo* 2>/dev/null)" ''
dd if="$work/history.sqlite" of="$work/cut.sqlite" bs=4096 count=3 2>/dev/null
"$migmeter" history list -d "$work/cut.sqlite" >/dev/null 2>"$work/said"
like 'one that was cut off: not 0' "$?" '^[23]$'
like '... and why' "$(cat "$work/said")" "history '.*cut.sqlite': database disk image is malformed"
history trend nothing >/dev/null 2>&1
is 'an unknown metric: 2' "$?" 2
history trend lost_work >/dev/null 2>&1
is 'one that no run has: 2' "$?" 2
history drop >/dev/null 2>&1
is 'an unknown word: 2' "$?" 2
done_testing
