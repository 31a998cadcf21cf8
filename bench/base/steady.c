#include "bench/base/steady.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

enum { PAIRS_MAX = STEADY_BINS_MAX * (STEADY_BINS_MAX - 1) / 2 };

/* Share of all orders of n values with at most k pairs out of order. */
static double share_of_orders(int n, int k)
{
	double ways[PAIRS_MAX + 1] = { 1 }, sum = 0;
	for (int i = 2; i <= n; i++) { /* the next value stands behind 0 .. i - 1 of those that are larger */
		double next[PAIRS_MAX + 1] = { 0 };
		for (int pairs = 0; pairs <= i * (i - 1) / 2; pairs++)
			for (int more = 0; more < i && more <= pairs; more++)
				next[pairs] += ways[pairs - more] / i;
		for (int pairs = 0; pairs <= PAIRS_MAX; pairs++)
			ways[pairs] = next[pairs];
	}
	for (int pairs = 0; pairs <= k; pairs++)
		sum += ways[pairs];
	return sum;
}

struct steady steady_test(const double *rates, int count, double allowed)
{
	struct steady is = { 0 };
	double slopes[PAIRS_MAX], sorted[STEADY_BINS_MAX];
	int pairs = 0, s = 0;
	if (count < STEADY_BINS_LEAST || count > STEADY_BINS_MAX)
		return is;
	for (int i = 0; i < count; i++) {
		sorted[i] = rates[i];
		for (int k = i + 1; k < count; k++) {
			s += (rates[k] > rates[i]) - (rates[k] < rates[i]);
			slopes[pairs++] = (rates[k] - rates[i]) / (k - i);
		}
	}
	gsl_sort(sorted, 1, (size_t)count);
	gsl_sort(slopes, 1, (size_t)pairs);
	double median = gsl_stats_median_from_sorted_data(sorted, 1, (size_t)count);
	double change = gsl_stats_median_from_sorted_data(slopes, 1, (size_t)pairs) * (count - 1);
	int out_of_order = (pairs - (s < 0 ? -s : s)) / 2;
	is.known = true;
	is.p = fmin(1, 2 * share_of_orders(count, out_of_order));
	is.change = change == 0 ? 0 : change / fabs(median); /* of a median of 0: as large as can be */
	is.steady = is.p > STEADY_LEVEL || fabs(is.change) <= allowed;
	return is;
}
