# A migration between relays that keep pages: its stream, and what of it crossed the link; below, each move of the run.
# The caller has set: DATA (time (s), MiB of the stream, MiB on the link, both of disks only), LAST (s), DISKS (0, 1), N, HIGH (MiB),
# CAPTION, and arrays MOVE_LABEL, MOVE_STREAM, MOVE_LINK (MiB), MOVE_TEXT.
load SCRIPTS.'/style.gp'

LEFT = DISKS ? 0.16 : 0.12
array DISK_COLOUR[2] = [BLACK, SKY]
array DISK_TITLE[2] = ['the disk, as QEMU sees it', 'the disk, on the link']
TOP = CAPTION eq '' ? 66. : 90.
W = 1200; H = TOP + 280 + 100 + 56 * N + 76
eval(open(W, H))
set output OUT
set multiplot
set lmargin at screen LEFT
set rmargin at screen 0.95
if (CAPTION ne '') { set label 99 CAPTION at screen 0.02, screen 1 - 18. / H left font bold }
set tmargin at screen 1 - TOP / H
set bmargin at screen 1 - (TOP + 280) / H
set xrange [0:LAST]
set yrange [0:*]
set ylabel 'MiB so far'
set xlabel 'time since the migration began (s)' offset 0, 0.3
set style fill solid 1 noborder
set key at graph 1, graph 1.02 right bottom horizontal Left reverse samplen 1.6 font small
plot DATA using 1:2 with filledcurves x1 linecolor rgb GREY title DISKS ? 'memory and disk, as QEMU sees them' : 'the stream, as QEMU sees it', \
     DATA using 1:3 with filledcurves x1 linecolor rgb BLUE title 'on the link', \
     for [i = 1:2 * DISKS] DATA using 1:(column(i + 3)) with lines linewidth 2 linecolor rgb DISK_COLOUR[i] title DISK_TITLE[i]
unset label 99
unset ylabel
set tmargin at screen 1 - (TOP + 280 + 100) / H
set bmargin at screen 70. / H
set xrange [0:HIGH]
set yrange [N + 0.6:0.4]
set xlabel 'MiB'
set border 1
set grid xtics noytics
set ytics scale 0
set ytics (tic(MOVE_LABEL[1]) 1)
do for [i = 2:N] { set ytics add (tic(MOVE_LABEL[i]) i) }
do for [i = 1:N] {
	set object 2 * i - 1 rectangle from first 0, first i - 0.36 to first MOVE_STREAM[i], first i - 0.16 fillcolor rgb GREY fillstyle solid 1 noborder
	set object 2 * i rectangle from first 0, first i - 0.14 to first MOVE_LINK[i], first i + 0.06 fillcolor rgb BLUE fillstyle solid 1 noborder
	set label i MOVE_TEXT[i] at first 0, first i + 0.25 left offset 0.3, 0 font small
}
plot N + 9 # nothing, but gnuplot draws the panel
unset multiplot
unset output
