# Bars, one a point, with the interval over the repeats, and words in a column of their own.
# The caller has set: CAPTION, COUNT, LOW (0, or the lowest below it), HIGH, AXIS, LINE (a value to draw a line at; NaN: none), arrays LABEL, VALUE, DOWN, UP
# (NaN where there is no interval), TEXT.
load SCRIPTS.'/style.gp'

TOP = 44; BOTTOM = 72
W = 1200; H = TOP + BOTTOM + 30 * COUNT
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
NAMES = 0; WORDS = 0
do for [i = 1:COUNT] { NAMES = strlen(LABEL[i]) > NAMES ? strlen(LABEL[i]) : NAMES; WORDS = strlen(TEXT[i]) > WORDS ? strlen(TEXT[i]) : WORDS }
LEFT = (8.5 * NAMES + 24) / W
set lmargin at screen LEFT > 0.2 ? LEFT : 0.2
RIGHT = 1 - (7. * WORDS + 28) / W
# No more numbers than have room where the words are long.
WIDE = HIGH - LOW
DECADE = WIDE > 0 ? 10. ** floor(log10(WIDE)) : 1
STEP = DECADE * (WIDE < 2 * DECADE ? 0.2 : WIDE < 5 * DECADE ? 0.5 : 2)
set xtics STEP
set rmargin at screen RIGHT
set border 1
set xrange [1.03 * LOW:(HIGH > 0 ? 1.03 * HIGH : 0.05 * -LOW)]
if (LOW < 0) { set arrow 1001 from 0, graph 0 to 0, graph 1 nohead linewidth 1 linecolor rgb GREY }
set yrange [COUNT + 0.6:0.4]
set xlabel AXIS offset 0, 0.5
set grid xtics noytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
set ytics scale 0
set ytics (tic(LABEL[1]) 1)
do for [i = 2:COUNT] { set ytics add (tic(LABEL[i]) i) }
do for [i = 1:COUNT] {
	set object i rectangle from 0, i - 0.32 to VALUE[i], i + 0.32 fillcolor rgb BLUE fillstyle solid noborder
	if (DOWN[i] == DOWN[i]) { set arrow i from (DOWN[i] < LOW ? LOW : DOWN[i]), i to UP[i], i heads size screen 0.003, 90 linewidth 1.5 linecolor rgb BLACK front }
	set label i TEXT[i] at screen RIGHT, first i left offset 0.8, 0 font small front
}
if (LINE == LINE) { set arrow 1000 from LINE, graph 0 to LINE, graph 1 nohead dashtype 2 linewidth 1.5 linecolor rgb RED front }
plot NaN notitle
unset output
