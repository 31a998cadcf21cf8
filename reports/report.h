/*
 * report.h - show what a run says: plots, a self-contained page, a table on a terminal, an index of several runs.
 *
 * Everything shown was computed by analysis (metrics.json, plots/ *.csv) or stored by the run (manifest.json,
 * events.csv); only the differences between estimators, for the sentence that names them, are taken here. Whatever
 * is absent is shown as missing, with its reason where there is one. Text from a run is hostile: it is escaped.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include <stdio.h>

struct err;

enum report_format { REPORT_TEXT, REPORT_CSV, REPORT_JSON, REPORT_MARKDOWN }; /* the last: of a calibration only */

/*
 * Draw plots/NAME.svg and plots/NAME.png in the run directory and write one HTML page, which needs no other file and
 * no network, to output (NULL: report.html in the run directory). The page is complete or absent. Returns 0. Returns
 * -1 with EXIT_USAGE when the directory holds no run; with EXIT_CANNOT when the page cannot be written, or when plots
 * could not be drawn (gnuplot is not there), and with EXIT_MEASURED_BAD when the run could not be analysed or its data
 * has changed since: the page is then there and says so in their place.
 */
int report_run(const char *run_directory, const char *output, struct err *e);

/*
 * Print the main metrics of runs: as text, a sentence and a table for each; as CSV, one table with a column `run` (its
 * directory); as JSON, an object, or an array of them for several. A failed run has its status and reason there
 * instead (no row in CSV). Goes on after a run that cannot be read and returns -1 with the first trouble.
 */
int report_tables(FILE *out, const char *const runs[], int count, enum report_format format, struct err *e);

/* Print the sentence that a run comes to, with a line end. */
int report_sentence(FILE *out, const char *run_directory, struct err *e);

/* One page for several runs: a row a run with its main metrics, links to each run's page, failed ones with their
 * reason. A directory that is not a run is a row that says so. Links are relative to output where they can be. */
int report_runs(const char *const runs[], int count, const char *output, struct err *e);

/*
 * The pages of a study folder: index.html, a row a run; where the study repeats a paper also study.html, with the
 * paper's claims judged (claims.csv) and its figures redrawn. output, if given, is where the last of them goes; its path
 * is copied into page.
 */
int report_study(const char *directory, const char *output, char *page, size_t room, struct err *e);

#endif
