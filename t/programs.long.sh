#!/bin/sh
# Guests that run real programs from disks of their own: a bank under sessions that moves, and a compile beside it.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
for image in compile web; do
	[ -s "$build/guest/images/$image.img" ] || skip_all "no image for workload '$image' (run make images)"
done
alone

cat >"$work/programs.conf" <<'END'
[experiment]
name = programs
warmup = 5s
baseline = 20s
settle = 60s
boot_timeout = 5min
[link]
rate = 1G
[storage]
kind = iscsi
[vm vm1]
memory = 256M
workload = web
sessions = 2:5,+1/5s..4
[vm vm2]
node = dst
memory = 256M
workload = compile
compile.target = lib/math/
memory_fill = none
[sessions]
think = 1s
good = 10s
tolerable = 20s
[migration]
downtime_limit = 1s
END
run=$work/run
ok 'a bank moves while a kernel is configured' "$migmeter" run "$work/programs.conf" -q --wait -o "$run"

# classes FILE -> "good tolerable failed", summed
classes() {
	awk -F, 'NR > 1 { good += $4; tolerable += $5; failed += $6 } END { print good + 0, tolerable + 0, failed + 0 }' "$1"
}
# rows FILE CLASS -> how many responses
rows() {
	awk -F, -v class="$2" '$8 == class { n++ } END { print n + 0 }' "$1"
}
responses=$run/responses-vm1.csv
is 'the counts of seconds are those of the responses' "$(classes "$run/web-vm1.csv")" \
	"$(rows "$responses" good) $(rows "$responses" tolerable) $(rows "$responses" failed)"
is 'no response was wrong' "$(awk -F, 'NR > 1 && $9 != "" && $9 != "late"' "$responses")" ''
for page in login summary pay history logout; do
	ok "page $page was answered" grep -q ",$page,200," "$responses"
done
is 'as many sessions as asked' "$(awk -F, 'NR > 1 && $2 > most { most = $2 } END { print most }' "$run/web-vm1.csv")" 4
ok 'the guest counts the responses it gave' awk -F, -v given="$(awk 'NR > 1' "$responses" | wc -l)" \
	'$1 == "web" && $5 > most { most = $5 } END { exit !(most >= given - 5 && most <= given + 5) }' "$run/samples-vm1.csv"
ok 'objects were finished' awk -F, '$1 == "compile" && $5 > most { most = $5 } END { exit !(most > 0) }' \
	"$run/samples-vm2.csv"
is 'nothing is left' "$(left_behind)" ''
done_testing
