/*
 * transfer_fit.h - measured migrations made into the coefficients of bench/placement/transfer.h.
 *
 * Terms are taken one after the other, time on the wire first, as long as the runs can tell them apart: one that brings the
 * condition number (least_squares.h) above 30 is left out, with the reason in words, and its coefficient is 0. There are
 * always more runs than terms, so that residuals are left. Of those taken
 *
 * - the terms with a round trip or a dirty rate stay only where the runs ask for them: as long as the 95 % interval of one has 0 in
 *   it, the weakest goes (backward elimination);
 * - none has a coefficient below 0: each is time that something takes, so that no prediction falls when more memory is in use,
 *   more of it is dirtied, or the round trip is longer.
 */
#ifndef ANALYSIS_TRANSFER_FIT_H
#define ANALYSIS_TRANSFER_FIT_H

#include "analysis/transfer_run.h"
#include "bench/placement/transfer.h"

struct err;

enum { TRANSFER_FIT_RUNS = 4 }; /* at least */

/* Of the time, or of the lost work, in s. */
struct transfer_part {
	double coefficients[TRANSFER_TERMS]; /* 0 where left out */
	double errors[TRANSFER_TERMS];       /* standard errors; NAN where left out */
	double residual, explained;          /* as in least_squares.h */
	char left_out[TRANSFER_TERMS][200];  /* why; "": it is in */
};

struct transfer_fit {
	int runs; /* of use */
	struct transfer_part time, lost;
	struct transfer_range measured[TRANSFER_INPUTS];
};

/* What the coefficients are of, for people. */
extern const char *const transfer_term_names[TRANSFER_TERMS];

/* -1: too few runs are of use, or memory is short. */
int transfer_fit(const struct transfer_run *runs, int count, struct transfer_fit *ret, struct err *e);

/* What the fit says of a run, in s. */
double transfer_fitted_s(const struct transfer_part *part, const struct transfer_run *run);

#endif
