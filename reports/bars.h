/*
 * bars.h - the preamble of study_bars.gp: bars with their intervals and texts, and perhaps a line.
 *
 *	struct bars b = bars_begin(script);
 *	bar_add(&b, "adaptive", mean, low, high, "9.9 s");    // in the axis' unit; NAN low, high: no interval
 *	return bars_end(&b, "time (s)", bound);               // NAN: no line
 */
#ifndef REPORTS_BARS_H
#define REPORTS_BARS_H

#include <stdio.h>

struct bars {
	FILE *script;
	int count;
	double lowest, highest; /* 0 is between them */
};

struct bars bars_begin(FILE *script);

/* Nothing where mean is NAN, or there are 64. */
void bar_add(struct bars *b, const char *label, double mean, double low, double high, const char *text);

/* 0, or 1 when there is no bar. */
int bars_end(const struct bars *b, const char *axis, double line);

#endif
