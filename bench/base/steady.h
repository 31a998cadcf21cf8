/*
 * steady.h - whether a rate is steady over a window, or still rises or falls.
 *
 * The window's bins are tested for a monotonic trend (Mann, Econometrica 13, 1945; Kendall, Rank Correlation Methods, 1975:
 * S, the pairs in order less those out of order; p exact), and the trend is measured by the median of all pairwise slopes
 * (Sen, Journal of the American Statistical Association 63, 1968). Neither assumes a distribution, and one bin that was
 * disturbed hardly counts. A rate is not steady when both say so: p at most STEADY_LEVEL, and a change over the window that
 * is more than allowed. Bins that depend on each other make p too small, and a warm-up longer, never shorter.
 */
#ifndef BENCH_BASE_STEADY_H
#define BENCH_BASE_STEADY_H

#include <stdbool.h>

#define STEADY_LEVEL 0.05

enum { STEADY_BINS_MAX = 20, STEADY_BINS_LEAST = 5 }; /* with fewer no order at all is at the level */

struct steady {
	bool known;    /* else there were too few bins, and nothing else is said */
	bool steady;   /* the answer */
	double change; /* over the window, as a share of the median rate; its sign is the trend's */
	double p;      /* two-sided */
};

/* count rates (at most STEADY_BINS_MAX, none NAN) of bins of equal length, in their order; allowed: 0.05 for 5 %. */
struct steady steady_test(const double *rates, int count, double allowed);

#endif
