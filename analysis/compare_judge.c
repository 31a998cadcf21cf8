#include "analysis/compare_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sample sample_of(const struct compared *c, int side)
{
	return (struct sample){ c->sides[side].values, c->sides[side].n };
}

static int has_values(const struct compared *c)
{
	return c->sides[COMPARE_BASE].n > 0 && c->sides[COMPARE_NEW].n > 0;
}

int compare_measure(struct compared *c)
{
	const struct sample base = sample_of(c, COMPARE_BASE), new = sample_of(c, COMPARE_NEW);
	c->difference = c->low = c->high = c->p_holm = c->detectable = NAN;
	c->sides[COMPARE_BASE].center = center_of(base, c->center);
	c->sides[COMPARE_NEW].center = center_of(new, c->center);
	c->test = (struct rank_test){ .p = 1, .least_p = 1, .exact = 1 };
	if (!has_values(c))
		return 0;
	c->difference = center_difference(c->sides[COMPARE_BASE].center, c->sides[COMPARE_NEW].center);
	return rank_test(base.values, base.n, new.values, new.n, &c->test);
}

static int is_tested(const struct compared *c)
{
	return has_values(c) && c->test.least_p <= COMPARE_LEVEL;
}

static int adjust(struct comparison *c)
{
	double *p = calloc((size_t)c->count + 1, sizeof(*p));
	int rejected = 0, at = 0, comparable = 0;
	if (!p)
		return -1;
	c->tested = 0;
	for (int i = 0; i < c->count; i++) {
		comparable += has_values(&c->list[i]);
		if (is_tested(&c->list[i]))
			p[c->tested++] = c->list[i].test.p;
	}
	c->needed = rank_test_least(COMPARE_LEVEL / (comparable ? comparable : 1));
	holm_adjust(p, c->tested);
	for (int i = 0; i < c->count; i++)
		if (is_tested(&c->list[i])) {
			c->list[i].p_holm = p[at++];
			rejected += c->list[i].p_holm <= COMPARE_LEVEL;
		}
	c->bar = COMPARE_LEVEL / (c->tested > rejected ? c->tested - rejected : 1);
	free(p);
	return 0;
}

static int all_equal(const struct compared *c)
{
	for (int side = 0; side < COMPARE_SIDES; side++)
		for (int i = 0; i < c->sides[side].n; i++)
			if (c->sides[side].values[i] != c->sides[COMPARE_BASE].values[0])
				return 0;
	return 1;
}

/* 1: NEW is above BASE by what matters, -1: below, 0: neither, or ranks and centres do not agree. */
static int direction(const struct compared *c)
{
	double middle = c->sides[COMPARE_BASE].n * (double)c->sides[COMPARE_NEW].n / 2;
	int sign = (c->difference > 0) - (c->difference < 0);
	if (!(fabs(c->difference) >= c->threshold) || sign * (c->test.u - middle) <= 0)
		return 0;
	return sign;
}

static int worse_direction(const struct compared *c)
{
	return c->better == BETTER_HIGHER ? -1 : 1;
}

static void judge(struct compared *c)
{
	int shown = c->p_holm <= COMPARE_LEVEL, where = direction(c);
	if (!has_values(c)) {
		c->verdict = COMPARE_NOT;
	} else if (shown && where) {
		c->verdict = where == worse_direction(c) ? COMPARE_REGRESSED : COMPARE_IMPROVED;
	} else {
		c->verdict = COMPARE_SAME;
		if (shown && fabs(c->difference) >= c->threshold)
			snprintf(c->reason, sizeof(c->reason), "ranks and medians do not agree");
		else if (shown)
			snprintf(c->reason, sizeof(c->reason), "it changed, but by less than matters");
		else if (all_equal(c))
			snprintf(c->reason, sizeof(c->reason), "all values are equal");
	}
}

int compare_judge(struct comparison *c)
{
	if (adjust(c) < 0)
		return -1;
	for (int i = 0; i < c->count; i++)
		judge(&c->list[i]);
	return 0;
}

/* Of a share (all values 0 or 1): the least change of NEW's from BASE's that passes. */
static double detectable_share(const struct compared *c, double bar)
{
	int nb = c->sides[COMPARE_BASE].n, nn = c->sides[COMPARE_NEW].n, worse = worse_direction(c);
	double share = c->sides[COMPARE_BASE].center, found = NAN, *ones = calloc((size_t)nn, sizeof(*ones));
	for (int k = 0; ones && isnan(found) && k <= nn; k++) {
		int count = worse > 0 ? k : nn - k;
		double change = (double)count / nn - share;
		struct rank_test test;
		for (int i = 0; i < nn; i++)
			ones[i] = i < count;
		if (worse * change > 0 && rank_test(c->sides[COMPARE_BASE].values, nb, ones, nn, &test) == 0 &&
		    test.p <= bar)
			found = fabs(change);
	}
	free(ones);
	return found;
}

static double detectable(const struct compared *c, double bar)
{
	const struct resample_bar passed = {
		.critical = rank_test_critical(c->sides[COMPARE_BASE].n, c->sides[COMPARE_NEW].n, bar),
		.threshold = c->threshold,
		.direction = worse_direction(c),
	};
	if (c->center == CENTER_MEAN)
		return detectable_share(c, bar);
	return resample_detectable(sample_of(c, COMPARE_BASE), sample_of(c, COMPARE_NEW), &passed);
}

int compare_resample(struct comparison *c)
{
	for (int i = 0; i < c->count; i++) {
		struct compared *one = &c->list[i];
		if (!has_values(one))
			continue;
		if (resample_interval(sample_of(one, COMPARE_BASE), sample_of(one, COMPARE_NEW), one->center,
		                      &one->low, &one->high) < 0)
			return -1;
		if (one->verdict == COMPARE_SAME)
			one->detectable = detectable(one, c->bar);
	}
	return 0;
}
