/*
 * first_fit.h - for policy_first_fit.c and its two halves: its options, what it keeps, and what both need.
 */
#ifndef BENCH_PLACEMENT_FIRST_FIT_H
#define BENCH_PLACEMENT_FIRST_FIT_H

#include "bench/placement/aside.h"
#include "bench/placement/policy.h"
#include "bench/placement/transfer.h"

enum { BECAUSE = 200 };

struct first_fit_options {
	int64_t window_ns, quiet_ns, at_once, turns;
	int64_t node_worth_ns, cost_fixed_ns, cost_memory_ns, cost_dirty_ns;
	int64_t cost_rate_bits_per_s, cost_rtt_ns;
	double cpu_limit, cpu_fill;
	bool wake;
	char cost_model[OPTION_STRING_ROOM];
};

struct first_fit {
	struct aside loaded;    /* above cpu_limit, the highest CPU first */
	struct aside low;       /* with VMs, the lowest CPU first */
	struct max_tree open;   /* awake: room in cores and bytes */
	struct max_tree hosts;  /* of these the ones with VMs */
	struct max_tree asleep; /* the same room */
	struct vm_choice *choices, *leaving;
	int32_t choice_room, leaving_room, leaving_count;
	int32_t *places, place_room; /* for the VMs of choices */
	struct transfer_model costs; /* fitted, where cost_model names one */
};

/* The room of a node, in cores and bytes. */
void first_fit_room_set(struct max_tree *t, int32_t node, bool in, double cores, double bytes);

/* Its room, with what the plan has so far. */
void first_fit_room_look(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node);

/* The first node with room, awake if there is one; CLUSTER_NONE. */
int32_t first_fit_find(const struct first_fit *f, double cores, int64_t bytes);

/* Seconds of its work that a VM loses by a move, and what is to be said of a cost that lacks a dirty rate. */
double first_fit_cost_s(const struct policy *p, const struct cluster_vm *v);
const char *first_fit_dirty_words(const struct first_fit_options *o, const struct cluster_vm *v);

/* Of its CPU and its memory the larger share of the node's. */
double first_fit_size_on(const struct cluster_node *n, const struct cluster_vm *v);

/* Why a VM moves, or stays when there is no place; `because` says why it should, before is the CPU of the place. */
void first_fit_say(const struct first_fit_options *o, const struct cluster *c, struct plan *plan, const char *because,
                   int32_t vm, int32_t to, double before);

/* Nodes above cpu_limit: some of their VMs leave. */
void first_fit_relieve(struct policy *p, const struct cluster *c, struct plan *plan);

/* Move all VMs of a node elsewhere if that is worth it. Else false, with what room it takes at least. */
bool first_fit_empty(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node, double *ret_cores,
                     double *ret_bytes);

#endif
