# Where migrations converge: a row a block, the values tried, and the bracket about the boundary.
# The caller has set: CAPTION, AXIS, COUNT, FROM, TO (of the values tried), arrays BLOCK, TEXT (the boundary in words), LOW,
# HIGH (the bracket; NaN where there is no such end), and FILE with the columns row, value, share that converged.
load SCRIPTS.'/style.gp'

TOP = 70; BOTTOM = 70
W = 1200; H = TOP + BOTTOM + 56 * COUNT
eval(open(W, H))
set output OUT
if (CAPTION ne '') { set label 90 CAPTION at screen 0.02, screen 1 - 16. / H left font bold }
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
set lmargin at screen 0.17
set rmargin at screen 0.80
set border 1
set xrange [0:1.03 * TO]
set yrange [COUNT + 0.6:0.4]
set xlabel AXIS offset 0, 0.5
set grid xtics noytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
set ytics scale 0
set ytics (tic(BLOCK[1]) 1)
do for [i = 2:COUNT] { set ytics add (tic(BLOCK[i]) i) }
do for [i = 1:COUNT] {
	low = LOW[i] == LOW[i] ? LOW[i] : FROM
	high = HIGH[i] == HIGH[i] ? HIGH[i] : TO
	set object 3 * i rectangle from FROM, i - 0.16 to low, i + 0.16 fillcolor rgb BLUE fillstyle solid 0.25 noborder
	set object 3 * i + 1 rectangle from high, i - 0.16 to TO, i + 0.16 fillcolor rgb RED fillstyle solid 0.2 noborder
	if (LOW[i] == LOW[i] && HIGH[i] == HIGH[i]) { set object 3 * i + 2 rectangle from low, i - 0.32 to high, i + 0.32 fillcolor rgb ORANGE fillstyle solid 0.55 border linecolor rgb BLACK }
	set label i TEXT[i] at graph 1.015, first i left font bold
}
set label 91 'boundary' at graph 1.015, screen 1 - (TOP - 14.) / H left font small
set key at screen 0.985, screen 1 - 8. / H right top horizontal Left reverse samplen 1 width -1 font small
plot FILE using ($3 > 0.5 ? $2 : NaN):1 with points pointtype 7 pointsize 1.3 linecolor rgb BLUE title 'converged', \
     FILE using ($3 <= 0.5 ? $2 : NaN):1 with points pointtype 2 pointsize 1.4 linewidth 2 linecolor rgb RED title 'never converged', \
     NaN with boxes fillcolor rgb ORANGE fillstyle solid 0.55 border linecolor rgb BLACK title 'boundary'
unset output
