/*
 * series_read.h - read a CSV series of a run directory column-wise by header name, one row at a time.
 *
 *	enum { HEAD, WORK, WANTED };
 *	static const struct series_column wanted[WANTED] = {
 *		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
 *		[WORK] = { "work", COLUMN_INTEGER, 0 },
 *	};
 *	series_read(directory, "samples-vm1.csv", wanted, WANTED, on_row, &context, &facts, &e);
 *
 * The reader knows no metric. It runs over libcsv with our own strict integers: 280-340 MB/s on the machine where
 * strtol() gave 195 MB/s and a hand-written splitter 870 MB/s; the goal is 200 MB/s, so the library stays. Memory
 * does not grow with the file.
 *
 * An empty cell and the words `missing` and `unsupported` are MISSING. A bad number, a missing column, a row with too
 * few or too many fields, or a line over 64 KiB is an error that names file:line. A last line without its newline
 * (of a killed run) is dropped and counted, whatever is in it, since its last number may be cut short.
 */
#ifndef ANALYSIS_SERIES_READ_H
#define ANALYSIS_SERIES_READ_H

#include <stdint.h>

struct err;

#define MISSING INT64_MIN /* a value that was not measured; no number in a file can be it */

/* A number in a file is within +-(2^62 - 1), so that the difference of any two of them fits; 146 years in ns. */
#define SERIES_LIMIT (INT64_C(1) << 62)

enum { SERIES_COLUMNS_MAX = 48, SERIES_TEXT_ROOM = 512 };

enum column_kind {
	COLUMN_INTEGER, /* within SERIES_LIMIT; a decimal fraction is an error */
	COLUMN_TEXT,    /* cut at SERIES_TEXT_ROOM - 1 bytes */
	COLUMN_NUMBER,  /* decimal, finite: sums that are too large for an integer, and fractions; MISSING is NAN */
};

struct series_column {
	const char *name;
	enum column_kind kind;
	int optional; /* 1: a file without it gives MISSING, "" for text, NAN for a number */
};

/* One per asked column, in the order asked. Valid during the call only. */
struct series_cell {
	int64_t integer;
	double number;
	const char *text;
};

struct series_facts {
	int64_t rows; /* given to the callback */
	int64_t bytes;
	int64_t rows_dropped; /* 1 when the last line was cut short */
};

/* Return 0, or -1 with *e filled to end the reading. */
typedef int series_row_fn(void *context, const struct series_cell *cells, struct err *e);

/*
 * Read directory/name. Returns 0; 1 when there is no such file, or nothing in it; -1 on any error (EXIT_MEASURED_BAD
 * for bad content). facts may be NULL.
 */
int series_read(const char *directory, const char *name, const struct series_column *columns, int count,
                series_row_fn *row, void *context, struct series_facts *facts, struct err *e);

/* Strict decimal integer of `length` bytes: 1, or 0 when it is none or out of range; *ret is then untouched. */
int series_integer(const char *text, unsigned long length, int64_t *ret);

/* The same for a finite decimal number such as -1.5e9. */
int series_number(const char *text, unsigned long length, double *ret);

#endif
