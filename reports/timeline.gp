# Stacked panels on one time axis; also the zoom of the switch-over (ZOOM = 1).
# The caller has set: T0, T1 (s), ZOOM, CAPTION, and for each kind of panel a count and arrays of that length:
#	RATES    RATE_FILE, RATE_TITLE, RATE_PERCENT   data: time, value, smoothed value
#	LINKS    LINK_FILE, LINK_LABEL, LINK_UNIT, LINK_FACTOR, LINK_ASKED (0: none)   one series an index
#	CPUS     CPU_FILE, CPU_LABEL                 one series an index
#	STOLENS  STOLEN_FILE, STOLEN_LABEL           the same, of CPU that a hypervisor below took
#	SILENCES SILENCE_FILE, SILENCE_TITLE         data: time, longest silence in ms
#	BARS     BAR_FROM, BAR_TO, BAR_LABEL, BAR_TEXT   estimators of downtime that have a place in time
#	BANDS    BAND_FROM, BAND_TO, BAND_AT, BAND_LABEL, BAND_ROW; BAND_ROWS
#	EVENTS   EVENT_AT, EVENT_LABEL, EVENT_ROW, EVENT_RIGHT, EVENT_COLOUR; EVENT_ROWS
#	STOPS    STOP_FROM, STOP_TO                  from stop to resume
#	TICKS    TICK_AT                             iterations
load SCRIPTS.'/style.gp'

W = 1200; TITLE = 38; BOTTOM = 76; ROW = 21
STRIP = ROW * (BAND_ROWS + EVENT_ROWS) + (TICKS > 0 ? ROW : 0) + 6
RATE_H = ZOOM ? 210 : (RATES > 3 ? 120 : 180); LINK_H = 120; CPU_H = 120; SILENCE_H = 100
BAR_H = 26 * BARS + 6
H = 8 + (CAPTION eq '' ? 0 : 26) + STRIP + RATES * (TITLE + RATE_H) + (LINKS > 0 ? TITLE + LINK_H : 0) + (CPUS > 0 ? TITLE + CPU_H : 0) + SILENCES * (TITLE + SILENCE_H) + (BARS > 0 ? TITLE + BAR_H : 0) + BOTTOM
PANELS = RATES + (LINKS > 0) + (CPUS > 0) + SILENCES + (BARS > 0)

eval(open(W, H))
set output OUT
set multiplot
set lmargin at screen 0.082
set rmargin at screen 0.985
set xrange [T0:T1]

Y = 8.
place(gap, h) = sprintf('set tmargin at screen %.5f; set bmargin at screen %.5f; Y = %.1f', 1 - (Y + gap) / H, 1 - (Y + gap + h) / H, Y + gap + h)

if (CAPTION ne '') {
	set label 90 CAPTION at screen 0.082, screen 1 - 18. / H left font bold textcolor rgb BLACK
	Y = Y + 26
}

# Phases as bands, stop to resume in red, through all panels.
do for [i = 1:BANDS] {
	if (i % 2 == 0) { set object i rectangle from BAND_FROM[i], graph 0 to BAND_TO[i], graph 1 fillcolor rgb BAND fillstyle solid noborder behind }
}
do for [i = 1:STOPS] {
	set object 100 + i rectangle from STOP_FROM[i], graph 0 to STOP_TO[i], graph 1 fillcolor rgb '#B0D55E00' fillstyle solid noborder behind
	set arrow 200 + i from STOP_FROM[i], graph 0 to STOP_FROM[i], graph 1 nohead linewidth 1 linecolor rgb RED back
	set arrow 300 + i from STOP_TO[i], graph 0 to STOP_TO[i], graph 1 nohead linewidth 1 linecolor rgb RED back
}
do for [i = 1:EVENTS] {
	set arrow 400 + i from EVENT_AT[i], graph 0 to EVENT_AT[i], graph 1 nohead linewidth 1 dashtype 3 linecolor rgb GREY back
}

# The strip: names of phases, events, iterations. Rows count from the top.
eval(place(0, STRIP))
ROWS = STRIP / (ROW * 1.0)
set yrange [ROWS:0]
unset border; unset xtics; unset ytics; unset grid
do for [i = 1:BANDS] {
	set label i BAND_LABEL[i] at BAND_AT[i], BAND_ROW[i] + 0.5 center font bold textcolor rgb BLACK
}
do for [i = 1:EVENTS] {
	if (EVENT_RIGHT[i]) {
		set label 100 + i EVENT_LABEL[i] at EVENT_AT[i], BAND_ROWS + EVENT_ROW[i] + 0.5 right offset -0.6, 0 font small textcolor rgb EVENT_COLOUR[i]
	} else {
		set label 100 + i EVENT_LABEL[i] at EVENT_AT[i], BAND_ROWS + EVENT_ROW[i] + 0.5 left offset 0.6, 0 font small textcolor rgb EVENT_COLOUR[i]
	}
}
if (TICKS > 0) {
	set label 99 'iterations' at graph 0, first ROWS - 0.5 right offset -0.8, 0 font small textcolor rgb GREY
	do for [i = 1:TICKS] {
		set arrow 1000 + i from TICK_AT[i], ROWS - 0.85 to TICK_AT[i], ROWS - 0.15 nohead linewidth 1.5 linecolor rgb BLACK
	}
}
plot -1
if (TICKS > 0) { do for [i = 1:TICKS] { unset arrow 1000 + i } }
do for [i = 1:BANDS] { unset label i }
do for [i = 1:EVENTS] { unset label 100 + i }
unset label 99; unset label 90

set border 3; set grid ytics
set xtics out nomirror scale 0.6 textcolor rgb BLACK
set ytics out nomirror scale 0.6 textcolor rgb BLACK
set format x ''
LEFT = 0
axis(n) = n == PANELS ? "set format x '%g'; set xlabel 'time since the migration began (s)' offset 0, 0.3" : "set format x ''"

if (BARS > 0) {
	LEFT = LEFT + 1; eval(axis(LEFT))
	eval(place(TITLE, BAR_H))
	set label 1 'downtime, as each estimator places it' at graph 0, graph 1 left offset 0, 0.9 font bold
	set yrange [BARS + 0.5:0.5]
	set ytics (tic(BAR_LABEL[1]) 1); set ytics scale 0 font small; unset grid
	do for [i = 2:BARS] { set ytics add (tic(BAR_LABEL[i]) i) }
	do for [i = 1:BARS] {
		set object 500 + i rectangle from BAR_FROM[i], i - 0.28 to BAR_TO[i], i + 0.28 fillcolor rgb BLUE fillstyle solid border linecolor rgb BLUE front
		set label 500 + i BAR_TEXT[i] at BAR_TO[i], i left offset 0.6, 0 font small front
	}
	plot -1
	do for [i = 1:BARS] { unset object 500 + i; unset label 500 + i }
	set ytics autofreq scale 0.6 font ''; set grid ytics
}

set style line 1 linewidth 1 linecolor rgb (ZOOM ? BLUE : SKY)
set style line 2 linewidth 2.5 linecolor rgb (ZOOM ? ORANGE : BLUE)
do for [i = 1:RATES] {
	LEFT = LEFT + 1; eval(axis(LEFT))
	eval(place(TITLE, RATE_H))
	set label 1 RATE_TITLE[i] at graph 0, graph 1 left offset 0, 0.9 font bold
	set ylabel RATE_PERCENT[i] ? "work rate\n(% of baseline)" : "work rate\n(per second)"
	if (RATE_PERCENT[i]) { set yrange [0:110<*<150]; set ytics 0, 25 } else { set yrange [0:*]; set ytics autofreq }
	plot RATE_FILE[i] using 1:2 with lines linestyle 1 title 'each sample', \
	     '' using 1:3 with lines linestyle 2 title 'smoothed'
}
set ytics autofreq

if (LINKS > 0) {
	LEFT = LEFT + 1; eval(axis(LEFT))
	eval(place(TITLE, LINK_H))
	set label 1 'link' at graph 0, graph 1 left offset 0, 0.9 font bold
	set ylabel LINK_UNIT
	set yrange [0:*]
	if (LINK_ASKED > 0) { set arrow 600 from graph 0, first LINK_ASKED / LINK_FACTOR to graph 1, first LINK_ASKED / LINK_FACTOR nohead dashtype 2 linewidth 1 linecolor rgb BLACK front; set yrange [0:LINK_ASKED / LINK_FACTOR * 1.1<*] }
	plot for [k = 1:LINKS] LINK_FILE index k - 1 using 1:($2 / LINK_FACTOR) with lines linewidth 1.8 linecolor rgb COLOUR[k] title LINK_LABEL[k], \
	     (LINK_ASKED > 0 ? -1 : NaN) with lines dashtype 2 linewidth 1 linecolor rgb BLACK title (LINK_ASKED > 0 ? 'asked' : '')
	unset arrow 600
}
if (CPUS > 0) {
	LEFT = LEFT + 1; eval(axis(LEFT))
	eval(place(TITLE, CPU_H))
	set label 1 'CPU' at graph 0, graph 1 left offset 0, 0.9 font bold
	set ylabel '% of a core'
	set yrange [0:105<*]
	plot for [k = 1:CPUS] CPU_FILE index k - 1 using 1:($2 * 100) with lines linewidth 1.8 linecolor rgb COLOUR[k] title CPU_LABEL[k], \
		for [k = 1:STOLENS] STOLEN_FILE index k - 1 using 1:($2 * 100) with lines linewidth 1.4 dashtype 3 linecolor rgb COLOUR[k] title STOLEN_LABEL[k].', stolen from below'
}
set ytics autofreq
do for [i = 1:SILENCES] {
	LEFT = LEFT + 1; eval(axis(LEFT))
	eval(place(TITLE, SILENCE_H))
	set label 1 SILENCE_TITLE[i] at graph 0, graph 1 left offset 0, 0.9 font bold
	set ylabel 'ms'
	set logscale y
	set yrange [1:100<*]
	set format y '%g'
	plot SILENCE_FILE[i] using 1:2 with steps linewidth 1.2 linecolor rgb BLACK
	unset logscale y
}
unset multiplot
unset output
