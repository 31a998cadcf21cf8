/*
 * grid.h - a small table of texts, and the ways to write it.
 *
 *	struct grid *g = grid_new(3);
 *	char (*cells)[GRID_CELL] = grid_row(g);     // the first row is the header
 *	snprintf(cells[0], GRID_CELL, "observer");
 *	writer->table(out, "Stops", g);
 *	grid_free(g);
 *
 * The first column is aligned to the left, the others to the right, as text a last one of sentences to the left, too.
 */
#ifndef REPORTS_GRID_H
#define REPORTS_GRID_H

#include <stdio.h>

enum { GRID_CELL = 400 };
struct grid;

/* NULL when memory is short, which everything below takes as a table without rows. */
struct grid *grid_new(int columns);
void grid_free(struct grid *g);

/* A new row of empty cells; NULL when memory is short. Valid until the next one. */
char (*grid_row(struct grid *g))[GRID_CELL];

struct grid_writer {
	/* With a title; nothing for a table without rows below its header. */
	void (*table)(FILE *out, const char *title, const struct grid *g);
	void (*note)(FILE *out, const char *text);
};

extern const struct grid_writer grid_text, grid_markdown, grid_html;

#endif
