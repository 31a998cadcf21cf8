/*
 * results.h - what analysis and reports leave in a run directory, told apart from the raw data that it is of.
 *
 * Numbers of an earlier analysis are of the data as it was then: they go before a new one begins, and metrics.json
 * keeps the sizes of the files that it is of (`made_of`), so that a report can tell when these are others.
 */
#ifndef ANALYSIS_RESULTS_H
#define ANALYSIS_RESULTS_H

struct err;
struct json_object;

/* Remove metrics, calibration, and columns and pictures of plots. 0, also when there are none; -1 with EXIT_CANNOT. */
int results_remove(const char *directory, struct err *e);

/* {"manifest.json": BYTES, "events.csv": BYTES, ...}: the manifest and every series. The caller's. */
struct json_object *results_made_of(const char *directory);

#endif
