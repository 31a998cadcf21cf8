/*
 * study_replies.h - the quality of the responses to web sessions over time, a VM below the other, a loop a column.
 */
#ifndef REPORTS_STUDY_REPLIES_H
#define REPORTS_STUDY_REPLIES_H

#include "reports/study_view.h"

#include <stdio.h>

/* Set the variables of replies.gp, which lists them. 0, or 1 when there is nothing to draw. */
int study_replies_prepare(const struct study_view *v, const struct paper_loops *loops, FILE *script);

#endif
