#include "bench/migrate/reuse/reuse_wire.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

const char *reuse_kind_name(enum reuse_kind kind)
{
	return kind == REUSE_DISK ? "disk" : "memory";
}

void reuse_put(struct reuse_bytes *b, const void *bytes, size_t length)
{
	if (b->room - b->length < length) {
		size_t room = 2 * (b->length + length);
		unsigned char *grown = realloc(b->bytes, room);
		if (!grown) {
			b->failed = true;
			return;
		}
		b->bytes = grown;
		b->room = room;
	}
	if (length)
		memcpy(b->bytes + b->length, bytes, length);
	b->length += length;
}

void reuse_put_number(struct reuse_bytes *b, uint64_t number, int bytes)
{
	unsigned char field[8];
	for (int i = 0; i < bytes; i++)
		field[i] = (unsigned char)(number >> 8 * (bytes - 1 - i));
	reuse_put(b, field, (size_t)bytes);
}

uint64_t reuse_number(const unsigned char *field, int bytes)
{
	uint64_t number = 0;
	for (int i = 0; i < bytes; i++)
		number = number << 8 | field[i];
	return number;
}

void reuse_put_hash(struct reuse_bytes *b, struct page_hash h)
{
	reuse_put_number(b, h.high, 8);
	reuse_put_number(b, h.low, 8);
}

struct page_hash reuse_hash(const unsigned char *field)
{
	return (struct page_hash){ .high = reuse_number(field, 8), .low = reuse_number(field + 8, 8) };
}

struct reuse_sum *reuse_sum_create(void)
{
	XXH3_state_t *state = XXH3_createState();
	if (state)
		XXH3_128bits_reset(state);
	return (struct reuse_sum *)state;
}

void reuse_sum_free(struct reuse_sum *sum)
{
	XXH3_freeState((XXH3_state_t *)sum);
}

void reuse_sum_add(struct reuse_sum *sum, const void *bytes, size_t length)
{
	XXH3_128bits_update((XXH3_state_t *)sum, bytes, length);
}

struct page_hash reuse_sum_now(const struct reuse_sum *sum)
{
	XXH128_hash_t h = XXH3_128bits_digest((const XXH3_state_t *)sum);
	return (struct page_hash){ h.low64, h.high64 };
}

void reuse_sum_copy(struct reuse_sum *to, const struct reuse_sum *from)
{
	XXH3_copyState((XXH3_state_t *)to, (const XXH3_state_t *)from);
}
