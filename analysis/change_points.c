#include "analysis/change_points.h"

#include "analysis/resample.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double level = 0.05;

struct search {
	double *values, *shuffled;
	gsl_rng *random;
	struct change_point *found;
	int count;
};

static double distances(const double *x, int from, int to, double of)
{
	double sum = 0;
	for (int i = from; i < to; i++)
		sum += fabs(x[i] - of);
	return sum;
}

static double pairs(int n)
{
	return n * (n - 1.0) / 2;
}

/* The cut of x[0..n) with the highest q. */
static double best_cut(const double *x, int n, int *ret_at)
{
	double left = 0, right = 0, all, best = -1;
	for (int i = 0; i < n; i++)
		right += distances(x, 0, i, x[i]);
	all = right;
	*ret_at = 0;
	for (int at = 1; at <= n - CHANGE_PART_LEAST; at++) {
		left += distances(x, 0, at - 1, x[at - 1]);
		right -= distances(x, at, n, x[at - 1]);
		if (at < CHANGE_PART_LEAST)
			continue;
		double a = at, b = n - at;
		double q = a * b / (a + b) *
		           (2 * (all - left - right) / (a * b) - left / pairs(at) - right / pairs(n - at));
		if (q > best) {
			best = q;
			*ret_at = at;
		}
	}
	return best;
}

/* The share of orders whose best cut is as good; stops when it is known to be above the level. */
static double share_as_good(struct search *s, const double *x, int n, double q)
{
	int as_good = 1, at; /* the order it has */
	memcpy(s->shuffled, x, (size_t)n * sizeof(*x));
	for (int i = 0; i < CHANGE_ORDERS && as_good <= level * (CHANGE_ORDERS + 1); i++) {
		gsl_ran_shuffle(s->random, s->shuffled, (size_t)n, sizeof(*x));
		as_good += best_cut(s->shuffled, n, &at) >= q * (1 - 1e-12);
	}
	return as_good / (CHANGE_ORDERS + 1.0);
}

static void cut(struct search *s, int from, int to)
{
	int at, n = to - from;
	if (n < 2 * CHANGE_PART_LEAST || s->count == CHANGE_POINTS_MAX)
		return;
	double q = best_cut(s->values + from, n, &at);
	double p = q > 0 ? share_as_good(s, s->values + from, n, q) : 1;
	if (p > level)
		return;
	cut(s, from, from + at);
	if (s->count == CHANGE_POINTS_MAX)
		return;
	s->found[s->count++] = (struct change_point){ .at = from + at, .p = p };
	cut(s, from + at, to);
}

/* Numbers for what is endless. */
static void make_finite(double *values, int count)
{
	double low = INFINITY, high = -INFINITY;
	for (int i = 0; i < count; i++)
		if (isfinite(values[i])) {
			low = fmin(low, values[i]);
			high = fmax(high, values[i]);
		}
	double beyond = high > low ? 2 * high - low : isfinite(high) ? high + fabs(high) + 1 : 1;
	for (int i = 0; i < count; i++)
		values[i] = isfinite(values[i]) ? values[i] : beyond;
}

static double median_of(const double *values, int from, int to)
{
	return center_of((struct sample){ values + from, to - from }, CENTER_MEDIAN);
}

int change_points(const double *values, int count, struct change_point ret[CHANGE_POINTS_MAX])
{
	struct search s = { .found = ret };
	count = count > CHANGE_SERIES_MAX ? CHANGE_SERIES_MAX : count;
	s.values = calloc((size_t)count + 1, sizeof(*s.values));
	s.shuffled = calloc((size_t)count + 1, sizeof(*s.shuffled));
	s.random = gsl_rng_alloc(gsl_rng_mt19937);
	int result = s.values && s.shuffled && s.random ? 0 : -1;
	if (result == 0) {
		gsl_rng_set(s.random, RESAMPLE_SEED);
		memcpy(s.values, values, (size_t)count * sizeof(*values));
		make_finite(s.values, count);
		cut(&s, 0, count);
		result = s.count;
	}
	for (int i = 0; i < s.count; i++) {
		ret[i].median_before = median_of(values, i ? ret[i - 1].at : 0, ret[i].at);
		ret[i].median_after = median_of(values, ret[i].at, i + 1 < s.count ? ret[i + 1].at : count);
	}
	gsl_rng_free(s.random);
	free(s.values);
	free(s.shuffled);
	return result;
}
