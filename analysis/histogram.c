#include "analysis/histogram.h"

#include <math.h>

static int bucket_of(int64_t value)
{
	if (value < 256)
		return (int)value;
	int power = 63 - __builtin_clzll((unsigned long long)value); /* 8..62 */
	return 256 + (power - 8) * 128 + (int)((value >> (power - 7)) & 127);
}

static int64_t middle_of(int bucket)
{
	if (bucket < 256)
		return bucket;
	int power = 8 + (bucket - 256) / 128, shift = power - 7;
	return ((INT64_C(128) + (bucket - 256) % 128) << shift) + (INT64_C(1) << shift) / 2;
}

void histogram_add(struct histogram *h, int64_t value)
{
	if (value < 0)
		value = 0;
	h->buckets[bucket_of(value)]++;
	h->count++;
	if (value > h->largest)
		h->largest = value;
}

int64_t histogram_quantile(const struct histogram *h, double share)
{
	if (!h->count)
		return -1;
	int64_t rank = (int64_t)ceil(share * (double)h->count), seen = 0;
	if (rank >= h->count)
		return h->largest;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank && seen > 0)
			return middle_of(i) < h->largest ? middle_of(i) : h->largest;
	}
	return h->largest;
}
