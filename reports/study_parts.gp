# Stacked bars, one a point: the parts of a gap one after the other.
# The caller has set: CAPTION, COUNT, PARTS, HIGH (ms), arrays LABEL, TEXT and TOTAL (ms) of the bars, PART (names), and FILE
# with an index a part: begin and end (ms), row.
load SCRIPTS.'/style.gp'

TOP = 96; BOTTOM = 72
W = 1200; H = TOP + BOTTOM + 30 * COUNT
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label COUNT + 1 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set lmargin at screen 0.20
set rmargin at screen 0.97
set border 1
set xrange [0:1.12 * HIGH]
set yrange [COUNT + 0.6:0.4]
set xlabel 'ms without a datagram from the VM' offset 0, 0.5
set grid xtics noytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
set ytics scale 0
set ytics (tic(LABEL[1]) 1)
do for [i = 2:COUNT] { set ytics add (tic(LABEL[i]) i) }
do for [i = 1:COUNT] { set label i TEXT[i] at TOTAL[i], i left offset 0.8, 0 font small front }
array FILL[6] = [GREY, BLUE, ORANGE, RED, GREEN, '#CCCCCC']
set key at screen 0.97, screen 1 - 34. / H right top horizontal Left reverse samplen 1.2 font small maxrows 2
plot for [k = 1:PARTS] FILE index k - 1 using (0.5 * ($1 + $2)):3:1:2:($3 - 0.32):($3 + 0.32) with boxxyerror fillstyle solid noborder linecolor rgb FILL[k] title PART[k]
unset output
