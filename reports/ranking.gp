# A block of a ranking: a row a member, best on top; migration time, downtimes and lost work side by side.
# The caller has set: CAPTION, COUNT, ROW (px), LONG and LOST (s, the longest), DOWN_LOW and DOWN_HIGH (ms), REFERENCE
# (migration time, s; NaN: none), array MEMBER, and FILE with the columns place,
# kind (0 converged, 1 not always, 2 never), migration time (s), stop-resume, guest clock, network, work, reported (ms),
# lost work (s); NaN is missing.
load SCRIPTS.'/style.gp'

TOP = 76; BOTTOM = 70
W = 1200; H = TOP + BOTTOM + ROW * COUNT
eval(open(W, H))
set output OUT
set multiplot
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set yrange [COUNT + 0.6:0.4]
set ytics scale 0
set ytics (tic(MEMBER[1]) 1)
do for [i = 2:COUNT] { set ytics add (tic(MEMBER[i]) i) }
set grid xtics noytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
do for [i = 2:COUNT:2] { set object i rectangle from graph 0, first i - 0.5 to graph 1, first i + 0.5 fillcolor rgb BAND fillstyle solid noborder behind }
set border 1

# Migration time; a bar that never ended is open.
STAYED = 1.18 * LONG
set lmargin at screen 0.17
set rmargin at screen 0.44
set xrange [0:1.22 * LONG]
set xlabel 'migration time (s)' offset 0, 0.5
set label 1 'migration time' at graph 0, screen 1 - (TOP - 14.) / H left font bold
if (REFERENCE == REFERENCE) { set arrow 1 from REFERENCE, graph 0 to REFERENCE, graph 1 nohead dashtype 2 linewidth 1.5 linecolor rgb GREY front }
set key off
# Labels without any point, over an empty range (one member), are too much for gnuplot 5.4: empty ones stand in.
plot FILE using (0):1:(0):3:($1 - 0.3):($1 + 0.3) with boxxyerror fillstyle solid noborder linecolor rgb BLUE, \
     FILE using (0):1:(0):($2 == 2 ? STAYED : NaN):($1 - 0.3):($1 + 0.3) with boxxyerror linecolor rgb RED fillstyle solid 0.15 border linecolor rgb RED, \
     FILE using (0.5 * STAYED):1:($2 == 2 ? 'never converged' : '') with labels font small center textcolor rgb BLACK, \
     FILE using (valid(3) ? $3 : 0):1:($2 == 2 || !valid(3) ? '' : sprintf($3 < 9.995 ? '%.2f' : '%.1f', $3).($2 == 1 ? ' (not always)' : '')) with labels left offset 0.5, 0 font small
unset arrow 1

# Downtimes by the five estimators.
unset label 90
set ytics format ''
set ytics ('' 1)
set lmargin at screen 0.47
set rmargin at screen 0.77
set label 1 'downtime'
set xlabel 'downtime (ms)' offset 0, 0.5
# Within a decade a logarithmic axis would have no number on it.
set format x '%g'
if (DOWN_HIGH > 10 * DOWN_LOW) { set logscale x; set xrange [DOWN_LOW * 0.7:DOWN_HIGH * 1.5] } else { set xrange [0:DOWN_HIGH * 1.15] }
array NAMES[5] = ['stop to resume', 'guest clock', 'network', 'work', 'reported']
array PLACES[5] = [0.52, 0.635, 0.73, 0.81, 0.875]
array SHAPES[5] = [7, 4, 9, 13, 2]
set label 19 'downtime by' at screen 0.505, screen 1 - 16. / H right font small
do for [k = 1:5] { set label 20 + k NAMES[k] at screen PLACES[k], screen 1 - 16. / H left font small offset 0.8, -0.2 point pointtype SHAPES[k] pointsize 1 linewidth 1.5 linecolor rgb COLOUR[k] }
plot for [c = 4:8] FILE using c:($1 + 0.11 * (c - 6)) with points pointtype SHAPES[c - 3] pointsize 1 linewidth 1.5 linecolor rgb COLOUR[c - 3]
do for [k = 1:5] { unset label 20 + k }
unset label 19
unset logscale x

# Work lost.
set lmargin at screen 0.80
set rmargin at screen 0.985
set label 1 'lost work'
set xlabel 'lost work (s)' offset 0, 0.5
set xrange [0:1.25 * LOST]
set key off
plot FILE using (0):1:(0):($2 == 2 ? NaN : $9):($1 - 0.3):($1 + 0.3) with boxxyerror fillstyle solid noborder linecolor rgb GREEN, \
     FILE using (0):1:(0):($2 == 2 ? $9 : NaN):($1 - 0.3):($1 + 0.3) with boxxyerror linecolor rgb RED fillstyle solid 0.15 border linecolor rgb RED, \
     FILE using (valid(9) ? $9 : 0):1:(!valid(9) ? '' : sprintf($9 < 9.995 ? '%.2f' : '%.1f', $9)) with labels left offset 0.5, 0 font small
unset multiplot
unset output
