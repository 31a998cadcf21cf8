/*
 * continuity_metrics.h - what a client that talked to a VM all the time noticed of its migration (continuity-VM.csv,
 * collectors/continuity.h), what of that the switches' learning made out, and whether the switches counted it all
 * (flows.csv).
 */
#ifndef ANALYSIS_CONTINUITY_METRICS_H
#define ANALYSIS_CONTINUITY_METRICS_H

#include "analysis/metrics.h"

struct err;

/* Nothing for a VM that nobody talked to. */
int continuity_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e);

/* flow_counted, from flows.csv: nothing where there is none. `sent` and `received` are the client's counts of UDP records at
 * an instant; see continuity_metrics.c. */
struct continuity_counts {
	int64_t head_ns, sent, received;
};

int flow_metrics(const struct run *run, const struct run_vm *vm, const struct continuity_counts *counts, int count,
                 struct metrics *metrics, struct err *e);

#endif
