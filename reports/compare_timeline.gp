# Work rates of two sets of runs on one time axis: each run thin, the one with the median migration time thick.
# The caller has set: CAPTION, PANELS, T0, T1 (s), and arrays of length PANELS: PANEL (title), BASES, NEWS (how many series),
# BASEFILE, NEWFILE (data: time, percent of the baseline, in FILE-0.data and so on, the thick one last), BASEEND, NEWEND
# (when the thick one's migration ended; NaN: it did not).
load SCRIPTS.'/style.gp'

W = 1200; TOP = CAPTION eq '' ? 34 : 60; CELL = 210; H = TOP + PANELS * CELL + 54
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
KEY = 1 - (TOP - 18.) / H
set arrow 91 from screen 0.085, screen KEY to screen 0.11, screen KEY nohead linewidth 2.5 linecolor rgb BLUE
set label 92 'BASE' at screen 0.115, screen KEY left font small
set arrow 93 from screen 0.165, screen KEY to screen 0.19, screen KEY nohead linewidth 2.5 linecolor rgb ORANGE
set label 94 'NEW' at screen 0.195, screen KEY left font small
set label 95 'thick: the run with the median migration time; dashed: when that migration ended; thin: the other runs' at screen 0.25, screen KEY left font small textcolor rgb GREY
set key off
set lmargin at screen 0.085
set rmargin at screen 0.985
set xrange [T0:T1]
set yrange [0:115]
set ytics 0, 25
set ylabel "work rate\n(% of baseline)"
do for [i = 1:PANELS] {
	set tmargin at screen 1 - (TOP + (i - 1) * CELL + 28.) / H
	set bmargin at screen 1 - (TOP + i * CELL - 10.) / H
	set label 1 PANEL[i] at graph 0, graph 1 left offset 0, 0.8 font bold
	set arrow 1 from 0, graph 0 to 0, graph 1 nohead linewidth 1 dashtype 3 linecolor rgb GREY
	if (BASEEND[i] == BASEEND[i]) { set arrow 2 from BASEEND[i], graph 0 to BASEEND[i], graph 1 nohead linewidth 1.5 dashtype 2 linecolor rgb BLUE }
	if (NEWEND[i] == NEWEND[i]) { set arrow 3 from NEWEND[i], graph 0 to NEWEND[i], graph 1 nohead linewidth 1.5 dashtype 2 linecolor rgb ORANGE }
	if (i == PANELS) { set format x '%g'; set xlabel 'time since the migration began (s)' offset 0, 0.3 } else { set format x ''; unset xlabel }
	plot for [k = 0:BASES[i] - 1] sprintf('%s-%d.data', BASEFILE[i], k) using 1:2 with lines linewidth (k == BASES[i] - 1 ? 2.5 : 0.8) linecolor rgb (k == BASES[i] - 1 ? BLUE : '#A00072B2'), \
	     for [k = 0:NEWS[i] - 1] sprintf('%s-%d.data', NEWFILE[i], k) using 1:2 with lines linewidth (k == NEWS[i] - 1 ? 2.5 : 0.8) linecolor rgb (k == NEWS[i] - 1 ? ORANGE : '#A0E69F00')
	unset arrow 1; unset arrow 2; unset arrow 3
	unset label 90; unset arrow 91; unset label 92; unset arrow 93; unset label 94; unset label 95
}
unset multiplot
unset output
