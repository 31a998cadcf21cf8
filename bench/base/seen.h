/*
 * seen.h - which of the numbers 0, 1, 2 ... have come: a bitmap that grows with them, up to a hard limit.
 *
 * A zeroed struct is empty. 2^26 numbers are 7.7 days of samples at 10 ms and 8 MiB.
 */
#ifndef BENCH_BASE_SEEN_H
#define BENCH_BASE_SEEN_H

#include <stdint.h>

#define SEEN_LIMIT (UINT32_C(1) << 26)

struct seen {
	uint64_t *bits;
	uint32_t room;  /* numbers that bits can hold, a multiple of 64 */
	uint32_t count; /* distinct numbers that came */
	uint32_t end;   /* highest number that came, plus 1 */
	uint32_t whole; /* every number below has come */
};

/* Note a number. 1: it is new; 0: it came before; -1: not below `limit` or SEEN_LIMIT, or no memory: not noted. */
int seen_add(struct seen *s, uint32_t number, uint32_t limit);

/* Find the first run of numbers in [from, end) that did not come; returns its length, at most `most`, 0: none. */
uint32_t seen_gap(const struct seen *s, uint32_t from, uint32_t end, uint32_t most, uint32_t *ret_first);

void seen_free(struct seen *s);

#endif
