#include "analysis/interval.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

struct interval interval_of(const double *values, int count)
{
	struct interval i = { .mean = NAN, .low = NAN, .high = NAN };
	double sum = 0, squares = 0;
	for (int k = 0; k < count; k++) {
		i.n += !isnan(values[k]);
		sum += isnan(values[k]) ? 0 : values[k];
	}
	if (i.n)
		i.mean = sum / i.n;
	if (i.n < INTERVAL_LEAST)
		return i;
	for (int k = 0; k < count; k++)
		squares += isnan(values[k]) ? 0 : (values[k] - i.mean) * (values[k] - i.mean);
	double half = gsl_cdf_tdist_Pinv(0.975, i.n - 1) * sqrt(squares / (i.n - 1) / i.n);
	i.low = i.mean - half;
	i.high = i.mean + half;
	return i;
}

struct interval interval_not_below(struct interval i, double least)
{
	i.low = i.low < least ? least : i.low;
	return i;
}

/* The square of the mean's standard error; the upper end is never cut. */
static double error_squared(const struct interval *i)
{
	double error = (i->high - i->mean) / gsl_cdf_tdist_Pinv(0.975, i->n - 1);
	return error * error;
}

int interval_apart(const struct interval *a, const struct interval *b)
{
	if (isnan(a->high) || isnan(b->high))
		return -1;
	double of_a = error_squared(a), of_b = error_squared(b), both = of_a + of_b;
	if (both <= 0)
		return a->mean != b->mean;
	double freedom = both * both / (of_a * of_a / (a->n - 1) + of_b * of_b / (b->n - 1));
	return 2 * gsl_cdf_tdist_Q(fabs(a->mean - b->mean) / sqrt(both), freedom) <= 0.05;
}

struct interval interval_of_outcomes(const double *values, int count)
{
	struct interval i = { .mean = NAN, .low = NAN, .high = NAN };
	int good = 0;
	for (int k = 0; k < count; k++) {
		i.n += !isnan(values[k]);
		good += values[k] >= 1;
	}
	if (i.n)
		i.mean = (double)good / i.n;
	if (i.n < INTERVAL_LEAST)
		return i;
	i.low = good ? gsl_cdf_beta_Pinv(0.025, good, i.n - good + 1) : 0;
	i.high = good < i.n ? gsl_cdf_beta_Pinv(0.975, good + 1, i.n - good) : 1;
	return i;
}
