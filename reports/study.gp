# A figure of a paper: a panel a VM (down) and a link speed (across), work rate over time.
# The caller has set: ROWS, COLUMNS, CAPTION, and arrays of length ROWS * COLUMNS, row by row:
#	FILE (data: time from the migration's start, rate; '' none), PANEL (title), START (of the work), END (s),
#	HIGH (of the axis, in UNIT), FACTOR, UNIT, FROM, TO (the migration), STOP, RESUME (NaN: not known)
load SCRIPTS.'/style.gp'

STOPPED = '#B0D55E00'
W = 1200; TOP = CAPTION eq '' ? 10 : 34; CELL = 250; H = TOP + ROWS * CELL + 38
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold textcolor rgb BLACK }
KEYS = 1 - 16. / H # what the colours are, on the caption's line
set label 91 'migration' at screen 0.80, screen KEYS left font small textcolor rgb BLACK
set label 92 'vm1 is stopped' at screen 0.895, screen KEYS left font small textcolor rgb BLACK
set object 91 rectangle from screen 0.778, screen KEYS - 6. / H to screen 0.796, screen KEYS + 6. / H fillcolor rgb BAND fillstyle solid border linecolor rgb GREY
set object 92 rectangle from screen 0.873, screen KEYS - 6. / H to screen 0.891, screen KEYS + 6. / H fillcolor rgb STOPPED fillstyle solid noborder
LEFT = 0.075; WIDE = 0.915 / COLUMNS
set key off
do for [i = 1:ROWS * COLUMNS] {
	row = (i - 1) / COLUMNS; column = (i - 1) % COLUMNS
	set lmargin at screen LEFT + column * WIDE
	set rmargin at screen LEFT + column * WIDE + WIDE - 0.052
	set tmargin at screen 1 - (TOP + row * CELL + 40.) / H
	set bmargin at screen 1 - (TOP + row * CELL + CELL - 32.) / H
	set label 1 PANEL[i] at graph 0, graph 1 left offset 0, 0.8 font bold textcolor rgb BLACK
	if (column == 0) { set label 3 UNIT[i] at screen 0.016, graph 0.5 center rotate textcolor rgb BLACK } else { unset label 3 }
	if (row == ROWS - 1) { set xlabel 'time (s)' offset 0, 0.4 } else { unset xlabel }
	if (FILE[i] eq '') {
		set label 2 'not measured' at graph 0.5, graph 0.5 center textcolor rgb GREY
		set xrange [0:1]; set yrange [0:1]; unset tics
		plot -1
		unset label 2
	} else {
		set tics out nomirror scale 0.6 textcolor rgb BLACK
		set xtics out nomirror scale 0.6 autofreq; set ytics out nomirror scale 0.6 autofreq
		set xrange [0:END[i] - START[i]]
		set yrange [0:HIGH[i]]
		set object 1 rectangle from FROM[i] - START[i], graph 0 to TO[i] - START[i], graph 1 fillcolor rgb BAND fillstyle solid noborder behind
		if (STOP[i] == STOP[i] && RESUME[i] == RESUME[i]) {
			set object 2 rectangle from STOP[i] - START[i], graph 0 to RESUME[i] - START[i], graph 1 fillcolor rgb STOPPED fillstyle solid noborder behind
		}
		plot FILE[i] using ($1 - START[i]):($2 / FACTOR[i]) with lines linewidth 1.6 linecolor rgb BLUE
		unset object 1; unset object 2
	}
	unset label 90; unset label 91; unset label 92; unset object 91; unset object 92
}
unset multiplot
unset output
