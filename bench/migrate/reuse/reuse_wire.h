/*
 * reuse_wire.h - what both sides of reuse.h share: bytes that grow, numbers, the running hash.
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_WIRE_H
#define BENCH_MIGRATE_REUSE_REUSE_WIRE_H

#include "bench/migrate/reuse/reuse.h"

enum {
	REUSE_VERSION = 2,
	REUSE_GREETING = 24,           /* bytes of H after its length */
	REUSE_LITERAL_MOST = 64 << 10, /* bytes of a frame's content */
	REUSE_UNPROVED_MOST = 1 << 20, /* raw bytes from one proof to the next */
};

void reuse_put(struct reuse_bytes *b, const void *bytes, size_t length);
void reuse_put_number(struct reuse_bytes *b, uint64_t number, int bytes);
uint64_t reuse_number(const unsigned char *field, int bytes);
void reuse_put_hash(struct reuse_bytes *b, struct page_hash h);
struct page_hash reuse_hash(const unsigned char *field);

/* A hash over all bytes so far. */
struct reuse_sum;
struct reuse_sum *reuse_sum_create(void); /* NULL: no memory */
void reuse_sum_free(struct reuse_sum *sum);
void reuse_sum_add(struct reuse_sum *sum, const void *bytes, size_t length);
struct page_hash reuse_sum_now(const struct reuse_sum *sum);
void reuse_sum_copy(struct reuse_sum *to, const struct reuse_sum *from);

#endif
