/*
 * study_ranking.h - what a study compares, ranked (ranking.csv): a table and a picture for each block.
 */
#ifndef REPORTS_STUDY_RANKING_H
#define REPORTS_STUDY_RANKING_H

#include "reports/study_plot.h"

/* A picture a block, at most room; none where the study does not compare. */
int ranking_plots(const struct study_view *v, struct study_plot *plots, int room);

/* A line a block: what is best, and what never converged. */
void ranking_put_summary(FILE *out, const struct study_view *v);

/* Pictures and tables. */
void ranking_put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count);

#endif
