/* error_summary.h - errors of a measurement, summed up. */
#ifndef ANALYSIS_ERROR_SUMMARY_H
#define ANALYSIS_ERROR_SUMMARY_H

/* In the unit of the errors; p95 is of the absolute error. NAN: too few (sd: below 2). */
struct error_summary {
	int n, found; /* found: set by the caller, where something is to be found */
	double bias, sd, p95;
};

/* Of n errors, which it sorts. */
struct error_summary error_summary_of(double *errors, int n);

#endif
