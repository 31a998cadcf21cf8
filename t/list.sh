#!/bin/sh
# `migmeter list`: what its help says can be listed is listed, and offered by completion and the man page too.
. t/lib.sh

words=$("$migmeter" list --help | sed -n 's/^usage: migmeter list //p' | tr '|' ' ')
like 'its help names what can be listed' "$words" '^workloads .*policies'
"$migmeter" completion >"$work/completion"
"$migmeter" manual list >"$work/manual"
for word in $words; do
	"$migmeter" list "$word" >"$work/list"
	is "list $word" $? 0
	ok "list $word says something" test -s "$work/list"
	is "completion offers $word" "$(cd "$work" && bash -c '. "$0"; COMP_WORDS=(migmeter list "$1"); COMP_CWORD=2; _migmeter
		echo "${COMPREPLY[*]}"' "$work/completion" "$word" 2>&1)" "$word"
	ok "the man page has $word" grep -qw "$word" "$work/manual"
done
said=$("$migmeter" list polices 2>&1)
is 'an unknown word: exit status' $? 2
like 'an unknown word: the nearest' "$said" "workloads\\|.*did you mean 'policies'"

"$migmeter" list policies >"$work/policies"
is 'every policy' "$(sed -n 's/^\([a-z-]*\): .*/\1/p' "$work/policies" | tr '\n' ' ')" \
	'none threshold first-fit-decreasing rtt-aware '
like 'a key with its default and what it is' "$(cat "$work/policies")" \
	'^  threshold\.overload +fraction +90% +a node.s CPU, of its cores, from here on \(0 to 1000\)$'
"$migmeter" list features >"$work/features"
like 'a feature: how it is asked for, since when, how it is read back' "$(grep -A 1 'migration\.xbzrle_cache' "$work/features")" \
	'libvirt 1\.3\.4 by compression\.xbzrle\.cache; QEMU 2\.11\.0; needs xbzrle; read back from parameter xbzrle-cache-size$'
is 'every feature says how' "$(grep -c 'read back from' "$work/features")" "$(grep -c '^  migration' "$work/features")"
is 'every config states its question in one line' "$("$migmeter" list configs | grep -cvE '^[^ ]+\.conf +[A-Z].*[.?)]$')" 0
done_testing
