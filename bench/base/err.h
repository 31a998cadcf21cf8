/*
 * err.h - what failed, where, and what to do, carried up to the one place that prints it.
 *
 *	struct err e = { 0 };
 *	if (thing_open(&thing, path, &e) < 0)
 *		return err_report(&e);          // only main() and commands do this
 *
 * Library code never prints or exits: it fills a struct err and returns -1. Messages are lower case, say what
 * failed with the subject in single quotes, then what to do after a colon or semicolon, without a full stop.
 */
#ifndef BENCH_BASE_ERR_H
#define BENCH_BASE_ERR_H

/* Exit status of the program; the same numbers are kept in struct err. */
enum exit_status {
	EXIT_DONE = 0,         /* done */
	EXIT_MEASURED_BAD = 1, /* the thing measured failed or regressed */
	EXIT_USAGE = 2,        /* usage or config error: nothing was started */
	EXIT_CANNOT = 3,       /* this machine cannot do it: a capability is missing */
	EXIT_INTERRUPTED = 130 /* SIGINT or SIGTERM */
};

struct err {
	int status;      /* an exit_status; 0 while nothing failed */
	char text[1024]; /* one line, no newline */
};

/* Fill *e (which may be NULL) and return -1, so that `return err_set(...)` works. A later call overwrites. */
int err_set(struct err *e, enum exit_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(errno) appended. */
int err_errno(struct err *e, enum exit_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put "prefix: " before the text that is there; returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status of two things of which one came to this and the other to that: what was interrupted or could not go on
 * before what failed, and that before what this machine cannot do. */
int exit_worse(int one, int other);

/* Print "migmeter: TEXT" to stderr; returns the status (EXIT_MEASURED_BAD when none was set). */
int err_report(const struct err *e);

#endif
