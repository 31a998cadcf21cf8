/*
 * asked.h - what a duty cycle was asked to do in a consolidation loop, for the picture beside what it got.
 *
 * No metric comes of it: a duty cycle counts busy time by the guest's own clocks, which do not see that the VM shares
 * its core.
 */
#ifndef ANALYSIS_ASKED_H
#define ANALYSIS_ASKED_H

#include "analysis/vm_samples.h"

struct err;

/*
 * plots/asked-VM.csv: time_s,percent - the share asked, at each step's begin and end, time from the loop's begin. Nothing
 * for another workload, and in a run without a loop. Needs the samples' map.
 */
int asked_write(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                const struct vm_samples *samples, const struct workload_samples *workload, struct err *e);

#endif
