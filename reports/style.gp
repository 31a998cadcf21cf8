# Shared by all plots: colours (Okabe-Ito, safe for colour-blind readers and distinct in grey), fonts, terminals.
# The caller has set: TERMINAL ("svg" or "png"), OUT (file), NAME (of the plot).
set encoding utf8
set datafile missing 'missing'

BLUE = '#0072B2'; SKY = '#8CC7EE'; RED = '#D55E00'; GREEN = '#009E73'; ORANGE = '#E69F00'; PINK = '#CC79A7'
BLACK = '#222222'; GREY = '#767676'; BAND = '#F3F3F3'
array COLOUR[8] = [BLUE, RED, GREEN, ORANGE, PINK, BLACK, GREY, SKY]

# Sizes are those of the SVG in px; the PNG has twice as many, for slides.
open_svg(w, h) = sprintf("set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,15' background 'white' name '%s'", w, h, NAME)
open_png(w, h) = sprintf("set terminal pngcairo size %d,%d noenhanced font 'Sans,11' fontscale 2 linewidth 2 pointscale 2 background 'white'", 2 * w, 2 * h)
open(w, h) = TERMINAL eq 'svg' ? open_svg(w, h) : open_png(w, h)
FONT = TERMINAL eq 'svg' ? 'sans-serif' : 'Sans'
SIZE = TERMINAL eq 'svg' ? 15 : 11
bold = sprintf('%s:Bold,%d', FONT, SIZE)
small = sprintf('%s,%d', FONT, SIZE - 2)

# A text as the name of a tic, which gnuplot takes for a format; not for labels, titles and captions.
tic(text) = (TIC = '', sum [i = 1:strlen(text)] (TIC = TIC.(text[i:i] eq '%' ? '%%' : text[i:i]), 0), TIC)

set border 3 linewidth 1 linecolor rgb GREY
set tics out nomirror scale 0.6 textcolor rgb BLACK
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#DDDDDD'
set key noautotitle
# Legends stand on the line of a panel's name, outside the plot.
set key at graph 1, graph 1 right bottom horizontal Left reverse samplen 1.6 font small
