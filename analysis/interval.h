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

/* The same where the mean cannot be below `least`: what of the interval is below it is left out. */
struct interval interval_not_below(struct interval i, double least);

/*
 * Whether two means of interval_of() differ: 1, or 0 where Welch's t-test (Biometrika 34, 1947, 28; degrees of freedom by
 * Satterthwaite), two-sided, does not show it at 5 %; -1: one of them has no interval.
 */
int interval_apart(const struct interval *a, const struct interval *b);

/* Of values from 0 to 1: the share of those that are 1, NAN ones left out, and its exact 95 % interval (Clopper and Pearson 1934),
 * which does not shrink to nothing when all are the same. */
struct interval interval_of_outcomes(const double *values, int count);

#endif
