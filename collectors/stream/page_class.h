/*
 * page_class.h - for every page of a migration: to what that the destination has is it equal, and how small is it
 * compressed?
 *
 *	page_pool_create(&pool, &limits, &e);           // one for each destination
 *	kept_pages_read(), kept_pages_of_image()        // what is there before
 *	page_classes_create(&c, pool, 0, total_pages, &e); // one for each migration
 *	... page_classify(c, number, content, 4096, &result) ...
 *	page_classes_free(c);
 *	page_pool_free(pool);
 *
 * A page of one repeated byte is none of this: the stream has them as zero pages, page_classify_zero().
 *
 * The VMs of a group that go to one destination share its pool. Several threads may classify at once, each with its own
 * migration: what passed first of two equal pages is the new one, the other one is equal to it. All questions are asked of
 * each page, in the order of enum page_equal, and none is left out because one before it said yes: so analysis can tell
 * what each saves alone, and together count each page once.
 *
 * Memory is bounded: of a migration at most 4 different contents times its pages are remembered, by itself (own) and in the
 * pool; a VM that writes fast does not fill the pool for the others. Nothing that is remembered is forgotten. A page that
 * there is no room for is classified by what is there.
 */
#ifndef COLLECTORS_STREAM_PAGE_CLASS_H
#define COLLECTORS_STREAM_PAGE_CLASS_H

#include "collectors/stream/page_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct page_pool;
struct page_classes;

/* To what a page is equal; any of them together, 0: to nothing, it is unique. */
enum page_equal {
	EQUAL_SENT = 1,  /* what was last sent for this address in this migration */
	EQUAL_OWN = 2,   /* what was sent for another address of this VM in this migration */
	EQUAL_GROUP = 4, /* what was ever sent of another VM of the group to this destination */
	EQUAL_KEPT = 8,  /* what the destination kept of an earlier visit */
	EQUAL_DISK = 16, /* a 4 KiB block of a disk image that the destination can read */
	EQUAL_KINDS = 5,
	EQUAL_MASKS = 32
};

/* "sent", "own", ... of bit 0 and up. */
const char *page_equal_name(int bit);

struct page_limits {
	uint64_t pool_pages_most; /* different pages that a pool remembers; 0: 2^26, 2.5 GB when full */
	int zstd_level;           /* 1: fast; 0: nothing is compressed */
	int zstd_each;            /* one of so many pages is compressed, chosen by its hash; 1: all */
	uint64_t seed;            /* of the hash */
};

struct page_class {
	unsigned equal;      /* enum page_equal */
	bool again;          /* this address was sent before */
	uint32_t zstd_bytes; /* of the page compressed, at most its own; 0: not compressed */
};

int page_pool_create(struct page_pool **ret, const struct page_limits *limits, struct err *e);
void page_pool_free(struct page_pool *pool);

/* A page that the destination has: how is EQUAL_KEPT or EQUAL_DISK. Returns -1 when there is no room for more. */
int page_pool_add(struct page_pool *pool, struct page_hash h, enum page_equal how);

uint64_t page_pool_seed(const struct page_pool *pool);

struct page_pool_facts {
	uint64_t bytes; /* of memory */
	uint64_t pages;
	uint64_t refused; /* times that there was no room for one: those equal to it are missed */
};

struct page_pool_facts page_pool_facts(struct page_pool *pool);

/* A migration of VM number `vm` (from 0) of those that share the pool, which has so many pages. */
int page_classes_create(struct page_classes **ret, struct page_pool *pool, int vm, uint64_t pages, struct err *e);
void page_classes_free(struct page_classes *c);

/* number: of the VM's pages. Whatever it is, from now on it was sent. One that is not below `pages` is none of the VM's: it is
 * equal to nothing, and nothing is remembered of it. */
void page_classify(struct page_classes *c, uint64_t number, const void *content, size_t length,
                   struct page_class *ret);
void page_classify_zero(struct page_classes *c, uint64_t number, struct page_class *ret);

/* Its content is not known (compressed by QEMU, a difference): what was sent before says nothing of it. */
void page_forget(struct page_classes *c, uint64_t number, struct page_class *ret);

/* What is at the destination for a page, as last sent; false: nothing, a zero page, or it is not known. */
bool page_last(const struct page_classes *c, uint64_t number, struct page_hash *ret);

uint64_t page_classes_pages(const struct page_classes *c);
uint64_t page_classes_bytes(const struct page_classes *c); /* of memory, in use at most */

#endif
