#!/bin/sh
# A machine that does not play along: no root, a missing tool, a port in use, a disk that fills, a guest that never
# answers, strangers that send datagrams. One clear line, the right exit status, a clean machine, data that is kept.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

cat >"$work/short.conf" <<'END'
[experiment]
name = short
warmup = 1s
baseline = 3s
settle = 2s
[hosts]
accelerator = tcg
[vm vm1]
memory = 96M
workload = intadd
memory_fill = none
END
trap '"$migmeter" testbed down >/dev/null 2>&1; umount "$work/small" 2>/dev/null; rm -rf "$work"' EXIT

# refused WHAT STATUS PATTERN COMMAND...
refused() {
	what=$1 wanted=$2 pattern=$3
	shift 3
	"$@" >"$work/out" 2>"$work/err"
	is "$what: exit status" "$?" "$wanted"
	like "$what: the reason" "$(grep -vE '^migmeter: (testbed|measuring|guests|collecting|warmup|baseline|migration|settle|end|analysis|removing)' "$work/err")" "$pattern"
	is "$what: the machine is clean" "$(left_behind)" ''
}

cp "$work/short.conf" /tmp/migmeter-short.conf
refused 'no root' 3 'needs root.*sudo' setpriv --reuid 65534 --clear-groups "$migmeter" run /tmp/migmeter-short.conf -o /tmp/migmeter-none
rm -f /tmp/migmeter-short.conf
ok 'no root: no folder is made' test ! -e /tmp/migmeter-none
# shellcheck disable=SC2016
refused 'no QEMU' 3 "qemu-system-x86_64' is missing \\(package qemu-system-x86\\)" unshare -m sh -c \
	'mount --bind /dev/null /usr/bin/qemu-system-x86_64 && exec "$@"' - "$migmeter" run "$work/short.conf" -o "$work/noqemu"
refused 'a guest that never answers' 1 "guest of VM 'vm1' did not answer in time" \
	"$migmeter" run "$work/short.conf" -o "$work/mute" -s experiment.boot_timeout=1s
like 'a guest that never answers: the run is kept' "$(cat "$work/mute/manifest.json")" '"status": ?"failed"'

mkdir "$work/small"
mount -t tmpfs -o size=32m small "$work/small"
refused 'too little room' 3 'has .* of room and the run needs' "$migmeter" run "$work/short.conf" -o "$work/small/run"
umount "$work/small"

mount -t tmpfs -o size=80m small "$work/small"
(
	for _ in $(seq 600); do
		if grep -q phase,baseline "$work/small/run/events.csv" 2>/dev/null; then
			dd if=/dev/zero of="$work/small/ballast" bs=64k 2>/dev/null
			break
		fi
		sleep 0.1
	done
) &
refused 'a disk that fills' 1 'No space left' "$migmeter" run "$work/short.conf" -o "$work/small/run"
wait
ok 'a disk that fills: what came before is kept' test "$(wc -l <"$work/small/run/samples-vm1.csv")" -gt 50
umount "$work/small"

ok 'testbed up' "$migmeter" testbed up
"$migmeter" testbed exec head perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "0.0.0.0", LocalPort => 7710) or die; $| = 1; print "bound\n"; sleep 60' \
	>"$work/bound" &
holder=$!
for _ in $(seq 100); do grep -q bound "$work/bound" && break; sleep 0.1; done
"$migmeter" run "$work/short.conf" -o "$work/port" >"$work/out" 2>"$work/err"
is 'a port in use: exit status' "$?" 3
like 'a port in use: the reason' "$(cat "$work/err")" '7710.*[Aa]ddress already in use'
kill "$holder"
wait "$holder" 2>/dev/null

"$migmeter" testbed exec head perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "10.77.1.1", PeerPort => 7710) or die;
	srand(1); my $end = time + 60;
	while (time < $end) { for (1 .. 200) { $s->send(join "", map { chr int rand 256 } 1 .. int rand 1400) } select undef, undef, undef, 0.01 }' &
flood=$!
ok 'a run under a flood of garbage completes' "$migmeter" run "$work/short.conf" -q -o "$work/flood"
kill "$flood"
wait "$flood" 2>/dev/null
like 'the garbage was counted' "$(cat "$work/flood/manifest.json")" '"unknown sender": ?[1-9][0-9]{2}'
is 'no sample is missing' "$(awk -F, '$1 == "samples_expected" { e = $5 } $1 == "samples_got" { g = $5 } END { print e - g }' \
	"$work/flood/metrics.csv")" 0
ok 'testbed down' "$migmeter" testbed down
is 'nothing is left' "$(left_behind)" ''
done_testing
