#include "analysis/change_points.h"

#include "analysis/resample.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double level = 0.05;

/* A part of the series that is not cut, or not yet. */
struct part {
	int from, to, at; /* where it would be cut */
	double q;         /* of that cut; 0: it is too short for one, or equal */
};

struct search {
	double *values, *shuffled;
	gsl_rng *random;
	struct part parts[CHANGE_POINTS_MAX + 1];
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

static struct part part_of(const struct search *s, int from, int to)
{
	struct part p = { .from = from, .to = to };
	if (to - from >= 2 * CHANGE_PART_LEAST)
		p.q = fmax(0, best_cut(s->values + from, to - from, &p.at));
	p.at += from;
	return p;
}

/* The best cut of any part when each part's values come in another order. */
static double best_by_chance(struct search *s)
{
	double best = 0;
	for (int i = 0; i < s->count; i++) {
		int at, n = s->parts[i].to - s->parts[i].from;
		if (n < 2 * CHANGE_PART_LEAST)
			continue;
		memcpy(s->shuffled, s->values + s->parts[i].from, (size_t)n * sizeof(*s->values));
		gsl_ran_shuffle(s->random, s->shuffled, (size_t)n, sizeof(*s->values));
		best = fmax(best, best_cut(s->shuffled, n, &at));
	}
	return best;
}

/* The share of such orders whose best cut is as good; stops when it is known to be above the level. */
static double share_as_good(struct search *s, double q)
{
	int as_good = 1; /* the order it has */
	for (int i = 0; i < CHANGE_ORDERS && as_good <= level * (CHANGE_ORDERS + 1); i++)
		as_good += best_by_chance(s) >= q * (1 - 1e-12);
	return as_good / (CHANGE_ORDERS + 1.0);
}

/* Cut where it is best, as long as that is no chance; the parts stay in order. */
static void cut(struct search *s, struct change_point *found)
{
	while (s->count <= CHANGE_POINTS_MAX) { /* room for one more */
		int best = 0;
		for (int i = 1; i < s->count; i++)
			best = s->parts[i].q > s->parts[best].q ? i : best;
		const struct part whole = s->parts[best];
		double p = whole.q > 0 ? share_as_good(s, whole.q) : 1;
		if (p > level)
			return;
		memmove(s->parts + best + 2, s->parts + best + 1, (size_t)(s->count - best - 1) * sizeof(*s->parts));
		memmove(found + best + 1, found + best, (size_t)(s->count - 1 - best) * sizeof(*found));
		s->parts[best] = part_of(s, whole.from, whole.at);
		s->parts[best + 1] = part_of(s, whole.at, whole.to);
		found[best] = (struct change_point){ .at = whole.at, .p = p };
		s->count++;
	}
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
	struct search *s = calloc(1, sizeof(*s));
	int result = -1;
	count = count > CHANGE_SERIES_MAX ? CHANGE_SERIES_MAX : count;
	if (!s)
		return -1;
	s->values = calloc((size_t)count + 1, sizeof(*s->values));
	s->shuffled = calloc((size_t)count + 1, sizeof(*s->shuffled));
	s->random = gsl_rng_alloc(gsl_rng_mt19937);
	if (s->values && s->shuffled && s->random) {
		gsl_rng_set(s->random, RESAMPLE_SEED);
		memcpy(s->values, values, (size_t)count * sizeof(*values));
		make_finite(s->values, count);
		s->parts[0] = part_of(s, 0, count);
		s->count = 1;
		cut(s, ret);
		result = s->count - 1;
	}
	for (int i = 0; i < result; i++) {
		ret[i].median_before = median_of(values, s->parts[i].from, s->parts[i].to);
		ret[i].median_after = median_of(values, s->parts[i + 1].from, s->parts[i + 1].to);
	}
	gsl_rng_free(s->random);
	free(s->values);
	free(s->shuffled);
	free(s);
	return result;
}
