/*
 * work_metrics.h - what a workload lost: rates before, while and after migrating, lost work, recovery, job time, and
 * the work estimator of downtime, which shares a pass over the samples.
 */
#ifndef ANALYSIS_WORK_METRICS_H
#define ANALYSIS_WORK_METRICS_H

#include "analysis/downtime.h"
#include "analysis/metrics.h"
#include "analysis/vm_samples.h"

struct err;

/*
 * Adds the rows of one workload; of a run without a migration only the baseline. description may be NULL (a workload that
 * the manifest does not name). ret_downtimes[count]: one for each of the windows (vm_downtimes.h), of which there may be none.
 * *ret_baseline_rate is NAN when it is not known.
 */
int work_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                 const struct vm_samples *samples, const struct workload_samples *workload,
                 const struct downtime_window *windows, int count, struct metrics *metrics,
                 struct downtime *ret_downtimes, double *ret_baseline_rate, struct err *e);

#endif
