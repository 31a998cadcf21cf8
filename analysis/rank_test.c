#include "analysis/rank_test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_heapsort.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the exact distribution ---- */

/* How many ways to take `take` of the whole-numbered scores give each sum: counts[sum], up to *ret_highest. */
static double *count_sums(const int *scores, int count, int take, int *ret_highest)
{
	int highest = 0;
	for (int i = 0; i < count; i++)
		highest += scores[i];
	size_t width = (size_t)highest + 1;
	double *ways = calloc((size_t)(take + 1) * width, sizeof(*ways));
	if (!ways)
		return NULL;
	ways[0] = 1;
	for (int i = 0, sum = 0; i < count; i++) {
		sum += scores[i];
		for (int k = i < take ? i + 1 : take; k > 0; k--) {
			double *to = ways + (size_t)k * width;
			const double *from = to - width;
			for (int s = sum; s >= scores[i]; s--)
				to[s] += from[s - scores[i]];
		}
	}
	memmove(ways, ways + (size_t)take * width, width * sizeof(*ways));
	*ret_highest = highest;
	return ways;
}

/* The share of ways whose sum is at least so far from the mean. */
static double share_beyond(const double *ways, int highest, double mean, double distance)
{
	double beyond = 0, all = 0;
	for (int s = 0; s <= highest; s++) {
		all += ways[s];
		beyond += fabs(s - mean) >= distance - 1e-9 ? ways[s] : 0;
	}
	return beyond / all;
}

/* Scores are twice the ranks, those of b first. */
static int exact(const int *scores, int count, int nb, struct rank_test *ret)
{
	int highest, sum = 0;
	double farthest = 0, mean = nb * (count + 1.0);
	double *ways = count_sums(scores, count, nb, &highest);
	if (!ways)
		return -1;
	for (int i = 0; i < nb; i++)
		sum += scores[i];
	for (int s = 0; s <= highest; s++)
		farthest = ways[s] > 0 ? fmax(farthest, fabs(s - mean)) : farthest;
	ret->p = share_beyond(ways, highest, mean, fabs(sum - mean));
	ret->least_p = share_beyond(ways, highest, mean, farthest);
	free(ways);
	return 0;
}

/* ---- the normal approximation ---- */

static double normal_p(double distance, double variance)
{
	return variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(fmax(0, distance - 0.5) / sqrt(variance))) : 1;
}

static double variance_of(int na, int nb, double ties)
{
	double n = na + nb;
	return na * (double)nb / 12 * (n + 1 - ties / (n * (n - 1)));
}

/* ---- the test ---- */

static int compare_values(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* Twice the rank of each value, and the sum of t^3 - t over groups of t equal ones. */
static int rank(const double *values, int count, int *scores, double *ret_ties)
{
	size_t *order = calloc((size_t)count, sizeof(*order));
	if (!order)
		return -1;
	gsl_heapsort_index(order, values, (size_t)count, sizeof(*values), compare_values);
	*ret_ties = 0;
	for (int first = 0, last; first < count; first = last + 1) {
		last = first;
		while (last + 1 < count && values[order[last + 1]] == values[order[first]])
			last++;
		for (int i = first; i <= last; i++)
			scores[order[i]] = first + last + 2;
		double t = last - first + 1;
		*ret_ties += t * t * t - t;
	}
	free(order);
	return 0;
}

int rank_test(const double *a, int na, const double *b, int nb, struct rank_test *ret)
{
	int count = na + nb, result = 0;
	double ties = 0, sum = 0;
	*ret = (struct rank_test){ .u = na * (double)nb / 2, .p = 1, .least_p = 1, .exact = 1 };
	if (na < 1 || nb < 1)
		return 0;
	double *values = calloc((size_t)count, sizeof(*values));
	int *scores = calloc((size_t)count, sizeof(*scores));
	if (!values || !scores) {
		result = -1;
	} else {
		memcpy(values, b, (size_t)nb * sizeof(*b));
		memcpy(values + nb, a, (size_t)na * sizeof(*a));
		result = rank(values, count, scores, &ties);
	}
	for (int i = 0; result == 0 && i < nb; i++)
		sum += scores[i] / 2.0;
	if (result == 0)
		ret->u = sum - nb * (nb + 1.0) / 2;
	ret->exact = count <= RANK_EXACT_MAX;
	if (result == 0 && ret->exact) {
		result = exact(scores, count, nb, ret);
	} else if (result == 0) {
		double middle = na * (double)nb / 2, variance = variance_of(na, nb, ties);
		ret->p = normal_p(fabs(ret->u - middle), variance);
		ret->least_p = normal_p(middle, variance);
	}
	free(values);
	free(scores);
	return result;
}

/* ---- what could be shown ---- */

static int exact_critical(int na, int nb, double level)
{
	int scores[RANK_EXACT_MAX], highest, critical = -1, least = nb * (nb + 1) / 2;
	for (int i = 0; i < na + nb; i++)
		scores[i] = i + 1;
	double *ways = count_sums(scores, na + nb, nb, &highest), all = 0, beyond = 0;
	for (int s = 0; ways && s <= highest; s++)
		all += ways[s];
	/* Without ties it is symmetric: both tails are twice the one. */
	for (int u = na * nb; ways && 2 * u > na * nb; u--) {
		beyond += ways[least + u];
		if (2 * beyond / all > level)
			break;
		critical = u;
	}
	free(ways);
	return critical;
}

int rank_test_critical(int na, int nb, double level)
{
	if (na < 1 || nb < 1)
		return -1;
	if (na + nb <= RANK_EXACT_MAX)
		return exact_critical(na, nb, level);
	double u = na * (double)nb / 2 + 0.5 + gsl_cdf_ugaussian_Qinv(level / 2) * sqrt(variance_of(na, nb, 0));
	return u <= na * (double)nb ? (int)ceil(u) : -1;
}

int rank_test_least(double level)
{
	int n = 1;
	/* Of all C(2n, n) orders two are the most extreme. */
	for (double orders = 2; 2 / orders > level; n++)
		orders *= (2.0 * n + 1) * (2.0 * n + 2) / ((n + 1.0) * (n + 1.0));
	return n;
}

void holm_adjust(double *p, int count)
{
	size_t *order = calloc((size_t)count + 1, sizeof(*order));
	double highest = 0;
	if (!order) { /* Bonferroni is at least as strict */
		for (int i = 0; i < count; i++)
			p[i] = fmin(1, p[i] * count);
		return;
	}
	gsl_sort_index(order, p, 1, (size_t)count);
	for (int i = 0; i < count; i++) {
		highest = fmax(highest, fmin(1, p[order[i]] * (count - i)));
		p[order[i]] = highest;
	}
	free(order);
}
