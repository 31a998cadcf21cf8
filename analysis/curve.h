/*
 * curve.h - amounts spread evenly over stretches of head time, summed over windows and over equal bins.
 *
 * A cumulative counter read at two instants, or a span of a work curve, is one stretch.
 */
#ifndef ANALYSIS_CURVE_H
#define ANALYSIS_CURVE_H

#include <stdint.h>

struct err;

/* What fell between two instants. Set start_ns and end_ns, the rest zero. */
struct curve_window {
	int64_t start_ns, end_ns;
	double sum;
	int64_t covered_ns; /* of the window, what the stretches covered */
};

void curve_window_add(struct curve_window *w, int64_t start_ns, int64_t end_ns, double amount);

/* Per second of covered time; NAN when less than half of the window was covered. */
double curve_window_rate(const struct curve_window *w);

/* The stretches cover it, but for a twentieth: its sum stands for all of it. */
int curve_window_whole(const struct curve_window *w);

typedef int curve_bin_fn(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e);

/*
 * Equal bins from start_ns up to end_ns; every bin that is over is given to fn, in order, also an empty one. Stretches
 * must come ascending. Set start_ns, end_ns, width_ns (> 0), fn and context, the rest zero. The last bin may be
 * narrower.
 */
struct curve_bins {
	int64_t start_ns, end_ns, width_ns;
	curve_bin_fn *fn;
	void *context;
	int64_t done; /* bins given */
	double amount;
	int64_t covered_ns;
};

int curve_bins_add(struct curve_bins *b, int64_t start_ns, int64_t end_ns, double amount, struct err *e);

/* Give the bin that is open, if anything covered it. */
int curve_bins_finish(struct curve_bins *b, struct err *e);

/* A bin width of at least least_ns that makes at most `most` bins of a range. */
int64_t curve_bin_width(int64_t range_ns, int64_t least_ns, int64_t most);

#endif
