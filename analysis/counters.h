/*
 * counters.h - a series of cumulative counters, told apart by text columns (node, vm, thread; link, direction): what
 * each counted in the run's windows, and its rate over time as a plot.
 *
 * A counter that falls has begun anew (another process): nothing is counted between the two rows.
 */
#ifndef ANALYSIS_COUNTERS_H
#define ANALYSIS_COUNTERS_H

#include "analysis/curve.h"
#include "analysis/run.h"

#include <stdio.h>

struct err;

enum { COUNTER_KEYS_MAX = 3, COUNTERS_MAX = 1024 };

/* BASELINE, MIGRATION and SETTLE are the phases; CALL is from migrate-start to migrate-done. */
enum counter_window { WINDOW_BASELINE, WINDOW_MIGRATION, WINDOW_SETTLE, WINDOW_CALL, COUNTER_WINDOWS };
extern const char *const counter_window_names[COUNTER_WINDOWS];

struct counter {
	char key[COUNTER_KEYS_MAX][RUN_NAME_ROOM];
	int64_t last_ns, last;
	struct curve_window windows[COUNTER_WINDOWS];
	struct curve_bins bins;
	const struct counters *all;
};

struct counters {
	/* set these, the rest zero */
	const char *file; /* "cpu.csv" */
	const char
		*keys[COUNTER_KEYS_MAX]; /* columns that tell the counters apart; a file without one has "" there */
	const char *value;               /* the cumulative column */
	const char *plot;                /* "plots/cpu.csv" */
	const char *plot_column;         /* the rate there: */
	double plot_scale;               /* counter's units a second times this */
	/* --- */
	struct counter *list;
	int count, last_row;
	FILE *out;
	int64_t origin_ns, bin_ns;
	int64_t first_ns, end_ns; /* of the plot */
	struct curve_window windows[COUNTER_WINDOWS];
};

/* Read the series and write the plot. 0; 1 when there is no such file; -1. counters_free() in any case. */
int counters_read(struct counters *c, const struct run *run, struct err *e);
void counters_free(struct counters *c);

/* The counter with these keys, or NULL. */
const struct counter *counters_find(const struct counters *c, const char *key0, const char *key1, const char *key2);

#endif
