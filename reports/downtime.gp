# The five downtimes side by side: value, interval, and the shortest stop that the estimator could have seen.
# The caller has set: N, LEFT (share of the width for the labels), CAPTION, LOG, LOW, HIGH (ms, of the axis), and arrays
# DOWN_LABEL, DOWN_TEXT, DOWN_KNOWN.
load SCRIPTS.'/style.gp'

W = 1200; H = 130 + 46 * N + (CAPTION eq '' ? 0 : 20)
eval(open(W, H))
set output OUT
set lmargin at screen LEFT
set rmargin at screen 0.74
set tmargin at screen 1 - (CAPTION eq '' ? 42. : 66.) / H
set bmargin at screen 76. / H
if (CAPTION ne '') { set label 99 CAPTION at screen 0.02, screen 1 - 18. / H left font bold } 
set yrange [N + 0.6:0.4]
set xlabel LOG ? 'downtime (ms, logarithmic)' : 'downtime (ms)'
set xlabel offset 0, 0.3
set border 1
set grid xtics noytics
set ytics scale 0
set ytics (tic(DOWN_LABEL[1]) 1)
do for [i = 2:N] { set ytics add (tic(DOWN_LABEL[i]) i) }
if (LOG) { set logscale x; set mxtics 1 }
set xrange [LOW:HIGH]
set format x '%g'
do for [i = 1:N] {
	if (DOWN_KNOWN[i]) { set label i DOWN_TEXT[i] at graph 1, first i left offset 1, 0 } else { set label i DOWN_TEXT[i] at graph 0, first i left offset 1, 0 textcolor rgb GREY }
}
set bars 1.4
plot DATA using 5:1 with points pointtype 2 pointsize 0.9 linewidth 1.5 linecolor rgb GREY title 'shortest stop that it can see', \
     DATA using 2:1:3:4 with xerrorbars pointtype 7 pointsize 0.9 linewidth 2 linecolor rgb BLUE title 'value, with its interval'
unset output
