/*
 * asked.h - what a duty cycle was asked to do in a consolidation loop, beside what it did.
 */
#ifndef ANALYSIS_ASKED_H
#define ANALYSIS_ASKED_H

#include "analysis/metrics.h"
#include "analysis/vm_samples.h"

struct err;

/*
 * unmet_work, and plots/asked-VM.csv: time_s,percent - the share asked, at each step's begin and end, time from the
 * loop's begin. Nothing for another workload, and in a run without a loop. Needs the samples' map.
 */
int asked_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                  const struct vm_samples *samples, const struct workload_samples *workload, struct metrics *metrics,
                  struct err *e);

#endif
