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
