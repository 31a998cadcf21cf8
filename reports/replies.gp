# Responses a second by their quality, one VM below the other (ROWS), a run a column (COLUMNS), on one time axis.
# The caller has set: CAPTION, END (s), HIGH (responses a second), HEADING of each column, and
#	FILE, TITLE   of each panel, row by row: CSV of time_s, good_per_s, tolerable_per_s, failed_per_s; '' none
#	MARKS         MARK_KIND (move, switch), MARK_COLUMN, MARK_FROM, MARK_TO
load SCRIPTS.'/style.gp'

W = 1200; SPACE = 32; PANEL = 190; BOTTOM = 98
TOP = 8 + (CAPTION eq '' ? 0 : 26) + 30
H = TOP + ROWS * (SPACE + PANEL) + BOTTOM
GOOD = SKY; TOLERABLE = ORANGE; FAILED = RED; MOVE = '#E3EDF5'

eval(open(W, H))
set output OUT
set multiplot
set datafile separator comma
set style fill solid 1 noborder
set xrange [0:END]; set yrange [0:HIGH]; set format x ''
if (CAPTION ne '') { set label 90 CAPTION at screen 0.065, screen 1 - 18. / H left font bold textcolor rgb BLACK }
LEFT = 0.06; WIDE = 0.946 / COLUMNS; GAP = 0.026

X = LEFT; YL = 15. / H
box(n, colour, text) = sprintf("set object %d rectangle from screen %.4f, screen %.4f to screen %.4f, screen %.4f fillcolor rgb '%s' fillstyle solid noborder; set label %d '%s' at screen %.4f, screen %.4f left font small textcolor rgb BLACK", 900 + n, X, YL - 7. / H, X + 0.018, YL + 7. / H, colour, 900 + n, text, X + 0.023, YL)
stroke(n, style, text) = sprintf("set arrow %d from screen %.4f, screen %.4f to screen %.4f, screen %.4f nohead %s; set label %d '%s' at screen %.4f, screen %.4f left font small textcolor rgb BLACK", 900 + n, X, YL, X + 0.018, YL, style, 900 + n, text, X + 0.023, YL)
has(kind) = (sum [i = 1:MARKS] (MARK_KIND[i] eq kind ? 1 : 0))
eval(box(1, GOOD, 'good')); X = X + 0.075
eval(box(2, TOLERABLE, 'tolerable')); X = X + 0.1
eval(box(3, FAILED, 'failed')); X = X + 0.08
if (has('move')) { eval(box(4, MOVE, 'a move')); X = X + 0.085 }
if (has('switch')) { eval(stroke(5, "linewidth 1.5 dashtype solid linecolor rgb BLACK", 'the VM runs on the other node')) }

do for [row = 1:ROWS] { do for [column = 1:COLUMNS] {
	i = (row - 1) * COLUMNS + column
	set lmargin at screen LEFT + (column - 1) * WIDE
	set rmargin at screen LEFT + column * WIDE - GAP
	set tmargin at screen 1 - (TOP + (row - 1) * (SPACE + PANEL) + SPACE) / (H * 1.0)
	set bmargin at screen 1 - (TOP + row * (SPACE + PANEL)) / (H * 1.0)
	set label 1 TITLE[i] at graph 0, graph 1 left offset 0, 0.9 font bold textcolor rgb BLACK
	if (column == 1) { set ylabel 'responses a second'; set format y '%g' } else { unset ylabel; set format y '' }
	if (row == ROWS) { set xlabel 'time since the loop began (s)' offset 0, 0.3; set format x '%g' } else { unset xlabel; set format x '' }
	if (row == 1) { set label 2 HEADING[column] at graph 0.5, graph 1 center offset 0, 2.2 font bold textcolor rgb BLACK } else { unset label 2 }
	if (FILE[i] eq '') {
		set label 3 'not measured' at graph 0.5, graph 0.5 center textcolor rgb GREY
		plot -1
		unset label 3
	} else {
		do for [k = 1:MARKS] { if (MARK_COLUMN[k] == column) {
			if (MARK_KIND[k] eq 'move') { set object 200 + k rectangle from MARK_FROM[k], graph 0 to MARK_TO[k], graph 1 fillcolor rgb MOVE fillstyle solid noborder behind }
			if (MARK_KIND[k] eq 'switch') { set arrow 200 + k from MARK_FROM[k], graph 0 to MARK_FROM[k], graph 1 nohead linewidth 1.5 dashtype solid linecolor rgb BLACK front }
		} }
		plot FILE[i] every ::1 using 1:($2 + $3 + $4) with boxes linecolor rgb FAILED, \
		     '' every ::1 using 1:($2 + $3) with boxes linecolor rgb TOLERABLE, \
		     '' every ::1 using 1:2 with boxes linecolor rgb GOOD
		do for [k = 1:MARKS] { unset object 200 + k; unset arrow 200 + k }
	}
	unset label 90
	do for [k = 901:905] { unset object k; unset label k; unset arrow k }
} }
unset multiplot
unset output
