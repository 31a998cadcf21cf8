#!/bin/sh
# `migmeter model`: runs that follow a formula give it back, and the simulator reads the model; a scenario that was run on
# machines becomes a trace, and stands beside its simulation.
. t/lib.sh

# run NAME MIB RTT_MS TIME_S LOST_S: over 100 Mbit/s
run() {
	mkdir -p "$work/runs/$1"
	printf '{"status":"complete","config":{"link":{"rate":"100M","rtt":"%sms"},"migration":{"mode":"precopy"}},
"vms":[{"name":"vm1","role":"migrating","memory_bytes":%d,"memory_fill":"random","workloads":[{"name":"intadd"}]}],
"link":{"measured":{"goodput_bits_per_s":94e6,"ideal_bits_per_s":94e6,"rtt_p50_ns":%d000000}}}' \
		"$3" $(($2 * 1048576)) "$3" >"$work/runs/$1/manifest.json"
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
like 'nothing was dirtied' "$(cat "$work/said")" \
	'without x used / rate x dirty / rate: the runs cannot tell it from the others: the dirty rate was 0 B/s in all of them'
like 'a round trip by itself is not asked for' "$(cat "$work/said")" 'without x RTT \(ms\): the runs do not ask for it'
like 'what was measured' "$(cat "$work/said")" \
	'^measured at memory in use 128 MiB to 512 MiB, dirty rate 0 B/s, rate 100 Mbit/s, RTT 0 ns to 10 ms; '

said=$("$migmeter" model fit "$work/runs" "$work/../${work##*/}/runs/3" -o "$work/none.json" 2>&1)
is 'a run given twice: exit status' $? 2
like 'a run given twice' "$said" "/3' is given twice: a run counts once"

# Runs of another TCP: the setting of most is fitted, whatever the order.
mkdir "$work/tuned"
echo '{"keys":{}}' >"$work/tuned/plan.json"
for rtt in 0 10; do
	run ../tuned/$rtt 256 $rtt 9 9
	sed -i 's/"link":{"rate"/"link":{"tcp_buffer":"1M","rate"/' "$work/tuned/$rtt/manifest.json"
done
for order in 'runs tuned' 'tuned runs'; do
	"$migmeter" model fit "$work/${order% *}" "$work/${order#* }" -o "$work/both.json" >"$work/both"
	like "two settings of TCP, $order" "$(cat "$work/both")" '^6 of 8 runs'
	like "$order: which are left out" "$(cat "$work/both")" '^  2 left out: it has link.tcp_buffer 1M, .*most runs, 6, have'
	like "$order: the rest is fitted" "$(cat "$work/both")" '^ +3(\.000.)? +.* x used x RTT'
done

# Runs over a link that loses frames are no part of it.
mkdir "$work/lossy"
echo '{"keys":{}}' >"$work/lossy/plan.json"
for rtt in 0 10; do
	run ../lossy/$rtt 256 $rtt 99 99
	sed -i 's/"link":{"rate"/"link":{"loss":"0.01","rate"/' "$work/lossy/$rtt/manifest.json"
done
"$migmeter" model fit "$work/runs" "$work/lossy" -o "$work/both.json" >"$work/both"
like 'lossy runs are left out' "$(cat "$work/both")" '^6 of 8 runs'
like 'why' "$(cat "$work/both")" '^  2 left out: the link lost frames'
like 'the rest is fitted' "$(cat "$work/both")" '^ +3(\.000.)? +.* x used x RTT'

# 1 GiB over 1 Gbit/s at 4 ms: 2 + 1.5 * 8.59 + 12 = 26.88 s. That much memory, and that rate, were not measured.
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
"$migmeter" simulate "$work/move.conf" -q -o "$work/moved" -s "transfer.model=$work/model.json" \
	-s vms.arrival=trace -s "vms.trace=$work/trace.csv" >"$work/said"
is 'the simulator reads it' $? 0
is 'which is said on the terminal' "$(grep -c 'transfer.model says is a guess there' "$work/said")" 1
like 'how many moves, of what' "$(cat "$work/said")" \
	'^1 of 1 moves: memory in use \(measured: 128 MiB to 512 MiB\), rate \(measured: 100 Mbit/s\)'
like 'and on the page' "$(cat "$work/moved/report.html")" 'transfer.model says is a guess there'
like 'a move takes as long as it says' "$(cat "$work/moved/simulated.csv")" '^1,268849[0-9]{5},vm0,pm0,move-end,'
said=$("$migmeter" simulate "$work/move.conf" -n -s "transfer.model=$work/move.conf" 2>&1)
is 'another file: exit status' $? 2
like 'another file' "$said" "cannot read '.*' as JSON"
said=$("$migmeter" simulate "$work/move.conf" -n -s "transfer.model=$work/runs/plan.json" 2>&1)
like 'other JSON' "$said" 'is no transfer model'
said=$("$migmeter" model fit "$work/runs/1" -o "$work/none.json" 2>&1)
is 'too few runs: exit status' $? 2
like 'too few runs, and what to do' "$said" '1 run is of use, and a model takes 4 at least: a study over memory and link.rtt'
sed -i 's/"format":2/"format":1/;s/"format": *2/"format": 1/' "$work/model.json"
like 'a model of an older version' "$("$migmeter" simulate "$work/move.conf" -n -s "transfer.model=$work/model.json" 2>&1)" \
	"make it anew with 'migmeter model fit'"

# A truth of another form (a pipe that a window narrows), at one dirty rate: the dirty term is left out, and with a small VM
# that writes nothing a move still takes no less than its bytes on the wire.
rm -r "$work/runs/"[0-9]*
number=0
for mib in 614 1024; do
	for rtt in 1 6 10 20 30; do
		for repeat in 1 2; do
			number=$((number + 1))
			time=$(awk "BEGIN { rate = 12.5e6; w = 128e3 / $rtt * 1e3; if (w < rate) rate = w
				print 1 + $mib * 1048576 / (rate - 1048576) + $repeat / 100 }")
			run $number $mib $rtt "$time" "$(awk "BEGIN { print 0.3 + 0.15 * $time }")"
			sed -i 's/"intadd"/"memdirty"/' "$work/runs/$number/manifest.json" "$work/runs/$number/metrics.json"
			sed -i 's/\]}$/,{"metric":"baseline_rate","role":"migrating","estimator":"memdirty","value":1048576}]}/' \
				"$work/runs/$number/metrics.json"
		done
	done
done
"$migmeter" model fit "$work/runs" -o "$work/other.json" >"$work/said" 2>&1
is 'another truth is fitted' $? 0
like 'what one dirty rate cannot say' "$(cat "$work/said")" 'without x used / rate x dirty / rate: .*: the dirty rate was 1 MiB/s in all of them'
"$migmeter" simulate "$work/move.conf" -q -o "$work/small" -s "transfer.model=$work/other.json" -s transfer.rate=100M \
	-s vms.arrival=trace -s "vms.trace=$work/trace.csv" -s vms.memory=16M -s nodes.memory=32M >"$work/said"
is 'a small VM that writes nothing moves' $? 0
took=$(awk -F, '$5 == "move-begin" { from = $2 } $5 == "move-end" { printf "%d", $2 - from }' "$work/small/simulated.csv")
ok 'it takes the bytes on the wire at least' test "$took" -ge 1342177280
like 'and that it was not measured is said' "$(cat "$work/said")" 'memory in use \(measured: 614 MiB to 1 GiB\), dirty rate \(measured: 1 MiB/s\)'
ok 'and no file' test ! -e "$work/none.json"
# Of two models each has its own range.
sed '0,/1073741824/s//1610612736/' "$work/other.json" >"$work/third.json"
{
	cat "$work/move.conf"
	printf '\n[case model other]\ntransfer.model = %s\n[case model third]\ntransfer.model = %s\n' "$work/other.json" "$work/third.json"
} >"$work/models.conf"
"$migmeter" simulate "$work/models.conf" -q -o "$work/models" -s transfer.rate=100M \
	-s vms.arrival=trace -s "vms.trace=$work/trace.csv" -s vms.memory=16M -s nodes.memory=32M >"$work/said"
like 'of two models each is named with what it was measured at' "$(cat "$work/said")" \
	"moves? with '.*/other.json': memory in use \(measured: 614 MiB to 1 GiB\).* moves? with '.*/third.json': memory in use \(measured: 614 MiB to 1.5 GiB\)"

# done NAME VMS SECONDS...: a run of VMs with the same job that were done after so many seconds
study=jobs point='' policy=none
done_run() {
	mkdir -p "$work/$study/$1"
	vms='' metrics='' number=0 name=$1
	shift
	for seconds; do
		vms="$vms${vms:+,}{\"name\":\"vm$number\",\"node\":\"src\",\"role\":\"roaming\",\"memory_bytes\":134217728,
\"spare_bytes\":33554432,\"workloads\":[{\"name\":\"intadd\",\"options\":{\"job\":\"${job:-4000}\"}}]}"
		metrics="$metrics${metrics:+,}{\"metric\":\"job_time\",\"vm\":\"vm$number\",\"role\":\"roaming\",
\"estimator\":\"\",\"value\":${seconds}e9}"
		number=$((number + 1))
	done
	printf '{"status":"complete","repeat":%d,"point":"%s","config":{"consolidate":{"policy":"%s"}},"vms":[%s]}' \
		"${name##*r}" "$point" "$policy" "$vms" >"$work/$study/$name/manifest.json"
	printf '{"metrics":[%s]}' "$metrics" >"$work/$study/$name/metrics.json"
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
	'^0,10,134217728,100663296,0,12\.5,12\.5,12\.5,3,7\.5[0-9]*,12\.4[0-9]*,none$'
like 'the last one done, with its interval' "$(sed -n 4p "$work/jobs.csv")" '^0,10,134217728,100663296,0,29,26\.5[0-9]*,31\.4[0-9]*,3,7\.5[0-9]*,12\.4[0-9]*,none$'

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
# Measured 29 +- 2.4841, simulated 30 +- 30 x 2.4841 / 10: together 7.8555
like 'with the interval of the difference' "$(tail -n 1 "$work/machine/machine.csv")" ',-6\.855[0-9]*,8\.855[0-9]*$'
like 'said on the terminal' "$(cat "$work/said")" 'last of 3 VMs is done after 30 s in simulation, 29 s measured: \+1\.0 s \(-6\.9 to \+8\.9\), \+3\.4 %;'
like 'and on the page' "$(cat "$work/machine/report.html")" 'Against the machine</h2>'
ok 'the trace is kept' cmp "$work/jobs.csv" "$work/machine/trace.csv"
job=5000
done_run alone-r4 10
said=$("$migmeter" model jobs "$work/jobs" -o "$work/none.csv" 2>&1)
is 'other jobs: exit status' $? 2
like 'other jobs' "$said" "the job of VM 'vm.' is .000, that of others .000: all must be the same"
ok 'and no trace' test ! -e "$work/none.csv"

# Two policies in one study are two traces; each is compared with what the same policy does in simulation.
study=mixed job=4000
mkdir "$work/mixed"
echo '{"keys":{}}' >"$work/mixed/plan.json"
for repeat in 1 2 3; do
	point='where=alone policy=none' policy=none
	done_run alone-r$repeat 10
	point='where=together policy=none'
	done_run none-r$repeat 20 20
	point='where=together policy=threshold' policy=threshold
	done_run threshold-r$repeat 12 13
done
said=$("$migmeter" model jobs "$work/mixed" -o "$work/mixed.csv" 2>&1)
is 'runs of two points: exit status' $? 2
like 'runs of two points are named' "$said" \
	"of several points, 'where=together policy=none' and 'where=together policy=threshold': choose one with --only"
ok 'and no trace' test ! -e "$work/mixed.csv"
ok 'one of them' "$migmeter" model jobs "$work/mixed" --only policy=threshold -o "$work/mixed.csv"
is 'has its times and its policy' "$(sed 1d "$work/mixed.csv" | cut -d, -f6,9,12 | tr '\n' ' ')" '12,3,threshold 13,3,threshold '
said=$("$migmeter" model jobs "$work/mixed" --only policy=odd -o "$work/none.csv" 2>&1)
is 'no such point: exit status' $? 2
like 'no such point' "$said" "no complete run with several VMs at a point with 'policy=odd'"
like 'a model has no points' "$("$migmeter" model fit "$work/mixed" --only policy=none 2>&1)" '--only is for jobs'
sed -i -e "s|^trace = .*|trace = $work/mixed.csv|" -e 's/^policy = .*/policy = none, threshold/' "$work/machine.conf"
ok 'simulated with both policies' "$migmeter" simulate "$work/machine.conf" -q -o "$work/policies" -s nodes.per_site=2
is 'only its own stands beside it' "$(sed 1d "$work/policies/machine.csv" | cut -d, -f1,2,4 | tr '\n' ' ')" '2,1,12 2,2,13 '
done_testing
