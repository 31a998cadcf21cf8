#!/bin/sh
# Real nights, as small as can be: two in a row, one of which another cannot overlap, and one with a case that fails.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

cat >"$work/tiny.conf" <<'END'
[experiment]
name = tiny
repeat = 2
warmup = 1s
baseline = 1s
settle = 1s
[link]
rate = 1G
[vm vm1]
memory = 96M
[case load compute]
vm1.workload = intadd
[case load idle]
vm1.workload = idle
END

night() {
	"$migmeter" nightly "$work/tiny.conf" -q -o "$work/sets" -d "$work/history.sqlite" --textfile "$work/migmeter.prom" "$@"
}

# set N: the folder of a night
set_of() {
	find "$work/sets/" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort | sed -n "${1}p"
}

night >"$work/first" 2>&1 &
while [ -z "$(set_of 1)" ] && kill -0 $! 2>/dev/null; do sleep 0.2; done
night >"$work/said" 2>&1
is 'a second one beside it: 3' "$?" 3
like 'it says who is at work' "$(cat "$work/said")" 'another nightly \(pid [0-9]+ since '
wait $!
is 'the first night: 0' "$?" 0
like 'it says that it is the baseline' "$(cat "$work/first")" '^baseline: nothing to compare with'
sleep 1
night >"$work/second" 2>&1
is 'the second night: 0' "$?" 0
like 'two runs of each are too few to show anything, and it says so' "$(cat "$work/second")" \
	'^inconclusive: load=compute: 2 and 2 runs are too few'
for page in summary.txt index.html metrics.prom study/index.html compare/compare.html trend/trend.html trend/plots/trend_1.svg; do
	ok "it has $page" test -s "$(set_of 2)/$page"
done
is 'all its runs are complete' "$(cat "$(set_of 2)"/study/*/manifest.json | grep -c '"status": *"complete"')" 4
is 'and in the history' "$("$migmeter" history list -d "$work/history.sqlite" | wc -l)" 9
like 'they say whether they were steady' "$(cat "$(set_of 2)"/study/*compute*/metrics.csv)" '^steady,,,,1,ratio'
sed 's/^/# /' "$(set_of 2)/summary.txt"
if python3 -c 'import prometheus_client' 2>/dev/null; then
	ok "Prometheus' own parsers read the metrics" python3 -c '
import sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = open(sys.argv[1]).read()
assert len(list(parser.text_string_to_metric_families(text))) > 5
assert len(list(openmetrics.text_string_to_metric_families(text))) > 5' "$work/migmeter.prom"
else
	is 'the metrics are whole' "$(tail -n 1 "$work/migmeter.prom")" '# EOF'
fi

sed 's/^vm1.workload = idle/&\nexperiment.boot_timeout = 1s/' "$work/tiny.conf" >"$work/broken.conf"
printf '[case load huge]\nvm1.workload = idle\nvm1.memory = 512G\n' >>"$work/broken.conf"
mv "$work/broken.conf" "$work/tiny.conf"
sleep 1
night --keep 1 >"$work/said" 2>&1
is 'a night with a case that fails: 1' "$?" 1
like 'it says which' "$(cat "$work/said")" '^broken: load=idle: 2 of 2 runs of NEW failed'
is 'the other case has its runs' "$(cat "$work/sets"/*/study/*compute*/manifest.json | grep -c '"status": *"complete"')" 4
like 'and which was refused, and why' "$(cat "$work/said")" '^skipped: load=huge: 2 of 2 runs were skipped: .'
is 'what was refused left no folder' "$(find "$(set_of 2)/study" -maxdepth 1 -name '*huge*' | wc -l)" 0
is 'the second set is gone' "$(set_of 3)" ''
like 'the first is still the baseline' "$(cat "$(set_of 2)/metrics.prom")" \
	"^migmeter_nightly_baseline\{.*case=\"load=compute\",set=\"$(set_of 1)\"\} 1"
is 'nothing is left' "$(left_behind)" ''
done_testing
