/*
 * kept_pages.h - what a destination has before a migration begins: the pages of a VM that once left it, and the blocks of
 * disk images that it can read.
 *
 * When a VM leaves a node, what was last sent of each page is what the node could have kept. A file holds its hashes
 * only, and when that was; still it is readable by its owner only, since whoever guesses a page can prove with its hash
 * that a guest had it (private_file.h). Read tolerantly: a file that is cut short or changed, somebody else's, or open to others, is
 * refused whole.
 */
#ifndef COLLECTORS_STREAM_KEPT_PAGES_H
#define COLLECTORS_STREAM_KEPT_PAGES_H

#include "collectors/stream/page_class.h"

#include <stdint.h>

struct err;

struct kept_facts {
	int64_t wall_ns; /* when the VM left */
	uint64_t pages;  /* that are in the file */
	uint64_t seed;   /* of their hashes: the pool must have the same */
};

/* All pages that page_last() knows. */
int kept_pages_write(const char *path, const struct page_classes *c, uint64_t seed, struct err *e);

/* What the file says of itself, before there is a pool. Returns 1 when there is no such file, -1 when it is no good. */
int kept_pages_facts(const char *path, struct kept_facts *ret, struct err *e);

/* Put its pages into the pool as EQUAL_KEPT. Nothing is put where it returns -1. */
int kept_pages_read(struct page_pool *pool, const char *path, struct err *e);

/* Every aligned 4 KiB of a disk image goes into the pool as EQUAL_DISK, but those of zeros. Returns how many there were,
 * -1: e. An image that is compressed or encrypted gives blocks that no page is equal to. */
int64_t kept_pages_of_image(struct page_pool *pool, const char *path, struct err *e);

#endif
