/*
 * label_rows.h - labels above a time axis, each in the first row that has room for it.
 */
#ifndef REPORTS_LABEL_ROWS_H
#define REPORTS_LABEL_ROWS_H

enum { LABEL_ROWS = 4 };

struct label_rows {
	double end_px[LABEL_ROWS];
	int used; /* rows so far */
};

/* The row, from 0, for a label that begins here and is so wide; labels come by their begin. */
int label_row(struct label_rows *rows, double from_px, double width_px);

/* About how wide a text is: in bold, and small, as the scripts set them. */
double label_bold_px(const char *text);
double label_small_px(const char *text);

#endif
