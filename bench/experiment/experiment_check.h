/*
 * experiment_check.h - whether an experiment can be run as it is: what no single key can tell.
 */
#ifndef BENCH_EXPERIMENT_EXPERIMENT_CHECK_H
#define BENCH_EXPERIMENT_EXPERIMENT_CHECK_H

#include "bench/experiment/experiment.h"

/* Bytes of memory that the VM cannot do without: those of its workloads, and, where the guest is ours, the guest's. */
int64_t experiment_memory_needed(const struct experiment_vm *vm);

/* Age at which a loop's monitor deletes rows: as the key says, or long enough for all of the run. */
int64_t experiment_keep_ns(const struct experiment *x);

/* 0, or -1 with the first thing that cannot be (EXIT_USAGE). Where one VM moves and none is named, it becomes the first. */
int experiment_check(struct experiment *x, struct err *e);

#endif
