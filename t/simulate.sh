#!/bin/sh
# `migmeter simulate`: the same seed gives the same bytes on any number of threads, a policy is named as in a consolidate
# config, bad configs are refused in one line, and the page has what was asked.
. t/lib.sh

cat >"$work/small.conf" <<'CONF'
[simulate]
name = small
study = sakurai-three-sites
policy = none, rtt-aware
rtt-aware.rtt_threshold = 20ms
runs = 40
[sites]
count = 3
[vms]
interval = 20min, 5min
CONF

# simulated DIR ARGUMENTS...
simulated() {
	folder=$1
	shift
	"$migmeter" simulate "$work/small.conf" -q -o "$work/$folder" "$@"
}

complains() {
	what=$1 pattern=$2
	shift 2
	said=$("$migmeter" simulate "$work/small.conf" -n "$@" 2>&1)
	is "$what: exit status" $? 2
	like "$what: says so" "$said" "$pattern"
	is "$what: in one line" "$(printf '%s\n' "$said" | wc -l)" 1
}

is 'a dry run as CSV' "$("$migmeter" simulate "$work/small.conf" -n --format csv | sed -n '1p;5p')" 'point,label,repeats,to_come
4,policy=rtt-aware interval=5min,40,40'
like 'a dry run as JSON' "$("$migmeter" simulate "$work/small.conf" -n --format json | tr -d ' \n')" \
	'"point":4,"label":"policy=rtt-awareinterval=5min","repeats":40'
complains 'a value twice in a list' \
	"the list has one value twice, '20min' and '1200s': leave one out \\(simulate.runs runs every point again" -s vms.interval=20min,1200s
ok 'it runs' simulated one --threads 1
ok 'and again, on several threads' simulated several --threads 7
for file in points.csv runs.csv simulated.csv summary.csv judged.csv verdicts.csv; do
	ok "the same bytes: $file" cmp "$work/one/$file" "$work/several/$file"
done
ok 'another seed' simulated other -s simulate.seed=2
ok 'has other runs' test "$(md5sum <"$work/one/runs.csv")" != "$(md5sum <"$work/other/runs.csv")"
is 'a row a run and point' "$(wc -l <"$work/one/runs.csv")" 161
like 'a plan has its numbers' "$(cat "$work/one/simulated.csv")" \
	'vm[0-9]+,pm[0-9],plan,"?(move to pm[0-9]|stay): pm[0-9] has [0-9.]+ % > 80 % of its memory in use'
is 'it is complete' "$(sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p' "$work/one/manifest.json")" complete
like 'the table on the terminal' "$(simulated text)" 'the first +rtt-aware'
like 'its rows are told apart' "$(simulated rows -s nodes.cores=4,1 -s simulate.plans=changes,arrivals)" \
	'interval=5min cores=1 plans=arrivals +rtt-aware'
simulated csv --format csv >"$work/table.csv"
is 'CSV' "$(head -n 1 "$work/table.csv" | cut -d, -f1-4)" point,block,policy,metric
like 'JSON' "$(simulated json --format json | tr -d '\n')" '"policy": *"rtt-aware"'
ok 'the page is one file' test -s "$work/one/report.html"
like 'and says what is the paper'"'"'s' "$(cat "$work/one/report.html")" 'figure 4, with which this table was made.*Ours are'
ok 'cores vary too' simulated range -s nodes.cores=4,1 -s simulate.runs=20
like 'points that count' "$(simulated count -s nodes.cores=6,8)" 'Of 4 points [12] differs? in their runs and have VMs that wait'
simulated turn -s vms.in_turn=yes >"$work/turn.txt"
ok 'starts in turn are others' test "$(md5sum <"$work/turn/runs.csv")" != "$(md5sum <"$work/one/runs.csv")"
ok 'a policy that plans when VMs come' simulated comes -s simulate.plans=arrivals
like 'a row a value of each key' "$(tr -d '\n' <"$work/range/report.html" | sed 's/<[^>]*>/ /g')" \
	'S3 by each value.*interval +20min.*interval +5min .*cores +4 .*cores +1 '

# A group that moves instead of a cluster.
like 'a group' "$("$migmeter" simulate wide-area/simulated -q -o "$work/group" -s simulate.runs=1 -s evacuation.vms=20)" \
	'adaptive +[0-9.]+ s, [0-9.]+ times the best'
ok 'has a page' test -s "$work/group/report.html"
ok 'analysis of a group again' "$migmeter" analyze "$work/group"
ok 'report of a group again' "$migmeter" report "$work/group"
complains 'a distance without a window' 'needs transfer.window' -s evacuation.vms=3 -s evacuation.rtt=30ms
complains 'a group whose moves do not share' 'transfer.shared = no is for a cluster' -s evacuation.vms=3 -s transfer.shared=no
complains 'sizes the wrong way round' 'more than evacuation.memory_most' -s evacuation.vms=3 -s evacuation.memory=8G
ok 'it has both figures' test "$(grep -c '<svg' "$work/one/report.html")" = 2
ok 'a share varies' simulated share -s simulate.rtt-aware.memory_threshold=80%,60% -s simulate.runs=2
ok 'it has both figures, too' test "$(grep -c '<svg' "$work/share/report.html")" = 2
ok 'where the shares name tics' grep -qF '>60%<' "$work/share/plots/map.svg"
like 'and the table has the moves at each' "$(tr -d '\n' <"$work/share/report.html" | sed 's/<[^>]*>/ /g')" \
	'S3 by each value: ratios and moves .* memory_threshold +80% +[0-9.]+ +nobody waits +1\.0 .* memory_threshold +60% +[0-9.]+ +nobody waits +5\.0 '
ok 'of an axis that has a title' grep -qF 'a node is loaded above' "$work/share/plots/map.svg"
rm "$work/one/summary.csv"
ok 'analysis again' "$migmeter" analyze "$work/one"
ok 'gives the same' cmp "$work/one/summary.csv" "$work/several/summary.csv"
ok 'report again' "$migmeter" report "$work/one"

said=$(simulated long -s jobs.scale=1000000 -s jobs.large=8760h 2>&1)
is 'jobs without an end: exit status' $? 1
like 'jobs without an end' "$said" 'more than 146 years'

said=$(simulated never -s simulate.policy=none,first-fit-decreasing -s simulate.first-fit-decreasing.cpu_fill=10% 2>&1)
is 'VMs that never start: exit status' $? 1
like 'VMs that never start, and why' "$said" \
	"20 VMs never found a node with room \(.*\): nodes.memory, nodes.cores or the policy's limit for VMs that start are too low"

# A signal ends a run that goes on, of a hundred million VMs.
"$migmeter" simulate "$work/small.conf" -q -o "$work/stopped" -s simulate.runs=1 -s simulate.policy=none -s vms.interval=20s \
	-s jobs.scale=0.001 -s simulate.study= -s vms.count=100000000 >"$work/stopped.said" 2>&1 &
pid=$!
until_so test -e "$work/stopped/events.csv"
kill -INT $pid
wait $pid
is 'interrupted: exit status' $? 130
like 'interrupted: says so' "$(cat "$work/stopped.said")" 'interrupted: nothing was kept$'
ok 'interrupted: no results' test ! -e "$work/stopped/runs.csv"
pid=''

# The lines that name a policy are the same in both kinds of config.
lines='policy = threshold
threshold.overload = 80%
threshold.idle = 20%'
printf '[vm vm1]\nmemory = 128M\n[consolidate]\n%s\n' "$lines" >"$work/machines.conf"
printf '[simulate]\n%s\n' "$lines" >"$work/simulated.conf"
ok 'a policy in simulation' "$migmeter" simulate "$work/simulated.conf" -n
ok 'and on machines' "$migmeter" run "$work/machines.conf" -n
for paper in three five; do
	said=$("$migmeter" simulate "sakurai/$paper-sites" -n)
	is "sakurai/$paper-sites: the thresholds that the paper does not print are varied, 80 % first" \
		"$(printf '%s\n' "$said" | sed -n 's/.*memory_threshold=\([0-9]*%\).*/\1/p' | uniq | head -n 2 | tr '\n' ' ')" '80% 90% '
done

complains 'unknown policy' "unknown policy 'rtt-awar', did you mean 'rtt-aware'" -s simulate.policy=rtt-awar
complains 'unknown key of a policy' "unknown key 'rtt'" -s simulate.rtt-aware.rtt=1ms
complains 'what of CPU' 'now' -s simulate.cpu=mean
complains 'unknown key' "unknown key 'cuont', did you mean 'count'" -s sites.cuont=3
complains 'unknown section' "unknown section \\[stes\\] of a simulation, did you mean \\[sites\\]" -s stes.count=3
complains 'a matrix too small' 'has 4 round trips: 3 sites need 9' -s sites.rtt=given -s 'sites.rtt_matrix=0s 1ms; 1ms 0s'
printf '[simulate]\nruns = 1\n[sites]\ncount = 2\nrtt = given\nrtt_matrix = 0ms 6ms ; 6ms 0ms\n' >"$work/matrix.conf"
like 'a matrix cut short by a comment' "$("$migmeter" simulate "$work/matrix.conf" -n 2>&1)" \
	"has 2 round trips: 2 sites need 4, row by row \\(in a file a blank and ';' begin a comment: part the rows with '\\|'"
sed -i 's/;/|/' "$work/matrix.conf"
ok 'parted by bars' "$migmeter" simulate "$work/matrix.conf" -n
{
	printf '[simulate]\nruns = 1\n[sites]\ncount = 12\nrtt = given\nrtt_matrix =\n'
	for from in $(seq 12); do
		for to in $(seq 12); do printf ' %sms' "$(((from - to) * (from - to)))"; done
		echo
	done
} >"$work/matrix.conf"
ok 'twelve sites' "$migmeter" simulate "$work/matrix.conf" -n
ok 'the highest rate' "$migmeter" simulate "$work/small.conf" -n -s transfer.rate=100T
complains 'a higher one' "'101T' is above the limit of 100T" -s transfer.rate=101T
like 'a config for the other command' "$("$migmeter" simulate quick -n 2>&1)" \
	"section \\[experiment\\] is of an experiment on machines, for 'migmeter run'"
like 'and the other way round' "$("$migmeter" run sakurai/three-sites -n 2>&1)" "\\[[a-z]+\\] is of a simulation, for 'migmeter simulate'"
complains 'a matrix with a distance to itself' "'2ms' from site 1 to itself must be 0" -s sites.count=2 -s sites.rtt=given \
	-s 'sites.rtt_matrix=0s 1ms; 1ms 2ms'
complains 'round trips that do not rise' "'6ms' is not above the one before" -s 'sites.rtt_choices=6ms 10ms 6ms'
complains 'two numbers of runs' 'simulate.runs is one for all points: it takes no list' -s simulate.runs=2,5
ok 'two seeds are points' "$migmeter" simulate "$work/small.conf" -n -s simulate.seed=1,2
complains 'VMs larger than nodes' 'no VM would ever start' -s vms.memory=16G
complains 'unknown paper' "'kuno' is no paper's table" -s simulate.study=kuno
complains 'no reference' "'threshold' is none of the policies" -s simulate.reference=threshold
complains 'no trace' 'vms.trace names no file' -s vms.arrival=trace

printf 'arrival_s,work_s,home,kind\n0,60,0,small\n5.5,,1,\n7,60,,large\n' >"$work/trace.csv"
ok 'a trace' simulated trace -s vms.arrival=trace -s "vms.trace=$work/trace.csv" -s vms.interval=1s -s simulate.study=
is 'its VMs' "$(sed -n 2p "$work/trace/runs.csv" | cut -d, -f3)" 3
like 'its times' "$(cat "$work/trace/simulated.csv")" '^1,5500000000,vm1,pm1,start,'
cp "$work/small.conf" "$work/traces.conf"
cp "$work/trace.csv" "$work/second.csv"
printf '[case which first]\nvms.trace = %s/trace.csv\n[case which second]\nvms.trace = %s/second.csv\n' "$work" "$work" \
	>>"$work/traces.conf"
said=$("$migmeter" simulate "$work/traces.conf" -n -s vms.arrival=trace -s vms.interval=1s 2>&1)
is 'two traces: exit status' $? 2
like 'two traces' "$said" 'vms.trace and vms.arrival = trace are for all points, as one'
said=$("$migmeter" simulate "$work/small.conf" -n -s vms.arrival=fixed,trace -s "vms.trace=$work/trace.csv" 2>&1)
like 'a trace at some points' "$said" 'vms.trace and vms.arrival = trace are for all points, as one'
# Two nodes with two VMs each send one at the same time, 2 GiB and 1 s of setting up, to the nodes of the other site.
cat >"$work/link.conf" <<CONF
[simulate]
policy = rtt-aware
runs = 1
[sites]
count = 2
rtt_choices = 10ms
[nodes]
per_site = 2
memory = 4G
[vms]
arrival = trace
trace = $work/two.csv
CONF
printf 'arrival_s,home\n0,0\n0,0\n0,1\n0,1\n' >"$work/two.csv"
ends() { # DIR: of the moves
	sed -n 's/^1,\([0-9]*\),vm[0-9],pm[0-9],move-end,to \(pm[0-9]\)$/\1 \2/p' "$work/$1/simulated.csv" | tr '\n' ' '
}
said=$("$migmeter" simulate "$work/link.conf" -q -o "$work/shared")
is 'moves that share a link' "$(ends shared)" '35359738368 pm2 35359738368 pm3 '
like 'is said' "$said" '^Moves took 1\.94 times as long as alone, since they shared links \(transfer.shared\)$'
like 'and on the page' "$(cat "$work/shared/report.html")" 'Moves took 1\.94 times as long as alone'
said=$("$migmeter" simulate "$work/link.conf" -q -o "$work/apart" -s transfer.shared=no)
is 'moves that do not' "$(ends apart)" '18179869184 pm2 18179869184 pm3 '
is 'and nothing is said' "$(printf '%s\n' "$said" | grep -c 'shared links')" 0
ok 'one node a site' simulated no-links -s transfer.shared=no
ok 'has no moves that could share' cmp "$work/one/judged.csv" "$work/no-links/judged.csv"

printf '\357\273\277arrival_s,done_s\r\n0,3600\r\n1,7200' >"$work/other.csv"
ok 'a trace from elsewhere' simulated other-trace -s vms.arrival=trace -s "vms.trace=$work/other.csv" -s simulate.study=
is 'is kept as it is read' "$(od -An -c "$work/other-trace/trace.csv" | tr -d ' \n')" \
	'arrival_s,done_s\r\n0,3600\r\n1,7200\n'
is 'to its last row' "$(sed 1d "$work/other-trace/machine.csv" | cut -d, -f1,2,4 | head -n 2 | tr '\n' ' ')" '1,1,3600 1,2,7200 '
printf 'arrival_s\n5\n4\n' >"$work/back.csv"
complains 'a trace that goes back' 'back.csv:3: arrival_s is missing, or before' -s vms.arrival=trace -s "vms.trace=$work/back.csv"
printf 'arrival_s,home\n5,3\n' >"$work/nowhere.csv"
complains 'a trace with no such node' 'nowhere.csv:2: home is no node' -s vms.arrival=trace -s "vms.trace=$work/nowhere.csv"
printf 'arrival_s,memory_bytes\n5,1000000\n6,20000000000\n' >"$work/large.csv"
complains 'a VM of a trace larger than nodes' 'large.csv:3: memory_bytes is more than nodes.memory' -s vms.arrival=trace \
	-s "vms.trace=$work/large.csv"
printf 'arrival_s,used_bytes\n5,3000000000\n' >"$work/used.csv"
complains 'more in use than it is large' "used.csv:2: used_bytes is more than the VM's memory" -s vms.arrival=trace \
	-s "vms.trace=$work/used.csv"
printf 'home\n1\n' >"$work/nothing.csv"
complains 'a trace without times' 'there is no column arrival_s' -s vms.arrival=trace -s "vms.trace=$work/nothing.csv"
printf 'arrival_s,work\n5,60\n' >"$work/work.csv"
complains 'a misspelt column of a trace' "work.csv:1: unknown column 'work', did you mean 'work_s'\\?" -s vms.arrival=trace \
	-s "vms.trace=$work/work.csv"
printf 'arrival_s,home,kind\n0\n' >"$work/short.csv"
complains 'a short row of a trace' 'short.csv:2: 1 field, and the header has 3' -s vms.arrival=trace -s "vms.trace=$work/short.csv"
complains 'a trace without an end' 'it is no regular file' -s vms.arrival=trace -s vms.trace=/dev/zero

# The size that it is for: a million VMs on 100,000 nodes, whose sums are more than 64 bits of ns hold.
cat >"$work/million.conf" <<'CONF'
[simulate]
policy = none, rtt-aware
runs = 1
[sites]
count = 10
[nodes]
per_site = 10000
memory = 30G
[vms]
count = 1000000
interval = 3600us
CONF
ok 'a million VMs' "$migmeter" simulate "$work/million.conf" -q -o "$work/million"
is 'all of them' "$(sed 1d "$work/million/runs.csv" | cut -d, -f3 | sort -u)" 1000000
ok 'with sums beyond 2^62 ns' awk -F, 'NR > 1 && $9 > 4.7e18 { n++ } END { exit n != 2 }' "$work/million/runs.csv"
ok 'and a page' test -s "$work/million/report.html"
ok 'and numbers' grep -q 'time_per_vm' "$work/million/summary.csv"
done_testing
