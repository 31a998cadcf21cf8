# How long vCPUs waited for pages in post-copy: how many waits were how long, beside the stalls that workloads felt.
# The caller has set: DATA (vCPU from 0, from, to (ms), waits), VCPUS, array LABEL of them, LOW, HIGH (ms, of the axis), MOST
# (waits), STALLS, arrays STALL (ms; NaN: not known), STALL_TEXT, CAPTION.
load SCRIPTS.'/style.gp'

TOP = CAPTION eq '' ? 44. : 74.
W = 1200; H = TOP + 320 + 76
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 99 CAPTION at screen 0.02, screen 1 - 18. / H left font bold }
set lmargin at screen 0.08
set rmargin at screen 0.97
set tmargin at screen 1 - TOP / H
set bmargin at screen 70. / H
set logscale x
set format x '%g'
set xrange [LOW:HIGH]
set yrange [0:1.12 * MOST]
set xlabel 'wait for a page (ms)' offset 0, 0.3
set ylabel 'waits'
set style fill solid 1 noborder
do for [i = 1:STALLS] {
	if (STALL[i] == STALL[i]) {
		set arrow i from first STALL[i], graph 0 to first STALL[i], graph 0.98 - 0.09 * i nohead dashtype 2 linewidth 2 linecolor rgb COLOUR[4 + i] front
		set label i STALL_TEXT[i] at first STALL[i], graph 0.98 - 0.09 * i right offset -0.6, 0 font small textcolor rgb COLOUR[4 + i] front
	}
}
set key at graph 1, graph 1.02 right bottom horizontal maxcols 2 Left reverse samplen 1.6 font small
A(v) = (1. * v) / VCPUS
plot for [v = 0:VCPUS - 1] DATA using ($1 == v ? $2 * ($3 / $2) ** (A(v) + 0.06) : NaN):($4 / 2):($2 * ($3 / $2) ** (A(v) + 0.06)):($2 * ($3 / $2) ** (A(v + 1) - 0.06)):(0):4 \
	with boxxyerror linecolor rgb (v == 0 ? BLUE : v == 1 ? ORANGE : COLOUR[1 + v % 8]) title LABEL[v + 1]
unset output
