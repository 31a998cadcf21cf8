/*
 * analyze.h - a run directory in, metrics.csv, metrics.json and plots/ out. May be run again at any time.
 *
 * A run whose status is not `complete` gets its plots and a metrics.json that says why, but no metric. A series that
 * is not there makes the metrics that need it `missing` with the reason; one with bad content is an error that names
 * file:line. After an error no result is left, nor one of an earlier analysis: metrics.json has the status `unanalysed`
 * and the reason. Every file written is complete or absent.
 */
#ifndef ANALYSIS_ANALYZE_H
#define ANALYSIS_ANALYZE_H

struct err;

/*
 * 0; -1 with *e: EXIT_MEASURED_BAD for bad content, EXIT_CANNOT for what the machine refused, EXIT_USAGE where nothing
 * was touched: it is no run directory, or the calibration to be cited is none.
 */
int analyze_run(const char *run_directory, struct err *e);

#endif
