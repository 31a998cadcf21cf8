#include "bench/placement/heap.h"

#include <stdlib.h>

static bool before(const struct heap_item *a, const struct heap_item *b)
{
	return a->key < b->key || (a->key == b->key && a->thing < b->thing);
}

static void put(struct heap *h, int32_t *at, int32_t i, struct heap_item item)
{
	h->items[i] = item;
	if (at)
		at[item.thing] = i;
}

static void up(struct heap *h, int32_t *at, int32_t i, struct heap_item item)
{
	while (i > 0) {
		int32_t parent = (i - 1) / 4;
		if (!before(&item, &h->items[parent]))
			break;
		put(h, at, i, h->items[parent]);
		i = parent;
	}
	put(h, at, i, item);
}

static void down(struct heap *h, int32_t *at, int32_t i, struct heap_item item)
{
	for (;;) {
		int32_t child = 4 * i + 1, end = child + 4 < h->count ? child + 4 : h->count, least = child;
		if (child >= h->count)
			break;
		for (int32_t k = child + 1; k < end; k++)
			if (before(&h->items[k], &h->items[least]))
				least = k;
		if (!before(&h->items[least], &item))
			break;
		put(h, at, i, h->items[least]);
		i = least;
	}
	put(h, at, i, item);
}

/* The item belongs at i, or above or below it. */
static void settle(struct heap *h, int32_t *at, int32_t i, struct heap_item item)
{
	if (i > 0 && before(&item, &h->items[(i - 1) / 4]))
		up(h, at, i, item);
	else
		down(h, at, i, item);
}

bool heap_push(struct heap *h, int32_t *at, int32_t thing, double key)
{
	if (h->count == h->room) {
		int32_t room = h->room ? 2 * h->room : 4;
		struct heap_item *larger = realloc(h->items, (size_t)room * sizeof(*larger));
		if (!larger)
			return false;
		h->items = larger;
		h->room = room;
	}
	h->count++;
	up(h, at, h->count - 1, (struct heap_item){ key, thing, 0 });
	return true;
}

void heap_change(struct heap *h, int32_t *at, int32_t place, double key)
{
	settle(h, at, place, (struct heap_item){ key, h->items[place].thing, 0 });
}

void heap_take(struct heap *h, int32_t *at, int32_t place)
{
	if (at)
		at[h->items[place].thing] = HEAP_OUT;
	struct heap_item last = h->items[--h->count];
	if (place < h->count)
		settle(h, at, place, last);
}

bool heap_set(struct heap *h, int32_t *at, int32_t thing, double key)
{
	if (at[thing] == HEAP_OUT)
		return heap_push(h, at, thing, key);
	heap_change(h, at, at[thing], key);
	return true;
}

void heap_remove(struct heap *h, int32_t *at, int32_t thing)
{
	if (at[thing] != HEAP_OUT)
		heap_take(h, at, at[thing]);
}

int32_t heap_find(const struct heap *h, int32_t thing)
{
	int32_t place = 0;
	while (h->items[place].thing != thing)
		place++;
	return place;
}

void heap_free(struct heap *h)
{
	free(h->items);
	*h = (struct heap){ 0 };
}
