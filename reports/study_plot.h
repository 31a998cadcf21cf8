/*
 * study_plot.h - the figures of a paper drawn from the runs of a study, into its plots/.
 */
#ifndef REPORTS_STUDY_PLOT_H
#define REPORTS_STUDY_PLOT_H

#include "reports/study_view.h"

struct study_plot {
	const char *name, *heading;
	char missing[512]; /* why there is none; "" when it was drawn */
};

enum { STUDY_PLOTS_MAX = 32 };

/* Draw every figure of the study's paper, and the bars of migration times; *ret_count of them. -1 when something went
 * wrong that is not the data's fault (gnuplot is not there): the reason is then in the plots too. */
int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e);

#endif
