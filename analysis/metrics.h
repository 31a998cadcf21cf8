/*
 * metrics.h - the table of metrics, and the values of one run.
 *
 * A definition is a row of analysis/definitions.c; to add a metric, add its row there and fill it where its series is
 * read. A value is one row of metrics.csv: which metric, of which VM ("" for the run), its role, and a variant in the
 * column `estimator`:
 *	downtime          stop_resume, guest_clock, network, work, reported; a second workload's is work:NAME
 *	work              the workload (intadd)
 *	latency           workload:phase (intadd:baseline)
 *	CPU               node:phase (src:migration); a thread's is node:thread:phase
 *	link              link:direction (migration:src-to-dst)
 *	TCP               what is averaged: mean, middle, congestion, flight, unacked, peer, buffer, lowest
 *	moves             of a loop: number:from-to-to (1:src-to-dst); node_active, node_in_use, overload_time: the node
 *	moves by role     of a loop: number:role (1:away, 1:gather)
 *	overloads         of a loop: number:node (1:src)
 *	responses         the class: good, tolerable, failed
 *	prediction        which iteration (first, last, median)
 */
#ifndef ANALYSIS_METRICS_H
#define ANALYSIS_METRICS_H

#include "analysis/run.h"

#include <stdint.h>

enum metric_better { BETTER_NONE, BETTER_LOWER, BETTER_HIGHER };

struct metric_definition {
	const char *name; /* NULL ends the table */
	const char *unit; /* "" : the workload's own, per value */
	const char *formula;
	enum metric_better better;
	const char *help;
};

extern const struct metric_definition metric_definitions[];

const struct metric_definition *metric_find(const char *name);
const char *metric_better_name(enum metric_better better);

/* What it cannot be below: 0 for a time, a size or a count; -INFINITY for a difference, which may be of either sign, and
 * for a name that is not in the table. */
double metric_least(const char *name);

struct metric_value {
	const struct metric_definition *definition;
	char vm[RUN_NAME_ROOM], role[RUN_NAME_ROOM];
	char variant[3 * RUN_NAME_ROOM];
	char unit[RUN_NAME_ROOM + 2];
	double value, low, high; /* NAN: missing; no interval */
	int64_t n;               /* measurements behind it; of one run nearly always 1 */
	char reason[256];        /* why it is missing, or a caution */
};

enum { METRICS_WARNINGS = 8 };

struct metrics {
	struct metric_value *values;
	int count;
	int out_of_memory;
	char warnings[METRICS_WARNINGS][256]; /* what a reader should know before trusting any of them */
	int warning_count;
	struct metric_value spare; /* stands in when memory is short */
};

void metrics_free(struct metrics *m);

/*
 * A new value, missing as yet; name must be in the table. vm may be NULL. The pointer is good until the next call.
 * Never NULL: when memory is short it is a spare and out_of_memory is set.
 */
struct metric_value *metrics_add(struct metrics *m, const char *name, const struct run_vm *vm, const char *format,
                                 ...) __attribute__((format(printf, 4, 5)));

/* The same with a value, and n = 1; NAN leaves it missing with the reason (which may be NULL). */
void metrics_put(struct metrics *m, const char *name, const struct run_vm *vm, const char *variant, double value,
                 const char *reason);

/* What has been put, of whichever VM comes first; NAN: nothing, or it is missing. */
double metrics_value(const struct metrics *m, const char *name, const char *variant);

/* What such a warning says where something else took the node's core. */
#define METRICS_DISTURBED "the run was disturbed"

/* Say something about all of them; the ninth is dropped. */
void metrics_warn(struct metrics *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An instant or duration that may be MISSING as a double that may be NAN. */
double metric_of(int64_t value);

#endif
