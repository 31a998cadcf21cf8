/*
 * csv_table.h - read the CSV files of a run directory, whole (small tables) or row by row (series).
 *
 * A cell that is absent, empty or a word ("missing", "unsupported") is NAN as a number.
 */
#ifndef REPORTS_CSV_TABLE_H
#define REPORTS_CSV_TABLE_H

struct err;

struct csv_table {
	int columns, rows;
	char **names; /* of the columns */
	char **cells; /* rows * columns */
};

/* Called for every row, the header first; cells are valid during the call. Return non-zero to stop reading. */
typedef int csv_row_fn(void *context, char **cells, int count);

/* Read path. 0 (stopping early included), or -1 when it cannot be read. */
int csv_scan(const char *path, csv_row_fn *row, void *context, struct err *e);

/* Load at most row_limit rows of a file in the directory. On failure -1 and *ret is NULL, which every function below takes as an empty table. */
int csv_table_load(struct csv_table **ret, const char *directory, const char *name, int row_limit, struct err *e);
void csv_table_free(struct csv_table *t);

int csv_table_rows(const struct csv_table *t);

/* The cell, or "" when there is none. */
const char *csv_table_text(const struct csv_table *t, int row, const char *column);
double csv_table_number(const struct csv_table *t, int row, const char *column);

/* One cell as a number. */
double csv_number(const char *cell);

/* Index of a column in a header row, or -1. */
int csv_column(char **names, int count, const char *name);

#endif
