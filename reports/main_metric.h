/*
 * main_metric.h - the metrics that stand in every table of a run, and their labels.
 */
#ifndef REPORTS_MAIN_METRIC_H
#define REPORTS_MAIN_METRIC_H

#include <stddef.h>

struct run_data;
struct shown_metric;

/* One of the metrics that stand in every table, in its order. */
struct main_metric {
	const char *metric, *estimator; /* estimator "" : the metric has none */
	const char *label;
};

extern const struct main_metric main_metrics[];
extern const int main_metric_count;

/* The label of a row; where the VM has several of this metric (two workloads, two directions), with which one it
 * is in brackets. Returns buffer. */
char *main_metric_label(const struct run_data *run, const struct main_metric *main, const struct shown_metric *m,
                        char *buffer, size_t room);

/* Is this row one of them? Its index, or -1. */
int main_metric_find(const struct run_data *run, const struct shown_metric *m);

#endif
