# What each pass over memory moved and left, and whether the link was faster than the guest wrote.
# The caller has set: DATA (columns of plots/iterations.csv in people's units: iteration, processed, remaining (MiB),
# dirty rate, transfer rate (MiB/s), throttle (%)), N, THROTTLED, CAPTION.
load SCRIPTS.'/style.gp'

W = 1200; H = 580 + (CAPTION eq '' ? 0 : 24)
eval(open(W, H))
set output OUT
set multiplot
set lmargin at screen 0.082
set rmargin at screen (THROTTLED ? 0.93 : 0.985)
TOP = CAPTION eq '' ? 40. : 64.
if (CAPTION ne '') { set label 1 CAPTION at screen 0.082, screen 1 - 18. / H left font bold }
if (N <= 25) { set xtics FIRST, 1, LAST }
set tmargin at screen 1 - TOP / H
set bmargin at screen 1 - (TOP + 205) / H
set ylabel 'MiB'
set yrange [0:*]
set format x ''
set style fill solid 1 noborder
set boxwidth 0.36
set xrange [FIRST - 0.6 - (N < 4 ? 1 : 0):LAST + 0.6 + (N < 4 ? 1 : 0)]
plot DATA using ($1 - 0.19):2 with boxes linecolor rgb BLUE title 'moved in the iteration', \
     '' using ($1 + 0.19):3 with boxes linecolor rgb ORANGE title 'left at its end'
unset label 1
set tmargin at screen 1 - (TOP + 250) / H
set bmargin at screen 78. / H
set format x '%g'
set xlabel 'iteration' offset 0, 0.3
set ylabel 'MiB/s'
RATES = "DATA using 1:5 with linespoints pointtype 7 linewidth 2 linecolor rgb BLUE title 'sent by the hypervisor', DATA using 1:4 with linespoints pointtype 5 linewidth 2 linecolor rgb RED title 'dirtied by the guest'"
if (THROTTLED) {
	set y2tics textcolor rgb BLACK; set y2range [0:100]; set y2label 'throttle (%)'; set border 11
	eval('plot '.RATES.", DATA using 1:6 axes x1y2 with steps dashtype 2 linewidth 2 linecolor rgb BLACK title 'throttle of the guest'")
} else {
	eval('plot '.RATES)
}
unset multiplot
unset output
