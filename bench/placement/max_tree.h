/*
 * max_tree.h - one or two numbers for each of n things, and quickly: which has the highest, which is the first that
 * has enough of both. A tournament of eight at a time, which are one cache line: a change costs log n, nothing is
 * allocated after the start.
 *
 * Things are 0 .. count - 1; what was never set, or whose first number was set to MAX_TREE_OUT, is out, with both numbers: it
 * is found by nobody.
 */
#ifndef BENCH_PLACEMENT_MAX_TREE_H
#define BENCH_PLACEMENT_MAX_TREE_H

#include <math.h>
#include <stdint.h>

struct err;

#define MAX_TREE_OUT (-INFINITY)

enum { MAX_TREE_LEVELS = 12, MAX_TREE_LOOKS = 1 << 14 };

struct max_tree {
	int32_t leaves; /* that there is room for */
	int32_t keys;   /* numbers a thing: 1 or 2 */
	int32_t levels;
	int64_t size; /* numbers of one key, all levels */
	int64_t level
		[MAX_TREE_LEVELS]; /* where each begins, the leaves first; entry i is the highest of 8i .. 8i + 7 below */
	double *max;               /* all of the first key, then all of the second */
};

/* Room for count things, none of them in. Freed by max_tree_free(). */
int max_tree_init(struct max_tree *t, int32_t count, int32_t keys, struct err *e);
void max_tree_free(struct max_tree *t);

/* Set the numbers of a thing; `second` is not looked at in a tree with one. */
void max_tree_set(struct max_tree *t, int32_t thing, double first, double second);

/* A number of a thing: key 0 or 1. */
static inline double max_tree_key(const struct max_tree *t, int32_t thing, int32_t key)
{
	return t->max[key * t->size + thing];
}

/* The highest of one number; MAX_TREE_OUT: none is in. */
double max_tree_highest(const struct max_tree *t, int32_t key);

/* The thing with the highest first number, the lowest of equals; -1: none is in. */
int32_t max_tree_top(const struct max_tree *t);

/*
 * The lowest thing with at least so much, of both numbers where the tree has two; -1: there is none. With two, parts
 * of the tree may be looked at in vain that have enough of each, but in different things; after MAX_TREE_LOOKS looks none
 * is found.
 */
int32_t max_tree_first(const struct max_tree *t, double first, double second);

/* The same, of the things from `from` on. */
int32_t max_tree_first_from(const struct max_tree *t, int32_t from, double first, double second);

#endif
