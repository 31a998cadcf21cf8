/*
 * sweep.h - a config whose keys have lists, as the product of its lists.
 */
#ifndef BENCH_EXPERIMENT_SWEEP_H
#define BENCH_EXPERIMENT_SWEEP_H

#include "bench/experiment/config_file.h"

#include <stddef.h>

enum { SWEEP_POINTS_MAX = 1000 };

/* How many points the lists make: 1 without lists; -1 with a message when there are more than SWEEP_POINTS_MAX or a list
 * has an empty element. */
long sweep_count(const struct config_file *c, struct err *e);

/*
 * Point `index` of the sweep: *ret (free it with config_file_free) has one value for each key, and label says which,
 * "rate=100M workload=intadd", with only the keys that vary; empty for a single point.
 */
int sweep_point(const struct config_file *c, long index, struct config_file *ret, char *label, size_t room,
                struct err *e);

#endif
