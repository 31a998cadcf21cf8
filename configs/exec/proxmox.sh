#!/bin/sh
# Proxmox VE: qm, by ssh on the source, moves a VM; start ends with the migration. The VM is its name there, nodes are
# called as in the cluster and by ssh. To break one off, stop its task in Proxmox: there is no cancel.
set -eu
log=$MIGMETER_DIRECTORY/log
case ${1:-} in
start)
	id=$(ssh "root@$MIGMETER_SOURCE" qm list | awk -v name="$MIGMETER_VM" '$2 == name { print $1 }')
	[ -n "$id" ] || {
		echo "no VM '$MIGMETER_VM' on $MIGMETER_SOURCE" >&2
		exit 1
	}
	ssh "root@$MIGMETER_SOURCE" qm migrate "$id" "$MIGMETER_DESTINATION" --online >"$log" 2>&1 || {
		tail -n 1 "$log" >&2
		exit 1
	}
	;;
state)
	if grep -q 'migration finished successfully' "$log"; then
		echo completed
	else
		printf 'failed\nreason = %.200s\n' "$(tail -n 1 "$log")"
	fi
	sed -n 's/.*average migration speed.* - downtime \([0-9]*\) ms.*/downtime = \1ms/p
		s/.*migration completed, transferred \([0-9.]*\) \([KMGT]iB\) VM-state.*/bytes = \1\2/p' "$log"
	;;
*)
	echo "usage: proxmox.sh start|state" >&2
	exit 2
	;;
esac
