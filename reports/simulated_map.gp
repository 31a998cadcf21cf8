# Where a paper's claims hold: a cell a point of the sweep, coloured by the verdict, with what was found.
# The caller has set: CAPTION, BELOW (what is in a cell), SLICE (which points are on the map), COLUMNS, ROWS, COUNT, XLABEL, YLABEL, arrays COLUMN, ROW (names of ticks), and X, Y, STATE, SAVED and
# WAIT (what was found) of the cells: 1 direction and size as in the paper, 2 the direction, 3 not shown, 4 against it, 5 nobody waits. The
# first cell is framed: the point that the page begins with.
load SCRIPTS.'/style.gp'

TOP = 124; BOTTOM = 64; CELL = 54
W = 1200; H = TOP + BOTTOM + CELL * ROWS
eval(open(W, H))
set output OUT
set label 9001 CAPTION at screen 0.02, screen 1 - 18. / H left font bold
set label 9002 BELOW at screen 0.02, screen 1 - 42. / H left font small
set label 9003 SLICE at screen 0.02, screen 1 - 62. / H left font small
array FILL[5] = ['#7DB8DD', '#D3E8F7', '#EDEDED', '#F3B48F', '#FFFFFF']
array NAMES[5] = ['direction and size as in the paper', 'its direction', 'no difference shown', 'against it', 'nobody waits anyway']
set lmargin at screen 0.13
set rmargin at screen 0.985
set tmargin at screen 1 - TOP * 1. / H
set bmargin at screen BOTTOM * 1. / H
unset grid
set border 0
set xrange [0.5:COLUMNS + 0.5]
set yrange [ROWS + 0.5:0.5]
set xtics scale 0
set ytics scale 0
set xtics (tic(COLUMN[1]) 1)
do for [i = 2:COLUMNS] { set xtics add (tic(COLUMN[i]) i) }
set ytics (tic(ROW[1]) 1)
do for [i = 2:ROWS] { set ytics add (tic(ROW[i]) i) }
set xlabel XLABEL offset 0, 0.3
set ylabel YLABEL offset 0, 0
do for [i = 1:COUNT] {
	set object i rectangle from X[i] - 0.48, Y[i] - 0.46 to X[i] + 0.48, Y[i] + 0.46 fillcolor rgb FILL[STATE[i]] fillstyle solid border linecolor rgb (i == 1 ? BLACK : '#BBBBBB') linewidth (i == 1 ? 3 : 1)
	set label 2 * i SAVED[i] at X[i], Y[i] center offset 0, 0.45 font small front
	set label 2 * i + 1 WAIT[i] at X[i], Y[i] center offset 0, -0.55 font small front
}
# The legend by hand: gnuplot takes SVG text for wider than it is.
array AT[5] = [0.13, 0.37, 0.48, 0.64, 0.74]
do for [k = 1:5] {
	set object 2000 + k rectangle from screen AT[k], screen 1 - 99. / H to screen AT[k] + 0.018, screen 1 - 85. / H fillcolor rgb FILL[k] fillstyle solid border linecolor rgb '#888888'
	set label 2000 + k NAMES[k] at screen AT[k] + 0.024, screen 1 - 92. / H left font small
}
unset key
plot -1
unset output
