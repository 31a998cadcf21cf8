/*
 * wait_metrics.h - what the vCPUs of the moved VM waited for in post-copy: waits-VM.csv and QEMU's own sums.
 */
#ifndef ANALYSIS_WAIT_METRICS_H
#define ANALYSIS_WAIT_METRICS_H

#include "analysis/metrics.h"

struct err;

/*
 * postcopy_waits, postcopy_wait and postcopy_blocked; and plots/waits.csv: vcpu,from_ns,to_ns,waits, a row for each power
 * of two that any wait of a vCPU lies in. A run that was not watched has none of it.
 */
int wait_metrics(const struct run *run, struct metrics *metrics, struct err *e);

#endif
