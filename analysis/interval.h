/*
 * interval.h - the mean of repeats and how well it is known.
 */
#ifndef ANALYSIS_INTERVAL_H
#define ANALYSIS_INTERVAL_H

enum { INTERVAL_LEAST = 3 }; /* repeats; with fewer no interval is given */

struct interval {
	double mean, low, high; /* NAN: no value; no interval */
	int n;
};

/* The mean of `count` values, NAN ones left out, and the 95 % interval of Student's t about it. */
struct interval interval_of(const double *values, int count);

/* Of values from 0 to 1: the share of those that are 1, NAN ones left out, and its exact 95 % interval (Clopper and Pearson 1934),
 * which does not shrink to nothing when all are the same. */
struct interval interval_of_outcomes(const double *values, int count);

#endif
