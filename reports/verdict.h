/*
 * verdict.h - the result in sentences made from the numbers; what is missing is said to be.
 */
#ifndef REPORTS_VERDICT_H
#define REPORTS_VERDICT_H

#include <stddef.h>

struct run_data;

/* One sentence: what moved, how long, what it cost; or what failed. Returns buffer. */
char *verdict_format(const struct run_data *run, char *buffer, size_t room);

/* Which of the five downtimes differ beyond their uncertainty, and by how much. Returns buffer ("" without any). */
char *verdict_downtimes(const struct run_data *run, const char *vm, char *buffer, size_t room);

/* One of the metrics that stand in every table, in its order. */
struct main_metric {
	const char *metric, *estimator; /* estimator "" : the metric has none */
	const char *label;
};

extern const struct main_metric main_metrics[];
extern const int main_metric_count;

struct shown_metric;

/* The label of a row; where the VM has several of this metric (two workloads, two directions), with which one it
 * is in brackets. Returns buffer. */
char *main_metric_label(const struct run_data *run, const struct main_metric *main, const struct shown_metric *m,
                        char *buffer, size_t room);

/* Is this row one of them? Its index, or -1. */
int main_metric_find(const struct run_data *run, const struct shown_metric *m);

#endif
