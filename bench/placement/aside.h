/*
 * aside.h - nodes that want something done, in their turns (turns.h); who cannot be helped is set aside with what room it needs
 * at least, somewhere, and has its turn again when it has changed, or when there is that much room. So a plan costs what has
 * changed, not the size of the cluster; and at most a part of its turns is had in vain, so that one that helps nobody costs
 * little. The others have theirs in the next plans.
 *
 *	aside_begin(a, turns, most_cores, most_bytes);
 *	while ((node = aside_next(a)) >= 0)
 *		helped ? aside_set(a, node, MAX_TREE_OUT) : aside_put(a, node, cores, bytes);
 *	aside_end(a);
 */
#ifndef BENCH_PLACEMENT_ASIDE_H
#define BENCH_PLACEMENT_ASIDE_H

#include "bench/placement/turns.h"

#include <stdbool.h>

struct aside {
	struct turns queue;
	struct max_tree needs; /* of those aside: -cores and -bytes */
	double *urgency;       /* a node each */
	int64_t left, vain;    /* turns of this plan; of these that may be in vain */
	bool waiting;          /* the last plan left somebody in the queue who had no turn */
};

int aside_init(struct aside *a, int32_t count, struct err *e);
void aside_free(struct aside *a);

/* The node has changed: its urgency as in turns_set(), MAX_TREE_OUT: it wants nothing. */
void aside_set(struct aside *a, int32_t node, double urgency);

/* It wants nothing until it has changed or there is so much room; INFINITY: for no room. */
void aside_put(struct aside *a, int32_t node, double cores, double bytes);

/*
 * A plan begins. Those for which there may be room have their turn again, unless the last plan could not come round to all: then
 * these first. most_* is the most that any node has.
 */
void aside_begin(struct aside *a, int64_t turns, double most_cores, double most_bytes);
void aside_end(struct aside *a);

/* As turns_next() and turns_refuse(); -1 also when the plan's turns are had. */
int32_t aside_next(struct aside *a);
void aside_refuse(struct aside *a, int32_t node);

static inline bool aside_has(const struct aside *a, int32_t node)
{
	return max_tree_key(&a->needs, node, 0) != MAX_TREE_OUT;
}

#endif
