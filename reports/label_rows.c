#include "reports/label_rows.h"

#include <string.h>

int label_row(struct label_rows *rows, double from_px, double width_px)
{
	int row = 0;
	while (row < LABEL_ROWS - 1 && rows->end_px[row] > from_px)
		row++;
	rows->end_px[row] = from_px + width_px + 8;
	if (rows->used < row + 1)
		rows->used = row + 1;
	return row;
}

double label_bold_px(const char *text)
{
	return 9.2 * (double)strlen(text);
}

double label_small_px(const char *text)
{
	return 7.6 * (double)strlen(text);
}
