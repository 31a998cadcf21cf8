/*
 * study_plot.h - the figures of a study, drawn into its plots/: those of the paper that it repeats, one a block of its
 * ranking, and the boundary that it has looked for.
 */
#ifndef REPORTS_STUDY_PLOT_H
#define REPORTS_STUDY_PLOT_H

#include "reports/study_view.h"

#include <stdio.h>

struct study_drawing {
	const struct study_view *view;
	const char *work; /* scratch folder */
};

enum study_part { PART_PAPER, PART_RANKING, PART_BOUNDARY, PART_FORECAST };

struct study_plot {
	char name[64], heading[400];
	enum study_part part; /* of the page */
	const char *script;   /* in the reports directory */
	/* Write its preamble: 0 to draw, 1 no run of it is complete. `of` is its context. */
	int (*prepare)(const struct study_drawing *d, const struct study_plot *plot, FILE *script);
	const void *of;
	int row;           /* the same, of a table */
	char missing[512]; /* why there is none; "" when it was drawn */
};

enum { STUDY_PLOTS_MAX = 32 };

/* Draw every figure; *ret_count of them. -1 when something went
 * wrong that is not the data's fault (gnuplot is not there): the reason is then in the plots too. */
int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e);

#endif
