/*
 * histogram.h - counts of non-negative integers in logarithmic buckets: quantiles of any number of values in 60 KiB.
 *
 * Exact below 256; above, a bucket is 1/128 of its power of two wide, so a quantile is within 0.4 % of the value it
 * stands for. (GSL's running quantile, P2, is off by far more on the two-humped values that a stop leaves.)
 */
#ifndef ANALYSIS_HISTOGRAM_H
#define ANALYSIS_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 256 + (63 - 8) * 128 };

struct histogram { /* all zero is empty */
	int64_t count;
	int64_t largest;
	int64_t buckets[HISTOGRAM_BUCKETS];
};

/* A negative value counts as 0. */
void histogram_add(struct histogram *h, int64_t value);

/* The least value that at least `share` (0..1) of all are not above; -1 when empty. share 1 is the largest, exact. */
int64_t histogram_quantile(const struct histogram *h, double share);

#endif
