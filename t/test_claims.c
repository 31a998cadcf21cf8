/* What claims are made of: intervals, formulas, rules, and each paper's table of them. */
#include "analysis/claims.h"
#include "analysis/formula.h"
#include "analysis/metrics.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_interval(void **state)
{
	(void)state;
	const double values[] = { 1, NAN, 2, 3 };
	struct interval i = interval_of(values, 4);
	assert_int_equal(i.n, 3);
	assert_float_equal(i.mean, 2, 1e-12);
	/* t(0.975, 2) = 4.3027, standard error 1 / sqrt(3) */
	assert_float_equal(i.high, 2 + 4.302653 / sqrt(3), 1e-5);
	assert_float_equal(i.low, 2 - 4.302653 / sqrt(3), 1e-5);
	i = interval_of(values, 3);
	assert_float_equal(i.mean, 1.5, 1e-12);
	assert_true(isnan(i.low) && isnan(i.high));
	assert_true(isnan(interval_of(values, 0).mean));
}

/* By count: the mean's interval about {1, 1, 0} has 1 in it, and about {1, 1, 1} is nothing. */
static void test_outcomes(void **state)
{
	(void)state;
	const double all[] = { 1, NAN, 1, 1 }, one_not[] = { 1, 1, 0 }, part_not[] = { 1, 0.75, 1 };
	struct interval i = interval_of_outcomes(all, 4);
	assert_int_equal(i.n, 3);
	assert_float_equal(i.mean, 1, 0);
	assert_float_equal(i.low, pow(0.025, 1 / 3.), 1e-9);
	assert_float_equal(i.high, 1, 0);
	assert_int_equal(claim_judge_outcomes(&i), VERDICT_AGREES);
	i = interval_of_outcomes(all, 3);
	assert_int_equal(i.n, 2);
	assert_true(isnan(i.low));
	assert_int_equal(claim_judge_outcomes(&i), VERDICT_NOT_SHOWN);
	i = interval_of_outcomes(one_not, 3);
	assert_float_equal(i.mean, 2 / 3., 1e-12);
	assert_float_equal(i.low, 0.0943, 1e-4); /* tables of Clopper and Pearson: 2 of 3 */
	assert_float_equal(i.high, 0.9916, 1e-4);
	assert_int_equal(claim_judge_outcomes(&i), VERDICT_DISAGREES);
	i = interval_of_outcomes(part_not, 3);
	assert_float_equal(i.mean, 2 / 3., 1e-12);
	i = interval_of_outcomes(one_not + 2, 1);
	assert_int_equal(claim_judge_outcomes(&i), VERDICT_DISAGREES);
	i = interval_of_outcomes(all, 0);
	assert_int_equal(claim_judge_outcomes(&i), VERDICT_NOT_SHOWN);
}

static double number_of(void *context, const struct formula_term *t)
{
	int *asked = context;
	(*asked)++;
	if (strcmp(t->name, "gone") == 0)
		return NAN;
	assert_string_equal(t->words[0], "a b");
	assert_string_equal(t->words[1], "c");
	assert_int_equal(t->count, 2);
	return 5;
}

static double formula(const char *text)
{
	struct err e = { 0 };
	double value = NAN;
	int asked = 0;
	if (formula_value(text, 0, 1, number_of, &asked, &value, &e) < 0)
		fail_msg("%s", e.text);
	return value;
}

static void test_formula(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",          "1 +",     "(1",
		"f(",        "f()",     "f(a",
		"1 2",       "1 / / 2", "f",
		")",         "f(a,,b)", "least(1",
		"least(,1)", "1)",      "((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))"
	};
	int asked = 0;
	double value;
	assert_float_equal(formula("1 + 2 * 3 - 4 / 2"), 5, 0);
	assert_float_equal(formula(" (1+2)*-3 "), -9, 0);
	assert_float_equal(formula("100 * m( a b , c) / 2 - m(a b,c)"), 245, 0);
	assert_float_equal(formula("2 * least(7, m(a b, c), 3 + 3) + 1"), 11, 0);
	assert_float_equal(formula("least(gone(x), 7, gone(x), 9)"), 7, 0);
	assert_true(isnan(formula("least(gone(x), gone(x))")));
	assert_true(isnan(formula("1 + gone(x)")));
	assert_true(isnan(formula("1 / 0")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };
		assert_int_equal(formula_value(bad[i], 0, 1, number_of, &asked, &value, &e), -1);
	}
}

/* By repeat; missed counts what is missing though nothing tries it out. */
static double by_repeat(void *context, const struct formula_term *t)
{
	static const double values[][3] = { { 10, 10, 10 }, { 9, 14, 15 }, { NAN, 5, NAN }, { NAN, NAN, NAN } };
	double value = values[t->words[0][0] - 'a'][t->repeat];
	*(int *)context += isnan(value) && !t->tried;
	return value;
}

static double in_repeat(const char *text, long repeat, int *missed)
{
	struct err e = { 0 };
	double value = NAN;
	*missed = 0;
	if (formula_value(text, repeat, 3, by_repeat, missed, &value, &e) < 0)
		fail_msg("%s", e.text);
	return value;
}

/* The best is the one that was best on the whole, also where another one had the better day. */
static void test_least_by_mean(void **state)
{
	(void)state;
	int missed;
	for (long r = 0; r < 3; r++) {
		assert_float_equal(in_repeat("20 / least(m(b), m(a), m(d))", r, &missed), 2, 0);
		assert_int_equal(missed, 0);
	}
	assert_float_equal(in_repeat("least(m(a), m(c), m(b))", 1, &missed), 5, 0);
	assert_true(isnan(in_repeat("least(m(a), m(c), m(b))", 0, &missed)));
	assert_int_equal(missed, 1);
	assert_true(isnan(in_repeat("least(m(d), m(d))", 2, &missed)));
	assert_int_equal(missed, 1);
	assert_float_equal(in_repeat("least(least(m(a), m(b)), m(b)) + m(b)", 1, &missed), 24, 0);
}

static void test_rules(void **state)
{
	(void)state;
	const struct interval above = { 3, 2, 4, 3 }, below = { -3, -4, -2, 3 }, across = { 0, -1, 1, 3 };
	const struct interval unknown = { 3, NAN, NAN, 2 }, none = { 0, 0, 0, 3 };
	assert_int_equal(claim_judge(&above, 0, INFINITY), VERDICT_AGREES);
	assert_int_equal(claim_judge(&below, 0, INFINITY), VERDICT_DISAGREES);
	assert_int_equal(claim_judge(&across, 0, INFINITY), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&unknown, 0, INFINITY), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&none, 0, INFINITY), VERDICT_DISAGREES);
	assert_int_equal(claim_judge(&none, -INFINITY, 0), VERDICT_DISAGREES);
	assert_int_equal(claim_judge(&above, 1, 5), VERDICT_AGREES);
	assert_int_equal(claim_judge(&above, 3, 5), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&above, 5, 6), VERDICT_DISAGREES);

	const enum verdict mixed[] = { VERDICT_AGREES, VERDICT_NOT_SHOWN, VERDICT_DISAGREES };
	assert_int_equal(claim_together(mixed, 1), VERDICT_AGREES);
	assert_int_equal(claim_together(mixed, 2), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_together(mixed, 3), VERDICT_DISAGREES);
	assert_int_equal(claim_together(mixed, 0), VERDICT_NOT_SHOWN);
}

/* ---- the table itself ---- */

static const struct claim_paper *checked;

static double check_term(void *context, const struct formula_term *t)
{
	static const char *const roles[] = { "", "migrating", "source-neighbour", "destination-neighbour" };
	const char *text = context;
	const struct study_key key = claim_key(checked, t);
	int known = 0;
	if (!metric_find(t->name))
		fail_msg("%s: no metric '%s'", text, t->name);
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		known |= strcmp(roles[i], key.role) == 0;
	for (int i = 0; i < t->count; i++)
		known &= checked->words[i] != WORD_NONE &&
		         (checked->words[i] != WORD_RATE || key.rate_bits_per_s != MISSING) &&
		         (checked->words[i] != WORD_RTT || key.rtt_ns != MISSING);
	if (!known || (!*key.point && key.vms != 1 && key.vms != 3))
		fail_msg("%s: bad term", text);
	return 1;
}

static void check_formula(char *text)
{
	struct err e = { 0 };
	double value;
	if (formula_value(text, 0, 1, check_term, text, &value, &e) < 0)
		fail_msg("%s", e.text);
}

static void check_tables(const struct claim_paper *paper)
{
	char text[512];
	for (const struct paper_table *t = paper->tables; t && t->title; t++)
		for (const struct paper_cell *c = t->cells; c->row; c++)
			for (int share = 0; share < 2; share++) {
				snprintf(text, sizeof(text), "%s",
				         share        ? c->share ? c->share : ""
				         : c->formula ? c->formula
				                      : "");
				if (text[0])
					check_formula(text);
			}
}

/* Returns how many claims there are. */
static int check_claims(const struct claim_paper *paper)
{
	char formula_text[512], figure[128];
	const char *last = "";
	int claims = 0;
	checked = paper;
	for (const struct claim *c = paper->claims; c->id; c++) {
		claims += strcmp(c->id, last) != 0;
		last = c->id;
		for (int i = 0; i < claim_parts(c); i++) {
			claim_part(c, i, formula_text, sizeof(formula_text), figure, sizeof(figure));
			assert_null(strstr(formula_text, "EACH"));
			assert_true(figure[0]);
			check_formula(formula_text);
		}
	}
	check_tables(paper);
	return claims;
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(check_claims(claim_paper_find("kuno")), 10);
	assert_int_equal(check_claims(claim_paper_find("hirofuchi")), 7);
	assert_int_equal(check_claims(claim_paper_find("openflow")), 4);
	assert_int_equal(check_claims(claim_paper_find("sakurai-rtt")), 2);
	assert_int_equal(check_claims(claim_paper_find("wide-area-groups")), 2);
	assert_int_equal(check_claims(claim_paper_find("wide-area-reuse")), 1);
	assert_int_equal(check_claims(claim_paper_find("wide-area-return")), 2);
	assert_int_equal(check_claims(claim_paper_find("wide-area-visits")), 1);
	assert_int_equal(check_claims(claim_paper_find("wide-area-cached")), 1);
	assert_int_equal(check_claims(claim_paper_find("wide-area-shared")), 1);
	assert_int_equal(check_claims(claim_paper_find("wide-area-reachable")), 1);
	assert_int_equal(check_claims(claim_paper_find("wide-area-waiting")), 1);
	assert_null(claim_paper_find("nobody"));
}

/* A term's words find the run and the value; - is any. */
static void test_words(void **state)
{
	(void)state;
	const struct claim_paper *paper = claim_paper_find("hirofuchi");
	const struct formula_term term = { .name = "moves", .words = { "web", "-", "good" }, .count = 3 };
	struct study_key key = claim_key(paper, &term);
	assert_string_equal(key.point, "web");
	assert_string_equal(key.vm, "");
	assert_string_equal(key.estimator, "good");
	assert_int_equal(key.rate_bits_per_s, MISSING);
	struct study_run run = { .point = "case=web rate=1G" };
	assert_true(study_run_is(&run, &key));
	key.point = "case=web";
	assert_false(study_run_is(&run, &key));
	const struct formula_term all = { .name = "stream_left", .words = { "web", "none", "group" }, .count = 3 };
	assert_string_equal(claim_key(paper, &all).vm, STUDY_NO_VM);
	key.point = "we";
	assert_false(study_run_is(&run, &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval), cmocka_unit_test(test_formula), cmocka_unit_test(test_least_by_mean),
		cmocka_unit_test(test_rules),    cmocka_unit_test(test_table),   cmocka_unit_test(test_words),
		cmocka_unit_test(test_outcomes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
