# How the values of each metric of a case lie: a small panel each, BASE above NEW, in per cent of BASE's centre.
# The caller has set: CAPTION, COUNT, COLUMNS, ENDLESS (values that are, in all panels), and arrays of length COUNT:
#	FILE (data: row (2 BASE, 1 NEW), value, kind (0 a run; 1 endless, drawn at the edge)), PANEL (title), RIGHT (verdict),
#	COLOR (of the verdict: 0 none, 1 regressed, 2 improved), LOW, HIGH, STEP (of the axis), BASEAT, NEWAT (centres; NaN: none),
#	FROM, TO (of the difference's interval; NaN: none), MATTERS (threshold)
load SCRIPTS.'/style.gp'

ROWS = (COUNT + COLUMNS - 1) / COLUMNS
W = 1200; TOP = CAPTION eq '' ? 34 : 60; CELL = 164; H = TOP + ROWS * CELL + 10
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
KEY = 1 - (TOP - 18.) / H
set label 91 'BASE, a dot a run' at screen 0.035, screen KEY left font small point pointtype 7 pointsize 0.9 linecolor rgb BLUE offset 0.8, -0.2
set label 92 'NEW' at screen 0.18, screen KEY left font small point pointtype 7 pointsize 0.9 linecolor rgb ORANGE offset 0.8, -0.2
set label 93 '| centre' at screen 0.235, screen KEY left font small
set label 94 '├─┤ where the difference is (95 %)' at screen 0.305, screen KEY left font small
set label 95 'grey: changes that do not matter' at screen 0.53, screen KEY left font small textcolor rgb GREY
if (ENDLESS > 0) { set label 96 'never ends' at screen 0.745, screen KEY left font small textcolor rgb RED point pointtype 9 pointsize 1 linecolor rgb RED offset 0.8, -0.2 }
WIDE = 0.975 / COLUMNS
array VERDICT[3] = [GREY, RED, GREEN]
set key off
set yrange [0.35:2.65]
unset ytics
set border 1
set grid xtics noytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
do for [i = 1:COUNT] {
	row = (i - 1) / COLUMNS; column = (i - 1) % COLUMNS
	set lmargin at screen 0.02 + column * WIDE
	set rmargin at screen 0.02 + column * WIDE + WIDE - 0.03
	set tmargin at screen 1 - (TOP + row * CELL + 56.) / H
	set bmargin at screen 1 - (TOP + row * CELL + CELL - 42.) / H
	set xrange [LOW[i]:HIGH[i]]
	set xtics out nomirror scale 0.6 font small STEP[i]
	set format x '%g %%'
	set label 1 PANEL[i] at graph 0, graph 1 left offset 0, 1.5 font bold
	set label 2 RIGHT[i] at graph 0, graph 1 left offset 0, 0.5 font small textcolor rgb VERDICT[COLOR[i] + 1]
	from = -MATTERS[i] < LOW[i] ? LOW[i] : -MATTERS[i]; to = MATTERS[i] > HIGH[i] ? HIGH[i] : MATTERS[i]
	set object 1 rectangle from from, graph 0 to to, graph 1 fillcolor rgb BAND fillstyle solid noborder behind
	if (BASEAT[i] == BASEAT[i]) { set arrow 1 from BASEAT[i], 1.65 to BASEAT[i], 2.35 nohead linewidth 3 linecolor rgb BLACK front }
	if (NEWAT[i] == NEWAT[i]) { set arrow 2 from NEWAT[i], 0.65 to NEWAT[i], 1.35 nohead linewidth 3 linecolor rgb BLACK front }
	if (FROM[i] == FROM[i]) { set arrow 3 from FROM[i], 1.5 to TO[i], 1.5 heads size screen 0.003, 90 linewidth 1.5 linecolor rgb BLACK front }
	plot FILE[i] using ($1 == 2 && $3 == 0 ? $2 : NaN):($1 + $4) with points pointtype 7 pointsize 0.8 linecolor rgb '#600072B2', \
	     '' using ($1 == 1 && $3 == 0 ? $2 : NaN):($1 + $4) with points pointtype 7 pointsize 0.8 linecolor rgb '#60E69F00', \
	     '' using ($3 == 1 ? HIGH[i] : NaN):($1 + $4) with points pointtype 9 pointsize 1 linecolor rgb RED
	unset arrow 1; unset arrow 2; unset arrow 3; unset object 1
	unset label 90; unset label 91; unset label 92; unset label 93; unset label 94; unset label 95; unset label 96
}
unset multiplot
unset output
