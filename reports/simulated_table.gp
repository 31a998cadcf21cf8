# A table of a paper as bars: a panel a quantity, groups (the paper, its number of runs, all runs), a bar a policy.
# The caller has set: CAPTION, BELOW (a line under it), GROUPS, SERIES, COUNT, arrays GROUP, LABEL (of the series), TITLE, HIGH (of the panels' axes), and
# PANEL, X, KIND, VALUE, DOWN, UP (NaN: no interval) of the bars.
load SCRIPTS.'/style.gp'

W = 1200; H = 430
eval(open(W, H))
set output OUT
set multiplot
set label 9001 CAPTION at screen 0.02, screen 1 - 18. / H left font bold
set label 9002 BELOW at screen 0.02, screen 1 - 42. / H left font small
LEFT = 0.055; WIDE = 0.94 / 3
HALF = 0.37 / SERIES
set xrange [0.45:GROUPS + 0.55]
set xtics scale 0
digits(v) = v == 0 ? '0' : v < 9.95 ? sprintf('%.1f', v) : sprintf('%.0f', v)
do for [p = 1:3] {
	set lmargin at screen LEFT + (p - 1) * WIDE
	set rmargin at screen LEFT + p * WIDE - 0.05
	set tmargin at screen 1 - 116. / H
	set bmargin at screen 34. / H
	set label 1000 TITLE[p] at graph 0, graph 1 left offset 0, 1.0 font bold
	set yrange [0:HIGH[p]]
	set xtics (tic(GROUP[1]) 1)
	do for [i = 2:GROUPS] { set xtics add (tic(GROUP[i]) i) }
	do for [i = 1:COUNT] {
		if (PANEL[i] == p) {
			set object i rectangle from X[i] - HALF, 0 to X[i] + HALF, VALUE[i] fillcolor rgb COLOUR[KIND[i]] fillstyle solid noborder
			if (DOWN[i] == DOWN[i]) { set arrow i from X[i], (DOWN[i] > 0 ? DOWN[i] : 0) to X[i], UP[i] heads size screen 0.004, 90 linewidth 1.5 linecolor rgb BLACK front }
			set label i digits(VALUE[i]) at X[i], (UP[i] == UP[i] ? UP[i] : VALUE[i]) center offset 0, 0.7 font small front
		}
	}
	if (p == 1) {
		set key at screen 0.985, screen 1 - 56. / H right top horizontal Left reverse samplen 1.2 font small
		plot for [k = 1:SERIES] -1 with boxes fillstyle solid linecolor rgb COLOUR[k] title LABEL[k]
	} else {
		unset key
		plot -1
	}
	unset object; unset arrow; unset label
}
unset multiplot
unset output
