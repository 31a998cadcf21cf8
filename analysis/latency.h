/*
 * latency.h - the longest operation of each sample, per phase: its percentiles. Not the latency of every operation:
 * a sample keeps one. It is counted from the intended start (worst_op) and, beside it, from the real begin on
 * (worst_service): a paced workload that comes late waits before it begins. Times are the guest's, so a stop of the whole guest is not in them.
 */
#ifndef ANALYSIS_LATENCY_H
#define ANALYSIS_LATENCY_H

#include "analysis/metrics.h"
#include "analysis/vm_samples.h"

#include <stdio.h>

/* The head of plots/latency.csv, line end included: service_* are worst_service. */
extern const char latency_columns[];

/* Adds worst_op_* and worst_service_* for the phases baseline, migration and settle, and rows of plots/latency.csv to `plot`. */
int latency_metrics(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                    const struct workload_samples *workload, struct metrics *metrics, FILE *plot, struct err *e);

#endif
