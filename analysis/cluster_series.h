/*
 * cluster_series.h - what the monitor of a consolidation loop saw: the CPU of nodes and VMs, second by second, from
 * monitor.sqlite (bench/placement/monitor_store.h), and what each second came to on each node.
 *
 * A second is from one reading of the counters to the next. Where a reading is missing, or the counter began anew
 * (the VM is back after it was away: another process), its CPU is not known.
 */
#ifndef ANALYSIS_CLUSTER_SERIES_H
#define ANALYSIS_CLUSTER_SERIES_H

#include "analysis/run.h"

#include <stdint.h>

struct err;

/* A node, or a VM on it, between two readings. */
struct cluster_step {
	int64_t from_ns, to_ns;
	char node[RUN_NAME_ROOM], vm[RUN_NAME_ROOM]; /* vm "": all that the node's cores did */
	double cores;                                /* CPU time / time; NAN: not known */
};

/* A node in one second. */
struct cluster_second {
	int64_t due_ns; /* the same for all nodes */
	int64_t from_ns, to_ns;
	char node[RUN_NAME_ROOM];
	double cores, guests; /* all that its cores did; what the VMs did that run there. NAN: not known */
	double capacity;      /* its cores */
	int running, active;  /* VMs whose vCPUs run there; of them, those that use rules.active or more */
	int known; /* 0: the node did not say which VMs it has, or the CPU of a VM that runs is not known */
};

/* The policy's numbers by which a second is judged. */
struct cluster_rules {
	double overload, idle; /* of a node's capacity */
	double active;         /* of a core */
	int guests_only;       /* consolidate.node_cpu = guests: a node's CPU is that of its VMs */
};

struct cluster_series {
	struct cluster_rules rules;
	int64_t interval_ns;            /* between two seconds */
	struct cluster_step *steps;     /* by time, node, VM */
	struct cluster_second *seconds; /* by time, node */
	int step_count, second_count;
};

/* 0; 1 when the run has no database; -1. Free it in any case. */
int cluster_series_read(struct cluster_series *ret, const struct run *run, struct err *e);
void cluster_series_free(struct cluster_series *s);

/* A node's CPU in a second as the policy counts it, of its capacity; NAN: not known. */
double cluster_share(const struct cluster_series *s, const struct cluster_second *second);

/* When the loop began and ended; MISSING: there was none. */
int64_t cluster_begin_ns(const struct run *run);
int64_t cluster_end_ns(const struct run *run);

#endif
