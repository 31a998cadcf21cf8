#!/bin/sh
# A node's daemon is killed in the middle of a move: the move is recorded as failed, the loop goes on without that node, and the
# database is whole.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
patience=900
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT

ask() {
	sqlite3 "$run/monitor.sqlite" "$1"
}
# head_ns of the first event that matches
when() {
	grep -E -- "$1" "$run/events.csv" | head -n 1 | cut -d, -f1
}

# A slow link, so that moves last; times and limits as in t/consolidate.long.sh.
for mode in precopy postcopy; do
	run=$work/$mode
	"$migmeter" consolidate configs/hirofuchi/staircase-postcopy.conf -q --wait -o "$run" -s hosts.accelerator=tcg \
		-s "migration.mode=$mode" -s link.rate=30M -s experiment.warmup=1s -s experiment.baseline=3s \
		-s experiment.settle=2s -s consolidate.power=none -s consolidate.duration=60s \
		-s consolidate.threshold.window=5s -s consolidate.threshold.quiet=5s -s consolidate.threshold.overload=60% \
		-s consolidate.threshold.idle=40% -s vm1.dutycycle.schedule=0:8,100:120 >"$work/said" 2>&1 &
	pid=$!
	# In post-copy the VM runs there already, and its memory goes on coming without the daemon.
	moment=,vm0,src,iteration,
	[ $mode = precopy ] || moment=,vm0,dst,resume,
	ok "$mode: a move is in its middle" reached "$moment"
	victim=$(daemon dst)
	ok "$mode: the other node's daemon is killed" kill -9 "$victim"
	ok "$mode: the move ends" reached ',vm0,[a-z]*,move-end,'
	wait "$pid"
	is "$mode: exit status" $? 0
	pid=
	cut -c16- "$run/events.csv" | grep -E ',(plan|move-|migrate-|postcopy-)' >&2
	like "$mode: status is complete" "$(cat "$run/manifest.json")" '"status": ?"complete"'
	like "$mode: the move has failed, in libvirt's words" "$(grep ',move-end,' "$run/events.csv")" ',move-end,"?failed after .*: .*migration of '
	[ $mode = precopy ] || like "$mode: where the VM may be is told" "$(grep ',move-end,' "$run/events.csv")" \
		'lost unless it runs on its destination, which does not answer'
	is "$mode: nothing is moved to a node that does not answer" "$(grep -c ',move-begin,' "$run/events.csv")" 1
	like "$mode: that its events are missing is told" "$(cat "$run/events.csv")" ',,dst,events-lost,'
	is "$mode: the database is whole" "$(ask 'PRAGMA integrity_check')" ok
	after=$(when ',move-end,')
	ok "$mode: the loop has gone on for seconds" test "$(ask "SELECT count(*) FROM sample WHERE node = 'src' AND vm = '' AND state = 'answering' AND head_ns > $after")" -gt 5
	like "$mode: and said that the node was silent" "$(ask "SELECT DISTINCT missing FROM sample WHERE node = 'dst' AND vm = '' AND due_ns > $after")" '[a-z]'
	ok "$mode: the VM works on" awk -F, -v after="$after" 'NR > 1 && $4 != "missing" && $4 > after + 3e9 { n++ } END { exit !(n > 100) }' \
		"$run/samples-vm0.csv"
	is "$mode: nothing is left" "$(left_behind)" ''
done
done_testing
