/*
 * sentence.h - a sentence made piece by piece in a buffer of fixed size: what does not fit is cut off at its end.
 */
#ifndef REPORTS_SENTENCE_H
#define REPORTS_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

struct shown_metric;

struct sentence {
	char *text; /* room bytes */
	size_t used, room;
};

/* An empty one in buffer. */
struct sentence sentence_begin(char *buffer, size_t room);

/* Append. */
void say(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The value with its unit, or UNKNOWN and why it is missing: "an unknown time (missing: REASON)". m may be NULL. */
void say_value(struct sentence *s, const struct shown_metric *m, const char *unknown);

/*
 * What was lost of work, for m in seconds of it: "lost 1.2 s of work"; "gained 3.1 s of work" where less than nothing was lost,
 * beyond the uncertainty (true); "lost no work beyond the uncertainty (0.1 s)". m may be NULL.
 */
bool say_lost(struct sentence *s, const struct shown_metric *m);

#endif
