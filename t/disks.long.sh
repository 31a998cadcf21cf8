#!/bin/sh
# A disk that moves along over NBD: whole, and only what the VM has changed of it; what arrives is what left. Relays do not send
# again what the destination once had of it.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
trap '"$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT

# disk_run WAY [OPTION...]
disk_run() {
	way=$1
	shift
	"$migmeter" run configs/quick.conf -q -o "$work/$way" -s hosts.accelerator=tcg -s storage.kind=copy -s vm1.disk=32M \
		-s storage.changed=0.25 -s vm1.workload=seqread -s "migration.copy_disks=${way%-*}" -s experiment.baseline=3s \
		-s experiment.settle=3s "$@"
}
copied() {
	tr -d ' \n\t' <"$work/$1/manifest.json" | grep -o '"kept":{"copy_disks":{[^}]*}' | sed 's/.*"on":"\([^"]*\)".*/\1/'
}
image() {
	echo "/var/lib/migmeter/testbed/$1/lib/disk1.qcow2"
}
metric() { # METRIC ESTIMATOR: rounded down
	awk -F, -v m="$1" -v e="$2" '$1 == m && $4 == e { print int($5) }' "$work/$way/metrics.csv"
}
sent() {
	awk -F, '$1 == "bytes_on_wire" && $4 == "migration:src-to-dst" { printf "%d", $5 }' "$work/$1/metrics.csv"
}

ok 'testbed up' "$migmeter" testbed up
for way in full incremental; do
	ok "$way: the run completes" disk_run $way
	ok "$way: the disk that arrived is the one that left" qemu-img compare -q "$(image src)" "$(image dst)"
	like "$way: it is read on the destination" \
		"$(awk -F, '$1 == "settled_rate" { print $5 }' "$work/$way/metrics.csv")" '^[1-9][0-9.e+]+$'
done
is 'full: all of the disk' "$(copied full)" $((32 << 20))
is 'incremental: what was changed' "$(copied incremental)" $((8 << 20))
ok 'which is seen on the wire' test $(($(sent full) - $(sent incremental))) -gt $((20 << 20))
for before in 2 1; do # at 1 the VM begins where it is to arrive
	[ $before = 2 ] && way=full-relayed || way=incremental-relayed
	ok "$way: $before moves and another" disk_run $way -s migration.reuse=yes -s migration.moves_before=$before -s migration.first_stay=1s \
		-s migration.stay=1s
	ok "$way: the disk that arrived is the one that left" qemu-img compare -q "$(image src)" "$(image dst)"
	ok "$way: so much was copied" test "$(metric reuse_bytes disk:stream)" -ge "$(copied $way)"
	ok "$way: hardly any of it crossed the link" test "$(metric reuse_share disk:stream)" -le 3
	is "$way: its last byte came out" "$(metric reuse_bytes disk:rebuilt)" "$(metric reuse_bytes disk:stream)"
	is "$way: a disk and a memory each time, to their ends" \
		"$(awk -F, 'NR > 1 { n[$12 " " $11]++ } END { print n["disk ended"], n["memory ended"], NR - 1 }' \
			"$work/$way/plots/reuse-moves.csv")" "$((before + 1)) $((before + 1)) $((2 * before + 2))"
done
is 'full-relayed: all of the disk' "$(copied full-relayed)" $((32 << 20))
"$migmeter" run quick --wait -o "$work/other" -s link.rate=1M,2M >"$work/out" 2>&1
is 'a sweep that the testbed does not fit: exit status' "$?" 2
is 'nothing was run' "$(find "$work/other" -name manifest.json | wc -l)" 0
like 'no point was given up' "$(cat "$work/out")" '0 skipped .* 2 to come'
like 'and it can go on' "$(cat "$work/out")" "$work/other --continue"
ok 'testbed down' "$migmeter" testbed down
is 'nothing is left' "$(left_behind)" ''
done_testing
