/*
 * max_tree.h - one or two numbers for each of n things, and quickly: which has the highest, which is the first that
 * has enough of both. A tournament in one flat array: a change costs log n, nothing is allocated after the start.
 *
 * Things are 0 .. count - 1; what was never set, or set to MAX_TREE_OUT, is found by nobody.
 */
#ifndef BENCH_PLACEMENT_MAX_TREE_H
#define BENCH_PLACEMENT_MAX_TREE_H

#include <math.h>
#include <stdint.h>

struct err;

#define MAX_TREE_OUT (-INFINITY)

struct max_tree {
	int32_t leaves; /* a power of two */
	int32_t keys;   /* numbers a thing: 1 or 2 */
	double *max;    /* keys of node i (1 the root, its children 2i and 2i + 1) at max[i * keys] */
};

/* Room for count things, none of them in. Freed by max_tree_free(). */
int max_tree_init(struct max_tree *t, int32_t count, int32_t keys, struct err *e);
void max_tree_free(struct max_tree *t);

/* Set the numbers of a thing; `second` is not looked at in a tree with one. */
void max_tree_set(struct max_tree *t, int32_t thing, double first, double second);

/* A number of a thing: key 0 or 1. */
static inline double max_tree_key(const struct max_tree *t, int32_t thing, int32_t key)
{
	return t->max[(int64_t)(t->leaves + thing) * t->keys + key];
}

/* The thing with the highest first number, the lowest of equals; -1: none is in. */
int32_t max_tree_top(const struct max_tree *t);

/*
 * The lowest thing with at least so much, of both numbers where the tree has two; -1: there is none. With two, parts
 * of the tree may be looked at in vain that have enough of each, but in different things.
 */
int32_t max_tree_first(const struct max_tree *t, double first, double second);

#endif
