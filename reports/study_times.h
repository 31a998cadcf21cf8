/*
 * study_times.h - the preamble of study_times.gp: migration times of points of the sweep (struct paper_times), or of the runs with one VM.
 */
#ifndef REPORTS_STUDY_TIMES_H
#define REPORTS_STUDY_TIMES_H

#include "reports/study_view.h"

#include <stdio.h>

/* 0, or 1 when there is no migration time. */
int study_times_prepare(const struct study_view *v, FILE *script);

#endif
