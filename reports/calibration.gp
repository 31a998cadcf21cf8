# The error of each observer against the length of what was injected, both logarithmic.
# The caller has set: DATA, N (observers), CAPTION, LOW, HIGH (ms, of the error's axis), arrays OBSERVER[N], PANEL[2].
# Block k * N + i of DATA: length and 95th percentile of the absolute error, in ms, of observer i in panel k.
load SCRIPTS.'/style.gp'

W = 1200; HEAD = CAPTION eq '' ? 30 : 56; H = HEAD + 585
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.082, screen 1 - 18. / H left font bold }
set logscale xy
set format '%g'
set yrange [LOW:HIGH]
set xrange [3:8000]
set xlabel 'length (ms)'
set ylabel '95th percentile of the absolute error (ms)'
set tmargin at screen 1 - (HEAD + 24.) / H
set bmargin at screen 195. / H
LEFT = 0.082; RIGHT = 0.985; GAP = 0.06
WIDTH = (RIGHT - LEFT - GAP) / 2
array POINT[10] = [7, 5, 9, 11, 13, 6, 4, 8, 10, 12]
set key at screen 0.5, screen 24. / H center bottom horizontal Left reverse samplen 2 maxcols 6 font small
do for [k = 0:1] {
	set lmargin at screen LEFT + k * (WIDTH + GAP)
	set rmargin at screen LEFT + k * (WIDTH + GAP) + WIDTH
	set label 1 PANEL[k + 1] at graph 0, graph 1 left offset 0, 0.9 font bold
	if (k) { unset key; unset label 90; unset ylabel }
	plot for [i = 1:N] DATA index (k * N + i - 1) using 1:2 with linespoints pointtype POINT[(i - 1) % 10 + 1] \
		pointsize 0.9 linewidth 1.6 dashtype 1 + (i > 4) linecolor rgb COLOUR[(i - 1) % 8 + 1] title OBSERVER[i]
}
unset multiplot
unset output
