#include "analysis/schedule.h"

#include "bench/base/quantity.h"

#include <stdio.h>
#include <string.h>

#define LENGTH_MAX_NS (INT64_C(1) << 50) /* 13 days: sums of steps fit */

void schedule_read(struct schedule *ret, const char *text)
{
	char copy[256], *rest = copy, *step;
	snprintf(copy, sizeof(copy), "%s", text);
	memset(ret, 0, sizeof(*ret));
	while (copy[0] && (step = strsep(&rest, ","))) {
		char *length = strchr(step, ':');
		double share;
		if (length)
			*length++ = '\0';
		step += strspn(step, " ");
		if (!length || ret->count == SCHEDULE_STEPS_MAX || fraction_parse(step, &share, NULL) < 0 ||
		    duration_parse(length, &ret->steps[ret->count].length_ns, NULL) < 0 ||
		    ret->steps[ret->count].length_ns > LENGTH_MAX_NS) {
			ret->count = 0;
			return;
		}
		ret->steps[ret->count++].share = strchr(step, '%') ? share : share / 100;
	}
}

enum { ROUNDS_MAX = 1000000 };

static int64_t overlap(int64_t a_from, int64_t a_to, int64_t b_from, int64_t b_to)
{
	int64_t from = a_from > b_from ? a_from : b_from, to = a_to < b_to ? a_to : b_to;
	return to > from ? to - from : 0;
}

/* What the steps above 0 % cover of a stretch, each weighted by its share if asked. */
static double covered(const struct schedule *s, int64_t from_ns, int64_t to_ns, int weighted)
{
	int64_t length_ns = 0;
	double sum = 0;
	for (int i = 0; i < s->count; i++)
		length_ns += s->steps[i].length_ns;
	if (length_ns <= 0 || to_ns <= s->origin_ns)
		return 0;
	int64_t round = 0, last = s->repeat ? (to_ns - s->origin_ns) / length_ns : 0;
	if (s->repeat && from_ns > s->origin_ns)
		round = (from_ns - s->origin_ns) / length_ns;
	if (last - round > ROUNDS_MAX) /* of a length that no workload has */
		last = round + ROUNDS_MAX;
	for (; round <= last; round++) {
		int64_t at = s->origin_ns + round * length_ns;
		for (int i = 0; i < s->count; at += s->steps[i++].length_ns)
			if (s->steps[i].share > 0)
				sum += (weighted ? s->steps[i].share : 1) *
				       (double)overlap(at, at + s->steps[i].length_ns, from_ns, to_ns);
	}
	return sum;
}

double schedule_busy_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns)
{
	return s->count ? covered(s, from_guest_ns, to_guest_ns, 1) : (double)(to_guest_ns - from_guest_ns);
}

int64_t schedule_idle_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns)
{
	if (!s->count)
		return 0;
	int64_t idle = to_guest_ns - from_guest_ns - (int64_t)covered(s, from_guest_ns, to_guest_ns, 0);
	return idle > 0 ? idle : 0;
}
