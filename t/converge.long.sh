#!/bin/sh
# A boundary looked for on real guests: what never converged is complete, has metrics and works on at its source; a
# search that has ended runs nothing more when it is gone on with.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

# 200 Mbit/s carry 22.7 MiB/s
cat >"$work/search.conf" <<'END_CONFIG'
[experiment]
name = search
warmup = 1s
baseline = 3s
settle = 2s
[hosts]
accelerator = tcg
[link]
rate = 200M
[vm vm1]
memory = 112M
workload = memdirty
memdirty.region = 16M
[migration]
timeout = 15s
[bisect]
key = vm1.memdirty.rate
of = 22.7M
from = 0.1
to = 2
until = 1
END_CONFIG

search() {
	"$migmeter" run "$work/search.conf" -q -o "$work/study" --continue
}
metric() {
	grep "^$1," "$2/metrics.csv" | head -n 1 | cut -d, -f5
}

ok 'a search runs' search
low=$work/study/001-at=0.1-r1 high=$work/study/002-at=2-r1
is 'slow writing converges' "$(metric converged "$low")" 1
is 'writing faster than the link does not' "$(metric converged "$high")" 0
like 'which is no failure' "$(cat "$high/manifest.json")" '"status": ?"complete"'
like 'and has metrics' "$(metric lost_work "$high")" '^[0-9]'
is 'but no migration time' "$(metric migration_time "$high")" missing
like 'its guest works on where it was' "$(metric settled_rate "$high")" '^[1-9]'
is 'the third step is in the middle' "$(ls -d "$work"/study/003-*)" "$work/study/003-at=1.05-r1"
is 'and it was the last' "$(ls -d "$work"/study/004-* 2>/dev/null)" ''
is 'a boundary is found' "$(sed -n 2p "$work/study/boundary.csv" | cut -d, -f2)" found
ok 'there is a page' grep -q 'Where migrations converge' "$work/study/study.html"
stamp=$(stat -c %Y "$low/manifest.json" "$high/manifest.json")
ok 'it goes on' search
is 'with nothing to run' "$(stat -c %Y "$low/manifest.json" "$high/manifest.json")" "$stamp"
is 'nothing is left' "$(left_behind)" ''
done_testing
