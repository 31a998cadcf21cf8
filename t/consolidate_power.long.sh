#!/bin/sh
# A node that a loop put to sleep is woken again, also when migmeter is killed: by 'testbed down', from the undo register.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT
run=$work/run

"$migmeter" consolidate configs/hirofuchi/staircase-postcopy.conf -q --wait -o "$run" -s hosts.accelerator=tcg \
	-s experiment.warmup=0s -s experiment.baseline=1s -s consolidate.duration=60s -s consolidate.power=command \
	-s "consolidate.sleep=touch $work/asleep-\$1" -s "consolidate.wake=rm $work/asleep-\$1" \
	-s consolidate.sleep_after=3s -s vm1.dutycycle.schedule=0:120 >"$work/said" 2>&1 &
pid=$!
ok 'the empty node is put to sleep' reached ',,dst,node-asleep,'
like 'with the numbers that led to it' "$(grep ',node-sleep,' "$run/events.csv")" 'command: empty for [0-9.]+ s >= 3 s \(sleep_after\), 2 nodes awake'
ok 'by its command' test -e "$work/asleep-dst"
kill -9 "$pid"
wait "$pid" 2>/dev/null
pid=
ok 'killed, migmeter has left it asleep' test -e "$work/asleep-dst"
ok 'the testbed is taken down' "$migmeter" testbed down
ok 'and the node is woken' test ! -e "$work/asleep-dst"
is 'nothing is left' "$(left_behind)" ''
done_testing
