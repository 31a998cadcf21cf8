#include "collectors/stream/page_index.h"

#include "bench/base/err.h"

#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the hash of 4 KiB inlined */
#include <xxhash.h>

enum { SMALLEST = 1024 };

/* Of four-byte words, so that a slot has no padding. value 0: free. */
struct slot {
	uint32_t key[4];
	uint32_t value;
};

struct page_index {
	struct slot *slots;
	uint64_t room; /* a power of two */
	uint64_t count, most;
};

struct page_hash page_hash_of(const void *content, size_t length, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(content, length, seed);
	return (struct page_hash){ h.low64, h.high64 };
}

static struct slot *slot_of(struct slot *slots, uint64_t room, struct page_hash h)
{
	uint64_t at = h.low & (room - 1);
	while (slots[at].value && memcmp(slots[at].key, &h, sizeof(h)) != 0)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

int page_index_create(struct page_index **ret, uint64_t room, uint64_t most, struct err *e)
{
	struct page_index *x = calloc(1, sizeof(*x));
	uint64_t slots = SMALLEST;
	while (slots / 4 * 3 < (room < most ? room : most))
		slots *= 2;
	if (x)
		x->slots = calloc(slots, sizeof(*x->slots));
	if (!x || !x->slots) {
		free(x);
		return err_set(e, EXIT_CANNOT, "no memory for an index of %llu pages", (unsigned long long)room);
	}
	x->room = slots;
	x->most = most;
	*ret = x;
	return 0;
}

void page_index_free(struct page_index *x)
{
	if (x)
		free(x->slots);
	free(x);
}

uint32_t *page_index_find(const struct page_index *x, struct page_hash h)
{
	struct slot *s = slot_of(x->slots, x->room, h);
	return s->value ? &s->value : NULL;
}

static int grow(struct page_index *x)
{
	struct slot *grown = calloc(2 * x->room, sizeof(*grown));
	if (!grown)
		return -1;
	for (uint64_t i = 0; i < x->room; i++)
		if (x->slots[i].value) {
			struct page_hash h;
			memcpy(&h, x->slots[i].key, sizeof(h));
			*slot_of(grown, 2 * x->room, h) = x->slots[i];
		}
	free(x->slots);
	x->slots = grown;
	x->room *= 2;
	return 0;
}

uint32_t *page_index_put(struct page_index *x, struct page_hash h)
{
	struct slot *s = slot_of(x->slots, x->room, h);
	if (s->value)
		return &s->value;
	if (x->count >= x->most)
		return NULL;
	if (x->count >= x->room / 4 * 3) {
		if (grow(x) < 0)
			return NULL;
		s = slot_of(x->slots, x->room, h);
	}
	memcpy(s->key, &h, sizeof(h));
	x->count++;
	return &s->value;
}

uint64_t page_index_count(const struct page_index *x)
{
	return x->count;
}

uint64_t page_index_bytes(const struct page_index *x)
{
	return sizeof(*x) + x->room * sizeof(*x->slots);
}
