/* simulated_range.h - for which values of each key that varies a paper's claims hold, in a simulation's view. */
#ifndef REPORTS_SIMULATED_RANGE_H
#define REPORTS_SIMULATED_RANGE_H

#include "reports/simulated.h"

#include <stdbool.h>
#include <stddef.h>

/* Element `index` of a block "a=1 b=2": key and value, of 64 bytes each; 0 when there are fewer. */
int simulated_element(const char *block, int index, char *key, char *value);

/* Of a block what differs from the first one, "key=value key=value"; "" for the first itself. Returns buffer. */
char *simulated_differs(const char *first, const char *block, char *buffer, size_t room);

/* Whether any VM waits with the reference at the point of this row of verdicts.csv. */
bool simulated_waits(const struct simulated_view *v, int row);

/* What came out at the first point, and at how many others the claims hold; "" where none is judged. */
void simulated_range_words(const struct simulated_view *v, char *text, size_t room);

/* A claim's ratio of this metric at a block; NAN: there is none. */
double simulated_ratio(const struct simulated_view *v, const char *block, const char *claim, const char *metric);

/* The page's table: each value, the others at their first and at all. Nothing where only one key varies. */
void simulated_range_put(FILE *out, const struct simulated_view *v);

#endif
