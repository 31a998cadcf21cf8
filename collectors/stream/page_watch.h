/*
 * page_watch.h - one migration that passes: decoded, its pages classified, counted in pages.csv.
 *
 * pages.csv has a row each 100 ms (a spec's interval) for each phase, kind and class that something passed of:
 *	head_ns         when the row was written; what is in it passed since the row before with the same VM and kind
 *	vm,from,to      whose migration, between which nodes
 *	phase           precopy; stopped (device state, the rest of pre-copy); postcopy
 *	kind            what the bytes are part of (collectors/stream/decoder.h)
 *	equal           of pages as they are: to what, as "sent+own+group+kept+disk" (page_class.h); "unique": to nothing
 *	pages           records of pages; missing where the kind has none
 *	again           those of them whose address was sent before
 *	bytes           of the stream, headers included; all rows of a migration add up to its stream
 *	zstd_pages      those of the pages that were compressed, to see how small they become
 *	zstd_bytes      their sum compressed, none above its page; uncompressed they are zstd_pages times 4 KiB
 *
 * Several migrations may write one series at once, each from its own thread, when they share a pool: their rows are in
 * order for each VM, and among VMs but for the time that it takes to write one.
 *
 * Other connections than the first (multifd, post-copy's urgent pages) are unknown bytes, and the verdict says so.
 */
#ifndef COLLECTORS_STREAM_PAGE_WATCH_H
#define COLLECTORS_STREAM_PAGE_WATCH_H

#include "collectors/stream/page_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;
struct page_watch;
struct series;

#define PAGES_COLUMNS "head_ns,vm,from,to,phase,kind,equal,pages,again,bytes,zstd_pages,zstd_bytes"

struct page_watch_spec {
	const char *vm, *from, *to;
	int number;             /* of the VM among those that share the pool, from 0 */
	struct page_pool *pool; /* of the destination */
	struct series *series;  /* with PAGES_COLUMNS */
	int64_t interval_ns;
};

int page_watch_create(struct page_watch **ret, const struct page_watch_spec *spec, struct err *e);

/* A connection opens; bytes of it pass, forth or back; it is closed. As relay.h's tap says. */
void page_watch_opened(void *watch, int connection);
void page_watch_passed(void *watch, int connection, bool back, const unsigned char *bytes, size_t length);
void page_watch_closed(void *watch, int connection);

/* Write rows when their time has come. */
void page_watch_tick(void *watch);

/* The last rows, and what was understood: {"verdict":"complete",...}; json_object_put() it. Verdicts:
 *	complete         every byte from the first to the end was understood
 *	cut-off          understood as far as it came
 *	not-understood   reason says where decoding ended; rows of kind unknown count the rest
 *	nothing          no byte passed */
struct json_object *page_watch_end(struct page_watch *w);

/* After the end: what was sent last of each page, NULL: no list of pages was seen. */
const struct page_classes *page_watch_classes(const struct page_watch *w);

void page_watch_free(struct page_watch *w);

#endif
