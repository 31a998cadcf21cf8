#include "analysis/bisect.h"

#include <math.h>
#include <stddef.h>

/* Values are written with this many digits behind the point, and compared so. */
static const double unit = 1e-4;

static double rounded(double at)
{
	return round(at / unit) * unit;
}

static int is_at(double a, double b)
{
	return fabs(a - b) < unit / 2;
}

static int converged(const struct bisect_outcome *o)
{
	return o->share > 0.5;
}

static const struct bisect_outcome *find(const struct bisect_outcome *list, int count, double at)
{
	for (int i = 0; i < count; i++)
		if (is_at(list[i].at, at))
			return &list[i];
	return NULL;
}

static void bracket(const struct bisect_outcome *list, int count, struct bisect *b)
{
	b->low = b->high = NAN;
	b->contrary = 0;
	for (int i = 0; i < count; i++)
		if (!isnan(list[i].share) && !converged(&list[i]))
			b->high = fmin(b->high, list[i].at); /* fmin() takes the number of the two */
	for (int i = 0; i < count; i++) {
		if (isnan(list[i].share) || !converged(&list[i]))
			continue;
		if (list[i].at > b->high)
			b->contrary++;
		else
			b->low = fmax(b->low, list[i].at);
	}
}

static void ask(struct bisect *b, const struct bisect_outcome *list, int count, double at)
{
	b->next = at;
	b->state = find(list, count, at) ? BISECT_STUCK : BISECT_OPEN;
}

void bisect_look(const struct bisect_range *range, const struct bisect_outcome *outcomes, int count, struct bisect *b)
{
	const double from = rounded(range->from), to = rounded(range->to);
	bracket(outcomes, count, b);
	b->next = NAN;
	double middle = rounded((b->low + b->high) / 2);
	if (isnan(b->low) && isnan(b->high)) {
		ask(b, outcomes, count, from);
	} else if (isnan(b->low)) {
		/* What failed may be a value in the middle of earlier runs. */
		if (is_at(b->high, from))
			b->state = BISECT_BELOW;
		else
			ask(b, outcomes, count, from);
	} else if (isnan(b->high)) {
		if (b->low >= to - unit / 2)
			b->state = BISECT_ABOVE;
		else
			ask(b, outcomes, count, to);
	} else if (b->high - b->low <= range->until + unit / 2 || is_at(middle, b->low) || is_at(middle, b->high)) {
		b->state = BISECT_FOUND;
	} else {
		ask(b, outcomes, count, middle);
	}
}

int bisect_steps(const struct bisect_range *range)
{
	if (!(range->from >= 0 && range->to > range->from && range->until > 0))
		return -1;
	double halvings = ceil(log2((range->to - range->from) / range->until) + 1e-9);
	int steps = 2 + (int)fmin(fmax(halvings, 0), 1000);
	return steps <= BISECT_STEPS_MAX ? steps : -1;
}
