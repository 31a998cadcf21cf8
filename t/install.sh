#!/bin/sh
# What `make install` puts down works on its own: files, man pages, completion, configs by name, and a run.
. t/lib.sh

root=$work/root
unset MAKEFLAGS MFLAGS MAKELEVEL
ok 'make install' make install B="$build" DESTDIR="$root" prefix=/usr
ok 'and again over itself' make install B="$build" DESTDIR="$root" prefix=/usr
migmeter=$root/usr/bin/migmeter
data=$root/usr/share/migmeter
for file in guest/migmeter-guest guest/kernel/vmlinuz guest/kernel/modules/modules.dep configs/quick.conf \
	reports/style.gp reports/report.css; do
	ok "$file is there" test -s "$data/$file"
done

units=$root/usr/lib/systemd/system
is 'the service starts what was installed' "$(grep ^ExecStart= "$units/migmeter-nightly.service")" \
	'ExecStart=/usr/bin/migmeter nightly -q'
ok 'the timer is there' test -s "$units/migmeter-nightly.timer"
man=$root/usr/share/man/man1
for command in $("$migmeter" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	ok "migmeter-$command.1 is there" test -s "$man/migmeter-$command.1"
done
is 'man pages have no fault' "$(for page in "$man"/*; do groff -man -ww -z "$page" 2>&1; done)" ''

# offered WORD...: what bash offers for the last word
offered() {
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _migmeter; echo "${COMPREPLY[*]}"' \
		"$root/usr/share/bash-completion/completions/migmeter" "$@" 2>&1
}
is 'completion of a command' "$(offered migmeter ana)" analyze
is 'completion of an option' "$(offered migmeter run --rep)" --repeat
is 'completion of a choice' "$(offered migmeter run --format j)" json
is 'completion of a word' "$(offered migmeter testbed up)" up
is 'no completion of what only stands for a word' "$(offered migmeter analyze STU)" ''
is 'completion of a file' "$(offered migmeter run README)" README.md

cd "$work" || exit 1
ok 'a config is found by its name' "$migmeter" run quick --dry-run
if [ "$(id -u)" = 0 ]; then
	alone
	ok 'a run with the installed guest' "$migmeter" run quick -q -o "$work/run" -s link.rate=1G \
		-s experiment.warmup=1s -s experiment.baseline=1s -s experiment.settle=1s
	ok 'plots from the installed scripts' test -s "$work/run/plots/timeline.svg"
	ok 'a page with the installed style' grep -q '<style>' "$work/run/report.html"
else
	result ok 'a run with the installed guest # SKIP a local testbed needs root'
alone
fi
done_testing
