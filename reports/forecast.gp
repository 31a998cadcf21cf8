# How the hypervisor's forecasts held: expected downtime and remaining time, each less what came, against the value tried.
# The caller has set: CAPTION, AXIS, COUNT, FROM, TO (of the values tried), array BLOCK, and FILE with the columns row, value,
# share, and of both errors (s) the first, the median and the last.
load SCRIPTS.'/style.gp'

W = 1200; H = 440; TOP = 92; BOTTOM = 66
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set xrange [0:1.03 * TO]
set xlabel AXIS offset 0, 0.5
set xzeroaxis linetype 1 linewidth 1.2 linecolor rgb BLACK
array SHAPES[8] = [7, 5, 9, 13, 11, 4, 6, 8]
array TITLE[2] = ['expected downtime less downtime (s)', 'remaining time less what was left (s)']
set offsets 0, 0, graph 0.08, graph 0.08
set label 92 'positive: it expected more. A line from the first pass to the last, a point at the median' at screen 0.02, screen 1 - 40. / H left font small
do for [p = 1:2] {
	set lmargin at screen (p == 1 ? 0.07 : 0.57)
	set rmargin at screen (p == 1 ? 0.48 : 0.98)
	set label 1 TITLE[p] at graph 0, screen 1 - (TOP - 14.) / H left font bold
	if (p == 1) { set key on at screen 0.98, screen 1 - 8. / H right top horizontal Left reverse samplen 1 font small } else { set key off }
	c = 3 * p + 1
	plot for [b = 1:COUNT] FILE using ($1 == b ? $2 + 0.006 * (b - 2) * TO : NaN):(column(c)):(0):(column(c + 2) - column(c)) with vectors nohead linewidth 1.5 linecolor rgb COLOUR[(b - 1) % 8 + 1], \
	     for [b = 1:COUNT] FILE using ($1 == b ? $2 + 0.006 * (b - 2) * TO : NaN):(column(c + 1)) with points pointtype SHAPES[(b - 1) % 8 + 1] pointsize 1.1 linecolor rgb COLOUR[(b - 1) % 8 + 1] title BLOCK[b]
	unset label 90
	unset label 92
}
unset multiplot
unset output
