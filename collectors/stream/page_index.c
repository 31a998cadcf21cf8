#include "collectors/stream/page_index.h"

#include "bench/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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
	uint64_t count, most, steps;
	uint64_t key[2];
};

struct page_hash page_hash_of(const void *content, size_t length, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(content, length, seed);
	return (struct page_hash){ h.low64, h.high64 };
}

static uint64_t rotated(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[0] = rotated(v[0], 32);
	v[2] += v[3];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[2] = rotated(v[2], 32);
}

/* SipHash-1-3 of the hash: where it goes is not to be foreseen by who chose it. */
static uint64_t scattered(const uint64_t key[2], struct page_hash h)
{
	const uint64_t words[] = { h.low, h.high, (uint64_t)sizeof(h) << 56 };
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
		          key[1] ^ 0x7465646279746573 };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		v[3] ^= words[i];
		sip_round(v);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot of a hash, or the free one where it belongs; so many were looked at. */
static struct slot *slot_of(const struct page_index *x, struct page_hash h, uint64_t *ret_steps)
{
	uint64_t at = scattered(x->key, h) & (x->room - 1), steps = 1;
	for (; x->slots[at].value && memcmp(x->slots[at].key, &h, sizeof(h)) != 0; steps++)
		at = (at + 1) & (x->room - 1);
	*ret_steps = steps;
	return &x->slots[at];
}

int page_index_create(struct page_index **ret, uint64_t room, uint64_t most, struct err *e)
{
	struct page_index *x = calloc(1, sizeof(*x));
	uint64_t slots = SMALLEST;
	while (slots / 4 * 3 < (room < most ? room : most))
		slots *= 2;
	if (x)
		x->slots = calloc(slots, sizeof(*x->slots));
	if (x && x->slots && getrandom(x->key, sizeof(x->key), 0) != sizeof(x->key)) {
		page_index_free(x);
		return err_errno(e, EXIT_CANNOT, "no random key for an index of pages");
	}
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
	uint64_t steps;
	struct slot *s = slot_of(x, h, &steps);
	return s->value ? &s->value : NULL;
}

static int grow(struct page_index *x)
{
	struct page_index grown = *x;
	uint64_t steps;
	grown.room *= 2;
	grown.slots = calloc(grown.room, sizeof(*grown.slots));
	if (!grown.slots)
		return -1;
	for (uint64_t i = 0; i < x->room; i++)
		if (x->slots[i].value) {
			struct page_hash h;
			memcpy(&h, x->slots[i].key, sizeof(h));
			*slot_of(&grown, h, &steps) = x->slots[i];
			grown.steps += steps;
		}
	free(x->slots);
	*x = grown;
	return 0;
}

uint32_t *page_index_put(struct page_index *x, struct page_hash h)
{
	uint64_t steps;
	struct slot *s = slot_of(x, h, &steps);
	x->steps += steps;
	if (s->value)
		return &s->value;
	if (x->count >= x->most)
		return NULL;
	if (x->count >= x->room / 4 * 3) {
		if (grow(x) < 0)
			return NULL;
		s = slot_of(x, h, &steps);
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

uint64_t page_index_steps(const struct page_index *x)
{
	return x->steps;
}
