#include "analysis/schedule.h"

#include "bench/base/quantity.h"

#include <stdio.h>
#include <string.h>

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
		    duration_parse(length, &ret->steps[ret->count].length_ns, NULL) < 0) {
			ret->count = 0;
			return;
		}
		ret->steps[ret->count++].share = strchr(step, '%') ? share : share / 100;
	}
}

static int64_t overlap(int64_t a_from, int64_t a_to, int64_t b_from, int64_t b_to)
{
	int64_t from = a_from > b_from ? a_from : b_from, to = a_to < b_to ? a_to : b_to;
	return to > from ? to - from : 0;
}

double schedule_busy_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns)
{
	if (!s->count)
		return (double)(to_guest_ns - from_guest_ns);
	double busy = 0;
	int64_t at = s->origin_ns;
	for (int i = 0; i < s->count; at += s->steps[i++].length_ns)
		busy += s->steps[i].share *
		        (double)overlap(at, at + s->steps[i].length_ns, from_guest_ns, to_guest_ns);
	return busy;
}

int64_t schedule_idle_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns)
{
	if (!s->count)
		return 0;
	int64_t idle = to_guest_ns - from_guest_ns, at = s->origin_ns;
	for (int i = 0; i < s->count; at += s->steps[i++].length_ns)
		if (s->steps[i].share > 0)
			idle -= overlap(at, at + s->steps[i].length_ns, from_guest_ns, to_guest_ns);
	return idle > 0 ? idle : 0;
}
