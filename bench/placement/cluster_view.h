/*
 * cluster_view.h - what the monitor saw of machines, put into the cluster that policies plan on. Pure: no I/O, no clock.
 *
 * The view has the cluster's nodes in the cluster's order; VMs are found by name. Means over too little of the window
 * are not known (NAN), also of a VM that has just come to its node, and decide nothing.
 */
#ifndef BENCH_PLACEMENT_CLUSTER_VIEW_H
#define BENCH_PLACEMENT_CLUSTER_VIEW_H

#include "bench/placement/cluster.h"
#include "bench/placement/monitor.h"

struct cluster_view_rules {
	/*
	 * A node's CPU is that of the VMs that run on it, and what else its cores do does not count: for local nodes on a
	 * machine that has other work. Otherwise it is all that its cores do.
	 */
	bool guests_only;
	const bool *asleep;     /* a node each: it was put to sleep, and is not to answer */
	const bool *left_alone; /* a node each: it would not wake, and is not asked for now: silent; NULL: none is */
};

/*
 * States, CPU, memory in use. A VM that the view is younger than (no move began or ended since its second) is where the
 * view sees it run, or waits when it runs on no node and the node that had it answers; a VM that is being moved stays as
 * the cluster has it. The monitor knows no dirty rates: they stay too.
 */
void cluster_view_apply(struct cluster *c, const struct monitor_view *view, const struct cluster_view_rules *rules);

/* Whether all that moves did to the cluster is older than the view, so that it shows how they ended. */
bool cluster_view_is_current(const struct cluster *c, const struct monitor_view *view);

/* Whether the view has any VM on the node, also one that does not run. */
bool cluster_view_is_empty(const struct monitor_view *view, int32_t node);

#endif
