#!/bin/sh
# OpenStack's client moves a server; start ends at once. The VM is the server's name or id, nodes are called as Nova calls
# its hosts, and OS_CLOUD (or the other OS_ variables) says who asks. Nova tells no downtime.
set -eu

# Newest first since API 2.59: "ID STATUS" of the last live migration, or nothing.
newest() {
	list=$(openstack --os-compute-api-version 2.59 server migration list --server "$MIGMETER_VM" \
		--type live-migration -f value -c Id -c Status)
	printf '%s\n' "$list" | head -n 1
}

before=$MIGMETER_DIRECTORY/before
case ${1:-} in
start)
	newest >"$before"
	exec openstack --os-compute-api-version 2.59 server migrate --live-migration --host "$MIGMETER_DESTINATION" \
		"$MIGMETER_VM"
	;;
state)
	now=$(newest)
	[ "${now%% *}" != "$(cut -d ' ' -f 1 "$before")" ] || now='- queued' # it is not in the list yet
	case ${now#* } in
	completed) echo completed ;;
	error|failed|cancelled) printf 'failed\nreason = Nova says %s\n' "${now#* }" ;;
	*) echo running ;;
	esac
	;;
cancel)
	now=$(newest)
	exec openstack --os-compute-api-version 2.59 server migration abort "$MIGMETER_VM" "${now%% *}"
	;;
*)
	echo "usage: openstack.sh start|state|cancel" >&2
	exit 2
	;;
esac
