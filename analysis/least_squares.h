/*
 * least_squares.h - y as a sum of known terms times coefficients that fit best (ordinary least squares, by GSL's
 * singular value decomposition). Terms that the rows cannot tell apart share what they explain, in whatever way makes the
 * coefficients smallest: the sum is right for rows like these and nowhere else. So look at the condition number first.
 */
#ifndef ANALYSIS_LEAST_SQUARES_H
#define ANALYSIS_LEAST_SQUARES_H

struct err;

enum { LEAST_SQUARES_TERMS = 8 };

struct least_squares {
	double coefficients[LEAST_SQUARES_TERMS];
	double errors[LEAST_SQUARES_TERMS]; /* standard errors; NAN where there are no more rows than terms */
	double residual;                    /* standard deviation of y less the fit; NAN the same */
	double explained;                   /* 1 - sum of squares left / about the mean; NAN when y never varies */
};

/* From here on terms count as not to be told apart (Belsley, Kuh, Welsch, "Regression Diagnostics", 1980, 3.2). */
#define LEAST_SQUARES_CONDITION 30.

/*
 * The condition number of the terms, each scaled to length 1: the highest singular value over the lowest. 1: they have
 * nothing in common; INFINITY: one of them is a sum of the others, is 0 throughout, there are fewer rows than terms, or
 * memory is short. x as below.
 */
double least_squares_condition(const double *x, int rows, int terms);

/* x: rows x terms, row by row. -1: fewer rows than terms, or GSL fails. */
int least_squares_fit(const double *x, const double *y, int rows, int terms, struct least_squares *ret,
                      struct err *e);

#endif
