/*
 * trend_sets.h - which runs of a trend were made together: a set, such as the repeats of one study of a night.
 *
 * What the machine was like that night falls on all of them, so they are no independent values: were they taken for such, a
 * night that is a little apart would be a change. A set is what is in one folder with repeats that ascend, each begun within
 * SET_GAP_NS of the one before; so a folder that is used again holds another set, and so does a study that is gone on with days
 * later. A run that was made alone is a set of its own.
 */
#ifndef ANALYSIS_TREND_SETS_H
#define ANALYSIS_TREND_SETS_H

#include "analysis/resample.h"

#include <stdint.h>

struct history_run;

#define SET_GAP_NS INT64_C(43200000000000) /* half a day */

/* The sets that can still grow, of all trends; all 0 at first. */
struct trend_sets {
	struct open_set *open;
	int count, room;
};

/* The set of a run: its number in the trend, or `next`, a new one; -1 when memory is short. Runs come by time. */
int trend_set_of(struct trend_sets *s, const void *trend, const struct history_run *run, int next);

void trend_sets_free(struct trend_sets *s);

/* A set in a series. */
struct trend_set {
	int number;
	int first, last; /* places of its first and last run with a value; -1: none has */
	int aborted;     /* a migration never converged, and those that did do not speak for it (compare.h) */
	double value;    /* the centre of its runs'; NAN: it has none */
};

/* Fill in the values of count sets, from those of n runs with the places of their sets in the list; -1 when memory is short. */
int trend_sets_center(struct trend_set *list, int count, const double *values, const int *set_of, int n,
                      enum center center);

#endif
