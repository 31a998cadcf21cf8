/*
 * draw.h - columns of a CSV series as data for gnuplot, with no more points than a plot can show.
 *
 * A long series is thinned to the lowest and the highest value of each of its bins, so that no stop and no peak
 * is lost from the drawing. A missing value breaks the line.
 */
#ifndef REPORTS_DRAW_H
#define REPORTS_DRAW_H

struct err;

enum { DRAWN_SERIES = 8, DRAWN_BINS = 1500 };

struct draw_request {
	const char *path;      /* CSV with a column time_s */
	const char *keys[4];   /* each combination of these columns is a series of its own; NULL ends */
	const char *values[2]; /* the columns to draw; [1] may be NULL; thinning follows [0] */
	double from_s, to_s;   /* only this span; -INFINITY and INFINITY for all */
	/* Is the series with these keys ("" where there is none) to be drawn? NULL: all are. */
	int (*wanted)(const void *context, const char *const keys[4]);
	const void *context;
};

struct drawn {
	int series; /* at most DRAWN_SERIES; further ones are left out and counted */
	int left_out;
	char label[DRAWN_SERIES][96];    /* the keys, joined with blanks */
	long numbers;                    /* values that are not missing, of values[0] */
	double first_s, last_s, highest; /* NAN when there is none */
};

/* Write `time value0 value1` lines, each series an index (two blank lines between), to out_path. A file without a
 * wanted column, or without a row in the span, has series = 0. Returns 0, or -1 when it cannot be read or written. */
int draw_series(const struct draw_request *request, const char *out_path, struct drawn *ret, struct err *e);

#endif
