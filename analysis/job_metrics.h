/*
 * job_metrics.h - what the hypervisor says of its own work: iterations, bytes, setup time, and how good its forecasts
 * were.
 */
#ifndef ANALYSIS_JOB_METRICS_H
#define ANALYSIS_JOB_METRICS_H

#include "analysis/metrics.h"

struct err;

/*
 * Read job-VM.csv and the completed statistics; writes plots/iterations.csv. came_ns is the downtime that the forecast
 * is held against (MISSING: none). Does nothing when no VM migrated.
 */
int job_metrics(const struct run *run, int64_t came_ns, struct metrics *metrics, struct err *e);

#endif
