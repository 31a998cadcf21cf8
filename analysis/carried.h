/*
 * carried.h - what connections carried over time, from rows of cumulative counters: those that count are the ones with a
 * hundredth of all bytes or more, and together they have a time, a goodput and a curve.
 *
 *	int i = carried_connection(&c, file, local, peer, e);   // per row; then its counters and means
 *	carried_add(&c, i, from_ns, to_ns, bytes, e);
 *	carried_mark(&c);                              // when all rows are read
 */
#ifndef ANALYSIS_CARRIED_H
#define ANALYSIS_CARRIED_H

#include "analysis/run.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct metrics;

enum { CARRIED_CONNECTIONS = 256, CARRIED_COUNTERS = 8, CARRIED_MEANS = 8 };

struct carried_mean {
	double sum, weight;
};

/* Which counter and which mean is which, the caller knows; those of a new connection are 0. */
struct carried_connection {
	char local[RUN_NAME_ROOM], peer[RUN_NAME_ROOM];
	int64_t base[CARRIED_COUNTERS],
		last[CARRIED_COUNTERS]; /* cumulative: at migrate-start, and in the last row */
	struct carried_mean means[CARRIED_MEANS];
	double bytes;
	bool counts; /* after carried_mark() */
};

/* So many bytes of a connection, evenly, between two of its rows. */
struct carried_stretch {
	int64_t from_ns, to_ns;
	double bytes;
	int connection;
};

/* Zeroed to begin with. */
struct carried {
	struct carried_connection connections[CARRIED_CONNECTIONS];
	int count;
	struct carried_stretch *stretches;
	int stretch_count, stretch_room;
};

/* The index of a connection, a new one if need be; -1 with *e when there are too many (`file` is named). */
int carried_connection(struct carried *c, const char *file, const char *local, const char *peer, struct err *e);

/* bytes above 0. 0, or -1 when memory is short. */
int carried_add(struct carried *c, int connection, int64_t from_ns, int64_t to_ns, double bytes, struct err *e);

/* A value that stood for so long; NAN says nothing. */
void carried_mean_add(struct carried_mean *m, double value, double weight);

void carried_mark(struct carried *c);

/* Of the connections that count. */
double carried_bytes(const struct carried *c);
int carried_count(const struct carried *c);

/* Of those together: what a counter gained, and the sum of what each had on average (NAN when one has none). */
double carried_gained(const struct carried *c, int counter);
double carried_sum_of_means(const struct carried *c, int mean);

/* Bytes a second: over all the time from the first byte to the last, and from a quarter of the bytes to three quarters.
 * NAN where rows are too few. No more than what TCP can carry on the run's link: bytes that were acknowledged together
 * count as late as it can have brought them. */
struct carried_rates {
	double time_ns, mean, middle;
};
struct carried_rates carried_rates(const struct carried *c, const struct run *run);

/* Put goodput's mean and middle of the VM under this metric. */
void carried_put(const struct carried_rates *rates, const char *metric, const struct run_vm *vm,
                 struct metrics *metrics);

/* Write time_s,bit_per_s from migrate-start on into this file of the run directory, by the same rule; what it leaves over
 * is in the first row. */
int carried_plot(const struct carried *c, const struct run *run, const char *file, struct err *e);

void carried_free(struct carried *c);

#endif
