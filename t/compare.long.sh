#!/bin/sh
# Comparisons of real runs: the same experiment twice shows no difference, a workload that is a tenth slower regressed; and
# how often either is so, by resampling the runs (t/bench_compare.c). MIGMETER_REPEATS runs a side, 6 when it is not set.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
repeats=${MIGMETER_REPEATS:-6}

# set_of NAME DUTY: a set of runs of a guest that is busy for this share of the time
set_of() {
	"$migmeter" run configs/quick.conf -q --wait -o "$work/$1" --repeat "$repeats" -s experiment.warmup=1s \
		-s experiment.baseline=4s -s experiment.settle=3s -s vm1.workload=dutycycle \
		-s "vm1.dutycycle.share=$2%"
}

ok "$repeats runs" set_of base 60
ok "$repeats more" set_of same 60
ok "$repeats with a tenth less work" set_of slow 54

"$migmeter" compare -m baseline_rate -m mean_rate "$work/base" "$work/same" | sed 's/^/# /'
ok 'the same: 0' "$migmeter" compare "$work/base" "$work/same"
"$migmeter" compare --despite load -m baseline_rate -m mean_rate "$work/base" "$work/slow" >"$work/text"
is 'slower: exit status 1' "$?" 1
sed 's/^/# /' "$work/text"
like 'the work rate regressed, with an interval' "$(cat "$work/text")" 'regressed: baseline rate of vm1 .*-[0-9.]+ % \(-'
like 'the other load is told' "$(cat "$work/text")" 'Changed from BASE to NEW: .*share: 0\.6 to 0\.54'
is 'and forbids without --despite' "$("$migmeter" compare "$work/base" "$work/slow" >/dev/null; echo $?)" 2

make -s "${build}/bench_compare" >/dev/null 2>&1
for folder in "$work/base" ${MIGMETER_RESULTS:-}; do
	figures=$("$build/bench_compare" "$folder")
	printf '# %s\n' "$figures"
	ok "false alarms in at most 5 % of 1000 comparisons of ${folder##*/}" awk -v text="$figures" 'BEGIN {
		match(text, /"false_alarms":[0-9.]+/); exit !(substr(text, RSTART + 15, RLENGTH - 15) + 0 <= 0.05) }'
done
done_testing
