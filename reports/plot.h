/*
 * plot.h - the plots of a run, by gnuplot, from the columns that analysis wrote.
 */
#ifndef REPORTS_PLOT_H
#define REPORTS_PLOT_H

#include "reports/gnuplot.h"

#include <stdio.h>

struct err;
struct run_data;

enum plot_kind {
	PLOT_CLUSTER,
	PLOT_GROUP,
	PLOT_TIMELINE,
	PLOT_ZOOM,
	PLOT_DOWNTIME,
	PLOT_ITERATIONS,
	PLOT_PAGES,
	PLOT_REUSE,
	PLOT_WAITS,
	PLOT_LATENCY,
	PLOT_CALIBRATION,
	PLOT_COUNT
};

struct plot {
	const char *name;    /* file name in plots/ without its ending */
	const char *heading; /* as a page says it */
	char missing[512];   /* why there is none; "" when it was drawn */
};

/* Draw all plots into plots/ of the run. A plot whose data is not there is skipped with its reason. Returns 0, or -1
 * when something went wrong that is not the data's fault (gnuplot is not there, the directory is full), or when the run
 * has no result that could be drawn (EXIT_MEASURED_BAD); the reasons are then in the plots too. */
int plots_draw(const struct run_data *run, struct plot plots[PLOT_COUNT], struct err *e);

/* Everything one plot needs while its preamble is written. */
struct plotting {
	const struct run_data *run;
	struct plot *plot;
	const char *work; /* scratch directory, for data that is drawn */
	FILE *script;
};

/* A file in the scratch directory, which the script knows as DATA. */
FILE *plot_data_open(struct plotting *p, struct err *e);
int plot_data_close(FILE *data, struct err *e);

/* Why there is no plot; returns 1, so that `return plot_skip(...)` works. */
int plot_skip(struct plotting *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Preambles: 0 to draw, 1 skipped with a reason, -1 an error. */
int timeline_prepare(struct plotting *p, struct err *e);
int zoom_prepare(struct plotting *p, struct err *e);
int group_prepare(struct plotting *p, struct err *e);
int waits_prepare(struct plotting *p, struct err *e);
int calibration_prepare(struct plotting *p, struct err *e);

#endif
