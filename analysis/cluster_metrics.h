/*
 * cluster_metrics.h - what a consolidation loop made of its nodes' load: how long they were overloaded, how soon the
 * policy saw it, how soon it was over. A run without a loop has none of it.
 */
#ifndef ANALYSIS_CLUSTER_METRICS_H
#define ANALYSIS_CLUSTER_METRICS_H

#include "analysis/cluster_series.h"
#include "analysis/metrics.h"
#include "analysis/stretch.h"

struct err;

/*
 * From monitor.sqlite overload_time of each node; of each overload, with the variant N:NODE, overload_seen_time and
 * overload_resolve_time; gather_seen_time with the variant N. Writes plots/cluster.csv and plots/cluster-marks.csv.
 */
int cluster_metrics(const struct run *run, struct metrics *metrics, struct err *e);

/*
 * plots/cluster.csv: time_s,node,vm,percent - CPU, of a core; vm empty: all that the node's cores did; *: what the VMs
 * did that run there. plots/cluster-marks.csv: time_s,until_s,vm,node,kind,label - what was decided (plan), moves
 * (move), the instant a VM ran elsewhere (switch), a node's sleep and wake, its overloads (overload); until_s is that of
 * what lasts. Time counts from the loop's begin.
 */
int cluster_plot_write(const struct run *run, const struct cluster_series *s, const struct stretch *overloads,
                       int overload_count, struct err *e);

#endif
