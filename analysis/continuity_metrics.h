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

/* flow_counted, from flows.csv: nothing where there is none. sent and received: all that the client counted of the UDP
 * stream; MISSING. */
int flow_metrics(const struct run *run, const struct run_vm *vm, int64_t sent, int64_t received,
                 struct metrics *metrics, struct err *e);

#endif
