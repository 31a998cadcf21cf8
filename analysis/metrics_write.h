/*
 * metrics_write.h - metrics.csv, metrics.json, and the plot columns that come from events and estimators.
 */
#ifndef ANALYSIS_METRICS_WRITE_H
#define ANALYSIS_METRICS_WRITE_H

#include "analysis/downtime.h"
#include "analysis/metrics.h"

#include <stdio.h>

struct err;

/*
 * metric,vm,role,estimator,value,unit,low,high,n. status and reason are the analysis's word on the run: "complete"; or why
 * there are no metrics, "failed" with the run's reason or "unanalysed" with the analysis's own.
 */
int metrics_write_csv(const struct run *run, const struct metrics *metrics, struct err *e);
int metrics_write_json(const struct run *run, const char *status, const char *reason, const struct metrics *metrics,
                       struct err *e);

/* plots/marks.csv: time_s,vm,kind,label. */
int marks_write(const struct run *run, struct err *e);

/* One row of plots/downtime.csv: vm,estimator,value_ms,low_ms,high_ms,floor_ms,at_s. */
void downtime_plot_row(FILE *file, const char *vm, const char *estimator, const struct downtime *d,
                       int64_t origin_ns);

/* The instant that is t = 0 in plots: migrate-start, else the first event; MISSING without events. */
int64_t run_origin_ns(const struct run *run);

#endif
