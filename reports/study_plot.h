/*
 * study_plot.h - a figure of a study: drawn into its plots/, and put on its page.
 */
#ifndef REPORTS_STUDY_PLOT_H
#define REPORTS_STUDY_PLOT_H

#include "reports/gnuplot.h"
#include "reports/study_view.h"

#include <stdio.h>

struct study_drawing {
	const struct study_view *view;
	const char *work; /* scratch folder */
};

enum study_part { PART_PAPER, PART_SWEEP, PART_RANKING, PART_BOUNDARY, PART_FORECAST, PART_WIRE, PART_CONTINUITY };

struct study_plot {
	char name[64], heading[400];
	enum study_part part; /* of the page */
	const char *script;   /* in the reports directory */
	/* Write its preamble: 0 to draw, 1 no run of it is complete. `of` is its context. */
	int (*prepare)(const struct study_drawing *d, const struct study_plot *plot, FILE *script);
	const void *of;
	int row;           /* the same, of a table */
	char note[400];    /* under the picture; "" none */
	char missing[512]; /* why there is none; "" when it was drawn */
};

/* -1 when something went wrong that is not the data's fault. */
int study_plot_draw(struct gnuplot *g, const struct study_view *v, struct study_plot *plot, struct err *e);

/* Put those of a part and row (0 where a part has none) on the page: each, or why there is none. */
void study_plots_put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count,
                     enum study_part part, int row);

#endif
