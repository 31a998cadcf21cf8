#!/bin/sh
# What goes wrong in the middle of a run: killed, interrupted, QEMU lost, a second run. Afterwards the machine is
# clean, the data is kept and has a status.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

cat >"$work/fault.conf" <<'END'
[experiment]
name = fault
warmup = 1s
baseline = 4s
settle = 2s
[hosts]
accelerator = tcg
[link]
rate = 20M
[vm vm1]
memory = 128M
memory_fill = random
workload = intadd
END

# Everything that is ours and visible from outside: namespaces, processes in them, files, mounts, devices.
leftovers() {
	ip netns list | grep '^mm-'
	ps -eo pid,args | grep -E '[/]var/lib/migmeter|[m]igmeter run' | grep -v grep
	ls -d /var/lib/migmeter 2>/dev/null
	grep migmeter /proc/mounts
	ip -br link | grep -E '^(mgmt-|lan-|mig0|up0|br-mgmt|br-lan)'
}

bystanders() {
	ip netns list | grep -v '^mm-' | sort
	ps -eo stat,pid,comm | awk '$3 == "libvirtd" && $1 !~ /^Z/ { print $2 }' | sort | tr '\n' ' '
}
ip netns add t-bystander
before=$(bystanders)
pid=
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; ip netns del t-bystander 2>/dev/null; rm -rf "$work"' EXIT

start() {
	run=$work/run-$1
	shift
	: >"$work/err" # what the one before said is not this one's word
	"$migmeter" run "$work/fault.conf" -o "$run" "$@" >"$work/out" 2>"$work/err" &
	pid=$!
}

for moment in 'migmeter: testbed' 'measuring the link' 'migmeter: guests' 'phase,warmup' 'phase,baseline' 'migrate-start' \
	'iteration,1' 'phase,settle'; do
	name=$(echo "$moment" | tr -c 'a-z0-9\n' '-')
	start "kill$name"
	ok "'$moment' is reached" reached "$moment" "$work/err"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	ok "testbed down after kill -9 at '$moment'" "$migmeter" testbed down
	is "nothing is left of it" "$(leftovers)" ''
	is "and bystanders are untouched" "$(bystanders)" "$before"
done

for moment in 'measuring the link' 'phase,baseline' 'iteration,1'; do
	name=$(echo "$moment" | tr -c 'a-z0-9\n' '-')
	start "int$name"
	ok "'$moment' is reached" reached "$moment" "$work/err"
	kill -INT "$pid"
	wait "$pid"
	is "interrupted at '$moment': exit status" "$?" 130
	like "its data is kept with a status" "$(cat "$run/manifest.json")" '"status": ?"interrupted"'
	is "no other reason is told" "$(grep -c 'stopped\|cannot\|failed' "$work/err")" 0
	is "and nothing is left" "$(leftovers)" ''
done

start late
ok "'collecting' is reached" reached 'migmeter: collecting' "$work/err"
kill -INT "$pid"
wait "$pid"
is 'interrupted when all was measured: exit status' "$?" 0
like 'the run is complete' "$(cat "$run/manifest.json")" '"status": ?"complete"'
like 'which is said' "$(cat "$work/err")" 'the interrupt came when everything was measured: no run is left'
ok 'and it has a report' test -s "$run/report.html"
is 'nothing is left' "$(leftovers)" ''

start qemu
ok 'migration under way' reached 'iteration,1' "$work/err"
kill -9 "$(cat /var/lib/migmeter/testbed/src/run/libvirt/qemu/vm1.pid)"
wait "$pid"
is 'QEMU killed in the middle: exit status' "$?" 1
like 'the run is failed, in words' "$(cat "$run/manifest.json")" '"status": ?"failed"'
ok 'samples are kept' test "$(wc -l <"$run/samples-vm1.csv")" -gt 100
ok 'and it has a report' test -s "$run/report.html"
is 'nothing is left' "$(leftovers)" ''

start first
ok 'a run is under way' reached 'phase,warmup' "$work/err"
said=$("$migmeter" run "$work/fault.conf" -q -o "$work/second" 2>&1)
is 'a second run: exit status' "$?" 3
like 'a second run says who is at work' "$said" "another migmeter \(pid $pid\)"
said=$("$migmeter" testbed down 2>&1)
is 'testbed down beside a run: exit status' "$?" 3
ok 'the first goes on' kill -0 "$pid"
kill -INT "$pid"
wait "$pid"
is 'nothing is left' "$(leftovers)" ''

cp "$work/fault.conf" "$work/both.conf"
cat >>"$work/both.conf" <<'END'
[case run fails]
experiment.boot_timeout = 1s
[case run lacks]
vm1.memory = 1T
END
"$migmeter" run "$work/both.conf" -q --wait -s experiment.order=listed -o "$work/both" >/dev/null 2>"$work/said"
is 'a run that is skipped does not hide one that failed' "$?" 1
like 'the machine lacks something for the one' "$(cat "$work/said")" 'the VMs need .* of memory'
is 'nothing is left' "$(leftovers)" ''

ok 'testbed up' "$migmeter" testbed up -s link.rate=20M
said=$("$migmeter" testbed up 2>&1)
is 'a second up: exit status' "$?" 2
like 'a second up says what to do' "$said" 'testbed down'
ok 'exec on a node' "$migmeter" testbed exec src ip -br addr
joined=$("$migmeter" testbed exec src sh -c 'ip link add low address 00:00:5e:00:00:01 type veth peer name lower &&
	ip link set low master br-lan && ip -br link show br-lan; ip link del low')
like 'a bridge keeps its MAC, whatever joins it' "$joined" '02:00:0a:4d:02:02'
like 'nodes have their own host name' "$("$migmeter" testbed exec dst hostname)" '^mm-dst$'
ok 'a run uses the testbed that is up' "$migmeter" run "$work/fault.conf" -q -o "$work/kept"
ok 'and leaves it up' "$migmeter" testbed status
for reuse in no yes; do
	start "left-$reuse" -s "migration.reuse=$reuse"
	ok 'a run on it is in the middle of its migration' reached 'iteration,1' "$work/err"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	"$migmeter" run "$work/fault.conf" -o "$work/after-$reuse" -s "migration.reuse=$reuse" >/dev/null 2>"$work/err"
	is 'the next run completes, whatever a killed one has left' "$?" 0
	like 'and says so' "$(cat "$work/err")" 'ended [12] guests? that a killed run had left'
	is 'no relay is left' "$(ps -eo stat,comm | awk '$1 !~ /^Z/ && $2 == "mm-reuse"')" ''
done
said=$("$migmeter" run "$work/fault.conf" -q -o "$work/other" -s link.rate=50M 2>&1)
is 'a run that wants another link: exit status' "$?" 2
ok 'testbed down' "$migmeter" testbed down
is 'nothing is left' "$(leftovers)" ''
is 'bystanders are untouched' "$(bystanders)" "$before"
ip netns del t-bystander
done_testing
