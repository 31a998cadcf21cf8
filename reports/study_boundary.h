/*
 * study_boundary.h - the boundary that a study has looked for (boundary.csv), what was tried (tried.csv), and how the
 * hypervisor's forecasts held.
 */
#ifndef REPORTS_STUDY_BOUNDARY_H
#define REPORTS_STUDY_BOUNDARY_H

#include "reports/study_plot.h"

/* The map and the forecasts; none where the study looks for no boundary. */
int boundary_plots(const struct study_view *v, struct study_plot *plots, int room);

/* A line a block: where its boundary is. */
void boundary_put_summary(FILE *out, const struct study_view *v);

/* Pictures and tables. */
void boundary_put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count);

#endif
