/*
 * trend.h - show a metric over the runs of a history: the document of analysis/trend.h.
 */
#ifndef REPORTS_TREND_H
#define REPORTS_TREND_H

#include <stdio.h>

struct err;
struct json_object;

#define TREND_FORMATS "text|csv|json"

/* text: what changed, a line a change; csv: a row a run; json: the document. -1 with EXIT_USAGE for another format. */
int report_trend(FILE *out, struct json_object *doc, const char *format, struct err *e);

/* Write trend.html in the folder, of the trends of one metric or more, with a picture a trend in its plots/. -1 also when one
 * could not be drawn: the page then says so. */
int report_trend_page(struct json_object *const docs[], int count, const char *folder, struct err *e);

#endif
