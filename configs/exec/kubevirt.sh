#!/bin/sh
# KubeVirt: kubectl asks for a migration; start ends at once, and the scheduler chooses the node. The VM is the name of the
# VirtualMachineInstance, in the context's namespace. KubeVirt tells no downtime. (virtctl migrate does the same, but does
# not say which migration it made.)
set -eu
name=$MIGMETER_DIRECTORY/name

# of the VM's last migration
vmi() {
	kubectl get vmi "$MIGMETER_VM" -o jsonpath="{.status.migrationState.$1}"
}

case ${1:-} in
start)
	kubectl create -o jsonpath='{.metadata.name} {.metadata.uid}' -f - >"$name" <<END
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstanceMigration
metadata:
  generateName: migmeter-
spec:
  vmiName: $MIGMETER_VM
END
	;;
state)
	read -r object uid <"$name" || :
	phase=$(kubectl get vmim "$object" --ignore-not-found -o jsonpath='{.status.phase}{.metadata.name}')
	case ${phase%"$object"} in
	Succeeded) echo completed ;;
	Failed) printf 'failed\nreason = %.200s\n' "$(vmi failureReason | tr '\n' ' ')" ;;
	*)
		if [ -n "$phase" ]; then
			echo running
		elif [ "$(vmi migrationUid) $(vmi completed) $(vmi failed)" = "$uid true " ]; then
			echo completed # and was forgotten then
		else
			printf 'failed\nreason = the migration was deleted\n'
		fi
		;;
	esac
	;;
cancel)
	read -r object uid <"$name" || :
	exec kubectl delete vmim "$object" --wait=false
	;;
*)
	echo "usage: kubevirt.sh start|state|cancel" >&2
	exit 2
	;;
esac
