#!/bin/sh
# bench_run - how long whole commands take: testbed up and down (the median of 3), the quick run, and analysing and
# reporting it again. Prints JSON; a time that could not be had is null.
set -u
build=${MIGMETER_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# seconds COMMAND...: how long it takes; null when it fails
seconds() {
	from=$(date +%s%N)
	if "$@" >"$work/log" 2>&1; then
		echo $((($(date +%s%N) - from) / 1000000)) | awk '{ printf "%.2f", $1 / 1000 }'
	else
		tail -n 1 "$work/log" >&2
		echo null
	fi
}

for _ in 1 2 3; do
	seconds "$build/migmeter" testbed up >>"$work/up"
	seconds "$build/migmeter" testbed down >>"$work/down"
	echo >>"$work/up"
	echo >>"$work/down"
done
median() { sort -n "$1" | sed -n 2p; }
run_s=$(seconds "$build/migmeter" run configs/quick.conf -q -o "$work/run")
[ "$run_s" = null ] && status=1
analyze_s=$(seconds "$build/migmeter" analyze "$work/run")
report_s=$(seconds "$build/migmeter" report "$work/run")
html_mb=$(wc -c <"$work/run/report.html" 2>/dev/null | awk '{ printf "%.2f", $1 / 1e6 }')
printf '{"testbed_up_s": %s, "testbed_down_s": %s, "quick_run_s": %s, "analyze_s": %s, "report_s": %s, "html_mb": %s, ' \
	"$(median "$work/up")" "$(median "$work/down")" "$run_s" "$analyze_s" "$report_s" "${html_mb:-null}"
printf '"goals": {"testbed_up_s": 5, "testbed_down_s": 2, "quick_run_s": 90, "html_mb": 5}}\n'
exit $status
