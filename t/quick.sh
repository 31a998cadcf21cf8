#!/bin/sh
# The whole way once: a real pre-copy migration, its files, its numbers, a clean machine.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

# guest_cores NODE: the cores of all threads of its guests, each set once
guest_cores() {
	for one in $(ip netns pids "mm-$1"); do
		case $(cat "/proc/$one/comm" 2>/dev/null) in
		qemu-system*) taskset --all-tasks --cpu-list --pid "$one" ;;
		esac
	done | sed 's/.*: //' | sort -u | tr '\n' ' '
}

run=$work/run
"$migmeter" run configs/quick.conf -q -o "$run" \
	-s experiment.warmup=1s -s experiment.baseline=4s -s experiment.settle=4s &
pid=$!
if [ "$(nproc)" -ge 2 ]; then
	cores=0,1 core=0
	[ "$(nproc)" -lt 4 ] || cores=1,2 core=1
	reached ',vm1,src,resume|,vm1,src,lifecycle'
	is 'while a guest boots, it has the cores of both nodes' "$(guest_cores src)" "$cores "
	reached ',phase,baseline'
	is 'while it is measured, all its threads have the core of its own' "$(guest_cores src)" "$core "
fi
wait "$pid"
is 'a run over a 100 Mbit/s link completes' "$?" 0
for file in manifest.json config.conf events.csv samples-vm1.csv job-vm1.csv cpu.csv link.csv packets-vm1.csv \
	metrics.csv metrics.json report.html; do
	ok "$file is there" test -s "$run/$file"
done

# metric NAME ESTIMATOR -> its value
metric() {
	awk -F, -v metric="$1" -v estimator="$2" '$1 == metric && (estimator == "" || $4 == estimator) { print $5; exit }' "$run/metrics.csv"
}
sed -n 1,60p "$run/metrics.csv" | sed 's/^/# /'
like 'status is complete' "$(cat "$run/manifest.json")" '"status": ?"complete"'
[ "$(nproc)" -lt 2 ] || like "on arrival it is pinned to the destination's core, not the source's" \
	"$(tr -d ' \n\t' <"$run/manifest.json" | grep -o '"arrived":{[^}]*')" '"emulator_cores":.[12].'
for estimator in stop_resume guest_clock network work reported; do
	ok "downtime by $estimator is a number" sh -c "echo '$(metric downtime $estimator)' | grep -Eq '^[0-9.e+-]+$'"
done
# On an idle machine they are 1 to 3 ms apart; on a busy one the first samples after the stop come late.
ok 'stop_resume and guest_clock agree within 20 ms' awk -v a="$(metric downtime stop_resume)" \
	-v b="$(metric downtime guest_clock)" \
	'BEGIN { d = (a - b) / 1e6; print a, b; if (a == "" || b == "" || d > 20 || d < -20) exit 1 }'
is 'nothing is left' "$(left_behind)" ''
ok 'it can be analysed again' "$migmeter" analyze "$run"
ok 'and reported again' "$migmeter" report "$run"

# complains WHAT PATTERN COMMAND: exit status 1, and says why
complains() {
	said=$("$migmeter" "$3" "$run" 2>&1)
	is "$1: exit status" "$?" 1
	like "$1: says so" "$said" "$2"
}
echo more >>"$run/events.csv"
complains 'a report of data that has changed' "without numbers: 'events.csv' has changed since the analysis" report
sed -i '$d' "$run/events.csv"
ok 'not of data that is as it was' "$migmeter" report "$run"
head -c 100000 /dev/urandom >"$run/samples-vm1.csv"
complains 'an analysis of random bytes' 'samples-vm1.csv' analyze
complains 'and a report after it' 'without numbers: the analysis failed: .*samples-vm1.csv' report
is 'no number is left' "$(cat "$run/metrics.csv")" 'metric,vm,role,estimator,value,unit,low,high,n'
: >"$run/manifest.json"
complains 'an analysis of no manifest' 'it is not a JSON object' analyze
complains 'and a report after that' 'without numbers: manifest.json' report
done_testing
