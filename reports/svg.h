/*
 * svg.h - gnuplot's SVG made fit for a slide and for a page.
 */
#ifndef REPORTS_SVG_H
#define REPORTS_SVG_H

#include <stdio.h>

/* Rewrite the SVG at path: gnuplot writes "sans:Bold" as the name of a font, which no reader knows. 0, or -1. */
int svg_repair(const char *path);

/* Copy the element <svg>, without its prolog and namespaces (an HTML page has them), its ids made unique by name. */
int svg_inline(FILE *out, const char *path, const char *name);

#endif
