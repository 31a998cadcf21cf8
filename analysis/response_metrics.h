/*
 * response_metrics.h - how good the responses were that a VM's web sessions got, from responses-VM.csv: of all requests that
 * were to be sent in the migration phase, whenever their answers came.
 */
#ifndef ANALYSIS_RESPONSE_METRICS_H
#define ANALYSIS_RESPONSE_METRICS_H

#include "analysis/metrics.h"

struct err;

enum { RESPONSE_BIN_S = 5 };

/*
 * responses and response_count, a class a variant, good_responses, and response_time with the variants p50, p95, p99; nothing for a VM without sessions. Of a consolidation loop also
 * plots/responses-VM.csv, in bins of RESPONSE_BIN_S:
 *	time_s,good_per_s,tolerable_per_s,failed_per_s
 */
int response_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e);

#endif
