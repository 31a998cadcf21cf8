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
 * Adds the rows of one workload. window may be NULL (no migration in the run): then only the baseline is given.
 * description may be NULL (a workload that the manifest does not name). *ret_baseline_rate is NAN when it is not known.
 */
int work_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                 const struct vm_samples *samples, const struct workload_samples *workload,
                 const struct downtime_window *window, struct metrics *metrics, struct downtime *ret_downtime,
                 double *ret_baseline_rate, struct err *e);

#endif
