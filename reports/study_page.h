/*
 * study_page.h - the page of a study that repeats, compares or looks for something (study_section.h), and its figures.
 * Draws what analysis wrote to claims.csv, study.csv, ranking.csv and boundary.csv.
 */
#ifndef REPORTS_STUDY_PAGE_H
#define REPORTS_STUDY_PAGE_H

#include "reports/study_plot.h"
#include "reports/study_view.h"

#include <stdbool.h>

enum { STUDY_PLOTS_MAX = 32 };

/* Of a study that only has runs an index of them says all. */
bool study_page_is_wanted(const struct study_view *v);

/* Draw every figure; *ret_count of them. -1 when something went wrong that is not the data's fault (gnuplot is not
 * there): the reason is then in the plots too. */
int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e);

/* The page is complete or absent. */
int study_page_write(const struct study_view *v, const struct study_plot *plots, int plot_count, const char *output,
                     struct err *e);

#endif
