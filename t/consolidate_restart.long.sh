#!/bin/sh
# A node's daemon is killed and started anew while a loop goes on: the gap is told, and later events of its VMs are heard again.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait; "$migmeter" testbed down >/dev/null 2>&1; rm -rf "$work"' EXIT
run=$work/run

# inside COMMAND...: where the daemon was
inside() {
	nsenter --net="$work/net" --mount="$work/mnt" --uts="$work/uts" "$@"
}

"$migmeter" consolidate configs/hirofuchi/staircase-postcopy.conf -q --wait -o "$run" -s hosts.accelerator=tcg \
	-s experiment.warmup=0s -s experiment.baseline=1s -s experiment.settle=1s -s consolidate.power=none \
	-s consolidate.policy=none -s consolidate.duration=30s >"$work/said" 2>&1 &
pid=$!
ok 'the loop goes on' reached ',consolidation,none'
victim=$(daemon src)
# The namespaces stay for the next one.
for one in net mnt uts; do
	ln -s "/proc/$(ip netns pids mm-src | grep -v "^$victim\$" | head -n 1)/ns/$one" "$work/$one"
done
name=$(readlink "/proc/$victim/exe")
config=$(tr '\0' '\n' <"/proc/$victim/cmdline" | sed 1d)
ok "the node's daemon is killed" kill -9 "$victim"
ok 'which is noticed' reached ',,src,events-lost,'
# shellcheck disable=SC2086
inside "$name" $config >"$work/daemon" 2>&1 &
anew=$!
ok 'and that it answers again' reached ',,src,events-again,missed those of [0-9.]+ s'
inside virsh -q -c qemu:///system suspend vm0 >"$work/virsh" 2>&1
inside virsh -q -c qemu:///system resume vm0 >>"$work/virsh" 2>&1
ok "its VM's events are heard" reached ',vm0,src,lifecycle,suspended/paused'
ok 'also those of its QEMU' reached ',vm0,src,stop,'
wait "$pid"
is 'exit status' $? 0
pid=
kill "$anew" 2>/dev/null
sed 's/^[0-9]*/#/' "$run/events.csv" | grep -E 'events-|lifecycle|resume|stop' >&2
cat "$work/virsh" >&2
is 'nothing is left' "$(left_behind)" ''
done_testing
