/*
 * compare_judge.h - the verdict on two samples of one metric; the part of a comparison that knows no runs.
 */
#ifndef ANALYSIS_COMPARE_JUDGE_H
#define ANALYSIS_COMPARE_JUDGE_H

#include "analysis/compare.h"

/* 1. Centres, difference and test of one. The values, better, center and threshold are there. -1 when memory is short. */
int compare_measure(struct compared *c);

/* 2. p-values adjusted, and verdicts, of all that have values on both sides; sets tested, bar and needed. The same. */
int compare_judge(struct comparison *c);

/* 3. Intervals, and what could have been shown. The same. */
int compare_resample(struct comparison *c);

#endif
