# A metric over the runs of a history: dots, the medians of the parts between change points, marks where a version or the
# question changed.
# The caller has set: CAPTION, UNIT, COUNT (runs), FIRST, LAST (their days), FILE (data: number, value, 1: endless, 2: a
# downtime not above its floor), ENDLESS and UNSEEN (how many), PARTS and arrays PART_FROM, PART_TO, PART (median; NaN:
# endless), WORSE (1: it regressed into it), MARKS and arrays MARK_AT, MARK.
load SCRIPTS.'/style.gp'

W = 1200; H = 420 + 16 * (MARKS > 0 ? (MARKS < 4 ? MARKS : 4) : 0)
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set lmargin at screen 0.09
set rmargin at screen 0.985
set tmargin at screen 1 - (44. + H - 420) / H
set bmargin at screen 62. / H
set xrange [0.5:COUNT + 0.5]
if (COUNT <= 20) { set xtics 1 }
set yrange [*:*]
set offsets 0, 0, graph 0.08, graph 0.08
set ylabel UNIT
set xlabel sprintf('run (%s to %s UTC)', FIRST, LAST) offset 0, 0.3
set key off
do for [i = 1:MARKS] {
	set arrow 100 + i from MARK_AT[i] - 0.5, graph 0 to MARK_AT[i] - 0.5, graph 1 nohead linewidth 1 dashtype 3 linecolor rgb GREY
	HIGH = 0.6 + ((i - 1) % 4) * 1.1
	if (MARK_AT[i] > COUNT / 2) { set label 100 + i MARK[i] at MARK_AT[i] - 0.5, graph 1 right offset 0, HIGH font small textcolor rgb GREY } else { set label 100 + i MARK[i] at MARK_AT[i] - 0.5, graph 1 left offset 0, HIGH font small textcolor rgb GREY }
}
do for [i = 1:PARTS] {
	if (PART[i] == PART[i]) { set arrow 300 + i from PART_FROM[i], PART[i] to PART_TO[i], PART[i] nohead linewidth 2.5 linecolor rgb (WORSE[i] ? RED : BLACK) front }
	if (i > 1) { set arrow 400 + i from PART_FROM[i], graph 0 to PART_FROM[i], graph 1 nohead linewidth 1.5 linecolor rgb (WORSE[i] ? RED : GREEN) }
}
# Labels without any point, over an empty range (one run), are too much for gnuplot 5.4: it dies.
PLOT = "FILE using 1:($3 == 0 ? $2 : NaN) with points pointtype 7 pointsize 0.9 linecolor rgb BLUE"
if (UNSEEN > 0) { PLOT = PLOT.", FILE using 1:($3 == 2 ? $2 : NaN) with points pointtype 6 pointsize 0.9 linecolor rgb BLUE" }
if (ENDLESS > 0) {
	PLOT = PLOT.", FILE using 1:($3 == 1 ? $2 : NaN) with points pointtype 9 pointsize 1.1 linecolor rgb RED"
	PLOT = PLOT.", FILE using 1:($3 == 1 ? $2 : NaN):('never') with labels offset 0, 0.9 font small textcolor rgb RED"
}
eval('plot '.PLOT)
unset output
