#!/bin/sh
# A study of three VMs, cut short and gone on with: the runs, what is computed over them, and its pages.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone
pid=
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait; rm -rf "$work"' EXIT

# in a subshell of its own, whose process becomes it
study() { # OPTION...
	exec "$migmeter" run configs/kuno/kuno.conf --scale 1/16 -q --repeat 1 -o "$work/study" --continue \
		-s hosts.accelerator=tcg -s link.rate=100M -s experiment.vms=3 -s experiment.settle=2s "$@"
}
again() {
	(study "$@")
}
fact() {
	perl -MJSON::PP -0777 -e 'my $x = decode_json(<STDIN>); for (split m{/}, shift) { $x = ref $x eq "ARRAY" ? $x->[$_] : $x->{$_} } print $x' \
		"$1" <"$2/manifest.json"
}

study >"$work/first" 2>&1 &
pid=$!
for _ in $(seq 1200); do
	[ ! -e "$work/study/001-load=cpu-r1/report.html" ] || break
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.5
done
kill -INT "$pid"
wait "$pid"
is 'an interrupted study: exit status' $? 130
pid=
stamp=$(stat -c %Y "$work/study/001-load=cpu-r1/manifest.json")
ok 'it goes on' again
is 'what was complete is kept' "$(stat -c %Y "$work/study/001-load=cpu-r1/manifest.json")" "$stamp"

# One that says that it was disturbed is made anew when that is asked for.
perl -MJSON::PP -0777 -pi -e 'my $x = decode_json($_); push @{$x->{warnings}}, "the run was disturbed"; $_ = encode_json($x)' \
	"$work/study/001-load=cpu-r1/metrics.json"
ok 'a disturbed run is made anew' again --redo disturbed
ok 'what it was is kept' test -s "$work/study/001-load=cpu-r1.redone-1/metrics.json"
ok 'and there is another' test "$(stat -c %Y "$work/study/001-load=cpu-r1/manifest.json")" != "$stamp"
is 'which alone counts' "$(cat "$work/study/index.html" "$work/study/study.csv" | grep -c redone)" 0

for run in "$work"/study/*-r1; do
	name=${run##*/}
	is "$name: complete" "$(fact status "$run")" complete
	is "$name: roles" "$(fact vms/0/role "$run") $(fact vms/1/role "$run") $(fact vms/2/role "$run")" \
		'migrating destination-neighbour source-neighbour'
	for role in migrating destination-neighbour source-neighbour; do
		for metric in baseline_rate mean_rate settled_rate; do
			like "$name: $metric of the VM $role" \
				"$(grep "^$metric,vm[123],$role," "$run/metrics.csv" | cut -d, -f5)" '^[0-9.e+]+$'
		done
	done
	like "$name: the source's neighbour while the VM is stopped" \
		"$(grep '^stopped_rate,vm3,source-neighbour,' "$run/metrics.csv" | cut -d, -f5)" '^[0-9.e+]+$'
done
memory=$work/study/003-load=memory-r1
is 'a guest has the memory it needs' "$(fact vms/0/memory_bytes "$memory")" $((104 << 20))
is 'and what is beyond the scale is known' "$(fact vms/0/spare_bytes "$memory")" $((40 << 20))
is 'pre-copy that does not converge is stopped' "$(grep -c ',stop-forced,' "$memory/events.csv")" 1
is 'one that converges is not' "$(grep -c ',stop-forced,' "$work/study/001-load=cpu-r1/events.csv")" 0

is 'claims: ten of them' "$(sed 1d "$work/study/claims.csv" | cut -d, -f1 | sort -u | wc -l)" 10
is 'one repeat shows nothing' "$(sed 1d "$work/study/claims.csv" | cut -d, -f2 | sort -u)" 'not shown'
for page in index.html study.html; do
	ok "$page is there" test -s "$work/study/$page"
done
is 'the page has a picture a workload' "$(grep -c '<svg' "$work/study/study.html")" 3
done_testing
