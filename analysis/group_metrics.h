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
 * From events.csv group_time, group_arrived, group_recalled; and plots/group.csv: the moves, a row each, with the columns
 * vm, kind (arrived, recalled, failed), begin_s, end_s. From each VM's job-VM.csv group_bound: what had to be sent at least, at
 * the goodput that TCP can have at most on the link. Of memory only, as it is: relays or compression may send less. -1: a
 * file cannot be read or written.
 */
int group_metrics(const struct run *run, struct metrics *metrics, struct err *e);

#endif
