/*
 * random.h - fast pseudo-random numbers and page content (not for secrets).
 *
 * xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016).
 */
#ifndef WORKLOADS_RANDOM_H
#define WORKLOADS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096

/* State is any non-zero number. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Uniform in [0, limit), limit < 2^32 (Lemire's multiply-shift; its bias of limit / 2^32 does not matter here). */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return (random_next(state) >> 32) * limit >> 32;
}

/* A page of random numbers, the pattern for random_page(). */
static inline void random_pattern(uint64_t pattern[PAGE_BYTES / 8], uint64_t *state)
{
	for (size_t i = 0; i < PAGE_BYTES / 8; i++)
		pattern[i] = random_next(state);
}

/*
 * Write a whole page: the pattern xor one fresh number. As incompressible as the pattern is, different from every
 * other page in every word, and a fraction of the price of a generator step a word.
 */
static inline void random_page(void *page, const uint64_t pattern[PAGE_BYTES / 8], uint64_t *state)
{
	uint64_t key = random_next(state), *to = page;
	for (size_t i = 0; i < PAGE_BYTES / 8; i++)
		to[i] = pattern[i] ^ key;
}

#endif
