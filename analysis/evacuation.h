/*
 * evacuation.h - what the simulated moves of a group come to (bench/evacuation.h): evacuations.csv in, evacuation.csv out, a row a
 * point: point,label,link,schedule,n,never,time_s,low_s,high_s,bound_s,times_bound,times_best,sent_to_memory,recalled,most
 *
 * Means over the runs with their intervals; `link` is the label without its schedule, times_best the mean time against that
 * of the best schedule at the same link; never: runs that came to no end, or not with all VMs, which have no time.
 */
#ifndef ANALYSIS_EVACUATION_H
#define ANALYSIS_EVACUATION_H

struct err;

enum { EVACUATION_POINTS = 1000, EVACUATION_RUNS = 10000 }; /* of a study at most; runs of each point */

/* Whether the folder holds such a simulation. */
int evacuation_is(const char *directory);

int evacuation_analyze(const char *directory, struct err *e);

#endif
