/*
 * simulated.h - show what a simulation came to: a table on a terminal, a page with its figures. Columns of summary.csv,
 * judged.csv and verdicts.csv (analysis/simulated.h); nothing is computed here but minutes, or what fits, of ns.
 */
#ifndef REPORTS_SIMULATED_H
#define REPORTS_SIMULATED_H

#include "reports/report.h"

struct csv_table;
struct json_object;

/* A simulation's folder, loaded for showing. */
struct simulated_view {
	char directory[4096];
	struct json_object *manifest;
	struct csv_table *points, *summary, *judged, *verdicts;
	struct csv_table *machine; /* machine.csv; NULL: not there */
	double unit_ns;            /* in which times are shown */
	const char *unit;
};

/* -1 when directory holds no simulation that was analysed. simulated_view_free() it in any case. */
int simulated_view_load(struct simulated_view *v, const char *directory, struct err *e);
void simulated_view_free(struct simulated_view *v);

/* The block that the page begins with. */
const char *simulated_first_block(const struct simulated_view *v);

/* The row of summary.csv, or -1. policy NULL: any. */
int simulated_row(const struct simulated_view *v, const char *block, const char *policy, const char *metric);

/* The folder's page, with its figures in plots/: report.html there, or output. -1 with EXIT_CANNOT when figures could not
 * be drawn; the page is then there and says so. */
int simulated_report(const char *directory, const char *output, struct err *e);

/* Print summary.csv: as text a table of the main metrics, as CSV the file, as JSON its rows. */
int simulated_print(FILE *out, const char *directory, enum report_format format, struct err *e);

/* ---- figures (simulated_plot.c) ---- */

enum simulated_figure { FIGURE_TABLE, FIGURE_MAP, SIMULATED_FIGURES };

struct simulated_plot {
	const char *name, *heading;
	char missing[512]; /* why there is none; "" when it was drawn */
};

int simulated_plots_draw(const struct simulated_view *v, struct simulated_plot plots[SIMULATED_FIGURES],
                         struct err *e);

#endif
