/*
 * consolidation.h - the consolidation loop on real VMs: monitor, planner (a policy), controller (mover.h, node_power.h).
 *
 * Each second that the monitor has finished is put into the cluster (cluster_view.h), the policy is asked, and its plan
 * carried out; while one is, no other is made. How a move ended is read from the nodes before the next plan.
 *
 * bench/experiment runs it as a phase of an experiment; nothing here knows of experiments.
 *
 * Events besides those of mover.h, node_power.h and migration.h:
 *	plan		an entry of a plan, when it differs from the last one in more than its numbers: VM, node where it is
 *			(to be woken), detail = what is done and the numbers that led to it; in a dry run "would ..."
 *	consolidation	it begins; detail = the policy
 */
#ifndef BENCH_PLACEMENT_CONSOLIDATION_H
#define BENCH_PLACEMENT_CONSOLIDATION_H

#include "bench/placement/monitor.h"
#include "bench/placement/mover.h"
#include "bench/placement/policy.h"

struct consolidation_node {
	struct mover_node to;
	struct monitor_node watched;
	double cores;         /* for VMs */
	int64_t memory_bytes; /* for VMs */
};

struct consolidation_vm {
	const char *name;
	int64_t memory_bytes;
	int node;           /* where it is */
	double dirty_per_s; /* bytes of memory, as measured; 0: not known */
};

/* Names and URIs live as long as the loop. */
struct consolidation_spec {
	const struct policy_ops *policy;
	const void *policy_options;
	const struct consolidation_node *nodes;
	int node_count;
	/* Round trips, node_count x node_count in ns, row by row; negative, or NULL for all: not known. */
	const int64_t *rtt_ns;
	const struct consolidation_vm *vms;
	int vm_count;
	struct migration_spec migration; /* see struct mover_spec; sink and context are used for all events */
	int (*migrate)(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
	               struct migration_result *ret, struct err *e); /* as there */
	const struct monitor_source_ops *source;                     /* monitor_libvirt; another for tests */
	const void *source_argument;
	const char *database; /* of the monitor */
	int64_t keep_ns;      /* age at which its rows are deleted; 0: 1 h */
	int64_t interval_ns;  /* of the monitor and the planner; 0: 1 s */
	int64_t duration_ns;
	/* The load is over: the loop ends as soon as none moves. NULL: only duration_ns ends it. */
	bool (*is_over)(void *context);
	bool gather;                  /* and all VMs are on one node */
	struct node_power_spec power; /* names and count, sink and tell, deadline are filled in */
	int64_t sleep_after_ns;       /* a node is put to sleep when it has been empty for so long */
	int64_t patience_ns;          /* for a power command to end, and for a woken node to answer; 0: 60 s */
	bool guests_only;             /* see struct cluster_view_rules */
	bool dry_run;                 /* plan, and do nothing */
	/* About 20 times a second, with a line that says how nodes and VMs do. -1 ends the loop; it is called on while moves
	 * end. */
	int (*pulse)(void *context, const char *line, struct err *e);
	/* A line that stays, for people: what the event `plan` says. */
	void (*note)(void *context, const char *line);
	void *pulse_context; /* of the three above */
};

struct consolidation_result {
	struct move_record *moves; /* owned */
	int move_count;
	int plans;          /* that wanted something done; in a dry run only those that differ from the one before */
	int64_t *active_ns; /* a node each: how long it was on; owned */
	int64_t length_ns;  /* of the loop */
	struct cluster_monitor_report monitor;
};

/* Whether a policy with these options can be used for a loop: EXIT_USAGE says what is wrong. */
int consolidation_check(const struct policy_ops *policy, const void *options, struct err *e);

/*
 * Blocks for duration_ns, or until pulse() says no: then moves going on are aborted, but for those in post-copy, which end
 * first (mover.h). At the end of the duration they are waited for. Moves that fail are no failure of the loop. *ret is to be freed in any case.
 */
int consolidation_run(const struct consolidation_spec *spec, struct consolidation_result *ret, struct err *e);
void consolidation_result_free(struct consolidation_result *result);

#endif
