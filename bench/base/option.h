/*
 * option.h - an option is a row: the config file, the command line, the guest's settings and every help text
 * read the same table.
 *
 *	struct idle_options { int64_t period_ns; };
 *	static const struct option_row rows[] = {
 *		{ "period", OPTION_DURATION, offsetof(struct idle_options, period_ns), "10ms", "1ms", "10s",
 *		  "time between two wake-ups" },
 *		OPTION_END
 *	};
 *
 * Types and the member they fill:
 *	SIZE, RATE, DURATION, INTEGER   int64_t (bytes, bit/s, ns, -)      minimum and maximum in the same notation
 *	FRACTION                        double
 *	BOOLEAN                         bool     yes|no, true|false, on|off, 1|0
 *	CHOICE                          int      index into `minimum`, a list such as "none|random"
 *	STRING                          char[OPTION_STRING_ROOM]
 *	LONG                            char[OPTION_LONG_ROOM]
 */
#ifndef BENCH_BASE_OPTION_H
#define BENCH_BASE_OPTION_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define OPTION_STRING_ROOM 256
#define OPTION_LONG_ROOM 1024

enum option_type {
	OPTION_SIZE,
	OPTION_RATE,
	OPTION_DURATION,
	OPTION_INTEGER,
	OPTION_FRACTION,
	OPTION_BOOLEAN,
	OPTION_CHOICE,
	OPTION_STRING,
	OPTION_LONG,
};

struct option_row {
	const char *name; /* NULL ends the table */
	enum option_type type;
	size_t offset;       /* of the member in the options struct */
	const char *initial; /* default, as a user would write it; NULL: must be given by the caller */
	const char *minimum; /* lowest value, or for CHOICE the list "a|b|c"; NULL: no bound */
	const char *maximum; /* highest value; NULL: no bound */
	const char *help;    /* one line: what it is, and the unit if it is not in the type */
};

/* clang-format off */
#define OPTION_END { NULL, OPTION_STRING, 0, NULL, NULL, NULL, NULL }
/* clang-format on */

/* Put every default into *target. Returns 0, or -1 when a table's own default is bad (a programming error). */
int option_defaults(const struct option_row *rows, void *target, struct err *e);

/* Set one option from text. Unknown names are answered with the nearest; *target is unchanged on failure. */
int option_set(const struct option_row *rows, void *target, const char *name, const char *value, struct err *e);

/* Write the member's value as a user would write it (round trip through option_set); returns buffer. */
char *option_get(const struct option_row *row, const void *target, char *buffer, size_t room);

/* The row called name, or NULL. */
const struct option_row *option_find(const struct option_row *rows, const char *name);

/* The nearest of `count` names by edit distance, or NULL when none is near. */
const char *nearest_name(const char *name, const char *const *names, size_t count);

/* The name of choice `index` of a CHOICE row copied into buffer. */
char *option_choice_name(const struct option_row *row, int index, char *buffer, size_t room);

/* "size", "rate", ... as help texts print it. */
const char *option_type_name(enum option_type type);

#endif
