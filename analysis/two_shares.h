/*
 * two_shares.h - the shares of two samples of outcomes (each 0 or 1): how well their difference is known, and how small a one
 * could have been shown. Resampling says nothing of either where all outcomes of a sample are the same.
 */
#ifndef ANALYSIS_TWO_SHARES_H
#define ANALYSIS_TWO_SHARES_H

/* So many of n outcomes are 1. */
struct outcomes {
	int ones, n;
};

/* 0 when a value is neither 0 nor 1. */
int outcomes_of(const double *values, int n, struct outcomes *ret);

/* The 95 % interval of b's share less a's: Newcombe's hybrid of Wilson's scores, without a continuity correction (Statistics in
 * Medicine 17, 1998, 873, method 10). Both n at least 1. */
void two_shares_interval(struct outcomes a, struct outcomes b, double *ret_low, double *ret_high);

/* What a difference must pass to be called one. */
struct two_shares_bar {
	double level;     /* of the two-sided test */
	double threshold; /* the least difference of shares that matters */
	int direction;    /* 1: b's share is above a's; -1: below */
};

/*
 * How far b's true share must be from a's, so that the bar is passed in four of five (power 80 %) pairs of samples of these
 * sizes; a's true share is taken to be what was seen. The test is Fisher's exact one, which the rank test (rank_test.h) is of
 * outcomes. NAN: not even the farthest share would be.
 */
double two_shares_detectable(struct outcomes a, int nb, const struct two_shares_bar *bar);

#endif
