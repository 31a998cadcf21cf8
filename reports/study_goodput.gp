# What TCP carried over time, a line a round trip.
# The caller has set: CAPTION, COUNT, LONG (s), HIGH and IDEAL (Mbit/s; NaN: not known), arrays FILE (time in s, bit/s) and
# LABEL.
load SCRIPTS.'/style.gp'

TOP = 50; BOTTOM = 72
W = 1200; H = 380
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set lmargin at screen 0.08
set rmargin at screen 0.86
set xrange [0:LONG]
set yrange [0:1.08 * HIGH]
set xlabel 'time since the begin of the migration (s)' offset 0, 0.5
set ylabel 'goodput (Mbit/s)'
set key at screen 0.99, graph 1 right top vertical Left reverse samplen 2 font small
if (IDEAL == IDEAL) { set arrow 1 from graph 0, first IDEAL to graph 1, first IDEAL nohead dashtype 2 linewidth 1.5 linecolor rgb GREY }
plot for [i = 1:COUNT] FILE[i] using 1:($2 / 1e6) with lines linewidth 2 linecolor rgb COLOUR[i] title LABEL[i], \
     NaN with lines dashtype 2 linewidth 1.5 linecolor rgb GREY title "the link's"
unset output
