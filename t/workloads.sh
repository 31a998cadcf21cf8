#!/bin/sh
# The guest program as a user meets it on a host: help, errors, its life; kernel.sh's errors.
. t/lib.sh

guest=$PWD/$build/guest/migmeter-guest
[ -x "$guest" ] || skip_all "no $guest (run make guest)"

status() { # prints the exit status of a command
	"$@" >"$work/output" 2>&1
	echo $?
}

is 'list: exit status' "$(status "$guest" list)" 0
cp "$work/output" "$work/list"
for name in intadd seqread memdirty memcheck dutycycle compile web idle; do
	ok "list names $name" grep -qx "$name" "$work/list"
done
is 'help: exit status' "$(status "$guest" --help)" 0
is 'nothing asked: exit status' "$(status "$guest")" 2

agent() {
	"$guest" --host --head 127.0.0.1 --run 1 "$@"
}

is 'unknown workload: exit status' "$(status agent --workload memdirt)" 2
like 'unknown workload: the nearest is named' "$(cat "$work/output")" "'memdirty'"
is 'unknown key: exit status' "$(status agent --workload intadd --set intadd.jb=1)" 2
like 'unknown key: the nearest is named' "$(cat "$work/output")" "'job'"
is 'no value: exit status' "$(status agent --workload)" 2
is 'no workload: exit status' "$(status agent --vm 1)" 2
like 'no workload: said' "$(cat "$work/output")" "'workload' is missing"
is 'bad schedule: exit status' "$(status agent --workload dutycycle --set dutycycle.schedule=150:60)" 2

if unshare -n true 2>/dev/null; then
	cannot() {
		unshare -n sh -c 'ip link set lo up; exec "$@"' - \
			"$guest" --host --head 127.0.0.1 --run 1 --workload seqread --set seqread.path=/nonexistent/disk
	}
	is 'no such disk: exit status' "$(status cannot)" 3
	like 'no such disk: said once, in one line' "$(grep -c nonexistent "$work/output")" '^[12]$'
else
	result ok 'no such disk # SKIP no right to make a network namespace (needs root)'
fi

# kernel.sh never leaves half a folder.
echo 'not a package' >"$work/bad.deb"
is 'bad kernel package: exit status' \
	"$(MIGMETER_KERNEL_DEB=$work/bad.deb status sh bench/testbed/kernel.sh "$work/kernel")" 3
is 'bad kernel package: nothing is left' "$(find "$work" -name "kernel*")" ''
is 'no kernel package: exit status' \
	"$(MIGMETER_KERNEL_DEB=$work/none.deb status sh bench/testbed/kernel.sh "$work/kernel")" 3
like 'no kernel package: the file is named' "$(cat "$work/output")" 'none.deb'
if [ -s "$build/guest/kernel/vmlinuz" ]; then
	is 'a kernel that is there is left alone' "$(sh bench/testbed/kernel.sh "$build/guest/kernel" 2>&1; echo $?)" 0
fi

# image.sh neither.
is 'no such recipe for a disk: exit status' "$(status sh bench/testbed/image.sh nothing "$work/nothing.img")" 3
like 'no such recipe for a disk: it is named' "$(cat "$work/output")" 'images/nothing/packages'
is 'no such recipe for a disk: nothing is left' "$(find "$work" -name 'nothing*')" ''

done_testing
