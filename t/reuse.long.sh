#!/bin/sh
# Relays that keep pages, with real guests over a long link: a return that sends little and changes no bit, by pre-copy and
# by post-copy; a store that outlives its run; a relay that is killed in the middle, of memory or of a disk, leaves the VM at
# work at its source.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'

# shellcheck disable=SC2120 # ok() hands it arguments
relayed() {
	"$migmeter" run configs/wide-area/reuse.conf --wait -q -o "$run" -s hosts.accelerator=tcg -s experiment.repeat=1 \
		-s experiment.compare= -s experiment.reference= -s vm1.memory=128M -s vm1.memcheck.region=16M -s migration.reuse=yes \
		-s migration.first_stay=3s -s migration.stay=3s "$@"
}
metric() { # METRIC ESTIMATOR [WORKLOAD'S UNIT]: the first value
	awk -F, -v m="$1" -v e="$2" '$1 == m && $4 == e { print int($5); exit }' "$run/metrics.csv"
}
no_more_than() {
	[ -n "$1" ] && [ "$1" -le "$2" ]
}
both_ended() {
	for node in src dst; do
		tail -n 1 "$run/reuse-$node.csv" | grep -q ',ended,' || return 1
	done
}

for mode in precopy postcopy; do
	run=$work/$mode
	ok "$mode: a return" relayed -s migration.mode=$mode -s migration.moves_before=1
	ok "$mode: at most 30 % of the memory crosses the link" no_more_than "$(metric reuse_share memory)" 30
	is "$mode: what comes out is as long as what went in" "$(metric reuse_bytes rebuilt)" "$(metric reuse_bytes stream)"
	is "$mode: nothing was sent again" "$(metric reuse_bytes resent)" 0
	ok "$mode: both relays came to the end" both_ended
	# The settle phase is long enough for the whole region to be compared.
	like "$mode: not a bit has changed" "$(cat "$run/manifest.json")" '"status": ?"complete"'
done

run=$work/first
ok 'a first visit, into a store on disk' relayed -s migration.moves_before=0 -s migration.reuse_store="$work/store" \
	-s migration.reuse_disk=256M
is 'the store is private' "$(stat -c %a "$work/store/dst.pages")" 600
is 'and bounded' "$(($(stat -c %s "$work/store/dst.pages") <= 260 * 1024 * 1024))" 1
run=$work/second
ok 'the next run finds it' relayed -s migration.moves_before=0 -s migration.reuse_store="$work/store" -s migration.reuse_disk=256M
like 'a guest like the one before: some of its pages are there' "$(metric reuse_pages referenced)" '^[0-9]{4}'

samples_after() {
	awk -F, -v t="$1" 'NR > 1 && $4 != "missing" && $4 > t { n++ } END { exit !n }' "$run/samples-vm1.csv"
}

# killed NODE EVENT ...: 3 s after that event, by its pid, which the run tells
killed() {
	node=$1
	event=$2
	shift 2
	relayed -s migration.moves_before=0 "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	for _ in $(seq 3000); do # the machine may be taken for a while
		grep -q ",$event," "$run/events.csv" 2>/dev/null && break
		sleep 0.2
	done
	sleep 3
	kill -9 "$(awk -F, -v n="$node" '$3 == n && $4 == "reuse-relay" { sub("pid ", "", $5); print $5 }' "$run/events.csv")"
	wait $pid
}
for what in src dst disk; do
	node=$what
	set --
	if [ $what = disk ]; then # while it is copied
		node=dst
		set -- -s storage.kind=copy -s vm1.disk=64M -s migration.copy_disks=full
	fi
	run=$work/killed-$what
	killed $node migrate-start "$@"
	is "relay killed ($what): the run failed" "$?" 1
	like "relay killed ($what): it is told" "$(cat "$run/manifest.json")" '"ended_early": ?true'
	like "relay killed ($what): the migration failed" "$(cat "$run/events.csv")" ',migrate-failed,'
	is "relay killed ($what): the VM was not lost" "$(grep -c 'ended unexpectedly' "$work/err")" 0
	# Samples go on after the failure, on the source: the last ones are fetched from the guest, which must be alive for it.
	# (After QEMU's word where there is one: the run ends some 10 ms after libvirt's, which comes later.)
	failed=$(awk -F, '$4 == "migrate-failed" || ($4 == "migration-status" && $5 == "failed") { print $1; exit }' "$run/events.csv")
	ok "relay killed ($what): the guest works on" samples_after "$failed"
done

# The guest computes, and the way is short: what devices need has come when the relay dies, and libvirt's own attempt works.
run=$work/recovered
killed dst postcopy-start -s migration.mode=postcopy -s migration.postcopy_recover=60s -s vm1.workload=intadd -s link.rtt=0ms
is 'killed in post-copy: recovered' "$?" 0
like 'killed in post-copy: it broke' "$(cat "$run/events.csv")" ',postcopy-recover,'
like 'killed in post-copy: the relay was started again' "$(grep -c ',dst,reuse-relay,pid' "$run/events.csv")" '^[2-9]'
# This one's devices wait for pages then, with QEMU's big lock held, so that the destination answers nobody.
run=$work/stuck
killed dst postcopy-start -s migration.mode=postcopy -s migration.postcopy_recover=60s
is 'killed in post-copy, pages missed by devices: recovered' "$?" 0
like 'killed in post-copy, pages missed by devices: counted' "$(cat "$run/manifest.json")" '"recoveries": ?1'

# The link is cut: QEMU, which comes to the near relay all the same, is kept waiting until the far one can be reached again.
run=$work/cut
ok 'a cut link in post-copy: recovered' relayed -s migration.moves_before=0 -s migration.mode=postcopy \
	-s migration.postcopy_recover=60s -s vm1.workload=intadd -s link.rtt=0ms -s fault.cut=5s -s fault.cut_after=2s
like 'a cut link in post-copy: counted' "$(cat "$run/manifest.json")" '"recoveries": ?1'
is 'nothing is left' "$(left_behind)" ''
done_testing
