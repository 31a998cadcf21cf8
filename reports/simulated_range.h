/* simulated_range.h - for which values of each key that varies a paper's claims hold, in a simulation's view. */
#ifndef REPORTS_SIMULATED_RANGE_H
#define REPORTS_SIMULATED_RANGE_H

#include "reports/simulated.h"

#include <stddef.h>

/* Element `index` of a block "a=1 b=2": key and value, of 64 bytes each; 0 when there are fewer. */
int simulated_element(const char *block, int index, char *key, char *value);

/* A claim's ratio of this metric at a block; NAN: there is none. */
double simulated_ratio(const struct simulated_view *v, const char *block, const char *claim, const char *metric);

/* The page's table: each value, the others at their first and at all. Nothing where only one key varies. */
void simulated_range_put(FILE *out, const struct simulated_view *v);

#endif
