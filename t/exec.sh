#!/bin/sh
# driver = exec: what a config may ask for, and the commands that come along (configs/exec) against programs that answer as
# the engines do. Nothing is booted.
. t/lib.sh

good_config "$work/good.conf"

# refused WHAT PATTERN -s...
refused() {
	what=$1 pattern=$2
	shift 2
	said=$("$migmeter" run "$work/good.conf" -n "$@" 2>&1)
	is "$what: exit status" $? 2
	like "$what: says so" "$said" "$pattern"
}

exec='-s migration.driver=exec -s migration.start=true'
# shellcheck disable=SC2086
{
	ok 'commands are enough' "$migmeter" run "$work/good.conf" -n $exec -s migration.mode=postcopy -s migration.bandwidth=1M
	refused 'no command' 'migration.driver = exec needs migration.start' -s migration.driver=exec
	refused 'a command for nobody' 'migration.state needs migration.driver = exec' -s migration.state=true
	for feature in xbzrle=yes parallel=2 tls=yes auto_converge=yes peer2peer=yes; do
		refused "$feature" "migration.${feature%=*} cannot be asked for with migration.driver = exec" \
			$exec -s "migration.$feature"
	done
	refused 'what needs libvirt' 'migration.sent_limit needs migration.driver = libvirt' $exec -s migration.sent_limit=3
	refused 'the stream' 'migration.stream needs migration.driver = libvirt' $exec -s migration.stream=yes
}
ok 'the config that comes along' "$migmeter" run exec-virsh -n
like 'check says what cannot be asked for' "$("$migmeter" check | grep 'driver = exec')" 'other features only the commands'

# ---- the commands ----

export MIGMETER_VM=web MIGMETER_SOURCE=n1 MIGMETER_DESTINATION=n2 MIGMETER_SOURCE_URI=qemu:///a \
	MIGMETER_DESTINATION_URI=qemu:///b MIGMETER_MIGRATION_URI=tcp://10.0.0.2 MIGMETER_DESTINATION_XML='' \
	MIGMETER_MODE=precopy MIGMETER_DOWNTIME_LIMIT_MS=300 MIGMETER_BANDWIDTH=0 MIGMETER_TIMEOUT_S=600
export MIGMETER_DIRECTORY="$work/own" LOG="$work/log"
mkdir "$work/bin" "$work/own"
PATH=$work/bin:$PATH

# program NAME: what it is called with goes to the log, and it goes on with the script on stdin
program() {
	{
		# shellcheck disable=SC2016
		printf '#!/bin/sh\necho "%s $*" >>"$LOG"\n' "$1"
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
	: >"$LOG"
}

# says ENGINE COMMAND: what it prints, on one line
says() {
	sh "configs/exec/$1.sh" "$2" 2>&1 | tr '\n' ';'
}

program virsh <<'END'
case "$*" in
*domstate*) cat "$LOG.state" ;;
*domjobinfo*) printf 'Job type: 3\n\noperation: 4\ntime_elapsed: 10612\ndowntime: 317\nsetup_time: 3\ndata_processed: 121634816\nmemory_iteration: 4\n' ;;
esac
END
printf 'running\n\n' >"$LOG.state"
ok 'virsh starts' sh configs/exec/virsh.sh start
is 'virsh: the downtime limit, then the migration' "$(tr '\n' ';' <"$LOG")" \
	"virsh -q -c qemu:///a migrate-setmaxdowntime web 300;virsh -q -c qemu:///a migrate --live --migrateuri tcp://10.0.0.2 web qemu:///b;"
: >"$LOG"
MIGMETER_DESTINATION_XML=/x/y MIGMETER_BANDWIDTH=1500000 MIGMETER_MODE=postcopy sh configs/exec/virsh.sh start
is 'virsh: what is asked for' "$(tail -n 1 "$LOG")" \
	"virsh -q -c qemu:///a migrate --live --migrateuri tcp://10.0.0.2 --xml /x/y --bandwidth 2 --postcopy --postcopy-after-precopy web qemu:///b"
is 'virsh: completed, with figures' "$(says virsh state)" \
	'completed;downtime = 317ms;setup_time = 3ms;bytes = 121634816;iterations = 4;'
echo 'error: failed to get domain' >"$LOG.state"
is 'virsh: failed, with its words' "$(says virsh state)" 'failed;reason = on n2: error: failed to get domain;'

program openstack <<'END'
case "$*" in
*"migration list"*) cat "$LOG.list" ;;
esac
END
printf '7 completed\n3 error\n' >"$LOG.list"
ok 'openstack starts' sh configs/exec/openstack.sh start
like 'openstack: to the host' "$(cat "$LOG")" 'server migrate --live-migration --host n2 web$'
is 'openstack: a migration before is not this one' "$(says openstack state)" 'running;'
for status in queued preparing running post-migrating; do
	printf '8 %s\n7 completed\n' "$status" >"$LOG.list"
	is "openstack: $status" "$(says openstack state)" 'running;'
done
sh configs/exec/openstack.sh cancel
like 'openstack: cancelled by its number' "$(cat "$LOG")" 'server migration abort web 8$'
printf '8 completed\n7 completed\n' >"$LOG.list"
is 'openstack: completed' "$(says openstack state)" 'completed;'
printf '8 cancelled\n7 completed\n' >"$LOG.list"
is 'openstack: failed' "$(says openstack state)" 'failed;reason = Nova says cancelled;'
: >"$LOG.list"
sh configs/exec/openstack.sh start
is 'openstack: the first one is not in the list yet' "$(says openstack state)" 'running;'

program ssh <<'END'
case "$*" in
*"qm list"*) printf '      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID\n       100 webby                running    2048              32.00 1234\n       101 web                  running    2048              32.00 1235\n' ;;
*"qm migrate 101 n2 --online"*) cat "$LOG.qm"; exit "$(cat "$LOG.status")" ;;
*"xl migrate web n2"*) exit "$(cat "$LOG.status")" ;;
*) exit 9 ;;
esac
END
cat >"$LOG.qm" <<'END'
2025-01-04 00:34:37 migration active, transferred 2.5 GiB of 4.0 GiB VM-state, 443.7 MiB/s
2025-01-04 00:34:38 average migration speed: 457.0 MiB/s - downtime 73 ms
2025-01-04 00:34:38 migration completed, transferred 2.9 GiB VM-state
2025-01-04 00:34:42 migration finished successfully (duration 00:00:18)
END
echo 0 >"$LOG.status"
ok 'proxmox starts the VM of that name' sh configs/exec/proxmox.sh start
is 'proxmox: completed, with figures' "$(says proxmox state)" 'completed;downtime = 73ms;bytes = 2.9GiB;'
echo 255 >"$LOG.status"
echo "2025-01-04 00:34:42 ERROR: migration aborted: can't migrate to local node" >"$LOG.qm"
said=$(sh configs/exec/proxmox.sh start 2>&1)
is 'proxmox: a failure is one' $? 1
like 'proxmox: with its words' "$said" 'migration aborted'
MIGMETER_VM=other sh configs/exec/proxmox.sh start >"$work/said" 2>&1
is 'proxmox: a VM that is not there' "$? $(cat "$work/said")" "1 no VM 'other' on n1"

echo 0 >"$LOG.status"
ok 'xen starts' sh configs/exec/xen.sh start
echo 2 >"$LOG.status"
sh configs/exec/xen.sh start
is 'xen: a failure is one' $? 2

program kubectl <<'END'
case "$*" in
create*) cat >"$LOG.made"; printf 'migmeter-x7 1-2-3' ;;
*"get vmim"*) cat "$LOG.phase" ;;
*migrationUid*) echo 1-2-3 ;;
*completed*) cat "$LOG.completed" ;;
*failed*) cat "$LOG.failed" ;;
*failureReason*) echo 'Live migration failed: no space' ;;
esac
END
ok 'kubevirt starts' sh configs/exec/kubevirt.sh start
ok 'kubevirt: a migration of the VM' grep -q 'vmiName: web' "$LOG.made"
for phase in '' Pending Scheduling Running; do
	printf '%smigmeter-x7' "$phase" >"$LOG.phase"
	is "kubevirt: phase '$phase'" "$(says kubevirt state)" 'running;'
done
printf 'Succeededmigmeter-x7' >"$LOG.phase"
is 'kubevirt: completed' "$(says kubevirt state)" 'completed;'
printf 'Failedmigmeter-x7' >"$LOG.phase"
is 'kubevirt: failed' "$(says kubevirt state)" 'failed;reason = Live migration failed: no space ;'
: >"$LOG.phase"
echo true >"$LOG.completed"
echo true >"$LOG.failed"
is 'kubevirt: cancelled' "$(says kubevirt state)" 'failed;reason = the migration was deleted;'
: >"$LOG.failed"
is 'kubevirt: completed and forgotten' "$(says kubevirt state)" 'completed;'
sh configs/exec/kubevirt.sh cancel
like 'kubevirt: what is cancelled is what was made' "$(tail -n 1 "$LOG")" 'delete vmim migmeter-x7 --wait=false'

for engine in virsh openstack proxmox kubevirt xen; do
	sh "configs/exec/$engine.sh" >"$work/said" 2>&1
	is "$engine: without a word" "$? $(cut -d ' ' -f 1 "$work/said")" '2 usage:'
done
done_testing
