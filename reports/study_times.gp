# Bars of migration times: link speeds as groups, workloads as bars, with the interval over the repeats.
# The caller has set: CAPTION, GROUPS, SERIES, LOW, HIGH (s, of a logarithmic axis unless LOW is 0), arrays GROUP (names), LABEL (of the
# series), and COUNT, X, VALUE, DOWN, UP, KIND, TEXT of the bars.
load SCRIPTS.'/style.gp'

W = 1200; H = 420
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set lmargin at screen 0.075
set rmargin at screen 0.985
set tmargin at screen 1 - 70. / H
set bmargin at screen 40. / H
if (LOW > 0) { set logscale y }
set yrange [LOW:HIGH]
set xrange [0.4:GROUPS + 0.6]
set ylabel 'migration time (s)'
set format y '%g'
set xtics scale 0
set xtics (tic(GROUP[1]) 1)
do for [i = 2:GROUPS] { set xtics add (tic(GROUP[i]) i) }
HALF = 0.36 / SERIES
do for [i = 1:COUNT] {
	set object i rectangle from X[i] - HALF, LOW to X[i] + HALF, VALUE[i] fillcolor rgb COLOUR[KIND[i]] fillstyle solid noborder
	if (DOWN[i] == DOWN[i]) { set arrow i from X[i], DOWN[i] to X[i], UP[i] heads size screen 0.004, 90 linewidth 1.5 linecolor rgb BLACK front }
	set label i TEXT[i] at X[i], (UP[i] == UP[i] ? UP[i] : VALUE[i]) center offset 0, 0.7 font small front
}
plot for [k = 1:SERIES] -1 with boxes fillstyle solid linecolor rgb COLOUR[k] title LABEL[k]
unset output
