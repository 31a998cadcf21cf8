/*
 * page_index.h - from the 128-bit hash of a page to a number: open addressing, 20 bytes a slot, at most 3/4 of them used.
 *
 *	struct page_hash h = page_hash_of(content, 4096, seed);
 *	uint32_t *value = page_index_put(x, h);         // 0 when the hash is new: set it to something else
 *
 * The hash is XXH3 (xxhash) with a seed, which is to be secret where guests are not trusted: whoever knows it can make
 * pages with the same hash. Of 2^32 different pages two have the same hash with a probability of 2^-65.
 *
 * Hashes that a peer says may be chosen: where one goes depends on a random key of each index, so that none can be chosen to meet.
 */
#ifndef COLLECTORS_STREAM_PAGE_INDEX_H
#define COLLECTORS_STREAM_PAGE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct page_index;

struct page_hash {
	uint64_t low, high;
};

struct page_hash page_hash_of(const void *content, size_t length, uint64_t seed);

static inline bool page_hash_equal(struct page_hash a, struct page_hash b)
{
	return a.low == b.low && a.high == b.high;
}

/* An empty index with room for so many hashes before it first grows, and never more than `most`. */
int page_index_create(struct page_index **ret, uint64_t room, uint64_t most, struct err *e);
void page_index_free(struct page_index *x);

/* The value of the hash, or NULL. Good until the next put. */
uint32_t *page_index_find(const struct page_index *x, struct page_hash h);

/* The same; a hash that is not there is put in with the value 0, which the caller must make another. NULL: it has `most`,
 * or memory is short. */
uint32_t *page_index_put(struct page_index *x, struct page_hash h);

uint64_t page_index_count(const struct page_index *x);
uint64_t page_index_bytes(const struct page_index *x); /* of memory */
uint64_t page_index_steps(
	const struct page_index *x); /* slots that were looked at to put hashes in: a few for each */

#endif
