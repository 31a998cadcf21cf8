/*
 * turns.h - nodes that want something done, the most urgent first. A plan deals with so many of them; whom it could
 * not help goes to the end of the queue, so that later plans come round to all. When a plan has come round to all of
 * them by itself the queue is as before: with few nodes a plan depends on nothing but the cluster.
 *
 *	turns_begin(t);
 *	while (budget-- > 0 && (node = turns_next(t)) >= 0)
 *		helped ? turns_set(t, node, MAX_TREE_OUT) : turns_refuse(t, node);
 *	turns_end(t);
 */
#ifndef BENCH_PLACEMENT_TURNS_H
#define BENCH_PLACEMENT_TURNS_H

#include "bench/placement/max_tree.h"

struct turns {
	struct max_tree tree;
	double refusals, begun_at;
	double *urgency; /* of a refused node, before that; NAN: not in the list */
	int32_t *list, count;
};

int turns_init(struct turns *t, int32_t count, struct err *e);
void turns_free(struct turns *t);

/* A node with its urgency, above -2^40; MAX_TREE_OUT: it wants nothing. */
void turns_set(struct turns *t, int32_t node, double urgency);

/* Whose turn it is; -1: nobody's that was not refused since turns_begin(). */
int32_t turns_next(const struct turns *t);
void turns_refuse(struct turns *t, int32_t node);

void turns_begin(struct turns *t);
void turns_end(struct turns *t);

#endif
