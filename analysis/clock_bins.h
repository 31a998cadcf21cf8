/*
 * clock_bins.h - the quickest sample of each stretch of guest time, for clock_map.
 *
 * Memory does not grow with the run: 65536 bins, 100 ms wide at first and doubled when they do not suffice.
 *
 * A guest's clock goes neither back nor ahead of the head's, so a stamp that says so is false (corrupt, or hostile).
 * Which of two that contradict each other is false, the majority says: samples are held against one of them, and
 * once more contradict it than agree with it, it goes, and what came with it.
 */
#ifndef ANALYSIS_CLOCK_BINS_H
#define ANALYSIS_CLOCK_BINS_H

#include <stdint.h>

enum { CLOCK_BINS = 1 << 16 };

struct clock_bin {
	int64_t guest_ns; /* of the quickest sample; -1: empty */
	int64_t delta_ns; /* head - guest of that sample */
};

struct clock_bins {
	int64_t base_ns, width_ns; /* bin k holds guest stamps from base + k * width */
	int used;                  /* bins in use */
	int64_t held_guest_ns, held_head_ns, votes;
	struct clock_bin bins[CLOCK_BINS];
};

void clock_bins_clear(struct clock_bins *b);

/* Stamps 0 .. 2^60, in any order. */
void clock_bins_add(struct clock_bins *b, int64_t guest_ns, int64_t head_ns);

#endif
