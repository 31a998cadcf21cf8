/*
 * response_metrics.h - how good the responses were that a VM's web sessions got, from web-VM.csv.
 */
#ifndef ANALYSIS_RESPONSE_METRICS_H
#define ANALYSIS_RESPONSE_METRICS_H

#include "analysis/metrics.h"

struct err;

/* responses, a class a variant; nothing for a VM without sessions. */
int response_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e);

#endif
