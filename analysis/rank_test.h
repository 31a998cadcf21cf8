/*
 * rank_test.h - whether two samples come from one distribution: the Mann-Whitney (Wilcoxon rank sum) test, two-sided.
 *
 * Equal values share their mean rank. Up to RANK_EXACT_MAX values in all the p-value is exact, given these ranks: the share
 * of all ways to deal them to the two samples in which the rank sum is at least as far from its mean (the shift algorithm
 * of Streitberg and Röhmel, Statistical Software Newsletter 12, 1986). The counts are below 2^53 there. Beyond it, the
 * normal approximation with the variance for ties and a continuity correction (Lehmann, Nonparametrics, 1975, 1.2 and 1.4).
 *
 * An INFINITY is a value like others, equal to its like: worse than any number.
 */
#ifndef ANALYSIS_RANK_TEST_H
#define ANALYSIS_RANK_TEST_H

enum { RANK_EXACT_MAX = 56 };

struct rank_test {
	double u;       /* pairs in which b is above a, equal ones counted half: 0 .. na * nb */
	double p;       /* 1 where either is empty */
	double least_p; /* the lowest that any order of these values could have: 1 when all are equal */
	int exact;
};

/* No value may be NAN. -1 when memory is short. */
int rank_test(const double *a, int na, const double *b, int nb, struct rank_test *ret);

/* The smallest u that says, at this level, that b lies above a, where no two values are equal; -1: none does. */
int rank_test_critical(int na, int nb, double level);

/* The smallest n of both samples of which rank_test_critical() is not -1. */
int rank_test_least(double level);

/*
 * p-values adjusted for their number so that the chance of any false alarm is kept (Holm, Scand. J. Statist. 6, 1979).
 * count of them, in place.
 */
void holm_adjust(double *p, int count);

#endif
