/*
 * web_schedule.h - how many web sessions are open when: a text such as "20:60,+30/10s..200".
 *
 * Parts between commas, each a level that is held or a ramp from the level before it:
 *	LEVEL:TIME          so many sessions for TIME (a bare number is seconds)
 *	LEVEL               the last part only: for ever
 *	+STEP/TIME..LEVEL   STEP more, held for TIME, and again, until LEVEL is reached; -STEP: fewer
 * The last level is held for ever. The example: 20 sessions for 60 s, then 50, every 10 s 30 more, and 200 from 110 s on.
 */
#ifndef COLLECTORS_WEB_SCHEDULE_H
#define COLLECTORS_WEB_SCHEDULE_H

#include <stdint.h>

struct err;

enum { WEB_STEPS_MAX = 256, WEB_SESSIONS_MAX = 10000 };

struct web_step {
	int64_t from_ns; /* since the beginning; ascending, the first is 0 */
	int sessions;
};

struct web_schedule {
	struct web_step steps[WEB_STEPS_MAX];
	int count; /* at least 1 */
	int most;  /* sessions at any time */
};

/* EXIT_USAGE names the part that is wrong. */
int web_schedule_parse(const char *text, struct web_schedule *ret, struct err *e);

#endif
