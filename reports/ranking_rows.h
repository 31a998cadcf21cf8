/*
 * ranking_rows.h - the rows of ranking.csv (analysis/ranking.h): blocks of members of columns.
 */
#ifndef REPORTS_RANKING_ROWS_H
#define REPORTS_RANKING_ROWS_H

#include <stdbool.h>

struct csv_table;

/* Whether two rows have the same cell. */
bool ranking_same(const struct csv_table *t, int row, int other, const char *column);

/* The first row behind the block, and behind the member, that begins at `row`. */
int ranking_block_end(const struct csv_table *t, int row);
int ranking_member_end(const struct csv_table *t, int row);

bool ranking_is_class(const struct csv_table *t, int row, const char *class);

/* The row of a column of the member that begins at `row`; -1: none. */
int ranking_column_row(const struct csv_table *t, int row, const char *metric, const char *estimator);

#endif
