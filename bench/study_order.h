/*
 * study_order.h - in which order the runs of a study are made, so that what drifts with time (heat, caches, other work of
 * the machine) falls on all points alike.
 *
 * Each repeat is a block in which every point comes once, in random order: a randomized complete block design (Fisher, The
 * Design of Experiments, 1935). The order of a block depends on the seed and the block alone: it is the same when a study
 * goes on, or gets more repeats. A search has its own order (study_search.h).
 */
#ifndef BENCH_STUDY_ORDER_H
#define BENCH_STUDY_ORDER_H

#include <stdint.h>

struct err;

/* The points 0 .. points - 1 of block `repeat` (from 0) into order: shuffled, or as they are listed. -1 when memory is
 * short. */
int study_order_block(long *order, long points, int64_t seed, long repeat, int shuffled, struct err *e);

#endif
