# A group's move: the rate on the link above, the moves of each VM below.
# The caller has set: CAPTION, END (s), ROWS, array VM, DATA with the columns row, kind (0 arrived, 1 recalled, 2 failed), begin,
# end (s); LINK ('': none), SERIES, array LABEL, RATE of the link (Mbit/s; 0: none), HIGHEST (Mbit/s).
load SCRIPTS.'/style.gp'

W = 1200; TOP = 44; PANEL = 190; GAP = 52; ROW = 26; BOTTOM = 84
H = TOP + PANEL + GAP + ROW * ROWS + BOTTOM
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set lmargin at screen 0.09; set rmargin at screen 0.97
set xrange [0:END]

set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen 1 - (TOP + PANEL) * 1. / H
set format x ''
set yrange [0:1.08 * HIGHEST]
set ylabel 'Mbit/s'
set label 1 'on the link' at graph 0, graph 1 left offset 0, 0.9 font bold textcolor rgb BLACK
if (RATE > 0) { set arrow 1 from graph 0, first RATE to graph 1, first RATE nohead dashtype 2 linewidth 1.2 linecolor rgb GREY front }
if (SERIES > 0) {
	plot for [k = 1:SERIES] LINK index k - 1 using 1:($2 / 1e6) with lines linewidth 2 linecolor rgb COLOUR[k] title LABEL[k]
} else {
	set label 3 'not measured' at graph 0.5, graph 0.5 center textcolor rgb GREY
	plot -1
	unset label 3
}
unset label 90; unset arrow 1

set tmargin at screen (BOTTOM + ROW * ROWS) * 1. / H
set bmargin at screen BOTTOM * 1. / H
set format x '%g'
set xlabel 'time since the group began to move (s)' offset 0, 0.3
unset ylabel
set label 1 'moves'
set yrange [ROWS + 0.5:0.5]
set ytics scale 0
set ytics (tic(VM[1]) 1)
do for [i = 2:ROWS] { set ytics add (tic(VM[i]) i) }
do for [i = 2:ROWS:2] { set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 fillcolor rgb BAND fillstyle solid noborder behind }
set key at graph 1, graph 1 right bottom horizontal Left reverse samplen 1.6 font small
plot DATA using ($2 == 0 ? $3 : NaN):1:3:4:($1 - 0.32):($1 + 0.32) with boxxyerror fillstyle solid noborder linecolor rgb BLUE title 'arrived', \
     DATA using ($2 == 1 ? $3 : NaN):1:3:4:($1 - 0.32):($1 + 0.32) with boxxyerror fillstyle solid noborder linecolor rgb ORANGE title 'recalled', \
     DATA using ($2 == 2 ? $3 : NaN):1:3:4:($1 - 0.32):($1 + 0.32) with boxxyerror fillstyle solid noborder linecolor rgb RED title 'failed', \
     DATA using (($3 + $4) / 2):1:($2 == 0 ? sprintf('%.1f s', $4 - $3) : '') with labels font small textcolor rgb 'white' notitle
unset multiplot
unset output
