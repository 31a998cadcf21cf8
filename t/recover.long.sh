#!/bin/sh
# A link that breaks in post-copy: survived with recovery, told as lost without.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

# shellcheck disable=SC2120 # ok() hands it arguments
broken_run() {
	"$migmeter" run configs/quick.conf -q -o "$run" -s hosts.accelerator=tcg -s migration.mode=postcopy -s fault.cut=5s \
		-s fault.cut_after=2s "$@"
}

run=$work/survived
ok 'cut for 5 s, with recovery: the run completes' broken_run -s migration.postcopy_recover=60s
for event in link-cut postcopy-recover link-restored migrate-done; do
	like "event $event" "$(awk -F, '{ print $4 }' "$run/events.csv")" "^$event\$"
done
like 'recoveries are counted' "$(cat "$run/manifest.json")" '"recoveries": ?1'

run=$work/lost
broken_run >"$work/out" 2>"$work/err"
is 'without recovery: exit status' "$?" 1
like 'without recovery: told as lost' "$(cat "$work/err")" 'the VM is lost'
like 'without recovery: in the manifest' "$(cat "$run/manifest.json")" '"vm_lost": ?true'
# A destination whose QEMU answers nobody, as one does that waits for a page itself: the run ends soon after the time to recover.
run=$work/hung
broken_run -s migration.postcopy_recover=10s -s fault.cut=60s >"$work/out" 2>"$work/err" &
pid=$!
ok 'it tries to recover' reached ',postcopy-recover,'
for one in $(ip netns pids mm-dst); do
	case $(cat "/proc/$one/comm" 2>/dev/null) in qemu-system*) kill -STOP "$one" ;; esac
done
wait $pid
is 'a destination that hangs: exit status' "$?" 1
like 'a destination that hangs: it is told' "$(cat "$run/events.csv")" ',recovery-hangs,what it had of the VM is ended'
like 'a destination that hangs: why the VM is lost' "$(cat "$work/err")" 'QEMU did not answer'
is 'nothing is left' "$(left_behind)" ''
done_testing
