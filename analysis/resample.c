#include "analysis/resample.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHIFTS = 1000, SPREAD_LEAST = 3 };

static double center_sorted(double *values, int n, enum center center)
{
	if (n < 1)
		return NAN;
	if (center == CENTER_MEAN)
		return gsl_stats_mean(values, 1, (size_t)n);
	gsl_sort(values, 1, (size_t)n);
	return gsl_stats_median_from_sorted_data(values, 1, (size_t)n);
}

double center_of(struct sample s, enum center center)
{
	double *copy = calloc((size_t)s.n + 1, sizeof(*copy));
	if (!copy || s.n < 1) {
		free(copy);
		return NAN;
	}
	memcpy(copy, s.values, (size_t)s.n * sizeof(*copy));
	double value = center_sorted(copy, s.n, center);
	free(copy);
	return value;
}

double center_difference(double a, double b)
{
	return isinf(a) && isinf(b) ? 0 : b - a;
}

static void draw(gsl_rng *random, struct sample from, double *to, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = from.values[gsl_rng_uniform_int(random, (unsigned long)from.n)];
}

/* ---- how well it is known ---- */

int resample_interval(struct sample a, struct sample b, enum center center, double *ret_low, double *ret_high)
{
	*ret_low = *ret_high = NAN;
	if (a.n < RESAMPLE_LEAST || b.n < RESAMPLE_LEAST)
		return 0;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	double *drawn = calloc((size_t)(a.n > b.n ? a.n : b.n), sizeof(*drawn));
	double *differences = calloc(RESAMPLES, sizeof(*differences));
	int result = random && drawn && differences ? 0 : -1;
	if (random)
		gsl_rng_set(random, RESAMPLE_SEED);
	for (int r = 0; result == 0 && r < RESAMPLES; r++) {
		draw(random, a, drawn, a.n);
		double from = center_sorted(drawn, a.n, center);
		draw(random, b, drawn, b.n);
		differences[r] = center_difference(from, center_sorted(drawn, b.n, center));
	}
	if (result == 0) { /* the 250th from either end: between infinite ones nothing can be interpolated */
		gsl_sort(differences, 1, RESAMPLES);
		*ret_low = differences[(RESAMPLES + 1) / 40 - 1];
		*ret_high = differences[RESAMPLES - (RESAMPLES + 1) / 40];
	}
	gsl_rng_free(random);
	free(drawn);
	free(differences);
	return result;
}

/* ---- what could be shown ---- */

/* Both samples about their medians, as if the medians were known. NULL when memory is short, or a value is infinite. */
static double *residuals_of(struct sample a, struct sample b)
{
	double *list = calloc((size_t)(a.n + b.n), sizeof(*list));
	double from_a = center_of(a, CENTER_MEDIAN), from_b = center_of(b, CENTER_MEDIAN);
	double widen = sqrt((a.n + b.n) / (a.n + b.n - 2.0));
	for (int i = 0; list && i < a.n + b.n; i++) {
		list[i] = widen * (i < a.n ? a.values[i] - from_a : b.values[i - a.n] - from_b);
		if (!isfinite(list[i])) {
			free(list);
			return NULL;
		}
	}
	return list;
}

/* The shift at which this pair of samples passes. The test asks that `critical` of the pairs have b above a. */
static double shift_of(double *a, int na, double *b, int nb, double *pairs, const struct resample_bar *bar)
{
	for (int i = 0; i < na; i++)
		for (int k = 0; k < nb; k++)
			pairs[i * nb + k] = bar->direction * (a[i] - b[k]);
	double ranks = gsl_stats_select(pairs, 1, (size_t)na * (size_t)nb, (size_t)bar->critical - 1);
	double there = bar->direction * (center_sorted(b, nb, CENTER_MEDIAN) - center_sorted(a, na, CENTER_MEDIAN));
	return fmax(ranks, bar->threshold - there);
}

double resample_detectable(struct sample a, struct sample b, const struct resample_bar *bar)
{
	if (bar->critical < 1 || a.n < SPREAD_LEAST || b.n < SPREAD_LEAST)
		return NAN;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	double *residuals = residuals_of(a, b), *shifts = calloc(SHIFTS, sizeof(*shifts)), value = NAN;
	double *drawn = calloc((size_t)(a.n + b.n), sizeof(*drawn));
	double *pairs = calloc((size_t)a.n * (size_t)b.n, sizeof(*pairs));
	if (random && residuals && shifts && drawn && pairs) {
		gsl_rng_set(random, RESAMPLE_SEED);
		for (int r = 0; r < SHIFTS; r++) {
			draw(random, (struct sample){ residuals, a.n + b.n }, drawn, a.n + b.n);
			shifts[r] = shift_of(drawn, a.n, drawn + a.n, b.n, pairs, bar);
		}
		value = gsl_stats_select(shifts, 1, SHIFTS, SHIFTS * 4 / 5);
	}
	gsl_rng_free(random);
	free(residuals);
	free(shifts);
	free(drawn);
	free(pairs);
	return value;
}
