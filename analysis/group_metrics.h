/*
 * group_metrics.h - what moving a group of VMs as one task came to: time, the least it could have taken, work lost by all
 * of them. A run without a group has none of it.
 */
#ifndef ANALYSIS_GROUP_METRICS_H
#define ANALYSIS_GROUP_METRICS_H

#include "analysis/metrics.h"

struct err;

/* group_lost_work, from the metrics of its VMs, which are there already. */
void group_lost_metrics(const struct run *run, struct metrics *metrics);

/*
 * From events.csv group_time, group_arrived, group_recalled, from the manifest group_bound; and plots/group.csv: the
 * moves, a row each, with the columns vm, kind (arrived, recalled, failed), begin_s, end_s. -1: it cannot be written.
 */
int group_metrics(const struct run *run, struct metrics *metrics, struct err *e);

#endif
