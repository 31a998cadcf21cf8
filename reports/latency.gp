# Percentiles of the longest operation in each sample, phase by phase, logarithmic.
# The caller has set: PANELS, COLUMNS, CAPTION, arrays PANEL_FILE, PANEL_TITLE, PHASE (names of the phases, in order),
# PHASES. Data: phase number, p50, p99, p99.9, max in ms.
load SCRIPTS.'/style.gp'

W = 1200; ROWS = (PANELS + COLUMNS - 1) / COLUMNS; PANEL_H = 300; HEAD = CAPTION eq '' ? 34 : 60
H = HEAD + ROWS * (PANEL_H + 74)
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.082, screen 1 - 18. / H left font bold }
set logscale y
set format y '%g'
set ylabel 'longest operation of a sample (ms)'
set xrange [0.5:PHASES + 0.5]
set xtics scale 0
set xtics (tic(PHASE[1]) 1)
do for [i = 2:PHASES] { set xtics add (tic(PHASE[i]) i) }
set yrange [LOW:HIGH]
LEFT = 0.082; RIGHT = 0.985; GAP = 0.075
WIDTH = (RIGHT - LEFT - GAP * (COLUMNS - 1)) / COLUMNS
do for [p = 1:PANELS] {
	column = (p - 1) % COLUMNS; row = (p - 1) / COLUMNS
	set lmargin at screen LEFT + column * (WIDTH + GAP)
	set rmargin at screen LEFT + column * (WIDTH + GAP) + WIDTH
	set tmargin at screen 1 - (HEAD + row * (PANEL_H + 74) + 28.) / H
	set bmargin at screen 1 - (HEAD + row * (PANEL_H + 74) + 28. + PANEL_H) / H
	set label 1 PANEL_TITLE[p] at graph 0, graph 1 left offset 0, 0.9 font bold
	if (p > 1) { unset key; unset label 90 }
	plot PANEL_FILE[p] using 1:2:2:5 with yerrorbars pointtype 0 linewidth 1.5 linecolor rgb '#BBBBBB' notitle, \
	     '' using 1:2 with points pointtype 7 pointsize 1.1 linecolor rgb BLUE title 'p50', \
	     '' using 1:3 with points pointtype 5 pointsize 1.1 linecolor rgb GREEN title 'p99', \
	     '' using 1:4 with points pointtype 9 pointsize 1.3 linecolor rgb ORANGE title 'p99.9', \
	     '' using 1:5 with points pointtype 2 pointsize 1.2 linewidth 2 linecolor rgb RED title 'max'
}
unset multiplot
unset output
