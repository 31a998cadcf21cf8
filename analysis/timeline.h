/*
 * timeline.h - plots/timeline-VM-WORKLOAD.csv: the work rate in 10 ms bins and as a 200 ms moving mean, also in
 * percent of the baseline. Of a long run at most 6000 rows are kept, the lowest and highest of each group of bins.
 */
#ifndef ANALYSIS_TIMELINE_H
#define ANALYSIS_TIMELINE_H

#include "analysis/run.h"
#include "analysis/vm_samples.h"

struct err;

enum { PLOT_NAME_ROOM = 2 * RUN_NAME_ROOM + 32 };

/* "plots/KIND-VM-WORKLOAD.csv"; returns name, of PLOT_NAME_ROOM bytes. */
const char *plot_name(const char *kind, const struct run_vm *vm, const struct workload_samples *workload, char *name);

/* baseline_rate NAN: percent is `missing`. Needs the samples' map. */
int timeline_write(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                   const struct workload_samples *workload, double baseline_rate, struct err *e);

#endif
