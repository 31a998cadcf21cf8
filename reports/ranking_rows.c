#include "reports/ranking_rows.h"

#include "reports/csv_table.h"

#include <string.h>

bool ranking_same(const struct csv_table *t, int row, int other, const char *column)
{
	return strcmp(csv_table_text(t, row, column), csv_table_text(t, other, column)) == 0;
}

int ranking_block_end(const struct csv_table *t, int row)
{
	int end = row + 1;
	while (end < csv_table_rows(t) && ranking_same(t, end, row, "block"))
		end++;
	return end;
}

int ranking_member_end(const struct csv_table *t, int row)
{
	int end = row + 1;
	while (end < csv_table_rows(t) && ranking_same(t, end, row, "block") && ranking_same(t, end, row, "place"))
		end++;
	return end;
}

bool ranking_is_class(const struct csv_table *t, int row, const char *class)
{
	return strcmp(csv_table_text(t, row, "class"), class) == 0;
}

int ranking_column_row(const struct csv_table *t, int row, const char *metric, const char *estimator)
{
	for (int i = row; i < ranking_member_end(t, row); i++)
		if (strcmp(csv_table_text(t, i, "metric"), metric) == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), estimator) == 0)
			return i;
	return -1;
}
