/*
 * svg.h - gnuplot's SVG made fit for a slide and for a page.
 */
#ifndef REPORTS_SVG_H
#define REPORTS_SVG_H

#include <stdio.h>

/* Rewrite the SVG at path: gnuplot writes "sans:Bold" as the name of a font, which no reader knows. 0, or -1. */
int svg_repair(const char *path);

/* Put plots/NAME.svg of the directory on a page, for readers that cannot see it what label says: its element <svg>,
 * without prolog and namespaces (an HTML page has them), its ids made unique by name. Where there is none, say why, in the
 * words of missing ("": there should be one). */
void svg_figure(FILE *out, const char *directory, const char *name, const char *label, const char *missing);

#endif
