#!/bin/sh
# Texts as names of tics: gnuplot takes those for formats, so style.gp doubles their percent signs, in every script.
. t/lib.sh

{
	echo "TERMINAL = 'svg'; OUT = '$work/out.svg'; NAME = 'tics'; SCRIPTS = 'reports'"
	echo "load 'reports/style.gp'"
	cat <<'END'
array TEXT[6] = ['80%', '%', '5 % d', '100%%', 'µs 1%', '']
eval(open(600, 300))
set output OUT
set xrange [0:7]
set yrange [0:7]
set xtics (tic(TEXT[1]) 1)
do for [i = 2:6] { set xtics add (tic(TEXT[i]) i) }
set ytics (tic('at most 7%s') 1)
plot x
unset output
END
} >"$work/tics.gp"
said=$(gnuplot -d "$work/tics.gp" 2>&1)
is 'drawn' "$?, $said" '0, '
for text in '80%' '%' '5 % d' '100%%' 'µs 1%' 'at most 7%s'; do
	ok "named $text" grep -qF ">$text<" "$work/out.svg"
done
is 'no script names a tic otherwise' "$(grep -nE 'tics (add )?\([^)]*[A-Za-z_]+\[' reports/*.gp | grep -vE 'tics (add )?\(tic\(')" ''
done_testing
