/*
 * policy.h - a placement policy decides where VMs start and which of them move. The consolidation loop on real VMs
 * and the simulator ask it through the same calls.
 *
 * To add one: write bench/placement/policy_NAME.c that ends with its `const struct policy_ops NAME_policy`, declare it
 * below and add it to the table in policy.c. It is then in `migmeter list policies`, its option rows are config keys
 * NAME.KEY, and whatever takes a policy's name takes it. Cases go to t/test_policies.c (t/planned.h): every rule, both sides of
 * every border.
 *
 * Rules for a policy:
 * - No I/O and no clock: the cluster's state in, the plan out. The same cluster gives the same plan. Only init() may read a
 *   file, that a key names.
 * - It keeps no state but indices of what it was shown by look(): a node is looked at again when something about it
 *   changed, so that a plan costs n log n in what changed and what moves, not in the size of the cluster. Everything
 *   is allocated in init().
 * - What is not known (NAN) decides nothing: such a node is neither loaded nor idle, such a VM does not move.
 * - A node that wants help and gets none has plan_stay(), with the reason.
 * - A plan's moves are relocations of their own, and what cannot begin at once (the stages, plan.h) is planned again after a
 *   move and the quiet time. Moves of which half would be worse than none or all are one relocation: plan_same().
 * - Every entry says the numbers that led to it, with plan_say(): "pm0 96 % >= 90 %, 2 active; vm0 20 % moves to pm1".
 * Nothing is planned while a VM moves: policy_plan() sees to that, no policy need look at moves that go on.
 * What no plan may do (move to a node that does not answer or has no room) is refused
 * for all policies by policy_plan().
 */
#ifndef BENCH_PLACEMENT_POLICY_H
#define BENCH_PLACEMENT_POLICY_H

#include "bench/base/option.h"
#include "bench/placement/plan.h"
#include "bench/placement/turns.h"

struct policy_ops;

struct policy {
	const struct policy_ops *ops;
	const void *options;
	struct cluster *cluster;
	void *state;       /* made by ops->init */
	int64_t window_ns; /* what CPU in the cluster is to be a mean over; set by ops->init, 0: it uses none */
	int64_t quiet_ns;  /* nothing is planned so long after a move. By ops->init */
	int64_t at_once;   /* moves from or to one node at the same time; 0: any number. By ops->init */
};

struct policy_ops {
	const char *name;
	const char *help;                 /* one line */
	const struct option_row *options; /* NULL: it has none */
	size_t options_size;
	/* Options that are fine one by one but not together. NULL: nothing to check. */
	int (*check)(const void *options, struct err *e);
	/* Whether it counts how fast VMs dirty their memory, which is measured for nobody else. NULL: no. */
	bool (*wants_dirty_rate)(const void *options);
	/* Indices for c->node_count nodes. 0, or -1 and nothing is left. NULL: none are needed. */
	int (*init)(struct policy *p, const struct cluster *c, struct err *e);
	/* This node is as the cluster says, with what the plan changes (plan may be NULL). NULL: not interested. */
	void (*look)(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node);
	/* The node for a VM that waits, maybe one that is asleep; CLUSTER_NONE: it goes on waiting. NULL: its home. */
	int32_t (*place)(struct policy *p, const struct cluster *c, int32_t vm);
	/* Add to an empty plan. NULL: nothing ever moves. */
	void (*plan)(struct policy *p, const struct cluster *c, struct plan *plan);
	/* Free what init made. NULL: nothing to free. */
	void (*end)(struct policy *p);
};

extern const struct policy_ops none_policy;
extern const struct policy_ops threshold_policy;
extern const struct policy_ops first_fit_policy;
extern const struct policy_ops rtt_aware_policy;

/* All of them; NULL ends. */
extern const struct policy_ops *const policies[];

/* The policy called name, or NULL with *e naming the nearest. */
const struct policy_ops *policy_find(const char *name, struct err *e);

/* A zeroed options block with the defaults in it; free() it. NULL when memory is short. */
void *policy_options_new(const struct policy_ops *ops, struct err *e);

/*
 * POLICY.KEY = value of a config: kept in `options` when the policy is the chosen one (which may be NULL), and checked in
 * any case, so that a sweep over policies works.
 */
int policy_key_set(const struct policy_ops *chosen, void *options, const char *key, const char *value, struct err *e);

/*
 * A policy for a cluster that has all its nodes; there is one at a time for a cluster. Both and the options stay until
 * policy_free(). NULL: the options do not go together, or memory is short.
 */
struct policy *policy_new(const struct policy_ops *ops, const void *options, struct cluster *c, struct err *e);
void policy_free(struct policy *p);

/* On machines: options `cost_rate` and `cost_rtt` that were left at 0 become what the link has (0 there: they stay). */
void policy_link_set(const struct policy_ops *ops, void *options, int64_t rate_bits_per_s, int64_t rtt_ns);

/* Where a VM that waits is to start; a node that is asleep is to be woken for it. CLUSTER_NONE: nowhere yet. */
int32_t policy_place(struct policy *p, int32_t vm);

/*
 * What is to be done now, into a plan of this cluster: nothing while a move goes on, whatever the policy. now_ns: of the clock that the cluster's moves were stamped with.
 * 0, or -1 when memory is short or the plan broke a rule (then it is empty).
 */
int policy_plan(struct policy *p, int64_t now_ns, struct plan *plan, struct err *e);

/* For policies: add a move, before it the waking of its node where that must be, and look at both nodes again. */
void policy_move(struct policy *p, const struct cluster *c, struct plan *plan, int32_t vm, int32_t to);
/*
 * For policies: CPU of a node, a share of its cores, as it will be with the plan; 0 while it is asleep, NAN: not known.
 * Rounded as cpu_round() does.
 */
double policy_cpu_share(const struct cluster *c, const struct plan *plan, int32_t node);
/* Sums of means are compared to nine digits: 60 % and 30 % are 90 %. */
double cpu_round(double cpu);
/* For policies: the VM's home if it can start there, and without a home the first node with room. */
int32_t policy_place_home(const struct cluster *c, int32_t vm);

/* VMs to choose from, put in order; `order` is what they are sorted by. */
struct vm_choice {
	double order;
	int32_t vm;
};

/* By falling order, equals by index. */
void vm_choices_sort(struct vm_choice *choices, int32_t count);

/* Make room for so many. False: memory is short, and *list is as it was. */
bool vm_choices_room(struct vm_choice **list, int32_t *room, int32_t count);

/* For reasons: percent of a share, names without a buffer of one's own. */
#define PERCENT(share) ((share)*100)
#define NODE_NAME(c, node) cluster_node_name(c, node, (char[CLUSTER_NAME]){ 0 })
#define VM_NAME(c, vm) cluster_vm_name(c, vm, (char[CLUSTER_NAME]){ 0 })

/* Rows that several policies have, for `type` with members of these names. */
/* clang-format off */
#define POLICY_WINDOW_ROW(type) \
	{ "window", OPTION_DURATION, offsetof(struct type, window_ns), "10s", "1s", "1h", \
	  "CPU is the mean over all of this time, and not known before; on machines 60s at most" }
#define POLICY_QUIET_ROW(type, initial) \
	{ "quiet", OPTION_DURATION, offsetof(struct type, quiet_ns), initial, "0s", "24h", \
	  "no plan so long after the last move" }
#define POLICY_AT_ONCE_ROW(type) \
	{ "at_once", OPTION_INTEGER, offsetof(struct type, at_once), "1", "0", "1000", \
	  "moves at the same time from or to one node; 0: any number" }
#define POLICY_WAKE_ROW(type) \
	{ "wake", OPTION_BOOLEAN, offsetof(struct type, wake), "yes", NULL, NULL, \
	  "wake a node when no other will do" }
#define POLICY_TURNS_ROW(type) \
	{ "turns", OPTION_INTEGER, offsetof(struct type, turns), "1000", "1", "1000000", \
	  "nodes dealt with in one plan at most; the others have their turn in the next" }
/* clang-format on */

#endif
