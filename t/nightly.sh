#!/bin/sh
# migmeter nightly before anything runs: the config that comes along, what is refused, the lock; and its systemd units.
. t/lib.sh

# status COMMAND...: its exit status; its words are in $work/said
status() {
	"$@" >"$work/said" 2>&1
	echo $?
}

night() {
	"$migmeter" nightly -o "$work/sets" -d "$work/history.sqlite" "$@"
}

is 'the config that comes along is fine' "$(status night -n)" 0
like 'it has four cases' "$(cat "$work/said")" '^4 points x 10 repeats'
like 'in a set of its own' "$(cat "$work/said")" "results in $work/sets/[0-9]{8}-[0-9]{6}/study"
like 'and no baseline yet' "$(cat "$work/said")" '^baseline: none'
ok 'a dry run makes nothing' test ! -e "$work/sets"
is 'a baseline that is none: 2' "$(status night -n --baseline "$work")" 2
like 'and says which' "$(cat "$work/said")" "baseline.*$work"
is 'no number of sets: 2' "$(status night -n --keep 0)" 2
is 'a config that is not there: 2' "$(status night -n "$work/none.conf")" 2
is 'an unknown metric: 2' "$(status night -n -m nothing)" 2

# What no machine has room for is refused before it has a folder.
cat >"$work/huge.conf" <<'END'
[experiment]
name = huge
repeat = 2
[vm vm1]
memory = 512G
workload = idle
END
is 'a night whose runs are all refused: 3' "$(status night -q "$work/huge.conf")" 3
like 'it says how many, and why' "$(cat "$work/said")" '^skipped: 2 of 2 runs were skipped: .'
like 'and counts them' "$(cat "$work"/sets/*/metrics.prom)" '^migmeter_nightly_runs\{.*outcome="skipped"\} 2$'
rm -r "$work/sets"

mkdir "$work/sets"
printf 'pid 4711 since yesterday' >"$work/sets/.lock"
is 'while another is at work: 3' "$(flock "$work/sets/.lock" "$migmeter" nightly -o "$work/sets" >"$work/said" 2>&1; echo $?)" 3
like 'whose it is' "$(cat "$work/said")" 'another nightly \(pid 4711 since yesterday\) is at work in'
is 'no set is made then' "$(ls "$work/sets")" ''

if command -v systemd-analyze >/dev/null; then
	for unit in service timer; do
		sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "configs/nightly.$unit" >"$work/migmeter-nightly.$unit"
	done
	ok 'systemd takes the units' systemd-analyze verify --man=no "$work/migmeter-nightly.service" \
		"$work/migmeter-nightly.timer"
else
	result ok 'systemd takes the units # SKIP systemd-analyze is not here'
fi
done_testing
