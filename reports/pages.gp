# What a migration sent, by what the destination had of it already, and what ways to send less would have left.
# The caller has set: DATA (time (s), then layers of MiB one upon the other: other, unique, group, own, sent, disk, kept),
# LAYERS (0 or 1 each: whether there is any of it), FIRST, LAST (s), N, LEFT (share of the width for the labels), HIGH
# (percent, of the axis), CAPTION, and arrays WAY_LABEL, WAY_PERCENT, WAY_TEXT.
load SCRIPTS.'/style.gp'

TOP = CAPTION eq '' ? 66. : 90.
W = 1200; H = TOP + 300 + 100 + 34 * N + 76
eval(open(W, H))
set output OUT
set multiplot
set lmargin at screen LEFT
set rmargin at screen 0.87
if (CAPTION ne '') { set label 99 CAPTION at screen 0.02, screen 1 - 18. / H left font bold }
set tmargin at screen 1 - TOP / H
set bmargin at screen 1 - (TOP + 300) / H
set xrange [FIRST:LAST]
set yrange [0:*]
set ylabel 'MiB sent so far'
set xlabel 'time since the migration began (s)' offset 0, 0.3
set style fill solid 1 noborder
array NAME_OF[7] = ['zeros, devices, headers', 'new to the destination', 'a page of another VM', 'another page of the VM', 'sent before, unchanged', 'on a disk it can read', 'kept of an earlier visit']
array COLOUR_OF[7] = [GREY, BLUE, ORANGE, GREEN, SKY, PINK, RED]
set key at graph 1, graph 1.02 right bottom horizontal maxcols 4 Left reverse samplen 1.6 font small
plot for [i = 7:1:-1] DATA using 1:(LAYERS[i] ? column(1 + i) : NaN) with filledcurves x1 linecolor rgb COLOUR_OF[i] title (LAYERS[i] ? NAME_OF[i] : '')
unset label 99
unset ylabel
set tmargin at screen 1 - (TOP + 300 + 100) / H
set bmargin at screen 70. / H
set xrange [0:HIGH]
set yrange [N + 0.6:0.4]
set xlabel 'left to send (% of the stream)'
set border 1
set grid xtics noytics
set ytics scale 0
set ytics (tic(WAY_LABEL[1]) 1)
do for [i = 2:N] { set ytics add (tic(WAY_LABEL[i]) i) }
do for [i = 1:N] {
	KNOWN = WAY_PERCENT[i] == WAY_PERCENT[i]
	set label i WAY_TEXT[i] at first (KNOWN ? WAY_PERCENT[i] : 0), first i left offset 0.6, 0 font small
	if (KNOWN) { set object i rectangle from first 0, first i - 0.34 to first WAY_PERCENT[i], first i + 0.34 fillcolor rgb (i == 1 ? GREY : i == N ? GREEN : BLUE) fillstyle solid 1 noborder }
}
plot N + 9 # nothing, but gnuplot draws the panel
unset multiplot
unset output
