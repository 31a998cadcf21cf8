#!/bin/sh
# While another migmeter is at work: refusing, and waiting. No guest is booted.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

home=/var/lib/migmeter
holder=
trap '[ -z "$holder" ] || kill "$holder" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT

# hold: be another migmeter at work, which is process $holder
hold() {
	mkdir -p "$home"
	flock "$home/lock" sh -c 'printf %s $$ >/var/lib/migmeter/lock; exec sleep 600' &
	until busy && holder=$(cat "$home/lock") && [ -n "$holder" ]; do sleep 0.05; done
}

give() {
	kill "$holder"
	holder=
}

# says PATTERN FILE: wait until it does
says() {
	for _ in $(seq 600); do
		grep -qE "$1" "$2" && return 0
		sleep 0.1
	done
	cat "$2"
	return 1
}

good_config "$work/good.conf"

answer=/var/cache/migmeter/kvm
mkdir -p "${answer%/*}"
[ ! -e "$answer" ] || cp "$answer" "$work/answer"
echo 'of another machine' >"$answer"

# What a migmeter is about to make is in its register, which a killed one leaves.
mkdir -p "$home" "$work/left/behind"
printf 'tree\t%s\n' "$work/left" >"$home/register"

hold
like 'testbed status says who is at work' "$("$migmeter" testbed status)" "^no testbed is up; another migmeter \(pid $holder\)"
for command in 'testbed down' 'testbed up' "run $work/good.conf -o $work/run" 'calibrate --links'; do
	# shellcheck disable=SC2086
	said=$(cd "$work" && "$migmeter" $command 2>&1)
	is "${command%% /*}: exit status" "$?" 3
	like "${command%% /*}: says who is at work, and what to do" "$said" "another migmeter \(pid $holder\) .*--wait"
done
ok 'and nothing was begun' test ! -e "$work/run" -a ! -e "$work/results"
is 'nor was the answer about KVM forgotten' "$(cat "$answer")" 'of another machine'

"$migmeter" run "$work/good.conf" --wait -o "$work/run" >"$work/out" 2>&1 &
waiting=$!
ok 'run --wait waits' says "waiting: another migmeter \(pid $holder\)" "$work/out"
kill -INT "$waiting"
wait "$waiting"
is 'until it is interrupted' "$?" 130
is 'which it says, and no more' "$(tail -n 1 "$work/out")" 'migmeter: interrupted'
ok 'and nothing was begun' test ! -e "$work/run"

give
until ! busy; do sleep 0.05; done
said=$("$migmeter" testbed status)
is 'testbed status after a kill: exit status' "$?" 1
like 'and what to do' "$said" "killed left something behind: 'migmeter testbed down' removes it"
like 'so says exec' "$("$migmeter" testbed exec src true 2>&1)" 'killed left something behind'

hold
: >"$work/out"
"$migmeter" testbed down --wait >"$work/out" 2>&1 &
waiting=$!
ok 'testbed down --wait waits' says "waiting: another migmeter \(pid $holder\)" "$work/out"
sleep 0.5
give
wait "$waiting"
is 'and then it is done' "$?" 0
is 'it said once that it waits' "$(grep -c waiting "$work/out")" 1
ok 'the answer about KVM is forgotten' test ! -e "$answer"
[ ! -e "$work/answer" ] || { mkdir -p "${answer%/*}" && cp "$work/answer" "$answer"; }
ok 'what was left behind is gone' test ! -e "$work/left"
like 'and testbed status knows it' "$("$migmeter" testbed status)" "^no testbed is up: run 'migmeter testbed up'"
is 'nothing is left' "$(left_behind)" ''
done_testing
