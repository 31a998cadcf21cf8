/*
 * study_page.h - the page of a study that repeats a paper. Draws what analysis wrote to claims.csv and study.csv.
 */
#ifndef REPORTS_STUDY_PAGE_H
#define REPORTS_STUDY_PAGE_H

#include "reports/study_plot.h"
#include "reports/study_view.h"

/* v->paper must be known. The page is complete or absent. */
int study_page_write(const struct study_view *v, const struct study_plot *plots, int plot_count, const char *output,
                     struct err *e);

#endif
