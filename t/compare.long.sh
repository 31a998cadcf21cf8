#!/bin/sh
# Comparisons of real runs, made in turn: the same experiment twice shows no difference, a workload that is a tenth slower
# regressed; and how often either is so, by resampling the runs (t/bench_compare.c). MIGMETER_REPEATS runs a side, 10 when it is
# not set: 5 can show a difference of two metrics, but a machine of which others take a part hid it. About ten minutes.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
repeats=${MIGMETER_REPEATS:-10}

# A guest that is busy for a share of the time; the link is fast and the guest small, since the work rate is what is looked at.
cat >"$work/busy.conf" <<'END'
[experiment]
name = busy
warmup = 1s
baseline = 2s
settle = 1s
[link]
rate = 1G
[vm vm1]
memory = 96M
workload = dutycycle
[case busy base]
vm1.dutycycle.share = 60%
[case busy same]
vm1.dutycycle.share = 60%
[case busy slow]
vm1.dutycycle.share = 54%
END
ok "$repeats runs of each, in turn" "$migmeter" run "$work/busy.conf" -q --wait -o "$work/runs" --repeat "$repeats"

# compared NEW OPTION...: the runs of busy=base with those of busy=NEW
compared() {
	new=$1
	shift
	"$migmeter" compare -m baseline_rate -m mean_rate "$@" "$work/runs" --base busy=base --new "busy=$new"
}
compared same >"$work/text"
is 'the same: exit status 0' "$?" 0
sed 's/^/# /' "$work/text"
compared slow --despite load >"$work/text"
is 'slower: exit status 1' "$?" 1
sed 's/^/# /' "$work/text"
like 'the work rate regressed, with an interval' "$(cat "$work/text")" 'regressed: baseline rate of vm1 .*-[0-9.]+ % \(-'
like 'the other load is told' "$(cat "$work/text")" 'Changed from BASE to NEW: .*share: 0\.6 to 0\.54'
is 'and forbids without --despite' "$(compared slow >/dev/null; echo $?)" 2
is 'the blocks have orders of their own' "$(grep -l 'random within each repeat' "$work/runs/plan.json")" "$work/runs/plan.json"

mkdir "$work/odd" "$work/even"
for run in "$work"/runs/*busy=slow-r*; do
	repeat=${run##*-r}
	ln -s "$run" "$work/$([ $((repeat % 2)) = 1 ] && echo odd || echo even)/$repeat"
done
"$migmeter" compare -m baseline_rate -m mean_rate "$work/odd" "$work/even" >"$work/text"
is 'the slower ones halved: exit status 0' "$?" 0
like 'with no difference shown' "$(cat "$work/text")" 'no difference shown'

make -s "${build}/bench_compare" >/dev/null 2>&1
for folder in "$work/runs" ${MIGMETER_RESULTS:-}; do
	figures=$("$build/bench_compare" "$folder")
	printf '# %s\n' "$figures"
	ok "false alarms in at most 5 % of 1000 comparisons of ${folder##*/}" awk -v text="$figures" 'BEGIN {
		match(text, /"false_alarms":[0-9.]+/); exit !(substr(text, RSTART + 15, RLENGTH - 15) + 0 <= 0.05) }'
	# With 10 runs a side each is found in nine of ten comparisons, or it is told how many it takes where runs are too far apart
	# for that. A loss of work is found with 28 at most; 50 ms may be less than matters there (null), or than can be shown (>28).
	printf '%s\n' "$figures" | perl -MJSON::PP -0777 -ne 'for my $case (@{decode_json($_)->{cases}}) {
		for my $change ("work_loss_10_percent", "downtime_50_ms") {
			print join("\t", $change, map({ $_ // "null" } @$case{"${change}_found", "${change}_needs_n"}), $case->{case}), "\n";
		} }' >"$work/power"
	ok "each case of ${folder##*/} has its power told" test -s "$work/power"
	while IFS='	' read -r change found needs point; do
		ok "$point: $change is found in $found, $needs runs a side find it" awk -v found="$found" -v needs="$needs" \
			-v change="$change" 'BEGIN {
				small = change == "downtime_50_ms" && (found == "null" || needs == ">28")
				exit !(small || (found != "null" && found + 0 >= 0.9) || (needs + 0 > 10 && needs + 0 <= 28)) }'
	done <"$work/power"
done
done_testing
