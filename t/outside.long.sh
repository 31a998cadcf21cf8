#!/bin/sh
# Nodes that cannot be asked (hosts.kind = outside): a guest with the agent that runs already is moved by commands, and all
# that the run knows of it came in packets. A local testbed stands for such nodes; the same guest moved there by libvirt
# is what it is held against.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
command -v virsh >/dev/null || skip_all 'there is no virsh'
alone

here() { "$migmeter" testbed exec "$@"; }
finish() {
	[ -z "${local_run:-}" ] || kill "$local_run" 2>/dev/null
	"$migmeter" testbed down --wait >/dev/null 2>&1
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
metric() {
	awk -F, -v m="$2" -v e="$3" '$1 == m && $4 == e { print $5; exit }' "$1/metrics.csv"
}

"$migmeter" testbed up --wait -s link.rate=100M >"$work/up" 2>&1 || {
	cat "$work/up" >&2
	skip_all 'no testbed can be made'
}
cat >"$work/local.conf" <<'END'
[experiment]
name = local
warmup = 1s
baseline = 3s
settle = 3s
[hosts]
accelerator = tcg
[link]
rate = 100M
[vm vm1]
memory = 100M
workload = intadd
END

# ---- by libvirt; what its guest boots, and how, is kept for one that is nobody's ----
"$migmeter" run "$work/local.conf" -q -o "$work/local" >"$work/local.said" 2>&1 &
local_run=$!
mkdir "$work/guest"
for _ in $(seq 600); do
	here src virsh -q dumpxml --migratable vm1 >"$work/guest/vm1.xml" 2>/dev/null && break
	sleep 0.1
done
for tag in kernel initrd; do
	cp "$(sed -n "s|.*<$tag>\(.*\)</$tag>.*|\1|p" "$work/guest/vm1.xml")" "$work/guest/$tag"
done
wait "$local_run"
is 'by libvirt' "$?" 0
local_run=
sed -e 's|<name>vm1</name>|<name>own</name>|' -e '/<uuid>/d' \
	-e "s|<kernel>.*</kernel>|<kernel>$work/guest/kernel</kernel>|" \
	-e "s|<initrd>.*</initrd>|<initrd>$work/guest/initrd</initrd>|" -e "s|$work/local/|$work/guest/|g" \
	-e 's|migmeter.headdata=[0-9.]*|migmeter.headdata=10.77.1.1|' \
	-e 's|migmeter.run=[0-9a-f]*|migmeter.run=0123456789abcdef|' "$work/guest/vm1.xml" >"$work/guest/own.xml"

# ---- from the outside ----
uri() {
	"$migmeter" testbed status | grep -o 'qemu+unix:[^ ]*' | sed -n "$1p"
}
cat >"$work/move.sh" <<END
echo "\$MIGMETER_DIRECTORY" >"$work/own"
virsh -q -c '$(uri 1)' migrate --live "\$MIGMETER_VM" '$(uri 2)' tcp://10.77.3.3
END
cat >"$work/outside.conf" <<END
[experiment]
name = outside
warmup = 1s
baseline = 3s
settle = 3s
[hosts]
kind = outside
[remote]
head = 10.77.1.1
data_device = br-mgmt
run_id = 0123456789abcdef
[link]
rate = 0
[vm vm1]
domain = own
address = 10.77.1.11
memory = 100M
workload = intadd
[migration]
driver = exec
start = sh "\$MIGMETER_CONFIG_DIRECTORY/move.sh"
END
outside() { here head "$migmeter" "$@"; }

# refused WHAT PATTERN -s...
refused() {
	what=$1 pattern=$2
	shift 2
	said=$("$migmeter" run "$work/outside.conf" -n "$@" 2>&1)
	is "$what: exit status" $? 2
	like "$what: says so" "$said" "$pattern"
}
refused 'a shape' 'set link.rate = 0' -s link.rate=1G
refused 'libvirt' 'needs migration.driver = exec' -s migration.driver=libvirt -s migration.start=
refused 'a guest of ours' "give VM 'vm1' the domain" -s vm1.domain=
said=$(outside check "$work/outside.conf" 2>&1)
is 'check: exit status' "$?" 0
like 'check: how the agent is started' "$said" 'migmeter-guest --host --run 0123456789abcdef --vm 0'
like 'check: what moves it' "$said" '^    sh "\$MIGMETER_CONFIG_DIRECTORY/move.sh"'
is 'no agent is heard: status' "$(outside run "$work/outside.conf" -q -o "$work/silent" -s experiment.boot_timeout=2s \
	>/dev/null 2>&1; echo $?)" 1

ok 'a guest that is nobody'\''s' here src virsh -q create "$work/guest/own.xml"
run=$work/outside
ok 'it is measured' outside run "$work/outside.conf" -q -o "$run"
like 'it is complete' "$(cat "$run/manifest.json")" '"status": ?"complete"'
like 'its id is its own, not that of the agent, which stays the same' "$(tr -d ' ' <"$run/manifest.json" | grep '"run_id":' | grep -v 0123456789abcdef)" '^"run_id":"[0-9a-f]{16}"'
sed 's/^/# /' "$run/metrics.csv" | head -n 40
for missing in downtime:stop_resume downtime:reported migration_time:switch_over bytes_reported:; do
	is "${missing%:} is missing" "$(metric "$run" "${missing%:*}" "${missing#*:}" | sed 's/^$/missing/')" missing
done
# near WHAT A B SHARE MS
near() {
	ok "$1: $2 and $3" awk -v a="$2" -v b="$3" -v share="$4" -v most="$5" \
		'BEGIN { d = a - b; d = d < 0 ? -d : d; exit !(a + 0 > 0 && b + 0 > 0 && (d <= share * b || d <= most * 1e6)) }'
}
near 'it takes as long as by libvirt' "$(metric "$run" migration_time completion)" \
	"$(metric "$work/local" migration_time completion)" 0.15 0
# A stop's length varies from run to run; what is seen of one does not.
for estimator in network work; do
	near "downtime by $estimator and by guest_clock" "$(metric "$run" downtime $estimator)" \
		"$(metric "$run" downtime guest_clock)" 0 100
done
ok 'there is a page' test -s "$run/report.html"
ok 'nothing of the commands is left' test ! -e "$(cat "$work/own")"
"$migmeter" testbed down --wait >/dev/null 2>&1
is 'nothing is left' "$(left_behind)" ''
done_testing
