#!/bin/sh
# A signal while a loop moves a VM by post-copy: the move ends first, the VM is kept, then the run ends as interrupted.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT
run=$work/run

# A slow link, so that the move lasts; times and limits as in t/consolidate.long.sh.
"$migmeter" consolidate configs/hirofuchi/staircase-postcopy.conf --wait -o "$run" -s hosts.accelerator=tcg \
	-s link.rate=30M -s experiment.warmup=1s -s experiment.baseline=3s -s experiment.settle=2s \
	-s consolidate.power=none -s consolidate.duration=60s -s consolidate.threshold.window=5s \
	-s consolidate.threshold.quiet=5s -s consolidate.threshold.overload=60% -s consolidate.threshold.idle=40% \
	-s vm1.dutycycle.schedule=0:8,100:120 >"$work/said" 2>&1 &
pid=$!
ok 'the VM runs on the other node, and its memory goes on coming' reached ',vm0,dst,resume,'
kill -INT "$pid"
wait "$pid"
is 'exit status' $? 130
pid=
cut -c16- "$run/events.csv" | grep -E ',(plan|move-|migrate-|postcopy-|interrupt)' >&2
like 'status is interrupted' "$(cat "$run/manifest.json")" '"status": ?"interrupted"'
like 'it was said what is waited for, and what a second signal costs' "$(cat "$work/said")" 'the move is let end first; .* the VM is lost'
like 'the move has ended well' "$(grep ',move-end,' "$run/events.csv")" ',vm0,dst,move-end,"?arrived'
is 'nothing was broken off' "$(grep -c ',migrate-aborted,' "$run/events.csv")" 0
is 'nothing is left' "$(left_behind)" ''
done_testing
