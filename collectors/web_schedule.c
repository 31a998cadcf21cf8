#include "collectors/web_schedule.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX_NS (INT64_C(86400) * NS_PER_S) /* so that no sum overflows */

static int level_parse(const char *text, int64_t *ret, struct err *e)
{
	if (integer_parse(text, ret, e) < 0)
		return -1;
	if (*ret > WEB_SESSIONS_MAX)
		return err_set(e, EXIT_USAGE, "more than %d sessions", WEB_SESSIONS_MAX);
	return 0;
}

static int held_parse(const char *text, int64_t *ret_ns, struct err *e)
{
	if (duration_parse(text, ret_ns, e) < 0)
		return -1;
	if (*ret_ns == 0 || *ret_ns > HELD_MAX_NS)
		return err_set(e, EXIT_USAGE, "'%s' is not above 0 and up to a day", text);
	return 0;
}

static int step_add(struct web_schedule *s, int64_t from_ns, int64_t sessions, struct err *e)
{
	if (s->count == WEB_STEPS_MAX)
		return err_set(e, EXIT_USAGE, "more than %d steps", WEB_STEPS_MAX);
	s->steps[s->count++] = (struct web_step){ from_ns, (int)sessions };
	if (sessions > s->most)
		s->most = (int)sessions;
	return 0;
}

/* "+STEP/TIME..LEVEL"; *now_ns is where the schedule has come to, INT64_MAX: it has ended. */
static int ramp_add(struct web_schedule *s, const char *part, int64_t *now_ns, struct err *e)
{
	char step_text[32], time_text[32], level_text[32];
	int64_t step, held_ns, target, level = s->count ? s->steps[s->count - 1].sessions : 0;
	bool up = part[0] == '+';
	if (sscanf(part + 1, "%31[^/]/%31[^.]..%31s", step_text, time_text, level_text) != 3)
		return err_set(e, EXIT_USAGE, "expected %cSTEP/TIME..LEVEL", part[0]);
	if (!s->count)
		return err_set(e, EXIT_USAGE, "a ramp needs a level before it");
	if (level_parse(step_text, &step, e) < 0 || held_parse(time_text, &held_ns, e) < 0 ||
	    level_parse(level_text, &target, e) < 0)
		return -1;
	if (step == 0 || (up ? target <= level : target >= level))
		return err_set(e, EXIT_USAGE, "does not lead from %" PRId64 " to %" PRId64, level, target);
	while (level != target) {
		level += up ? step : -step;
		if (up ? level > target : level < target)
			level = target;
		if (step_add(s, *now_ns, level, e) < 0)
			return -1;
		*now_ns += held_ns;
	}
	return 0;
}

static int part_add(struct web_schedule *s, char *part, int64_t *now_ns, struct err *e)
{
	int64_t level, held_ns;
	if (*now_ns == INT64_MAX)
		return err_set(e, EXIT_USAGE, "the level before it has no time");
	if (part[0] == '+' || part[0] == '-')
		return ramp_add(s, part, now_ns, e);
	char *colon = strchr(part, ':');
	if (colon)
		*colon = '\0';
	if (level_parse(part, &level, e) < 0 || (colon && held_parse(colon + 1, &held_ns, e) < 0) ||
	    step_add(s, *now_ns, level, e) < 0)
		return -1;
	*now_ns = colon ? *now_ns + held_ns : INT64_MAX;
	return 0;
}

int web_schedule_parse(const char *text, struct web_schedule *ret, struct err *e)
{
	char *copy = strdup(text), *rest = copy, *part;
	int64_t now_ns = 0;
	int result = copy ? 0 : err_errno(e, EXIT_CANNOT, "schedule");
	ret->count = ret->most = 0;
	while (result == 0 && (part = strsep(&rest, ","))) {
		char said[64];
		part += strspn(part, " ");
		snprintf(said, sizeof(said), "%s", part);
		result = part_add(ret, part, &now_ns, e);
		if (result < 0)
			err_prefix(e, "'%s'", said);
	}
	free(copy);
	return result;
}
