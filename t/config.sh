#!/bin/sh
# Bad configs and command lines: one clear line, the right exit status, nothing started.
. t/lib.sh
alone

good_config "$work/good.conf"

# complains WHAT STATUS PATTERN ARGUMENTS...
complains() {
	what=$1 wanted=$2 pattern=$3
	shift 3
	said=$("$migmeter" "$@" 2>&1)
	got=$?
	is "$what: exit status" "$got" "$wanted"
	like "$what: says so" "$said" "$pattern"
	is "$what: in one line" "$(printf '%s\n' "$said" | wc -l)" 1
}

ok 'a config is found by its name' "$migmeter" run quick --dry-run
ok 'a good config passes a dry run' "$migmeter" run "$work/good.conf" --dry-run
complains 'unknown key' 2 "-s vm1.memroy=1: unknown key 'memroy', did you mean 'memory'" run "$work/good.conf" -n -s vm1.memory=1G -s vm1.memroy=1
complains 'unknown section' 2 'unknown section \[lnik\], did you mean \[link\]' run "$work/good.conf" -n -s lnik.rate=1G
complains 'bad value' 2 "key 'rate': 'fast' is not a rate" run "$work/good.conf" -n -s link.rate=fast
complains 'two LANs with a migration link of its own' 2 'set link.topology = shared' run "$work/good.conf" -n -s link.network=ovs
complains 'remote nodes that nobody names' 2 'hosts.kind = remote needs remote.src_uri, such as qemu' run "$work/good.conf" -n -s hosts.kind=remote
complains 'value out of range' 2 "below the limit" run "$work/good.conf" -n -s vm1.memory=1M
complains 'unknown workload' 2 "-s vm1.workload=intad: unknown workload 'intad', did you mean 'intadd'" run "$work/good.conf" -n -s vm1.workload=intad
complains 'unknown workload key' 2 "unknown key 'jb', did you mean 'job'" run "$work/good.conf" -n -s vm1.intadd.jb=1
complains 'missing file' 2 "cannot read config '$work/none.conf'" run "$work/none.conf"
complains 'a VM that is not there' 2 "no VM 'vm2'" run "$work/good.conf" -n -s migration.vm=vm2
complains 'a guest too small for its kernel' 2 "'vm1' has 64 MiB of memory and needs at least 96 MiB: 96 MiB for its kernel and agent$" \
	run "$work/good.conf" -n -s vm1.memory=64M
ok 'a domain of yours may be as small as it is' "$migmeter" run "$work/good.conf" -n -s vm1.memory=64M -s hosts.kind=outside \
	-s vm1.domain=mine -s vm1.address=192.0.2.1 -s remote.run_id=0123456789abcdef -s remote.head=192.0.2.9 \
	-s link.rate=0 -s link.rtt=0ms -s migration.driver=exec -s migration.start=true
complains 'region larger than the memory' 2 'needs at least [0-9]* MiB: 96 MiB for its kernel and agent, the rest for its workload' run "$work/good.conf" -n -s vm1.workload=memdirty -s vm1.memdirty.region=2G
complains 'reading without a disk' 2 'reads a disk but has none' run "$work/good.conf" -n -s vm1.workload=seqread
complains 'a disk beside an image' 2 "brings its own disk" run "$work/good.conf" -n -s vm1.workload=compile -s vm1.disk=1G
complains 'an image without storage' 2 "set it to iscsi" run "$work/good.conf" -n -s vm1.workload=web -s vm1.memory=256M
complains 'sessions without a web server' 2 "no workload 'web'" run "$work/good.conf" -n -s vm1.sessions=20
for bad in 20,30 '20:60,+30/10s' 20:60,+30/10s..20 many; do
	complains "sessions = $bad" 2 "VM 'vm1', sessions: '" run "$work/good.conf" -n -s storage.kind=iscsi \
		-s vm1.memory=256M -s vm1.workload=web -s "vm1.sessions=$bad"
done
complains 'a response that is given up while it is tolerable' 2 'sessions.timeout is below sessions.tolerable' run "$work/good.conf" -n \
	-s storage.kind=iscsi -s vm1.memory=256M -s vm1.workload=web -s vm1.sessions=20 -s sessions.timeout=3s
ok 'a ramp of sessions is no sweep' "$migmeter" run "$work/good.conf" -n -s storage.kind=iscsi -s vm1.memory=256M \
	-s vm1.workload=web -s vm1.sessions=20:60,+30/10s..200
complains 'xbzrle cache' 2 'power of two' run "$work/good.conf" -n -s migration.xbzrle=yes -s migration.xbzrle_cache=3M
complains 'unknown command' 2 "did you mean 'report'" repotr
"$migmeter" run nothing.conf --help >/dev/null 2>&1
is 'help among other arguments' $? 0
complains 'testbed up with more words' 2 "'link.rate=1G'" testbed up link.rate=1G
complains 'testbed status with more words' 2 "'src'" testbed status src
like 'help of a command on a node is its own' "$("$migmeter" testbed exec nowhere ls --help 2>&1)" 'no node .nowhere.|no testbed is up'
complains 'unknown option' 2 "did you mean '--repeat'" run --repaet 3 x
complains 'words too many for a command without any' 2 'usage: migmeter completion; see' completion x
complains 'missing argument' 2 'usage: migmeter run' run
complains 'bad scale' 2 'scale' run "$work/good.conf" -n --scale 0
complains 'analysing what is no run' 2 'not a run directory' analyze "$work/none"
complains 'analysing a file' 2 'not a run directory' analyze "$work/good.conf"
complains 'reporting what is no run' 2 'not a run directory' report "$work/none"

printf '[vm vm1]\nmemory = 128M\nmemory = 256M\n' >"$work/twice.conf"
complains 'a key given twice' 2 'twice.conf:3: .*given twice' run "$work/twice.conf"
printf '[vm vm1]\nmemory = 128M\nworkload = memdirt\n' >"$work/workload.conf"
complains 'unknown workload in a file' 2 "workload.conf:3: unknown workload 'memdirt', did you mean 'memdirty'" run "$work/workload.conf"
printf '[vm vm1]\nmemory = 128M\n\n[link]\nrate = 1G\n[vm vm1]\nnode = dst\n' >"$work/named.conf"
complains 'a VM named twice' 2 'named.conf:7: section .vm vm1. is there twice .its first key is at .*named.conf:2' run "$work/named.conf"
printf '[vm vm1]\nthis is no setting\n' >"$work/syntax.conf"
complains 'bad syntax' 2 'syntax.conf:2' run "$work/syntax.conf"
long=$(printf '%0300d' 0)
printf '[experiment]\nname = a\nquestion = %s\n' "$long" >"$work/long.conf"
complains 'a long line' 2 'long.conf:3: longer than 198 bytes' run "$work/long.conf"
printf '[vm vm1%s]\nmemory = 1G\n' "$(printf '%060d' 0)" >"$work/name.conf"
complains 'a long name' 2 'name.conf:2: the name of the section is longer' run "$work/name.conf"
{
	printf '[experiment]\nquestion = a\n'
	for _ in 1 2 3 4 5 6 7 8; do printf ' %0150d\n' 0; done
} >"$work/value.conf"
complains 'a long value' 2 'value.conf:9: value of .question. is too long' run "$work/value.conf"
printf 'memory = 1G\n' >"$work/early.conf"
complains 'a key before any section' 2 'before any' run "$work/early.conf"
printf '[link]\nrate = 1G\n' >"$work/empty.conf"
complains 'no VM at all' 2 'has no VM' run "$work/empty.conf"

loop="$work/good.conf -n -s consolidate.policy=threshold"
# shellcheck disable=SC2086
{
	ok 'a policy may decide what moves' "$migmeter" run $loop -s consolidate.threshold.overload=80%
	ok "another policy's keys are checked and kept apart" "$migmeter" run $loop -s consolidate.first-fit-decreasing.cpu_limit=80%
	complains 'unknown policy' 2 "unknown policy 'treshold', did you mean 'threshold'" run $loop -s consolidate.policy=treshold
	complains 'unknown key of a policy' 2 "unknown key 'overlaod', did you mean 'overload'" run $loop -s consolidate.threshold.overlaod=80%
	complains 'keys of a policy that do not go together' 2 "idle = 95 % is above overload" run $loop -s consolidate.threshold.idle=95%
	complains 'a window that is too long' 2 "window of 61 s is more than the monitor remembers: set consolidate.threshold.window to 60s or less" run $loop -s consolidate.threshold.window=61s
	complains 'jobs that are waited for' 2 "workload 'intadd' of VM 'vm1' has no job" run $loop -s consolidate.until=jobs
	ok 'and that come' "$migmeter" run $loop -s consolidate.until=jobs -s vm1.intadd.job=1000000
	complains 'jobs that are waited for, and VMs' 2 'consolidate.until = gathered, but workload' run $loop -s consolidate.until=gathered
	complains 'a monitor that forgets' 2 'consolidate.keep is shorter than consolidate.duration' run $loop \
		-s consolidate.duration=2h -s consolidate.keep=1h
	complains 'a policy and mode none' 2 'consolidate.policy = none' run $loop -s migration.mode=none
	complains 'a policy and a VM that moves' 2 'migration.vm cannot be set' run $loop -s migration.vm=vm1
	complains 'a policy and a watched stream' 2 'has VMs come and go' run $loop -s migration.stream=yes
	complains 'a policy and a cut' 2 'fault.cut is for one migration' run $loop -s fault.cut=1s
	complains 'sleep without commands' 2 'consolidate.sleep and .wake' run $loop -s consolidate.power=command
	is 'policies make a sweep' "$("$migmeter" run $loop -s consolidate.policy=threshold,none | head -n 1 | cut -d, -f1)" \
		'2 points x 1 repeat'
}
complains 'points of a loop that are not there' 2 "'case=nonsense': no point has these words" consolidate configs/hirofuchi/hirofuchi.conf \
	--only case=nonsense
group="$work/good.conf -n -s group.vms=all"
# shellcheck disable=SC2086
{
	ok 'a group may move' "$migmeter" run $group -s group.schedule=fixed -s group.at_once=3
	is 'schedules make a sweep' "$("$migmeter" run $group -s group.schedule=sequential,adaptive | head -n 1 | cut -d, -f1)" \
		'2 points x 1 repeat'
	complains 'a VM of a group that is not there' 2 "group.vms: there is no VM 'vm7', did you mean 'vm1'" \
		run "$work/good.conf" -n -s 'group.vms=vm1 vm7'
	complains 'a group and a VM that moves' 2 'migration.vm cannot be set' run $group -s migration.vm=vm1
	complains 'a group and mode none' 2 'migration.mode = none cannot be set' run $group -s migration.mode=none
	complains 'a group and a policy' 2 'cannot both say what moves' run $group -s consolidate.policy=threshold
	complains 'a group and a cut' 2 'fault.cut is for one migration' run $group -s fault.cut=1s
	ok 'a group may be watched' "$migmeter" run $group -s migration.stream=yes
	complains 'a group without job statistics' 2 'group.vms needs collect.job' run $group -s collect.job=no
}
complains 'consolidating without a policy' 2 'has no policy' consolidate "$work/good.conf"

is 'a sweep is the product of its lists' \
	"$("$migmeter" run "$work/good.conf" -n -s link.rate=1G,100M,10M -s vm1.workload=intadd,idle | head -n 1 | cut -d, -f1)" \
	'6 points x 1 repeat'
cat >"$work/case.conf" <<'END'
[experiment]
name = cases
[vm vm1]
memory = 128M
[link]
rate = 1G, 10M
[case load dirty]
vm1.workload = memdirty
vm1.memdirty.rate = 1M
[case load cpu]
vm1.workload = intadd
[case feature plain]
migration.xbzrle = no
[case feature xbzrle]
migration.xbzrle = yes
END
is 'groups of cases multiply with lists' \
	"$("$migmeter" run "$work/case.conf" -n | sed -n '1s/,.*//p;2p;9p')" '8 points x 1 repeat
  1: rate=1G load=dirty feature=plain
  8: rate=10M load=cpu feature=xbzrle'
is 'only some points' "$("$migmeter" run "$work/case.conf" -n --only 'load=cpu rate=10M' | sed -n '2,$p')" '  7: rate=10M load=cpu feature=plain
  8: rate=10M load=cpu feature=xbzrle'
complains 'no point has the words' 2 "no point has these words" run "$work/case.conf" -n --only load=cp
sed 's/memdirty.rate/memdirty.raet/' "$work/case.conf" >"$work/badcase.conf"
complains 'a case with an unknown key' 2 "badcase.conf:9: unknown key 'raet'" run "$work/badcase.conf" -n
printf '[preset light]\nvm1.workload = memdirty\nvm1.memdirty.rate = 2M\n[case a]\npreset = light\n[case b]\npreset = none\n' |
	cat "$work/good.conf" - >"$work/preset.conf"
complains 'a preset that is not there' 2 'preset.conf:[0-9]*: there is no section \[preset none\]' run "$work/preset.conf" -n
sed -i 's/preset = none/link.rate = 1G/' "$work/preset.conf"
is 'cases with a preset' "$("$migmeter" run "$work/preset.conf" -n | sed -n '2,$p')" '  1: case=a
  2: case=b'
complains 'a sweep too large' 2 'more than 1000 points' run "$work/good.conf" -n \
	-s "link.rate=$(seq -s, 1000000 1000040)" -s "link.rtt=$(seq -s ms, 0 40)ms"
complains 'a disk that cannot stay' 2 'set migration.copy_disks' run "$work/good.conf" -n -s storage.kind=copy -s vm1.disk=8M
complains 'a shared disk to be copied' 2 'a disk of its own' run "$work/good.conf" -n -s storage.kind=iscsi -s vm1.disk=8M \
	-s migration.copy_disks=full
ok 'one that moves along' "$migmeter" run "$work/good.conf" -n -s storage.kind=copy -s vm1.disk=8M -s migration.copy_disks=full
is 'the study of two LANs' "$("$migmeter" run openflow/openflow -n --scale 1/8 | head -n 1 | cut -d, -f1)" '11 points x up to 3 repeats'
is 'distances between them' "$("$migmeter" run openflow/distance -n | head -n 1 | cut -d, -f1)" '8 points x 3 repeats'
is 'what explains times over round trips' "$("$migmeter" run sakurai/rtt-explain -n --scale 1/4 --only used=1.00 |
	sed -n '1s/, results in [^,]*//p')" '12 points x 3 repeats, 18 of 36 runs to come'
is 'what shortens them' "$("$migmeter" run sakurai/rtt-tuning -n --scale 1/4 | head -n 1 | cut -d, -f1)" '8 points x up to 3 repeats'
is 'dirty rates at two distances' "$("$migmeter" run sakurai/rtt-dirty -n --scale 1/4 | head -n 1 | cut -d, -f1)" '4 points x 2 repeats'
is 'what make says of them' "$(grep '^openflow' Makefile | grep -o '[0-9]* runs' | tr '\n' ' ')" '30 runs 24 runs '
# CONFIG TARGET: of its points those that make chooses
chosen() {
	"$migmeter" run "wide-area/$1" -n --only "$(sed -n "/^$2:/,/^\$/s/.*run $1 --only '\{0,1\}\([^';]*\)'\{0,1\}.*/\1/p" Makefile)" |
		sed -n '1s/.*, \([0-9]* of [0-9]* runs\) to come.*/\1/p'
}
is 'make wide-area: groups' "$(chosen groups wide-area)" '12 of 189 runs'
is 'make wide-area-groups' "$(chosen groups wide-area-groups)" '56 of 189 runs'
is 'make wide-area-groups-buffers' "$(chosen groups wide-area-groups-buffers)" '35 of 189 runs'
is 'fixed numbers of a group' "$(sed -n 's/^group.at_once = //p' configs/wide-area/groups.conf | tr '\n' ' ')" '2 3 4 6 '
is 'make wide-area: back with a disk' "$(chosen return wide-area)" '3 of 6 runs'
is 'make wide-area-return' "$(chosen return wide-area-return)" '3 of 6 runs'
is 'make wide-area: in common' "$(chosen shared wide-area)" '3 of 6 runs'
is 'who looks whether a connection lives looks longer than TCP waits' \
	"$(sed -n 's/^settle = //p' configs/openflow/*.conf configs/wide-area/reachable.conf | sort -u)" 6s
is 'the study of a paper' "$("$migmeter" run kuno/kuno -n --scale 1/16 | head -n 1 | cut -d, -f1)" '18 points x 3 repeats'
is 'what explains it' "$("$migmeter" run kuno/explain -n --scale 1/16 | sed -n '1s/,.*//p;2p')" '7 points x 3 repeats
  1: cause=queue'
complains 'an explanation of no claim' 2 "there is no claim 'K11'" run "$work/good.conf" -n -s experiment.explains=K11 -s experiment.cause=x
complains 'an explanation without a cause' 2 'set both' run "$work/good.conf" -n -s experiment.explains=K3
is 'the study of another' "$("$migmeter" run hirofuchi/hirofuchi -n | sed '1s/,.*//')" '10 points x 3 repeats
  1: case=staircase-postcopy
  2: case=staircase-precopy
  3: case=staircase-precopy-skip
  4: case=compile-alone
  5: case=compile-postcopy
  6: case=compile-precopy
  7: case=compile-none
  8: case=web-postcopy
  9: case=web-precopy
  10: case=web-none'
complains 'an unknown paper' 2 "'kano' is no paper" run "$work/good.conf" -n -s experiment.study=kano
printf '[bisect]\nkey = vm1.memdirty.rate\nof = 11M\n' >>"$work/case.conf"
is 'a search has steps' "$("$migmeter" run "$work/case.conf" -n --only 'load=dirty rate=1G' | sed -n '1s/,.*//p;3,$p')" '64 points x 1 repeat
  1: rate=1G load=dirty feature=plain at=?
  9: rate=1G load=dirty feature=xbzrle at=?'
complains 'a search that cannot end' 2 'so wide that' run "$work/case.conf" -n -s bisect.from=3
complains 'a search in no unit' 2 "bisect.of: 'fast' is no number" run "$work/case.conf" -n -s bisect.of=fast
complains 'a search of no key' 2 "unknown key 'raet'" run "$work/case.conf" -n -s bisect.key=vm1.memdirty.raet
complains 'a comparison of what does not vary' 2 "no point of the sweep has 'feature=tls'" run "$work/case.conf" -n \
	-s experiment.compare=feature -s experiment.reference=tls
complains 'a comparison by nothing known' 2 "no metric 'speed'" run "$work/case.conf" -n -s experiment.compare=feature -s experiment.sort=speed
complains 'more VMs than there are' 2 'experiment.vms = 3, but the config has 1 VM' run "$work/good.conf" -n -s experiment.vms=3
complains 'a limit that nothing measures' 2 'needs collect.job' run "$work/good.conf" -n -s migration.sent_limit=3 -s collect.job=no
complains 'waits for pages in pre-copy' 2 'watches one VM in post-copy' run "$work/good.conf" -n -s migration.page_waits=yes
ok 'and in post-copy' "$migmeter" run "$work/good.conf" -n -s migration.page_waits=yes -s migration.mode=postcopy
complains 'a stream where none is' 2 'makes none' run "$work/good.conf" -n -s migration.stream=yes -s migration.mode=none
complains 'a stream through the daemons' 2 'with migration.tunnelled' run "$work/good.conf" -n -s migration.stream=yes \
	-s migration.peer2peer=yes -s migration.tunnelled=yes
complains 'kept pages of no stream' 2 'needs migration.stream' run "$work/good.conf" -n -s migration.stream_kept=/tmp
complains 'relays for what does not move' 2 'migration.mode = none' run "$work/good.conf" -n -s migration.reuse=yes -s migration.mode=none
complains 'relays beside a watcher' 2 'migration.stream' run "$work/good.conf" -n -s migration.reuse=yes -s migration.stream=yes
ok 'relays for a disk that moves along' "$migmeter" run "$work/good.conf" -n -s storage.kind=copy -s vm1.disk=8M \
	-s migration.copy_disks=full -s migration.reuse=yes -s migration.moves_before=2
complains 'relays for a disk under TLS' 2 'libvirt has no TLS' run "$work/good.conf" -n -s storage.kind=copy -s vm1.disk=8M \
	-s migration.copy_disks=full -s migration.reuse=yes -s migration.tls=yes
complains 'relays for what the daemons carry' 2 'migration.tunnelled' run "$work/good.conf" -n -s migration.reuse=yes \
	-s migration.peer2peer=yes -s migration.tunnelled=yes
for several in parallel=2 postcopy_preempt=yes; do
	complains "relays for several connections: $several" 2 "migration.${several%=*}: then pages go over several" run "$work/good.conf" -n \
		-s migration.reuse=yes -s migration.mode=postcopy -s migration.$several
	ok "and no relays: $several" "$migmeter" run "$work/good.conf" -n -s migration.mode=postcopy -s migration.$several
done
complains 'a store of no relays' 2 'needs migration.reuse' run "$work/good.conf" -n -s migration.reuse_store=/tmp
complains 'moves before a group' 2 'not with group.vms' run "$work/good.conf" -n -s migration.moves_before=1 -s group.vms=all
complains 'a value twice in a list' 2 "'rate': the list has one value twice, '1G' and '1000M'" run "$work/good.conf" -n \
	-s link.rate=1G,10M,1000M
complains 'a workload twice in a list' 2 "twice, 'idle' and 'idle'" run "$work/good.conf" -n -s vm1.workload=idle,intadd,idle
is 'a dry run as CSV' "$("$migmeter" run "$work/good.conf" -n --repeat 2 -s link.rate=1G,10M --format csv)" 'point,label,repeats,to_come
1,rate=1G,2,2
2,rate=10M,2,2'
like 'a dry run as JSON' "$("$migmeter" run "$work/good.conf" -n --repeat 2 --format json | tr -d ' \n')" \
	'"repeats":2,"runs":2,.*"list":\[\{"point":1,"label":"","repeats":2,"to_come":2\}\]'
complains 'an empty list element' 2 'empty element' run "$work/good.conf" -n -s link.rate=1G,,10M

long=$(printf '%0500d' 0)
complains 'a results folder whose name is too long' 2 "the results folder needs a name of" run "$work/good.conf" -n -o "$long"
complains 'and of a calibration' 2 "the results folder needs a name of" calibrate -o "$long"

if [ "$(id -u)" = 0 ]; then
	mkdir "$work/full"
	touch "$work/full/file"
	complains 'results folder not empty' 2 'is not empty' run "$work/good.conf" -q -o "$work/full"
	complains 'more memory than there is' 3 'of memory and the machine has' run "$work/good.conf" -q -s vm1.memory=900G -o "$work/out"
fi
is 'nothing was started' "$(left_behind)" ''
done_testing
