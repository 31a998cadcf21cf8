# CPU of nodes and VMs over time, one below the other (ROWS), a run a column (COLUMNS), on one time axis.
# The caller has set: CAPTION, END (s), HIGH (%), EACH (most lines of a panel), and
#	HEADING                                 of each column
#	FILE, TITLE, SERIES, ASKED              of each panel, row by row: data, an index a line; how many; data of what was asked
#	LINE, LABEL                             of each line, EACH a panel: 0 thin, 1 and 2 as the first and second node
#	MARKS    MARK_KIND, MARK_TEXT, MARK_COLUMN, MARK_ROW (0: all rows), MARK_FROM, MARK_TO
#	         kinds: move, plan, switch, overload, asleep, waking
#	TEXTS    TEXT, TEXT_AT, TEXT_RIGHT, TEXT_ROW   above a single column; TEXT_ROWS
load SCRIPTS.'/style.gp'

W = 1200; SPACE = 32; PANEL = COLUMNS > 1 ? 128 : 140; LINE_PX = 21; BOTTOM = 98
TOP = 8 + (CAPTION eq '' ? 0 : 26) + (COLUMNS > 1 ? 30 : 0) + LINE_PX * TEXT_ROWS
H = TOP + ROWS * (SPACE + PANEL) + BOTTOM
ASLEEP = '#D8D8D8'; WAKING = '#EAEAEA'; MOVE = '#E3EDF5'; LATE = '#E8A27C'

eval(open(W, H))
set output OUT
set multiplot
set clip two
set xrange [0:END]; set yrange [0:HIGH]; set ytics 0, 25; set format x ''
if (CAPTION ne '') { set label 90 CAPTION at screen 0.065, screen 1 - 18. / H left font bold textcolor rgb BLACK }
LEFT = 0.065; if (COLUMNS > 1) { LEFT = 0.06 }
WIDE = (COLUMNS > 1 ? 0.946 : 0.92) / COLUMNS; GAP = COLUMNS > 1 ? 0.026 : 0
array STYLE[3] = [SKY, BLUE, RED]

# The meaning of the marks, at the bottom. Solid and dashed lines differ in colour too: the SVG terminal of gnuplot gives a line
# the dashes of the one before it when nothing else differs.
X = LEFT; YL = 15. / H
box(n, colour, text) = sprintf("set object %d rectangle from screen %.4f, screen %.4f to screen %.4f, screen %.4f fillcolor rgb '%s' fillstyle solid noborder; set label %d '%s' at screen %.4f, screen %.4f left font small textcolor rgb BLACK", 900 + n, X, YL - 7. / H, X + 0.018, YL + 7. / H, colour, 900 + n, text, X + 0.023, YL)
stroke(n, style, text) = sprintf("set arrow %d from screen %.4f, screen %.4f to screen %.4f, screen %.4f nohead %s; set label %d '%s' at screen %.4f, screen %.4f left font small textcolor rgb BLACK", 900 + n, X, YL, X + 0.018, YL, style, 900 + n, text, X + 0.023, YL)
has(kind) = (sum [i = 1:MARKS] (MARK_KIND[i] eq kind ? 1 : 0))
if (has('plan')) { eval(stroke(1, "linewidth 1.2 dashtype 2 linecolor rgb '#444444'", 'decided')); X = X + 0.09 }
if (has('move')) { eval(box(2, MOVE, 'a move')); X = X + 0.085 }
if (has('switch')) { eval(stroke(3, "linewidth 1.5 dashtype solid linecolor rgb BLACK", 'the VM runs on the other node')); X = X + 0.215 }
if (has('overload')) { eval(box(4, LATE, 'overloaded')); X = X + 0.11 }
if (has('asleep')) { eval(box(5, ASLEEP, 'asleep')); X = X + 0.085 }
if (has('waking')) { eval(box(6, WAKING, 'wakes')); X = X + 0.085 }

do for [row = 1:ROWS] { do for [column = 1:COLUMNS] {
	i = (row - 1) * COLUMNS + column
	set lmargin at screen LEFT + (column - 1) * WIDE
	set rmargin at screen LEFT + column * WIDE - GAP
	set tmargin at screen 1 - (TOP + (row - 1) * (SPACE + PANEL) + SPACE) / (H * 1.0)
	set bmargin at screen 1 - (TOP + row * (SPACE + PANEL)) / (H * 1.0)
	set label 1 TITLE[i] at graph 0, graph 1 left offset 0, 0.9 font bold textcolor rgb BLACK
	if (column == 1) { set ylabel '% of a core'; set format y '%g' } else { unset ylabel; set format y '' }
	if (row == ROWS) { set xlabel 'time since the loop began (s)' offset 0, 0.3; set format x '%g' } else { unset xlabel; set format x '' }
	if (row == 1 && COLUMNS > 1) { set label 2 HEADING[column] at graph 0.5, graph 1 center offset 0, 2.2 font bold textcolor rgb BLACK } else { unset label 2 }
	if (row == 1) {
		do for [k = 1:TEXTS] {
			y = 1 + (SPACE + (TEXT_ROWS - TEXT_ROW[k] - 0.5) * LINE_PX) / PANEL
			if (TEXT_RIGHT[k]) {
				set label 100 + k TEXT[k] at first TEXT_AT[k], graph y right offset -0.4, 0 font small textcolor rgb '#444444'
			} else {
				set label 100 + k TEXT[k] at first TEXT_AT[k], graph y left offset 0.4, 0 font small textcolor rgb '#444444'
			}
			set arrow 100 + k from first TEXT_AT[k], graph 1 to first TEXT_AT[k], graph y nohead linewidth 0.7 dashtype 3 linecolor rgb GREY
		}
	}
	if (FILE[i] eq '') {
		set label 3 'not measured' at graph 0.5, graph 0.5 center textcolor rgb GREY
		plot -1
		unset label 3
	} else {
		do for [k = 1:MARKS] { if (MARK_COLUMN[k] == column && (MARK_ROW[k] == 0 || MARK_ROW[k] == row)) {
			kind = MARK_KIND[k]
			if (kind eq 'move') { set object 200 + k rectangle from MARK_FROM[k], graph 0 to MARK_TO[k], graph 1 fillcolor rgb MOVE fillstyle solid noborder behind }
			if (kind eq 'asleep' || kind eq 'waking') { set object 200 + k rectangle from MARK_FROM[k], graph 0 to MARK_TO[k], graph 1 fillcolor rgb (kind eq 'asleep' ? ASLEEP : WAKING) fillstyle solid noborder behind }
			if (kind eq 'overload') { set object 200 + k rectangle from MARK_FROM[k], graph 0.94 to MARK_TO[k], graph 1 fillcolor rgb LATE fillstyle solid noborder behind }
			if (kind eq 'plan') { set arrow 200 + k from MARK_FROM[k], graph 0 to MARK_FROM[k], graph 1 nohead linewidth 1.2 dashtype 2 linecolor rgb '#444444' front }
			if (kind eq 'switch') { set arrow 200 + k from MARK_FROM[k], graph 0 to MARK_FROM[k], graph 1 nohead linewidth 1.5 dashtype solid linecolor rgb BLACK front }
			if (MARK_TEXT[k] ne '') { set label 200 + k MARK_TEXT[k] at (MARK_FROM[k] + MARK_TO[k]) / 2., graph 0.5 center font small textcolor rgb GREY }
		} }
		if (ASKED[i] eq '') {
			plot for [k = 1:SERIES[i]] FILE[i] index k - 1 using 1:2 with lines linewidth (LINE[(i - 1) * EACH + k] == 0 ? 1 : 2) linecolor rgb STYLE[LINE[(i - 1) * EACH + k] + 1] title LABEL[(i - 1) * EACH + k]
		} else {
			plot ASKED[i] using 1:2 with lines linewidth 1.2 dashtype 3 linecolor rgb BLACK title 'asked', \
			     for [k = 1:SERIES[i]] FILE[i] index k - 1 using 1:2 with lines linewidth (LINE[(i - 1) * EACH + k] == 0 ? 1 : 2) linecolor rgb STYLE[LINE[(i - 1) * EACH + k] + 1] title LABEL[(i - 1) * EACH + k]
		}
		do for [k = 1:MARKS] { unset object 200 + k; unset arrow 200 + k; unset label 200 + k }
	}
	do for [k = 1:TEXTS] { unset label 100 + k; unset arrow 100 + k }
	unset label 90
	do for [k = 901:906] { unset object k; unset label k; unset arrow k }
} }
unset multiplot
unset output
