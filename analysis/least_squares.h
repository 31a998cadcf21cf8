/*
 * least_squares.h - y as a sum of known terms times coefficients that fit best (ordinary least squares, by GSL's
 * singular value decomposition: a term that never varies beside the others gets what is left to it, at worst 0).
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

/* x: rows x terms, row by row. -1: fewer rows than terms, or GSL fails. */
int least_squares_fit(const double *x, const double *y, int rows, int terms, struct least_squares *ret,
                      struct err *e);

#endif
