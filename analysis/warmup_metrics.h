/*
 * warmup_metrics.h - whether work rates were steady when the baseline began, as the run judged it (bench/base/steady.h).
 */
#ifndef ANALYSIS_WARMUP_METRICS_H
#define ANALYSIS_WARMUP_METRICS_H

#include "analysis/metrics.h"

struct json_object;

/* 1: they were; 0: one was not, although warm-up went on up to its limit; -1: the manifest does not say. */
int warmup_steady(struct json_object *manifest);

/* steady and warmup_time, and a warning of a run that was not steady. A run that did not look has neither. */
void warmup_metrics(const struct run *run, struct metrics *metrics);

#endif
