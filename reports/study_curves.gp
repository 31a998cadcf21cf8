# Times against the round trip, a panel a size of memory: means with the intervals of the repeats.
# The caller has set: CAPTION, PANELS, LINES, HIGH (s), LONG (ms), arrays PANEL and LINE (names), and FILE with an index a
# line of a panel: round trip (ms), mean, low, high (s).
load SCRIPTS.'/style.gp'

TOP = 84; BOTTOM = 72
W = 1200; H = 470
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set yrange [0:1.1 * HIGH]
set xrange [-0.04 * LONG:1.04 * LONG]
set xlabel 'preset RTT (ms)' offset 0, 0.5
set key at screen 0.985, screen 1 - 8. / H right top horizontal Left reverse samplen 1.6 font small
LEFT = 0.08; GAP = 0.045
WIDE = (0.985 - LEFT - GAP * (PANELS - 1)) / PANELS
do for [p = 1:PANELS] {
	set lmargin at screen LEFT + (p - 1) * (WIDE + GAP)
	set rmargin at screen LEFT + (p - 1) * (WIDE + GAP) + WIDE
	set label 1 PANEL[p] at graph 0, screen 1 - (TOP - 16.) / H left font bold
	if (p == 1) { set ylabel 'actual transfer time (s)' offset 1, 0 } else { unset ylabel }
	plot for [k = 1:LINES] FILE index (p - 1) * LINES + k - 1 using 1:2 with lines linewidth 1.5 linecolor rgb COLOUR[k == 1 ? 1 : 3], \
	     for [k = 1:LINES] FILE index (p - 1) * LINES + k - 1 using 1:2:3:4 with yerrorbars pointtype (k == 1 ? 7 : 5) pointsize 1 linewidth 1.5 linecolor rgb COLOUR[k == 1 ? 1 : 3] title LINE[k]
	unset label 90
	set key off
}
unset multiplot
unset output
