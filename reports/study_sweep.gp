# Metrics against a quantity that the study varies, a panel a metric, a line a block: means with intervals.
# The caller has set: CAPTION, PANELS, LINES, FROM and TO (of the quantity), AXIS, arrays PANEL (titles), FACTOR (to the
# titles' units) and HIGH (in them), array LINE (names), and FILE with an index a line of a panel: quantity, mean, low, high.
load SCRIPTS.'/style.gp'

TOP = 84; BOTTOM = 72
W = 1200; H = 470
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
PAD = 0.05 * (TO - FROM)
set xrange [FROM - PAD:TO + PAD]
set xlabel AXIS offset 0, 0.5
array SHAPES[8] = [7, 5, 9, 13, 11, 4, 6, 8]
set key at screen 0.985, screen 1 - 8. / H right top horizontal Left reverse samplen 1.6 font small
LEFT = 0.065; GAP = 0.06
WIDE = (0.985 - LEFT - GAP * (PANELS - 1)) / PANELS
do for [p = 1:PANELS] {
	set lmargin at screen LEFT + (p - 1) * (WIDE + GAP)
	set rmargin at screen LEFT + (p - 1) * (WIDE + GAP) + WIDE
	set yrange [0:1.1 * HIGH[p]]
	set label 1 PANEL[p] at graph 0, screen 1 - (TOP - 16.) / H left font bold
	F = FACTOR[p]
	plot for [k = 1:LINES] FILE index (p - 1) * LINES + k - 1 using 1:($2 / F) with lines linewidth 1.5 linecolor rgb COLOUR[k], \
	     for [k = 1:LINES] FILE index (p - 1) * LINES + k - 1 using 1:($2 / F):($3 / F):($4 / F) with yerrorbars pointtype SHAPES[k] pointsize 1 linewidth 1.5 linecolor rgb COLOUR[k] title LINE[k]
	unset label 90
	set key off
}
unset multiplot
unset output
