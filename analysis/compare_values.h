/*
 * compare_values.h - the values of one case of a comparison, from the runs that were gathered for it.
 */
#ifndef ANALYSIS_COMPARE_VALUES_H
#define ANALYSIS_COMPARE_VALUES_H

#include "analysis/compare.h"

/* Add to the list every value that a run of either side has, in the order of the first one, measured. -1 when memory is
 * short. */
int compare_gather_values(struct comparison *c, int case_index, const struct compare_choices *choices);

#endif
