#include "analysis/two_shares.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

static const double power = 0.8;
enum { HALVINGS = 50 };

int outcomes_of(const double *values, int n, struct outcomes *ret)
{
	*ret = (struct outcomes){ .n = n };
	for (int i = 0; i < n; i++) {
		int one = values[i] >= 1;
		if (values[i] != one)
			return 0;
		ret->ones += one;
	}
	return 1;
}

/* ---- how well it is known ---- */

/* Wilson's interval of one share (Journal of the American Statistical Association 22, 1927, 209). */
static void score_interval(struct outcomes s, double *low, double *high)
{
	double z = gsl_cdf_ugaussian_Pinv(0.975), n = s.n, ones = s.ones;
	double middle = (ones + z * z / 2) / (n + z * z);
	double half = z / (n + z * z) * sqrt(ones * (n - ones) / n + z * z / 4);
	*low = middle - half;
	*high = middle + half;
}

void two_shares_interval(struct outcomes a, struct outcomes b, double *ret_low, double *ret_high)
{
	double share_a = (double)a.ones / a.n, share_b = (double)b.ones / b.n;
	double low_a, high_a, low_b, high_b;
	score_interval(a, &low_a, &high_a);
	score_interval(b, &low_b, &high_b);
	*ret_low = share_b - share_a - hypot(share_b - low_b, high_a - share_a);
	*ret_high = share_b - share_a + hypot(high_b - share_b, share_a - low_a);
}

/* ---- what could be shown ---- */

/* The share of all ways to deal the outcomes in which b's ones are at least as far from their mean. */
static double fisher_p(struct outcomes a, struct outcomes b)
{
	unsigned ones = (unsigned)(a.ones + b.ones), others = (unsigned)(a.n + b.n) - ones;
	double mean = b.n * (double)ones / (a.n + b.n), distance = fabs(b.ones - mean), p = 0;
	for (int k = 0; k <= b.n; k++)
		if (fabs(k - mean) >= distance - 1e-9)
			p += gsl_ran_hypergeometric_pdf((unsigned)k, ones, others, (unsigned)b.n);
	return p;
}

static int passes(struct outcomes a, struct outcomes b, const struct two_shares_bar *bar)
{
	double more = (double)b.ones / b.n - (double)a.ones / a.n;
	return more > 0 && more >= bar->threshold && fisher_p(a, b) <= bar->level;
}

/* The fewest ones of b's n that pass above a, at least 1; n + 1: not even all. More than pass, pass. */
static int fewest(struct outcomes a, int nb, const struct two_shares_bar *bar)
{
	int fails = 0, pass = nb + 1;
	while (pass - fails > 1) {
		int middle = (fails + pass) / 2;
		if (passes(a, (struct outcomes){ middle, nb }, bar))
			pass = middle;
		else
			fails = middle;
	}
	return pass;
}

/* How likely b passes above a with this true share, when for each number of a's ones these are the fewest of b's that pass. */
static double chance(struct outcomes a, const int *least, double share_b, int nb)
{
	double sum = 0;
	for (int ones = 0; ones <= a.n; ones++) {
		double likely = gsl_ran_binomial_pdf((unsigned)ones, (double)a.ones / a.n, (unsigned)a.n);
		if (least[ones] <= nb)
			sum += likely * gsl_cdf_binomial_Q((unsigned)least[ones] - 1, share_b, (unsigned)nb);
	}
	return sum;
}

static double farther(struct outcomes a, const int *least, int nb)
{
	double share = (double)a.ones / a.n, low = share, high = 1;
	if (chance(a, least, high, nb) < power)
		return NAN;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		*(chance(a, least, middle, nb) < power ? &low : &high) = middle;
	}
	return high - share;
}

double two_shares_detectable(struct outcomes a, int nb, const struct two_shares_bar *bar)
{
	int *least = calloc((size_t)a.n + 1, sizeof(*least));
	if (bar->direction < 0) /* the others are above */
		a.ones = a.n - a.ones;
	for (int ones = 0; least && ones <= a.n; ones++)
		least[ones] = fewest((struct outcomes){ ones, a.n }, nb, bar);
	double value = least ? farther(a, least, nb) : NAN;
	free(least);
	return value;
}
