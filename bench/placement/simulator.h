/*
 * simulator.h - a cluster in simulated time: VMs arrive, are placed and moved by a policy, compute and go. The policy is
 * the one that moves real VMs, asked through the same calls; there is no I/O, no clock and no chance in here: the same
 * arrivals give the same result to the bit.
 *
 * - A VM has one vCPU and a job of so much CPU time, and is gone when that is done. A node shares its cores fairly
 *   (fair_share.h). An event costs O(log n), a move also what it takes to look at the VMs of its node.
 * - A VM that arrives is placed by policy_place(), or waits; it may be started when a VM goes, or has moved away. Those
 *   that wait are asked for in the order in which they came: where the policy starts VMs at their home each node has a
 *   queue, else there is one for all.
 * - VMs come when they come, or in turn (`in_turn`): then the time between two arrivals counts from the start of the
 *   first, so that at most one VM waits, and its wait delays all after it.
 * - The policy plans at whole multiples of `interval_ns`, as the consolidation loop does each second; what has not
 *   changed since the last plan is not planned again, but nodes that had no turn (policy keys `turns`) have theirs in the
 *   next. As the loop, it carries a plan's first stage out before it makes the next, and of the later ones what belongs to a
 *   relocation that has begun (plan.h); what is not possible any more is dropped. It may plan once for each VM that comes
 *   instead (`plan_arrivals`; those that come before the next plan can be made have one together): such a plan is carried
 *   out with all its stages, one after the other, since there may be no next one. It begins after a baseline. CPU of nodes
 *   and VMs is that of the moment, or the mean over the policy's window (`cpu_means`), as the monitor of machines has it:
 *   not known before the window has passed since the baseline, or since a VM came to its node; as long as that changes the
 *   mean, each interval is planned.
 * - A move takes as long as transfer.h says when it is alone. Its fixed part is beside all others; then it shares the rate of
 *   its link fairly with those that are there at the same time (where transfer.shared; a link carries so many at full speed as
 *   transfer_at_once() says, and what is on it is what the move has to send alone, not what the VM dirties while it waits).
 *   A link goes from one site to another, in that direction; within a site, where a switch has rate for all, it is the way out
 *   of the node. group_link.h has the same rule, in steps of time, for connections whose rates change by themselves.
 * - The VM stays on its node meanwhile and has its share of the cores, but for the lost work of the move, evenly over its
 *   time, it gets nothing done: its neighbours have no more and no less, and a move loses at most all of its time, and one
 *   that takes n times as long as alone n times as much. A VM whose job ends while it moves is gone at once, and has lost the
 *   part until then. Nodes never sleep.
 *
 * Times are ns from 0, exact up to 2^53 (104 days), from where on they are rounded to double; 2^62 is the end.
 */
#ifndef BENCH_PLACEMENT_SIMULATOR_H
#define BENCH_PLACEMENT_SIMULATOR_H

#include "bench/placement/policy.h"
#include "bench/placement/transfer.h"

#include <signal.h>

struct simulated_vm {
	int64_t arrival_ns; /* not below that of the VM before */
	double work_ns;     /* CPU time that its job takes; above 0 */
	int64_t memory_bytes, used_bytes;
	double dirty_per_s; /* NAN: not known */
	int32_t home;       /* a node, CLUSTER_NONE: any */
	int32_t kind;       /* of its job, for the record; from 0 */
};

enum simulated_event {
	SIMULATED_WAITS, /* it arrived and found no room */
	SIMULATED_STARTS,
	SIMULATED_ENDS,
	SIMULATED_MOVE_BEGINS,
	SIMULATED_MOVE_ENDS,
	SIMULATED_MOVE_DROPPED,   /* its VM has gone */
	SIMULATED_MOVE_POSTPONED, /* to the next plan */
	SIMULATED_PLAN,           /* an entry of a plan */
};

/* A VM's job. */
struct simulated_job {
	int64_t arrival_ns;
	double work_ns;
	int32_t serial; /* which arrival, from 0 */
	int32_t next;   /* that waits in the same queue */
	int32_t move;   /* its entry of the plan, while it moves */
	int16_t moves;  /* that arrived */
	int8_t kind;
};

/* What happened; vm and node by their names. job NULL: the entry of a plan is about no VM. */
struct simulated_note {
	int64_t now_ns;
	enum simulated_event event;
	const struct simulated_job *job;
	const char *vm, *node, *detail;
};

struct simulation {
	const struct policy_ops *policy;
	const void *policy_options;
	int32_t sites;
	const int64_t *rtt_ns; /* sites x sites, as in cluster.h */
	int32_t nodes_per_site;
	double node_cores;
	int64_t node_memory_bytes;
	struct transfer_model transfer;
	int64_t interval_ns; /* of planning, above 0 */
	bool in_turn;        /* a VM that waits holds up all that come after it */
	bool plan_arrivals;  /* plan once for each VM that comes, not after every change */
	bool cpu_means;      /* CPU is the mean over the policy's window */
	int64_t baseline_ns; /* nothing is planned, and no CPU watched, before */
	/* The next VM into *ret; false: there are no more. */
	bool (*arrival)(void *context, struct simulated_vm *ret);
	void *arrivals;
	void (*note)(void *context,
	             const struct simulated_note *note); /* NULL: nothing is said, and runs are faster */
	void *notes;
	const volatile sig_atomic_t
		*stop; /* above 0: broken off, EXIT_INTERRUPTED; looked at now and then. NULL: never */
};

/* Sums over one run. */
struct simulated {
	int64_t vms;         /* whose jobs were done */
	int64_t first_ns;    /* start of the first VM */
	int64_t last_ns;     /* end of the last job */
	double wait_ns;      /* of all VMs, from arrival to start */
	double longest_ns;   /* wait */
	int64_t waited;      /* VMs that had to */
	double sojourn_ns;   /* of all VMs, from arrival to end */
	int64_t moves;       /* that arrived */
	int64_t broken;      /* that began and did not: the VM's job was done before */
	int64_t dropped;     /* that were planned and not begun */
	double moving_ns;    /* of the moves that arrived */
	double alone_ns;     /* that those would have taken alone */
	double broken_ns;    /* of those that did not, until then */
	double lost_ns;      /* work lost by both, in time of the VM's own */
	int64_t beyond;      /* of both, those for which the transfer model was not measured */
	unsigned beyond_of;  /* which inputs of it that was: see transfer_beyond() */
	double node_ns;      /* time that nodes had VMs, summed over nodes */
	int64_t plans;       /* that moved anything */
	int64_t events;      /* arrivals, ends of jobs, moves that come to their link or end, plans */
	int64_t unplaced;    /* VMs that wait for ever */
	int64_t highest_vms; /* at a time, waiting ones included */
};

/* One run, to the end of the last job. -1: memory is short, the policy broke a rule, there is no end in 146 years, or it was to
 * stop. */
int simulate(const struct simulation *s, struct simulated *ret, struct err *e);

#endif
