#!/bin/sh
# `migmeter model`: runs that follow a formula give it back, and the simulator reads the model; a scenario that was run on
# machines becomes a trace, and stands beside its simulation.
. t/lib.sh

# run NAME MIB RTT_MS TIME_S LOST_S: over 100 Mbit/s
run() {
	mkdir -p "$work/runs/$1"
	printf '{"status":"complete","config":{"link":{"rate":"100M","rtt":"%sms"},"migration":{"mode":"precopy"}},
"vms":[{"name":"vm1","role":"migrating","memory_bytes":%d,"memory_fill":"random","workloads":[{"name":"intadd"}]}]}' \
		"$3" $(($2 * 1048576)) >"$work/runs/$1/manifest.json"
	printf '{"metrics":[{"metric":"migration_time","role":"migrating","estimator":"completion","value":%se9},
{"metric":"lost_work","role":"migrating","estimator":"intadd","value":%s}]}' "$4" "$5" >"$work/runs/$1/metrics.json"
}

# time = 2 + 1.5 used / rate + 3 GiB ms; lost = 0.5 + 0.1 used / rate
mkdir "$work/runs"
echo '{"keys":{}}' >"$work/runs/plan.json"
number=0
for mib in 128 256 512; do
	for rtt in 0 10; do
		number=$((number + 1))
		run $number $mib $rtt "$(awk "BEGIN { print 2 + 1.5 * $mib * 0.08388608 + 3 * $mib / 1024 * $rtt }")" \
			"$(awk "BEGIN { print 0.5 + 0.1 * $mib * 0.08388608 }")"
	done
done
"$migmeter" model fit "$work/runs" -o "$work/model.json" >"$work/said"
is 'it fits' $? 0
like 'all runs' "$(cat "$work/said")" '^6 of 6 runs'
like 'the constant' "$(cat "$work/said")" '^ +2(\.000.)? +.* x 1$'
like 'time on the wire' "$(cat "$work/said")" '^ +1\.5(000)? +.* x used / rate$'
like 'the round trip' "$(cat "$work/said")" '^ +3(\.000.)? +.* x used x RTT'
like 'lost work' "$(cat "$work/said")" '^ +0\.1(000)? +.* x used / rate$'

# 1 GiB over 1 Gbit/s at 4 ms: 2 + 1.5 * 8.59 + 12 = 26.88 s.
cat >"$work/move.conf" <<'CONF'
[simulate]
policy = rtt-aware
runs = 1
[sites]
count = 2
rtt = given
rtt_matrix = 0ms 4ms; 4ms 0ms
[nodes]
memory = 2G
[vms]
count = 2
memory = 1G
interval = 1us
home = cyclic
CONF
printf 'arrival_s,home\n0,0\n0,0\n' >"$work/trace.csv"
ok 'the simulator reads it' "$migmeter" simulate "$work/move.conf" -q -o "$work/moved" -s "transfer.model=$work/model.json" \
	-s vms.arrival=trace -s "vms.trace=$work/trace.csv"
like 'a move takes as long as it says' "$(cat "$work/moved/simulated.csv")" '^1,268849[0-9]{5},vm0,pm0,move-end,'
said=$("$migmeter" simulate "$work/move.conf" -n -s "transfer.model=$work/move.conf" 2>&1)
is 'another file: exit status' $? 2
like 'another file' "$said" "cannot read '.*' as JSON"
said=$("$migmeter" simulate "$work/move.conf" -n -s "transfer.model=$work/runs/plan.json" 2>&1)
like 'other JSON' "$said" 'is no transfer model'
said=$("$migmeter" model fit "$work/runs/1" -o "$work/none.json" 2>&1)
is 'too few runs: exit status' $? 2
like 'too few runs' "$said" '1 runs are too few to fit 4 coefficients'
ok 'and no file' test ! -e "$work/none.json"

# done NAME VMS SECONDS...: a run of VMs with the same job that were done after so many seconds
done_run() {
	mkdir -p "$work/jobs/$1"
	vms='' metrics='' number=0 name=$1
	shift
	for seconds; do
		vms="$vms${vms:+,}{\"name\":\"vm$number\",\"node\":\"src\",\"role\":\"roaming\",\"memory_bytes\":134217728,
\"spare_bytes\":33554432,\"workloads\":[{\"name\":\"intadd\",\"options\":{\"job\":\"${job:-4000}\"}}]}"
		metrics="$metrics${metrics:+,}{\"metric\":\"job_time\",\"vm\":\"vm$number\",\"role\":\"roaming\",
\"estimator\":\"\",\"value\":${seconds}e9}"
		number=$((number + 1))
	done
	printf '{"status":"complete","repeat":%d,"vms":[%s]}' "${name##*r}" "$vms" >"$work/jobs/$name/manifest.json"
	printf '{"metrics":[%s]}' "$metrics" >"$work/jobs/$name/metrics.json"
}
mkdir "$work/jobs"
echo '{"keys":{}}' >"$work/jobs/plan.json"
for repeat in 1 2 3; do
	done_run alone-r$repeat $((9 + repeat % 3))
	# which of them is done first is chance
	done_run together-r$repeat $((19 + repeat)) 12.5 $((31 - repeat))
done
"$migmeter" model jobs "$work/jobs" -o "$work/jobs.csv" >"$work/said" 2>&1
is 'a trace of jobs' $? 0
is 'a row a VM' "$(sed 1d "$work/jobs.csv" | wc -l)" 3
like 'the job as long as alone, memory without what is spare' "$(sed -n 2p "$work/jobs.csv")" \
	'^0,10,134217728,100663296,0,12\.5,12\.5,12\.5,3$'
like 'the last one done, with its interval' "$(sed -n 4p "$work/jobs.csv")" '^0,10,134217728,100663296,0,29,26\.5[0-9]*,31\.4[0-9]*,3$'

# One node of one core, nothing moves: all three are done after 30 s.
cat >"$work/machine.conf" <<CONF
[simulate]
policy = none
runs = 1
[nodes]
cores = 1
[vms]
arrival = trace
trace = $work/jobs.csv
CONF
"$migmeter" simulate "$work/machine.conf" -q -o "$work/machine" >"$work/said" 2>&1
is 'it is simulated' $? 0
like 'the last beside the machine' "$(tail -n 1 "$work/machine/machine.csv")" '^1,3,30,29,26\.[0-9]*,31\.[0-9]*,3,1,3\.448'
like 'said on the terminal' "$(cat "$work/said")" 'last of 3 VMs is done after 30 s in simulation, 29 s measured \(\+3\.4 %\)'
like 'and on the page' "$(cat "$work/machine/report.html")" 'Against the machine</h2>'
ok 'the trace is kept' cmp "$work/jobs.csv" "$work/machine/trace.csv"
job=5000
done_run alone-r4 10
said=$("$migmeter" model jobs "$work/jobs" -o "$work/none.csv" 2>&1)
is 'other jobs: exit status' $? 2
like 'other jobs' "$said" "the job of VM 'vm.' is .000, that of others .000: all must be the same"
ok 'and no trace' test ! -e "$work/none.csv"
done_testing
