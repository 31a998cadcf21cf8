/*
 * stream_metrics.h - what of a migration need not have been sent: pages.csv (collectors/stream/page_watch.h) as sums.
 *
 * A page that the destination has, in whatever way, would cost a reference of PAGE_REFERENCE_BYTES instead of its record;
 * a page that is compressed its header and its size under zstd, known of a sample of the pages and taken for the rest of
 * the same class. Alone: one way only, everything else as it was sent. Deduplication: within the VM (own), across the VMs
 * of the group (group), or both; a page that either knows is one reference. Together: a reference where any way knows the
 * page, compression of all others. What was not a page as it is (zeros, devices, frames) stays as it is.
 *
 * Of two equal pages of two VMs the one that passed first had to be sent. So what a VM of a group could have saved depends
 * on the order; what all of them could have saved together does not, but where one sent a page again: see the sums of all.
 */
#ifndef ANALYSIS_STREAM_METRICS_H
#define ANALYSIS_STREAM_METRICS_H

#include "analysis/metrics.h"

#include <stdint.h>

struct err;

enum { PAGE_REFERENCE_BYTES = 24, PAGE_HEADER_BYTES = 8 }; /* header and 128 bits of hash; header alone */

/* Ways to send less. */
enum page_way {
	WAY_SENT,          /* the page was sent before for the same address, unchanged */
	WAY_OWN,           /* another page of the VM was the same */
	WAY_GROUP,         /* a page of another VM */
	WAY_KEPT,          /* the destination kept it of an earlier visit */
	WAY_DISK,          /* the destination can read it from a disk */
	WAY_DEDUPLICATION, /* own or group */
	WAY_COMPRESSION,
	WAY_TOGETHER,
	PAGE_WAYS
};

/* "sent", "own", "group", "kept", "disk", "deduplication", "compression", "together". */
const char *page_way_name(enum page_way way);

struct page_tally {
	double pages, bytes, zstd_pages, zstd_bytes;
};

enum { PAGE_CLASSES = WAY_DISK + 1, PAGE_MASKS = 1 << PAGE_CLASSES }; /* the ways that pages.csv has words for */

/* Of one VM, or of all. */
struct page_sums {
	struct page_tally by_equal[PAGE_MASKS]; /* pages as they are, by the ways that know them (bit = way) */
	double other_bytes;                     /* everything else in the stream */
};

/* Bytes that would have been sent; NAN where nothing was compressed to know by. */
double page_bytes_left(const struct page_sums *s, enum page_way way);
double page_bytes_sent(const struct page_sums *s);

/* The ways in "sent+own", "unique" or "" as bits; -1: it has another word. */
int page_equal_parse(const char *text);

/* Read pages.csv: stream_bytes, stream_left, pages_equal of each VM, and of all where there are several (no VM's name);
 * writes plots/pages.csv and plots/pages-left.csv. No such file: nothing. In plots/pages.csv each page counts once, for the
 * first of kept, disk, sent, own, group that knows it: what the destination has before the migration, then what the VM's own
 * stream has, and under group only what the other VMs add to all that. */
int stream_metrics(const struct run *run, struct metrics *metrics, struct err *e);

#endif
