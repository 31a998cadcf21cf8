/* Shares of two samples: intervals against those that Newcombe printed, and both against R (t/two_shares_reference.R). */
#include "analysis/two_shares.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void near(double value, double truth, double error, const char *what)
{
	if (!(fabs(value - truth) <= error))
		fail_msg("%s: %.12g is not within %.3g of %.12g", what, value, error, truth);
}

/* Table II of the paper; its difference is the first share less the second. */
static void as_printed(void **state)
{
	(void)state;
	static const struct {
		struct outcomes first, second;
		double low, high;
	} printed[] = {
		{ { 56, 70 }, { 48, 80 }, 0.0524, 0.3339 }, { { 9, 10 }, { 3, 10 }, 0.1705, 0.8090 },
		{ { 6, 7 }, { 2, 7 }, 0.0582, 0.8062 },     { { 5, 56 }, { 0, 29 }, -0.0381, 0.1926 },
		{ { 0, 10 }, { 0, 20 }, -0.1611, 0.2775 },  { { 0, 10 }, { 0, 10 }, -0.2775, 0.2775 },
		{ { 10, 10 }, { 0, 20 }, 0.6791, 1.0000 },  { { 10, 10 }, { 0, 10 }, 0.6075, 1.0000 },
	};
	for (size_t i = 0; i < sizeof(printed) / sizeof(*printed); i++) {
		double low, high;
		two_shares_interval(printed[i].second, printed[i].first, &low, &high);
		near(low, printed[i].low, 5e-5, "low");
		near(high, printed[i].high, 5e-5, "high");
	}
}

static void what_is_no_outcome(void **state)
{
	(void)state;
	const double good[] = { 1, 0, 1 }, bad[][2] = { { 1, 0.5 }, { 2, 1 }, { -1, 0 }, { INFINITY, 1 } };
	struct outcomes s;
	assert_true(outcomes_of(good, 3, &s));
	assert_int_equal(s.ones, 2);
	assert_int_equal(s.n, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(outcomes_of(bad[i], 2, &s));
}

static int check_line(const char *line)
{
	struct outcomes a, b;
	struct two_shares_bar bar;
	double low, high, size;
	if (sscanf(line, "interval %d %d %d %d %lf %lf", &a.ones, &a.n, &b.ones, &b.n, &low, &high) == 6) {
		double own_low, own_high;
		two_shares_interval(a, b, &own_low, &own_high);
		near(own_low, low, 1e-9, line);
		near(own_high, high, 1e-9, line);
		return 1;
	}
	if (sscanf(line, "detectable %d %d %d %lf %lf %d %lf", &a.ones, &a.n, &b.n, &bar.level, &bar.threshold,
	           &bar.direction, &size) != 7)
		return 0;
	double own = two_shares_detectable(a, b.n, &bar);
	if (size < 0 && !isnan(own))
		fail_msg("%g, where R finds none: %s", own, line);
	if (size >= 0)
		near(own, size, 1e-8, line);
	return 1;
}

static void r_says(void **state)
{
	(void)state;
	char line[256];
	int checked = 0;
	FILE *file = fopen("t/two_shares_reference.r-values", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		checked += check_line(line);
	fclose(file);
	assert_int_equal(checked, 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_printed),
		cmocka_unit_test(what_is_no_outcome),
		cmocka_unit_test(r_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
