/* The rank test, Holm's adjustment, bootstrap intervals: against textbooks, against all permutations, and against what R
 * and SciPy say (t/compare_reference.*). */
#include "analysis/rank_test.h"
#include "analysis/resample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES_MAX = 128, LINE_ROOM = 16384 };

static void near(double value, double truth, double error, const char *what)
{
	if (!(fabs(value - truth) <= error))
		fail_msg("%s: %.12g is not within %.3g of %.12g", what, value, error, truth);
}

static struct rank_test test_of(const double *a, int na, const double *b, int nb)
{
	struct rank_test t;
	assert_int_equal(rank_test(a, na, b, nb, &t), 0);
	return t;
}

#define TEST_OF(a, b) test_of(a, (int)(sizeof(a) / sizeof(*(a))), b, (int)(sizeof(b) / sizeof(*(b))))

static void textbook(void **state)
{
	(void)state;
	/* Hollander and Wolfe 1973, page 69: W = 35 of 50, p = 0.1272 one-sided */
	const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	const double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	struct rank_test t = TEST_OF(early, term);
	near(t.u, 35, 0, "u");
	near(t.p, 0.2544, 5e-5, "p");
	assert_true(t.exact);
	near(t.least_p, 2 / 3003., 1e-12, "least p"); /* of 15 over 5 */
	/* all of b above all of a: two of 20 over 10 */
	double low[10], high[10];
	for (int i = 0; i < 10; i++) {
		low[i] = i;
		high[i] = 100 + i;
	}
	t = TEST_OF(low, high);
	near(t.u, 100, 0, "u");
	near(t.p, 2 / 184756., 1e-15, "p");
	near(TEST_OF(high, low).u, 0, 0, "the other way round");
	near(TEST_OF(high, low).p, t.p, 0, "the other way round");
}

static void few_or_equal(void **state)
{
	(void)state;
	const double one[] = { 3 }, two[] = { 5 }, same[] = { 1, 1, 1 };
	near(TEST_OF(one, two).p, 1, 0, "one each");
	near(TEST_OF(one, two).least_p, 1, 0, "one each");
	near(TEST_OF(same, same).p, 1, 0, "all equal");
	near(TEST_OF(same, same).least_p, 1, 0, "all equal");
	near(test_of(one, 0, two, 1).p, 1, 0, "none");
	const double three[] = { 1, 2, 3 }, more[] = { 4, 5, 6 };
	near(TEST_OF(three, more).p, 0.1, 1e-12, "three each");
}

/* What never ended is above all numbers, and equal to its like. */
static void endless(void **state)
{
	(void)state;
	const double a[] = { 1, 2, 3, 4, 5 }, b[] = { 2, 6, INFINITY, INFINITY, INFINITY };
	const double like[] = { 2, 6, 9, 9, 9 };
	near(TEST_OF(a, b).p, TEST_OF(a, like).p, 1e-12, "p");
	near(TEST_OF(a, b).u, TEST_OF(a, like).u, 0, "u");
}

/* The two-sided p by dealing the values in every way. */
static double p_by_hand(const double *values, int count, int nb)
{
	double ranks[16], all = 0, beyond = 0, observed = 0, mean = nb * (count + 1) / 2.;
	for (int i = 0; i < count; i++) {
		ranks[i] = 0.5;
		for (int k = 0; k < count; k++)
			ranks[i] += values[k] < values[i] ? 1 : values[k] == values[i] ? 0.5 : 0;
		observed += i < nb ? ranks[i] : 0;
	}
	for (unsigned dealt = 0; dealt < 1u << count; dealt++) {
		double sum = 0;
		if (__builtin_popcount(dealt) != nb)
			continue;
		for (int i = 0; i < count; i++)
			sum += dealt >> i & 1 ? ranks[i] : 0;
		all++;
		beyond += fabs(sum - mean) >= fabs(observed - mean) - 1e-9;
	}
	return beyond / all;
}

static void every_permutation(void **state)
{
	(void)state;
	uint64_t random = 12345;
	for (int round = 0; round < 300; round++) {
		double values[14]; /* b first */
		int na = 1 + round % 7, nb = 1 + round / 7 % 7, levels = 2 + round % 9;
		for (int i = 0; i < na + nb; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			values[i] = (double)((random >> 33) % (uint64_t)levels);
		}
		near(test_of(values + nb, na, values, nb).p, p_by_hand(values, na + nb, nb), 1e-12, "p");
	}
}

/* At the border both ways to compute it nearly agree. */
static void approximation(void **state)
{
	(void)state;
	double a[29], b[29];
	for (int i = 0; i < 29; i++) {
		a[i] = i;
		b[i] = i + 6.5;
	}
	struct rank_test t = test_of(a, 28, b, 28);
	double z = (fabs(t.u - 392) - 0.5) / sqrt(392 * 57 / 6.);
	near(t.p, erfc(z / sqrt(2)), 0.12 * t.p, "p");
	assert_true(t.exact);
	assert_false(test_of(a, 29, b, 28).exact);
}

static void critical(void **state)
{
	(void)state;
	/* tables of the Mann-Whitney U: at 0.05 two-sided 23 for n = 10 (77 of 100), 2 for 5 (23 of 25), none for 3 */
	assert_int_equal(rank_test_critical(10, 10, 0.05), 100 - 23);
	assert_int_equal(rank_test_critical(5, 5, 0.05), 25 - 2);
	assert_int_equal(rank_test_critical(4, 4, 0.05), 16);
	assert_int_equal(rank_test_critical(3, 3, 0.05), -1);
	assert_int_equal(rank_test_critical(8, 12, 0.05), 96 - 22);
	/* what it says is what the test says */
	int u = rank_test_critical(100, 100, 0.01);
	assert_in_range(u, 6040, 6070);
	assert_int_equal(rank_test_least(0.05), 4);
	assert_int_equal(rank_test_least(0.1), 3);
	assert_int_equal(rank_test_least(0.05 / 12), 6);
	for (double level = 0.2; level > 1e-6; level /= 3) {
		int n = rank_test_least(level);
		assert_int_not_equal(rank_test_critical(n, n, level), -1);
		assert_int_equal(rank_test_critical(n - 1, n - 1, level), -1);
	}
}

static void holm(void **state)
{
	(void)state;
	double p[] = { 0.04, 0.01, 0.03, 0.02 }, wanted[] = { 0.06, 0.04, 0.06, 0.06 };
	holm_adjust(p, 4);
	for (int i = 0; i < 4; i++)
		near(p[i], wanted[i], 1e-15, "adjusted");
	double high[] = { 0.9, 0.8 };
	holm_adjust(high, 2);
	near(high[0], 1, 0, "at most 1");
	holm_adjust(NULL, 0);
}

static void centers(void **state)
{
	(void)state;
	const double values[] = { 5, 1, INFINITY, 3 }, never[] = { INFINITY, 1, INFINITY };
	near(center_of((struct sample){ values, 4 }, CENTER_MEDIAN), 4, 0, "median");
	near(center_of((struct sample){ values, 2 }, CENTER_MEAN), 3, 0, "mean");
	assert_true(isinf(center_of((struct sample){ never, 3 }, CENTER_MEDIAN)));
	assert_true(isnan(center_of((struct sample){ never, 0 }, CENTER_MEDIAN)));
	near(center_difference(INFINITY, INFINITY), 0, 0, "never and never");
	assert_true(center_difference(5, INFINITY) > 1e300);
	assert_true(center_difference(INFINITY, 5) < -1e300);
}

static void interval(void **state)
{
	(void)state;
	double a[10], b[10], low, high;
	for (int i = 0; i < 10; i++) {
		a[i] = 100 + i % 5;
		b[i] = 90 + i % 5;
	}
	struct sample from = { a, 10 }, to = { b, 10 };
	assert_int_equal(resample_interval(from, to, CENTER_MEDIAN, &low, &high), 0);
	assert_true(low < -10 && high > -10 && low > -13 && high < -7);
	double again_low, again_high;
	resample_interval(from, to, CENTER_MEDIAN, &again_low, &again_high);
	assert_true(low == again_low && high == again_high);
	from.n = RESAMPLE_LEAST - 1;
	resample_interval(from, to, CENTER_MEDIAN, &low, &high);
	assert_true(isnan(low) && isnan(high));
	for (int i = 0; i < 10; i++)
		b[i] = INFINITY;
	from.n = 10;
	resample_interval(from, to, CENTER_MEDIAN, &low, &high);
	assert_true(isinf(low) && isinf(high) && low > 0);
}

static double noise(uint64_t *random)
{
	double sum = 0; /* nearly normal, sd 1 */
	for (int k = 0; k < 12; k++) {
		*random = *random * 6364136223846793005u + 1442695040888963407u;
		sum += (double)(*random >> 11) / 9007199254740992. - 0.5;
	}
	return sum;
}

/* Of the fewest values of which there is one, too. */
static void an_interval_holds_the_truth(void **state)
{
	(void)state;
	enum { ROUNDS = 300 };
	uint64_t random = 4;
	int held = 0;
	for (int round = 0; round < ROUNDS; round++) {
		double a[RESAMPLE_LEAST], b[RESAMPLE_LEAST], low, high;
		for (int i = 0; i < RESAMPLE_LEAST; i++) {
			a[i] = 100 + noise(&random);
			b[i] = 103 + noise(&random);
		}
		resample_interval((struct sample){ a, RESAMPLE_LEAST }, (struct sample){ b, RESAMPLE_LEAST },
		                  CENTER_MEDIAN, &low, &high);
		held += low <= 3 && high >= 3;
	}
	assert_in_range(held, ROUNDS * 93 / 100, ROUNDS * 99 / 100);
}

/* Of pairs of samples whose difference is what is called detectable, four of five are detected. */
static void detectable(void **state)
{
	(void)state;
	enum { N = 10, ROUNDS = 400 };
	const int critical_u = rank_test_critical(N, N, 0.05);
	uint64_t random = 99;
	int found = 0;
	double a[N], b[N], size = 0;
	for (int pass = 0; pass < 2; pass++) {
		double sum = 0;
		for (int round = 0; round < ROUNDS; round++) {
			for (int i = 0; i < 2 * N; i++) {
				*(i < N ? &a[i] : &b[i - N]) = 50 + noise(&random) + (i < N ? 0 : size);
			}
			struct resample_bar bar = { critical_u, 0, 1 };
			if (pass == 0 && round < 60)
				sum += resample_detectable((struct sample){ a, N }, (struct sample){ b, N }, &bar);
			else if (pass == 1)
				found += test_of(a, N, b, N).u >= critical_u;
		}
		if (pass == 0)
			size = sum / 60;
	}
	near(size, 1.35, 0.2, "detectable in standard deviations");
	near(found, 0.8 * ROUNDS, 0.06 * ROUNDS, "found");
	struct sample from = { a, N }, to = { b, N };
	struct resample_bar none = { -1, 0, 1 }, wide = { critical_u, 40, 1 }, down = { critical_u, 0, -1 };
	assert_true(isnan(resample_detectable(from, to, &none)));
	assert_true(resample_detectable(from, to, &wide) > 40);
	assert_true(resample_detectable(from, to, &down) > 0.5);
	for (int i = 0; i < N; i++)
		a[i] = b[i] = 7;
	near(resample_detectable(from, to, &wide), 40, 1e-9, "without spread the threshold");
	a[0] = INFINITY;
	assert_true(isnan(resample_detectable(from, to, &wide)));
}

/* ---- R and SciPy ---- */

static int read_values(const char *text, double *values)
{
	int count = 0;
	char *end;
	for (double v = strtod(text, &end); end != text && count < VALUES_MAX; v = strtod(text, &end)) {
		values[count++] = v;
		text = end;
	}
	return count;
}

static void check_line(const char *kind, const double *numbers, const double *a, int na, const double *b, int nb)
{
	if (strcmp(kind, "exact") == 0 || strcmp(kind, "normal") == 0) {
		struct rank_test t = test_of(a, na, b, nb);
		near(t.u, numbers[0], 1e-9, "u");
		near(t.p, numbers[1], 1e-9 + 1e-7 * numbers[1], kind);
		assert_int_equal(t.exact, strcmp(kind, "exact") == 0);
	} else if (strcmp(kind, "holm") == 0) {
		double p[VALUES_MAX];
		memcpy(p, a, (size_t)na * sizeof(*p));
		holm_adjust(p, na);
		for (int i = 0; i < na; i++)
			near(p[i], b[i], 1e-8, "holm");
	} else if (strcmp(kind, "critical") == 0) {
		assert_int_equal(rank_test_critical((int)a[0], (int)b[0], numbers[0]), (int)numbers[1]);
	} else { /* both drew at random: within a fifth of the standard error */
		double low, high;
		enum center center = strcmp(kind, "mean") == 0 ? CENTER_MEAN : CENTER_MEDIAN;
		resample_interval((struct sample){ a, na }, (struct sample){ b, nb }, center, &low, &high);
		near(low, numbers[0], 0.2 * numbers[2], kind);
		near(high, numbers[1], 0.2 * numbers[2], kind);
	}
}

/* KIND NUMBER... ; A... ; B... */
static int check_file(const char *path)
{
	char line[LINE_ROOM];
	int lines = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		fail_msg("cannot read %s", path);
	while (fgets(line, sizeof(line), file)) {
		double numbers[VALUES_MAX], a[VALUES_MAX], b[VALUES_MAX];
		char kind[16] = "", *first = strchr(line, ';'), *second = first ? strchr(first + 1, ';') : NULL;
		if (line[0] == '#' || !second || sscanf(line, "%15s", kind) != 1)
			continue;
		*first = *second = '\0';
		read_values(line + strlen(kind), numbers);
		int na = read_values(first + 1, a), nb = read_values(second + 1, b);
		check_line(kind, numbers, a, na, b, nb);
		lines++;
	}
	fclose(file);
	return lines;
}

static void scipy_says(void **state)
{
	(void)state;
	assert_int_equal(check_file("t/compare_reference.scipy-values"), 22);
}

static void r_says(void **state)
{
	(void)state;
	assert_int_equal(check_file("t/compare_reference.r-values"), 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(textbook),      cmocka_unit_test(few_or_equal),
		cmocka_unit_test(endless),       cmocka_unit_test(every_permutation),
		cmocka_unit_test(approximation), cmocka_unit_test(critical),
		cmocka_unit_test(holm),          cmocka_unit_test(centers),
		cmocka_unit_test(interval),      cmocka_unit_test(an_interval_holds_the_truth),
		cmocka_unit_test(detectable),    cmocka_unit_test(scipy_says),
		cmocka_unit_test(r_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
