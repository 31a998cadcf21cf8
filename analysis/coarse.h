/*
 * coarse.h - plots/coarse-VM-WORKLOAD.csv: the mean work rate in bins wide enough to be read as one line, as the papers
 * draw it: 1/150 of the run, at least 200 ms. Stops that are shorter do not show: timeline.h has those.
 */
#ifndef ANALYSIS_COARSE_H
#define ANALYSIS_COARSE_H

#include "analysis/run.h"
#include "analysis/vm_samples.h"

struct err;

/* Rows time_s,rate: the bin's middle, from the migration's start. Needs the samples' map. */
int coarse_write(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                 const struct workload_samples *workload, struct err *e);

#endif
