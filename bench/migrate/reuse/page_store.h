/*
 * page_store.h - pages of 4 KiB by their hash, bounded, in memory or in a file that survives restarts.
 *
 *	page_store_open(&s, "/var/lib/x/pages", 1 << 18, seed, &e);     // 1 GiB
 *	page_store_session(s);                                          // makes room by forgetting what was not used lately
 *	page_store_put(s, REUSE_MEMORY, h, content);
 *	content = page_store_find(s, h);
 *	page_store_close(s);
 *
 * Memory pages of guests are secrets: the file is its owner's only (private_file.h). It is locked while it is open. What it holds is believed by
 * its hash alone: at opening only the table of hashes is read, and each page that is found is hashed. One that does not fit is
 * forgotten, and then all of them are suspect (page_store_check_some()).
 * Within a session nothing else is forgotten. All of its file has room on the disk from the beginning, where the file system can.
 *
 * The file is read and written, never mapped: one that is cut short, or a disk with a fault, costs the pages that were there, and
 * not the process. Its pages are in memory as far as the system keeps them there; the process has 80 bytes a slot at most.
 *
 * A page is kept for memory and for disks alike; what it came with says by whom its slot is taken. A disk may be larger than the
 * whole store, and crosses before the memory of its VM: it must not leave that without room, nor push out what was kept of it.
 */
#ifndef BENCH_MIGRATE_REUSE_PAGE_STORE_H
#define BENCH_MIGRATE_REUSE_PAGE_STORE_H

#include "collectors/stream/page_index.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct page_store;

enum { STORE_PAGE_BYTES = 4096 };

/* What a page came with. */
enum reuse_kind { REUSE_MEMORY, REUSE_DISK, REUSE_KINDS };

/* At most `slots` pages. path NULL: in memory only. A file of another size or seed begins anew; seed 0: the file's, in a
 * new one a random one. */
int page_store_open(struct page_store **ret, const char *path, uint32_t slots, uint64_t seed, struct err *e);
void page_store_close(struct page_store *s);

/* Disks are carried, too: in each session they have half of the room that it begins with, and never more than half of the store;
 * the rest is memory's. Without this whoever comes first has all of it. */
void page_store_share(struct page_store *s);

/* A session begins. Where more than half is used, what was used longest ago is forgotten until half is free: of the kind that has
 * more, and where both have more than a quarter, of both. */
void page_store_session(struct page_store *s);

/* 4 KiB, good until the next call; NULL: not there, or what is there is no longer that page, which is forgotten then. */
const unsigned char *page_store_find(struct page_store *s, struct page_hash h);

/* Where a page was found damaged, look at the next MiB of them, and forget those that are. Returns whether there is more to look
 * at: for when there is nothing else to do. */
bool page_store_check_some(struct page_store *s);

/* 0: it is there (now, or was); -1: no room for one more of this kind, or it cannot be written. */
int page_store_put(struct page_store *s, enum reuse_kind kind, struct page_hash h, const unsigned char *content);

/* So many more of a kind can be put, in this session, whatever of the other one is. */
uint32_t page_store_room(const struct page_store *s, enum reuse_kind kind);
uint32_t page_store_free(const struct page_store *s);
uint32_t page_store_count(const struct page_store *s);
uint32_t page_store_count_of(const struct page_store *s, enum reuse_kind kind);
/* How many have been forgotten since it was opened. */
uint64_t page_store_forgotten(const struct page_store *s);
uint64_t page_store_seed(const struct page_store *s);

/* Hashes of all pages, one at a time: *at begins with 0. 1, or 0 after the last. */
int page_store_next(const struct page_store *s, uint32_t *at, struct page_hash *ret);

#endif
