#include "analysis/curve.h"

#include "bench/base/clock.h"

#include <math.h>

/* Share of a stretch that lies within from..to; a stretch without length lies where it starts. */
static double share_within(int64_t start_ns, int64_t end_ns, int64_t from_ns, int64_t to_ns, int64_t *ret_overlap_ns)
{
	int64_t first = start_ns > from_ns ? start_ns : from_ns, last = end_ns < to_ns ? end_ns : to_ns;
	*ret_overlap_ns = last > first ? last - first : 0;
	if (end_ns <= start_ns)
		return start_ns >= from_ns && start_ns < to_ns;
	return (double)*ret_overlap_ns / (double)(end_ns - start_ns);
}

void curve_window_add(struct curve_window *w, int64_t start_ns, int64_t end_ns, double amount)
{
	if (end_ns < w->start_ns || start_ns >= w->end_ns)
		return;
	int64_t overlap_ns;
	w->sum += amount * share_within(start_ns, end_ns, w->start_ns, w->end_ns, &overlap_ns);
	w->covered_ns += overlap_ns;
}

double curve_window_rate(const struct curve_window *w)
{
	if (w->end_ns <= w->start_ns || w->covered_ns <= 0 || w->covered_ns < (w->end_ns - w->start_ns) / 2)
		return NAN;
	return w->sum * NS_PER_S / (double)w->covered_ns;
}

int curve_window_whole(const struct curve_window *w)
{
	int64_t length_ns = w->end_ns - w->start_ns;
	return length_ns > 0 && w->covered_ns >= length_ns - length_ns / 20;
}

static int give(struct curve_bins *b, int64_t start_ns, struct err *e)
{
	int result = b->fn(b->context, start_ns, b->amount, b->covered_ns, e);
	b->done++;
	b->amount = 0;
	b->covered_ns = 0;
	return result;
}

int curve_bins_add(struct curve_bins *b, int64_t start_ns, int64_t end_ns, double amount, struct err *e)
{
	if (end_ns < b->start_ns)
		return 0;
	for (;;) {
		int64_t bin_ns = b->start_ns + b->done * b->width_ns, next_ns = bin_ns + b->width_ns;
		if (bin_ns >= b->end_ns)
			return 0;
		if (next_ns > b->end_ns)
			next_ns = b->end_ns;
		int64_t overlap_ns;
		b->amount += amount * share_within(start_ns, end_ns, bin_ns, next_ns, &overlap_ns);
		b->covered_ns += overlap_ns;
		if (end_ns < next_ns)
			return 0;
		if (give(b, bin_ns, e) < 0)
			return -1;
	}
}

int curve_bins_finish(struct curve_bins *b, struct err *e)
{
	int64_t bin_ns = b->start_ns + b->done * b->width_ns;
	return bin_ns < b->end_ns && b->covered_ns > 0 ? give(b, bin_ns, e) : 0;
}

int64_t curve_bin_width(int64_t range_ns, int64_t least_ns, int64_t most)
{
	return range_ns / most >= least_ns ? range_ns / most + 1 : least_ns;
}
