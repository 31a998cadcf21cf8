#include "reports/grid.h"

#include "reports/html.h"

#include <stdlib.h>
#include <string.h>

enum { SENTENCE = 40 }; /* characters */

struct grid {
	int columns, rows, room;
	char (*cells)[GRID_CELL];
};

struct grid *grid_new(int columns)
{
	struct grid *g = calloc(1, sizeof(*g));
	if (g)
		g->columns = columns;
	return g;
}

void grid_free(struct grid *g)
{
	if (g)
		free(g->cells);
	free(g);
}

static char (*row_of(const struct grid *g, int row))[GRID_CELL]
{
	return g->cells + (size_t)row * (size_t)g->columns;
}

char (*grid_row(struct grid *g))[GRID_CELL]
{
	if (g && g->rows == g->room) {
		int room = g->room ? 2 * g->room : 16;
		char(*cells)[GRID_CELL] = realloc(g->cells, (size_t)room * (size_t)g->columns * sizeof(*cells));
		if (!cells)
			return NULL;
		g->cells = cells;
		g->room = room;
	}
	if (!g)
		return NULL;
	char(*row)[GRID_CELL] = row_of(g, g->rows++);
	memset(row, 0, (size_t)g->columns * sizeof(*row));
	return row;
}

static int has_rows(const struct grid *g)
{
	return g && g->rows > 1;
}

static int width_of(const struct grid *g, int column)
{
	size_t width = 0;
	for (int i = 0; i < g->rows; i++) {
		size_t length = strlen(row_of(g, i)[column]);
		width = length > width ? length : width;
	}
	return (int)width;
}

static void text_table(FILE *out, const char *title, const struct grid *g)
{
	if (!has_rows(g))
		return;
	int last = g->columns - 1, sentences = last > 0 && width_of(g, last) > SENTENCE;
	fprintf(out, "%s:\n", title);
	for (int i = 0; i < g->rows; i++) {
		for (int c = 0; c < g->columns - sentences; c++)
			fprintf(out, "%s%*s", c ? "  " : "", (c ? 1 : -1) * width_of(g, c), row_of(g, i)[c]);
		fprintf(out, "%s%s\n", sentences ? "  " : "", sentences ? row_of(g, i)[last] : "");
	}
	fputc('\n', out);
}

static void text_note(FILE *out, const char *text)
{
	fprintf(out, "%s\n", text);
}

/* A bar would end the cell. */
static void markdown_cell(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void markdown_table(FILE *out, const char *title, const struct grid *g)
{
	if (!has_rows(g))
		return;
	fprintf(out, "%s:\n\n", title);
	for (int i = 0; i < g->rows; i++) {
		for (int c = 0; c < g->columns; c++) {
			fputs(c ? " | " : "| ", out);
			markdown_cell(out, row_of(g, i)[c]);
		}
		fputs(" |\n", out);
		for (int c = 0; i == 0 && c < g->columns; c++)
			fputs(c ? "---:|" : "|---|", out);
		fputs(i ? "" : "\n", out);
	}
	fputc('\n', out);
}

static void html_table(FILE *out, const char *title, const struct grid *g)
{
	if (!has_rows(g))
		return;
	fputs("<h3>", out);
	html_text(out, title);
	fputs("</h3>\n<table>\n", out);
	for (int i = 0; i < g->rows; i++) {
		const char *tag = i ? "td" : "th";
		fputs(i ? "<tr>" : "<thead><tr>", out);
		for (int c = 0; c < g->columns; c++) {
			fprintf(out, "<%s%s>", tag, c ? " class=\"number\"" : "");
			html_text(out, row_of(g, i)[c]);
			fprintf(out, "</%s>", tag);
		}
		fputs(i ? "</tr>\n" : "</tr></thead>\n<tbody>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

static void html_note(FILE *out, const char *text)
{
	fputs("<p class=\"note\">", out);
	html_prose(out, text);
	fputs("</p>\n", out);
}

const struct grid_writer grid_text = { text_table, text_note };
const struct grid_writer grid_markdown = { markdown_table, text_note };
const struct grid_writer grid_html = { html_table, html_note };
