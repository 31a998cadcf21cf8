/*
 * study_tables.h - the tables of a paper in the form that it has, the paper's figure beside ours (tables.csv).
 */
#ifndef REPORTS_STUDY_TABLES_H
#define REPORTS_STUDY_TABLES_H

#include "reports/study_view.h"

#include <stdio.h>

/* Nothing when there are none. */
void tables_put(FILE *out, const struct study_view *v);

#endif
