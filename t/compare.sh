#!/bin/sh
# migmeter compare as scripts use it: exit statuses, formats that other programs read, files that it leaves.
. t/lib.sh

# runs FOLDER COUNT RATE [STATUS]: runs of one case, whose work rates are a little apart
runs() {
	for i in $(seq "$2"); do
		run=$work/$1/$i
		mkdir -p "$run"
		printf '{"format":1,"status":"%s","reason":"it fell over","point":"","repeat":%s,"scale":1,"link":{"asked":{"rate":"100M"}},"vms":[]}\n' \
			"${4:-complete}" "$i" >"$run/manifest.json"
		printf '{"metrics":[{"metric":"baseline_rate","vm":"vm1","role":"migrating","estimator":"intadd","unit":"additions/s","value":%s,"reason":""}]}\n' \
			$(($3 + i * 1000)) >"$run/metrics.json"
	done
}

# status WANTED COMMAND...: it ends with this status
status() {
	wanted=$1
	shift
	"$@" >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" = "$wanted" ] || { echo "status $got, not $wanted"; cat "$work/out" "$work/err"; return 1; }
}

runs base 10 1000000
runs same 10 1000500
runs slow 10 900000
runs failed 4 1000000 failed

ok 'a slower workload: exit status 1' status 1 "$migmeter" compare "$work/base" "$work/slow"
like '... it says what regressed' "$(cat "$work/out")" '^regressed: baseline rate of vm1 \(migrating\): .* -9\.'
ok 'the same workload: exit status 0' status 0 "$migmeter" compare "$work/base" "$work/same"
like '... and how small a difference could have been' "$(cat "$work/out")" 'no difference shown: [0-9.]+ % could have been'
mkdir "$work/odd" "$work/even"
for i in $(seq 10); do ln -s "$work/slow/$i" "$work/$([ $((i % 2)) = 1 ] && echo odd || echo even)/$i"; done
ok 'a set halved: exit status 0' status 0 "$migmeter" compare "$work/odd" "$work/even"
like '... with no difference shown' "$(cat "$work/out")" 'no difference shown: [0-9.]+ % could have been'
ok 'a threshold of one'\''s own: 0' status 0 "$migmeter" compare -t 20% "$work/base" "$work/slow"
ok '... of another metric: 1' status 1 "$migmeter" compare -t downtime=20% "$work/base" "$work/slow"
ok 'one run against another: 0' status 0 "$migmeter" compare "$work/base/1" "$work/slow/1"
like '... it says at once that this shows nothing' "$(head -n 1 "$work/out")" \
	'^1 comparison: 1 no difference shown; 1 of them has too few runs to show any: 4 a side are needed\.$'
like '... it says how many runs are needed' "$(cat "$work/out")" 'n = 1 and 1 are too few, 4 are needed'
ok 'one folder without points: 2' status 2 "$migmeter" compare "$work/base"
ok 'points that are not there: 2' status 2 "$migmeter" compare "$work/base" --base a=b --new a=c
mkdir "$work/words"
for i in 1 2; do
	for word in b c; do
		cp -r "$work/base/$i" "$work/words/$word$i"
		sed -i "s/\"point\":\"\"/\"point\":\"a=$word\"/" "$work/words/$word$i/manifest.json"
	done
done
ok 'two points of one study: 0' status 0 "$migmeter" compare "$work/words" --base a=b --new a=c -o "$work/points"
like '... the page names them' "$(cat "$work/points/compare.html")" 'BASE [^ ]*/words \(a=b\), NEW [^ ]*/words \(a=c\)'
mkdir "$work/early"
cp -r "$work"/words/b? "$work/early"
ok 'a study that died early: 1' status 1 "$migmeter" compare "$work/words" "$work/early"
like '... and it says which case is not there' "$(cat "$work/out")" '^a=c, 2 to 0 runs: not comparable: NEW has no run of it: is it complete'
"$migmeter" compare --format tap "$work/words" "$work/early" >"$work/early.tap"
ok '... as prove does' status 1 prove --exec cat "$work/early.tap"
ok '... which --partial accepts: 0' status 0 "$migmeter" compare --partial "$work/words" "$work/early"
ok 'a study that has more: 0' status 0 "$migmeter" compare "$work/early" "$work/words"
ok 'broken runs: 1' status 1 "$migmeter" compare "$work/base" "$work/failed"
ok 'nothing to compare: 2' status 2 "$migmeter" compare "$work/failed" "$work/base"
ok 'no runs: 2' status 2 "$migmeter" compare "$work" "$work/nowhere"
ok 'an unknown metric: 2' status 2 "$migmeter" compare -m baseline "$work/base" "$work/slow"
like '... and the nearest' "$(cat "$work/err")" "unknown metric 'baseline'"
ok 'metrics that no run has: 2' status 2 "$migmeter" compare -m job_time "$work/base" "$work/slow"
like '... and it says so' "$(cat "$work/out")" 'not comparable: no run has a metric that is asked for'
ok 'runs compared with themselves: 0' status 0 "$migmeter" compare "$work/base" "$work/base"
like '... and it says so' "$(cat "$work/out")" 'Take care: 10 of 10 runs of NEW are runs of BASE, too'
ok 'an unknown format: 2' status 2 "$migmeter" compare --format xml "$work/base" "$work/slow"

"$migmeter" compare --format tap "$work/base" "$work/same" >"$work/good.tap"
"$migmeter" compare --format tap "$work/base" "$work/slow" >"$work/bad.tap"
ok 'prove accepts what is good' prove --exec cat "$work/good.tap"
ok 'prove fails what regressed' status 1 prove --exec cat "$work/bad.tap"
like '... and counts it' "$(cat "$work/out")" 'Failed 1/1 subtests'
"$migmeter" compare --format junit "$work/base" "$work/slow" >"$work/junit.xml"
ok 'JUnit is XML' xmllint --noout "$work/junit.xml"
is '... whose failures are counted' "$(xmllint --xpath 'string(/testsuites/@failures)' "$work/junit.xml")" \
	"$(xmllint --xpath 'count(//testcase[failure])' "$work/junit.xml")"
ok '... that every reader of JUnit takes' xmllint --noout --relaxng t/junit.rng "$work/junit.xml"
"$migmeter" compare --format junit "$work/base" "$work/failed" >"$work/broken.xml"
ok '... broken runs, too' xmllint --noout --relaxng t/junit.rng "$work/broken.xml"
cp -r "$work/base" "$work/hostile"
sed -i 's|"point":""|"point":"a=\\u0001\\u001b]<\\"\\ud800\\uffff \xff"|' "$work"/hostile/*/manifest.json
"$migmeter" compare --format junit "$work/hostile" "$work/slow" >"$work/hostile.xml"
ok '... and labels that no XML can hold' xmllint --noout --relaxng t/junit.rng "$work/hostile.xml"
is '... in every suite' "$(xmllint --xpath 'sum(//testsuite/@tests)' "$work/junit.xml")" \
	"$(xmllint --xpath 'count(//testcase)' "$work/junit.xml")"
# One more reader, where it happens to be.
if python3 -c 'import junitparser' 2>/dev/null; then
	is 'a reader of JUnit (python3-junitparser) has each verdict' "$(python3 -c '
import sys
from junitparser import Failure, JUnitXml
cases = [case for suite in JUnitXml.fromfile(sys.argv[1]) for case in suite]
print(len(cases), sum(any(isinstance(r, Failure) for r in case.result) for case in cases))' "$work/junit.xml")" \
		"$(xmllint --xpath 'concat(count(//testcase), " ", count(//testcase[failure]))' "$work/junit.xml")"
fi
is 'CSV has as many fields in each row' "$("$migmeter" compare --format csv "$work/base" "$work/slow" |
	awk -F, '{ print NF }' | sort -u)" 25

"$migmeter" compare -o "$work/kept" "$work/base" "$work/slow" >/dev/null 2>&1
for file in comparison.json comparison.csv compare.html plots/values_1.svg plots/values_1.png; do
	ok "$file is there" test -s "$work/kept/$file"
done
is 'and nothing else is left' "$(find "$work/kept" -name '.draw*')" ''
is 'comparison.json is what --format json prints' "$("$migmeter" compare --format json "$work/base" "$work/slow" | md5sum)" \
	"$(md5sum <"$work/kept/comparison.json")"
done_testing
