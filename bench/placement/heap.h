/*
 * heap.h - things by a number, the lowest first, each findable to be changed or taken out: O(log n), four children a
 * node so that a step down is one cache line.
 *
 * `at` is the caller's array: at[thing] is the thing's place in the heap, HEAP_OUT when it is not in. NULL: no places are
 * kept, for small heaps whose things are seldom looked for; those are pushed, and found by heap_find(). Equal keys: the lowest thing first, so that the same
 * calls give the same order.
 */
#ifndef BENCH_PLACEMENT_HEAP_H
#define BENCH_PLACEMENT_HEAP_H

#include <stdbool.h>
#include <stdint.h>

enum { HEAP_OUT = -1 };

struct heap_item {
	double key;
	int32_t thing;
	int32_t mark; /* the caller's, 0 after each heap_set() or heap_push() */
};

/* {0} is empty. */
struct heap {
	struct heap_item *items; /* [0] the lowest; children of i at 4i + 1 .. 4i + 4 */
	int32_t count, room;
};

/* Put a thing in, or change its key; `at` not NULL. False: memory is short, and nothing has changed. */
bool heap_set(struct heap *h, int32_t *at, int32_t thing, double key);

/* Take it out; nothing happens when it is not in. */
void heap_remove(struct heap *h, int32_t *at, int32_t thing);

/* The same by places. heap_change() may move the item elsewhere. */
bool heap_push(struct heap *h, int32_t *at, int32_t thing, double key);
void heap_change(struct heap *h, int32_t *at, int32_t place, double key);
void heap_take(struct heap *h, int32_t *at, int32_t place);

/* The place of a thing that is in, by looking at all. */
int32_t heap_find(const struct heap *h, int32_t thing);

void heap_free(struct heap *h);

#endif
