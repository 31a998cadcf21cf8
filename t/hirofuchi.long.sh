#!/bin/sh
# A study of consolidation loops goes through the driver of every study: a point of it, gone on with, its claims and page.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

study=$work/study
# Shortened; long enough for an overload to last some seconds before it is seen.
point() {
	"$migmeter" run configs/hirofuchi/hirofuchi.conf -q -o "$study" --continue --repeat 1 --only "case=$1" \
		-s hosts.accelerator=tcg -s experiment.warmup=1s -s experiment.baseline=3s -s experiment.settle=1s \
		-s vm.memory=192M -s link.rate=150M -s consolidate.duration=50s -s vm1.dutycycle.schedule=0:7,100:22,0:40 \
		-s consolidate.threshold.window=8s -s consolidate.threshold.quiet=5s \
		-s consolidate.threshold.overload=60% -s consolidate.threshold.idle=45%
}
# value METRIC VM ESTIMATOR -> of the first point
value() {
	awk -F, -v m="$1" -v v="$2" -v e="$3" '$1 == m && $2 == v && $4 == e { print $5 }' "$run/metrics.csv"
}

ok 'one point of the study' point staircase-postcopy
run=$(find "$study" -maxdepth 1 -name '*staircase-postcopy-r1')
stamp=$(stat -c %Y "$run/manifest.json")
ok 'it goes on with another' point staircase-precopy-skip
is 'what was complete is kept' "$(stat -c %Y "$run/manifest.json")" "$stamp"
like 'the overload was seen' "$(value overload_seen_time '' 1:src)" '^[0-9]+'
like 'and resolved' "$(value overload_resolve_time '' 1:src)" '^[0-9]+'
like 'nodes were in use' "$(value node_in_use '' dst)" '^[1-9][0-9]+'
like 'what vm1 was asked' "$(cat "$run/plots/asked-vm1.csv")" ',100.00'
is 'vm0 was moved away' "$(value moved_first vm0 '')" 1
is 'all are together in the end' "$(value nodes_at_end '' '')" 1
like 'what a move sent' "$(value loop_move_bytes '' 1:gather)" '^[1-9][0-9]{7,}$'
ok 'the database is one file' test ! -e "$run/monitor.sqlite-wal"
is 'no second of it was lost' "$(sed -n 's/.*"monitor_seconds_lost": *\([0-9]*\).*/\1/p' "$run/manifest.json")" 0
ok 'the run has its picture' test -s "$run/plots/cluster.svg"
is 'claims: seven of them' "$(sed 1d "$study/claims.csv" | cut -d, -f1 | sort -u | wc -l)" 7
like 'what was not run is told' "$(cat "$study/claims.csv")" 'the study has no run of compile-alone'
like 'the page has the figures' "$(cat "$study/study.html")" 'Figures 3 to 14'
is 'nothing is left' "$(left_behind)" ''
done_testing
