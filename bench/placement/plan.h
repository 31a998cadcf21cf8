/*
 * plan.h - what a policy wants done, in order, each with the numbers that led to it.
 *
 * Its stages are what can be done at the same time: no more moves from or to one node than the policy's at_once. Carrying it
 * out: the entries of a stage at the same time, but a move to a node that the plan wakes when that node answers. What a later
 * stage holds was decided on numbers that are a whole move old by then: it is left to the next plan, which the
 * policy's quiet time comes before, unless the move belongs to a relocation that has begun (plan_same()). What a failed move
 * or wake was to make possible is not tried; the next plan sees the cluster as it is then.
 *
 * While it is being made a plan also knows what it will change on each node (plan_delta()), so that a policy counts
 * what it has already decided.
 */
#ifndef BENCH_PLACEMENT_PLAN_H
#define BENCH_PLACEMENT_PLAN_H

#include "bench/placement/cluster.h"

enum plan_kind {
	PLAN_MOVE, /* the VM, from a node to another */
	PLAN_WAKE, /* the node `to`, first needed for the VM */
	PLAN_STAY, /* nothing: why the VM, or where there is none the node `from`, stays as it is */
};

struct plan_entry {
	enum plan_kind kind;
	int32_t vm, from, to; /* CLUSTER_NONE where there is none */
	int32_t stage;        /* from 0 */
	int32_t relocation;   /* moves of one relocation have the same number */
	size_t why;           /* see plan_why() */
};

/* What the plan changes on a node; 0 where it does not concern it. */
struct plan_delta {
	double cpu;          /* cores that come less those that go */
	int64_t used_bytes;  /* memory in use, the same */
	int64_t taken_bytes; /* RAM that comes; what goes is not free yet */
	int32_t vms;         /* that come less those that go */
	bool touched;        /* any of it, or plan_touch() */
	bool woken;
	int32_t stage, in_stage; /* the last stage of a move from or to it, and how many it has there */
	uint32_t round;          /* of the plan that this is about */
};

struct plan {
	struct plan_entry *entries;
	int32_t count, entry_room;
	int32_t moves;      /* entries of this kind */
	int32_t relocation; /* the number of the last one */
	int64_t turns;      /* that nodes had, also those that were not helped; by the policy, as is: */
	bool more;          /* nodes that want something had no turn: theirs is in the next plan */
	bool explain;       /* keep the reasons; the caller's, false is faster */
	int64_t at_once;    /* moves from or to one node in one stage, 0: any number; the policy's */
	/* the rest is reached by functions */
	struct plan_delta *deltas;
	int32_t node_count;
	int32_t *touched, touched_count;
	uint32_t round;
	char *text;
	size_t text_used, text_room;
	bool failed; /* memory ran out */
};

/* An empty plan for a cluster that has all its nodes; used again and again. plan_free() frees what it holds. */
int plan_init(struct plan *p, const struct cluster *c, bool explain, struct err *e);
void plan_free(struct plan *p);

/* Empty it. */
void plan_begin(struct plan *p, int64_t at_once);

/* Add an entry. What happens to the VM's CPU and memory is in the deltas afterwards. */
void plan_move(struct plan *p, const struct cluster *c, int32_t vm, int32_t to);
void plan_wake(struct plan *p, int32_t node, int32_t vm);
void plan_stay(struct plan *p, int32_t node, int32_t vm);

/* The move added last is of the same relocation as the one before it: half of it would be worse than none or all. */
void plan_same(struct plan *p);

/* The reason of the entry added last: one line. Without `explain` nothing happens. */
void plan_say(struct plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The reason of an entry, "" when reasons are not kept. Valid until the plan is emptied. */
const char *plan_why(const struct plan *p, int32_t entry);

/* NULL for p: of no plan. */
const struct plan_delta *plan_delta(const struct plan *p, int32_t node);

/* This plan is done with the node. */
void plan_touch(struct plan *p, int32_t node);

/* RAM that is free on a node when what the plan brings has come. */
int64_t plan_free_bytes(const struct plan *p, const struct cluster *c, int32_t node);

#endif
