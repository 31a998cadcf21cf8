#!/bin/sh
# virsh moves a domain between two nodes of libvirt; start ends with the migration. See configs/exec-virsh.conf.
set -eu
case ${1:-} in
start)
	set -- --live --migrateuri "$MIGMETER_MIGRATION_URI"
	[ -z "$MIGMETER_DESTINATION_XML" ] || set -- "$@" --xml "$MIGMETER_DESTINATION_XML"
	[ "$MIGMETER_BANDWIDTH" = 0 ] || set -- "$@" --bandwidth "$(((MIGMETER_BANDWIDTH + 1048575) / 1048576))"
	[ "$MIGMETER_MODE" = precopy ] || set -- "$@" --postcopy --postcopy-after-precopy
	# Before the migration; a libvirt that takes it only while one is active goes on with its own limit.
	virsh -q -c "$MIGMETER_SOURCE_URI" migrate-setmaxdowntime "$MIGMETER_VM" "$MIGMETER_DOWNTIME_LIMIT_MS" || :
	exec virsh -q -c "$MIGMETER_SOURCE_URI" migrate "$@" "$MIGMETER_VM" "$MIGMETER_DESTINATION_URI"
	;;
state)
	state=$(virsh -q -c "$MIGMETER_DESTINATION_URI" domstate "$MIGMETER_VM" 2>&1) || :
	if [ "$state" != running ]; then
		printf 'failed\nreason = on %s: %.200s\n' "$MIGMETER_DESTINATION" "$(printf %s "$state" | tail -n 1)"
		exit
	fi
	echo completed
	virsh -q -c "$MIGMETER_DESTINATION_URI" domjobinfo --completed --rawstats "$MIGMETER_VM" | awk -F '[: \t]+' '
		$1 == "downtime" { print "downtime = " $2 "ms" }
		$1 == "setup_time" { print "setup_time = " $2 "ms" }
		$1 == "data_processed" { print "bytes = " $2 }
		$1 == "memory_iteration" { print "iterations = " $2 }'
	;;
cancel)
	exec virsh -q -c "$MIGMETER_SOURCE_URI" domjobabort "$MIGMETER_VM"
	;;
*)
	echo "usage: virsh.sh start|state|cancel" >&2
	exit 2
	;;
esac
