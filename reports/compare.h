/*
 * compare.h - show a comparison: on a terminal, for scripts, for CI, and as a page. All of it is made from the document of
 * analysis/compare_write.h.
 */
#ifndef REPORTS_COMPARE_H
#define REPORTS_COMPARE_H

#include <stdio.h>

struct err;
struct json_object;

/*
 * Print it as
 *	text   a table a case, what regressed first
 *	csv    a row a comparison, and one without a metric for a case that is not comparable; of either side how many values
 *	       are endless, missing, or of a downtime that is not above its floor (unseen)
 *	json   the document
 *	tap    a test a comparison (Test Anything Protocol 12): "not ok" regressed or broken, SKIP not comparable
 *	junit  the same as JUnit XML: a suite a case
 * -1 with EXIT_USAGE for another format.
 */
int report_comparison(FILE *out, struct json_object *doc, const char *format, struct err *e);

/* The formats, "text|csv|...". */
#define COMPARE_FORMATS "text|csv|json|tap|junit"

/*
 * Write compare.html in the folder, with the distributions and the timelines drawn into its plots/. The page is complete or
 * absent; -1 also when plots could not be drawn: it then says so in their place.
 */
int report_comparison_page(struct json_object *doc, const char *folder, struct err *e);

/* The page, comparison.json and comparison.csv, in a folder that is there. */
int report_comparison_folder(struct json_object *doc, const char *folder, struct err *e);

#endif
