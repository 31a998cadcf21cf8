/*
 * study_page.h - the page of a study. Draws what analysis wrote to claims.csv, study.csv and ranking.csv.
 */
#ifndef REPORTS_STUDY_PAGE_H
#define REPORTS_STUDY_PAGE_H

#include "reports/study_plot.h"
#include "reports/study_view.h"

/* The page is complete or absent. */
int study_page_write(const struct study_view *v, const struct study_plot *plots, int plot_count, const char *output,
                     struct err *e);

/* One figure, or why there is none. */
void study_plot_put(FILE *out, const struct study_view *v, const struct study_plot *plot);

/* Those of a part of the page. */
void study_plots_put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count,
                     enum study_part part);

#endif
