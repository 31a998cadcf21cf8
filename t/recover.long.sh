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
is 'nothing is left' "$(left_behind)" ''
done_testing
