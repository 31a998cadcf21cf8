#!/bin/sh
# A migration over 20 ms with small TCP buffers: what TCP did is collected, and says what held it up; the link is not to
# blame. Then a scenario is run on machines and simulated.
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'a local testbed needs root'
alone

run=$work/run
ok 'a run over 20 ms completes' "$migmeter" run configs/quick.conf -q --wait -o "$run" -s experiment.warmup=1s \
	-s experiment.baseline=2s -s experiment.settle=2s -s link.rtt=20ms -s link.tcp_buffer=64K -s collect.tcp=yes \
	-s collect.segments=yes
head -2 "$run/tcp.csv" | sed 's/^/# /'
grep -E '^(t[cr]|captured)' "$run/metrics.csv" | sed 's/^/# /'

# column NAME -> its number in tcp.csv
column() {
	head -1 "$run/tcp.csv" | tr , '\n' | grep -nx "$1" | cut -d: -f1
}
# metric NAME ESTIMATOR -> its value
metric() {
	awk -F, -v metric="$1" -v estimator="$2" '$1 == metric && $4 == estimator { print $5; exit }' "$run/metrics.csv"
}
# above WHAT VALUE LIMIT
above() {
	ok "$1 ($2 > $3)" awk -v value="$2" -v limit="$3" 'BEGIN { exit !(value != "missing" && value + 0 > limit) }'
}
above 'connections were looked at while they sent' "$(grep -c ',src,.*,established,' "$run/tcp.csv")" 20
above 'and their ends were told' "$(grep -c ',src,.*,closed,' "$run/tcp.csv")" 0
is 'every row has a peer of the migration network' \
	"$(sed 1d "$run/tcp.csv" | cut -d, -f4 | grep -vc '^10\.77\.3\.[23]:')" 0
is 'every row has all columns' "$(awk -F, 'NR == 1 { n = NF } NF != n' "$run/tcp.csv" | wc -l)" 0
sent=$(awk -F, -v c="$(column acked_bytes)" '$2 == "src" && $c > most { most = $c } END { print most + 0 }' "$run/tcp.csv")
above 'the memory went over one of them' "$sent" 100000000
above 'the buffers held the sender up most of the time' \
	"$(awk "BEGIN { print $(metric tcp_limited peer) + $(metric tcp_limited buffer) }")" 50
# within WHAT VALUE LIMIT: on both sides of 0
within() {
	ok "$1 ($2 within $3)" awk -v value="$2" -v limit="$3" \
		'BEGIN { exit !(value != "missing" && value + 0 <= limit && value + 0 >= -limit) }'
}
within 'the capture saw the bytes that the kernel counts, in percent' "$(metric captured_difference carried)" 2
within 'and what was sent again' "$(metric captured_difference resent)" 2
within 'the capture missed nothing, in bytes' "$(metric captured_bytes unseen)" 0
ok 'the buffers bound the advertised window' test "$(metric captured_window least | cut -d. -f1)" -le 65536
ok 'no more is on the way than the congestion window lets' awk -v on="$(metric tcp_window flight)" \
	-v most="$(metric tcp_window congestion)" 'BEGIN { exit !(on != "missing" && on + 0 > 0 && on + 0 <= 1.05 * most) }'
above 'a round trip is at least what was asked' "$(metric tcp_rtt lowest)" 20000000
above 'the transfer took longer than the link needs' "$(metric transfer_time '')" 11000000000
like 'the buffers are read back' "$(tr -d ' \n\t' <"$run/manifest.json")" '"wmem":"4096[^"]*65536"'
like 'the link itself was as asked' "$(tr -d ' \n\t' <"$run/manifest.json")" '"flags":\[\]'
is 'nothing is left' "$(left_behind)" ''

# On machines, then in simulation: shorter jobs than in the config.
ok 'VMs with jobs are moved by a policy' "$migmeter" run configs/sakurai/machine.conf -q --wait -o "$work/machine" \
	-s experiment.repeat=1 -s vm.intadd.job=2000000000 -s consolidate.duration=25s --only where=together
ok 'and one is alone' "$migmeter" run configs/sakurai/machine.conf -q --wait -o "$work/alone" \
	-s experiment.repeat=1 -s vm.intadd.job=2000000000 --only where=alone
cp -r "$work/alone"/*-r1 "$work/machine/alone-r1"
ok 'they become a trace' "$migmeter" model jobs "$work/machine" -o "$work/jobs.csv"
sed 's/^/# /' "$work/jobs.csv"
ok 'which is simulated' "$migmeter" simulate configs/sakurai/machine-simulated.conf -q -o "$work/simulated" \
	-s "vms.trace=$work/jobs.csv"
sed 's/^/# /' "$work/simulated/machine.csv"
is 'all jobs stand beside the machine' "$(sed 1d "$work/simulated/machine.csv" | cut -d, -f2 | tr '\n' ' ')" '1 2 3 '
done_testing
