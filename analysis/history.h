/*
 * history.h - runs over weeks and versions, in an SQLite file: what a nightly job adds to, and trends are drawn from.
 *
 *	run    a row a run, by its random id: when, of what, on what versions, under which conditions
 *	value  its metrics; NULL where one is missing, with the reason
 * Its schema says itself what it holds (`sqlite3 FILE .schema`). The version is PRAGMA user_version; a file of an earlier one is
 * brought up to date when it is opened, one of a later one is refused, untouched.
 *
 *	history_open(&h, path, &e); history_add(h, folder, &added, &e) ...; history_close(h);
 */
#ifndef ANALYSIS_HISTORY_H
#define ANALYSIS_HISTORY_H

#include <stdint.h>
#include <stdio.h>

struct err;
struct history;

enum { HISTORY_SCHEMA_VERSION = 2 };

/* Make the file, or go on with it. EXIT_USAGE when it is something else or of a later version. */
int history_open(struct history **ret, const char *path, struct err *e);

/* To read: one that is not there is not made, but EXIT_USAGE. */
int history_open_made(struct history **ret, const char *path, struct err *e);
void history_close(struct history *h); /* NULL is fine */

struct study_run;

/* Add a run that has ended, or put it in place of what is there of it; *ret_new: it was not there. All of it or nothing. */
int history_add(struct history *h, const struct study_run *run, int *ret_new, struct err *e);

/* A run as listed; texts are good during the call. */
struct history_run {
	const char *id, *directory, *name, *point, *status, *qemu, *libvirt, *kernel, *version;
	const char *conditions; /* JSON of conditions_of(); "": not known, since it was added in schema version 1 */
	int64_t wall_ns;        /* of its begin; 0: not known */
	int repeat;
	double value;                      /* of history_values(): NAN: missing; INFINITY: endless */
	int aborted;                       /* it is missing because the migration never converged */
	int unseen;                        /* it is a downtime that is not above its floor */
	const char *unit, *vm, *estimator; /* of it */
};

typedef int history_fn(void *context, const struct history_run *run, struct err *e);

/* Every run, oldest first. name and point: only these (NULL: all). */
int history_runs(struct history *h, const char *name, const char *point, history_fn *fn, void *context,
                 struct err *e);

/* The same, of complete runs with the value of a metric of the VM that moves, else of the first that has it; estimator ""
 * for the first there is. */
int history_values(struct history *h, const char *name, const char *point, const char *metric, const char *estimator,
                   history_fn *fn, void *context, struct err *e);

#endif
