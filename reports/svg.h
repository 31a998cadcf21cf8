/*
 * svg.h - gnuplot's SVG made fit for a slide and for a page.
 */
#ifndef REPORTS_SVG_H
#define REPORTS_SVG_H

#include <stddef.h>
#include <stdio.h>

/* Rewrite the SVG at path: gnuplot writes "sans:Bold" as the name of a font, which no reader knows. 0, or -1. */
int svg_repair(const char *path);

/* Copy the element <svg>, without its prolog and namespaces (an HTML page has them), its ids made unique by name. */
int svg_inline(FILE *out, const char *path, const char *name);

/* A whole file as a string, which the caller frees; NULL when it cannot be read or is longer than limit. */
char *text_of_file(const char *path, size_t limit);

#endif
