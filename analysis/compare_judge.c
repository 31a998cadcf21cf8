#include "analysis/compare_judge.h"

#include "analysis/two_shares.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sample sample_of(const struct compared *c, int side)
{
	return (struct sample){ c->sides[side].values, c->sides[side].n };
}

/* Two samples to be compared. */
static int has_values(const struct compared *c)
{
	return !c->alone && c->sides[COMPARE_BASE].n > 0 && c->sides[COMPARE_NEW].n > 0;
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
		if (c->alone && !c->reason[0])
			snprintf(c->reason, sizeof(c->reason), "there is no baseline yet");
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

/* ---- how well it is known, and what could have been shown ---- */

/* Both sides of a mean of outcomes, or 0. */
static int are_shares(const struct compared *c, struct outcomes ret[COMPARE_SIDES])
{
	for (int side = 0; side < COMPARE_SIDES; side++)
		if (c->center != CENTER_MEAN || !outcomes_of(c->sides[side].values, c->sides[side].n, &ret[side]))
			return 0;
	return 1;
}

static int find_interval(struct compared *c)
{
	const struct sample base = sample_of(c, COMPARE_BASE), new = sample_of(c, COMPARE_NEW);
	struct outcomes shares[COMPARE_SIDES];
	if (!are_shares(c, shares))
		return resample_interval(base, new, c->center, &c->low, &c->high);
	if (base.n >= RESAMPLE_LEAST && new.n >= RESAMPLE_LEAST)
		two_shares_interval(shares[COMPARE_BASE], shares[COMPARE_NEW], &c->low, &c->high);
	return 0;
}

static double find_detectable(const struct compared *c, double bar, int critical)
{
	const struct two_shares_bar shares_bar = { bar, c->threshold, worse_direction(c) };
	const struct resample_bar passed = { critical, c->threshold, worse_direction(c) };
	struct outcomes shares[COMPARE_SIDES];
	if (are_shares(c, shares))
		return two_shares_detectable(shares[COMPARE_BASE], c->sides[COMPARE_NEW].n, &shares_bar);
	return resample_detectable(sample_of(c, COMPARE_BASE), sample_of(c, COMPARE_NEW), &passed);
}

static void add_reason(struct compared *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_reason(struct compared *c, const char *format, ...)
{
	size_t used = strlen(c->reason);
	va_list args;
	if (used)
		used += (size_t)snprintf(c->reason + used, sizeof(c->reason) - used, "; ");
	va_start(args, format);
	vsnprintf(c->reason + used, sizeof(c->reason) - used, format, args);
	va_end(args);
}

/* Nothing was shown, and why it cannot be said how much could have been. */
static void say_silence(struct compared *c, int critical, int needed)
{
	int base = c->sides[COMPARE_BASE].n, new = c->sides[COMPARE_NEW].n;
	int is_worst = c->center == CENTER_MEAN && c->sides[COMPARE_BASE].center == (worse_direction(c) > 0);
	c->too_few = critical < 1;
	if (c->too_few)
		add_reason(c, "n = %d and %d are too few, %d are needed", base, new, needed);
	else if (c->sides[COMPARE_BASE].endless || c->sides[COMPARE_NEW].endless)
		add_reason(c, "of endless values no size can be told");
	else if (c->center == CENTER_MEAN && is_worst)
		add_reason(c, "it cannot become worse");
	else
		add_reason(c, "how much could have been is not known of n = %d and %d", base, new);
}

int compare_resample(struct comparison *c)
{
	for (int i = 0; i < c->count; i++) {
		struct compared *one = &c->list[i];
		if (!has_values(one))
			continue;
		if (find_interval(one) < 0)
			return -1;
		if (one->verdict != COMPARE_SAME)
			continue;
		int critical = rank_test_critical(one->sides[COMPARE_BASE].n, one->sides[COMPARE_NEW].n, c->bar);
		one->detectable = find_detectable(one, c->bar, critical);
		if (isnan(one->detectable))
			say_silence(one, critical, c->needed);
	}
	return 0;
}
