#include "bench/base/seen.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST_ROOM = 4096 };

static int has(const struct seen *s, uint32_t number)
{
	return number < s->room && (s->bits[number / 64] >> (number % 64) & 1);
}

static int grow(struct seen *s, uint32_t number)
{
	uint32_t room = s->room ? s->room : SMALLEST_ROOM;
	while (room <= number)
		room *= 2; /* no overflow: number < SEEN_LIMIT, a power of two */
	uint64_t *bits = realloc(s->bits, room / 8);
	if (!bits)
		return -1;
	memset(bits + s->room / 64, 0, (room - s->room) / 8);
	s->bits = bits;
	s->room = room;
	return 0;
}

int seen_add(struct seen *s, uint32_t number, uint32_t limit)
{
	if (number >= limit || number >= SEEN_LIMIT)
		return -1;
	if (has(s, number))
		return 0;
	if (number >= s->room && grow(s, number) < 0)
		return -1;
	s->bits[number / 64] |= UINT64_C(1) << (number % 64);
	s->count++;
	if (number >= s->end)
		s->end = number + 1;
	while (has(s, s->whole))
		s->whole++;
	return 1;
}

uint32_t seen_gap(const struct seen *s, uint32_t from, uint32_t end, uint32_t most, uint32_t *ret_first)
{
	uint32_t first = from > s->whole ? from : s->whole;
	while (first < end && has(s, first)) {
		/* Whole words at a time: a gap near the end of a long run is found at once. */
		if (first % 64 == 0 && s->bits[first / 64] == UINT64_MAX)
			first += 64;
		else
			first++;
	}
	uint32_t count = 0;
	while (count < most && first + count < end && !has(s, first + count))
		count++;
	*ret_first = first;
	return count;
}

void seen_free(struct seen *s)
{
	free(s->bits);
	memset(s, 0, sizeof(*s));
}
