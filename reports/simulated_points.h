/*
 * simulated_points.h - the points of a simulation as a table, a row a policy.
 */
#ifndef REPORTS_SIMULATED_POINTS_H
#define REPORTS_SIMULATED_POINTS_H

#include "reports/simulated.h"

#include <stdbool.h>
#include <stddef.h>

struct grid;

/* Those of a block together, at most `blocks` of these; `wide` has all columns, and the intervals. grid_free() it. */
struct grid *simulated_points_grid(const struct simulated_view *v, int blocks, bool wide);

/* What the table has, and which the first point is: the others are called by what differs from it. */
void simulated_points_title(const struct simulated_view *v, bool wide, char *title, size_t room);

#endif
