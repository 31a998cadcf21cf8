/* Comparisons: every verdict, and what is compared. */
#include "t/compared.h"

static void a_slower_workload_regressed(void **state)
{
	(void)state;
	made_set(base_path, 1, 10, &usual, 1e9, 200);
	made_set(new_path, 1, 10, &usual, 0.9e9, 200);
	compare();
	assert_int_equal(compared.verdict, COMPARE_REGRESSED);
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	assert_int_equal(compared.counts[COMPARE_REGRESSED], 1);
	assert_verdict("baseline_rate", "intadd", COMPARE_REGRESSED);
	assert_verdict("downtime", "stop_resume", COMPARE_SAME);
	const struct compared *c = row_of("baseline_rate", "intadd");
	assert_true(c->low < -0.1e9 + 1e7 && c->high > -0.1e9 - 1e7 && c->low < c->difference &&
	            c->difference < c->high);
	assert_near(c->p_holm, 3 * 2 / 184756., 1e-12, "p after Holm of 3"); /* converged is all equal */
	assert_int_equal(compared.tested, 3);
	/* by default neither what is not asked for nor what cannot be better */
	assert_int_equal(compared.count, 4);
}

static void the_same_set_halved(void **state)
{
	(void)state;
	made_set(base_path, 1, 5, &usual, 1e9, 200);
	made_set(new_path, 6, 5, &usual, 1e9, 200);
	compare();
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	const struct compared *c = row_of("downtime", "stop_resume");
	assert_true(c->detectable > c->threshold && c->detectable < 0.3 * c->sides[COMPARE_BASE].center);
	assert_string_equal(row_of("converged", "")->reason, "all values are equal");
}

static void faster_improved(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 1, 8, &usual, 1.1e9, 120);
	compare();
	assert_int_equal(compared.verdict, COMPARE_IMPROVED);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	assert_verdict("baseline_rate", "intadd", COMPARE_IMPROVED);
	assert_verdict("downtime", "stop_resume", COMPARE_IMPROVED);
}

/* What is sure but small is no regression; a threshold of one's own makes it one. */
static void small_changes_do_not_matter(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct compare_options o = { .despite = "" };
	made_set(base_path, 1, 10, &usual, 1e9, 200);
	made_set(new_path, 1, 10, &usual, 0.965e9, 200);
	compare();
	assert_verdict("baseline_rate", "intadd", COMPARE_SAME);
	assert_non_null(strstr(row_of("baseline_rate", "intadd")->reason, "less than matters"));
	assert_int_equal(compare_choose_threshold(&o.choices, "baseline_rate=2%", &e), 0);
	compare_with(&o);
	assert_verdict("baseline_rate", "intadd", COMPARE_REGRESSED);
	assert_int_equal(compare_choose_threshold(&o.choices, "50%", &e), 0); /* the last that fits counts */
	compare_with(&o);
	assert_verdict("baseline_rate", "intadd", COMPARE_SAME);
}

static void three_runs_say_how_many_are_needed(void **state)
{
	(void)state;
	made_set(base_path, 1, 3, &usual, 1e9, 200);
	made_set(new_path, 1, 3, &usual, 0.5e9, 900);
	compare();
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(compared.tested, 0);
	assert_int_equal(compared.needed, 5); /* 2 of 252 is at most 0.05 / 4 */
	const struct compared *c = row_of("baseline_rate", "intadd");
	assert_true(isnan(c->p_holm) && isnan(c->detectable) && isnan(c->low));
}

/* With a dozen metrics no order of five values passes, although of one alone it would. */
static void few_runs_of_many_metrics(void **state)
{
	(void)state;
	char name[32];
	struct compare_options o = { .despite = "" };
	for (int i = 0; i < 10; i++) {
		char rows[4096] = "";
		for (int m = 0; m < 12; m++) {
			snprintf(name, sizeof(name), "node%02d:migration", m);
			made_row(rows, "cpu_node", name, "cores", 1 + 0.01 * made_random() + (i < 5 ? 0 : 1), "");
		}
		made_compared(i < 5 ? base_path : new_path, i, &usual, rows);
	}
	assert_int_equal(compare_choose_metric(&o.choices, "cpu_node", NULL), 0);
	compare_with(&o);
	assert_int_equal(compared.tested, 12);
	assert_int_equal(compared.verdict, COMPARE_SAME);
	for (int i = 0; i < compared.count; i++) {
		assert_true(isnan(compared.list[i].detectable) && compared.list[i].too_few);
		assert_string_equal(compared.list[i].reason, "n = 5 and 5 are too few, 6 are needed");
	}
}

/* Of two values no spread is known, although the test may pass; of one each nothing is, equal or not. */
static void sides_of_many_and_few(void **state)
{
	(void)state;
	made_set(base_path, 1, 20, &usual, 1e9, 200);
	made_set(new_path, 1, 2, &usual, 1e9, 200);
	compare();
	const struct compared *c = row_of("baseline_rate", "intadd");
	assert_int_equal(c->verdict, COMPARE_SAME);
	assert_true(isnan(c->low) && isnan(c->detectable) && !isnan(c->p_holm) && !c->too_few);
	assert_string_equal(c->reason, "how much could have been is not known of n = 20 and 2");
	snprintf(base_path, sizeof(base_path), "%s/one", scratch);
	snprintf(new_path, sizeof(new_path), "%s/other", scratch);
	made_set(base_path, 1, 1, &usual, 1e9, 200);
	made_set(new_path, 1, 1, &usual, 0.1e9, 2000);
	compare();
	assert_string_equal(row_of("baseline_rate", "intadd")->reason, "n = 1 and 1 are too few, 5 are needed");
	assert_string_equal(row_of("converged", "")->reason,
	                    "all values are equal; n = 1 and 1 are too few, 5 are needed");
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
}

/* Ten of ten are no proof of all: neither interval nor size is nothing. */
static void shares_are_known_to_some_degree(void **state)
{
	(void)state;
	add_moody(base_path, 10, 0, 20);
	add_moody(new_path, 10, 1, 20);
	compare();
	const struct compared *c = row_of("converged", "");
	assert_int_equal(c->verdict, COMPARE_SAME);
	assert_near(c->low, -0.4042, 1e-3, "low"); /* t/test_two_shares.c */
	assert_near(c->high, 0.1895, 1e-3, "high");
	assert_true(c->detectable > 0.5 && c->detectable < 0.95);
	const struct compared *times = row_of("migration_time", "completion");
	assert_true(isnan(times->detectable));
	assert_string_equal(times->reason, "of endless values no size can be told");
	add_moody(base_path, 10, 10, 20);
	add_moody(new_path, 10, 9, 20);
	compare();
	assert_string_equal(row_of("converged", "")->reason, "it cannot become worse");
	assert_int_equal(row_of("converged", "")->verdict, COMPARE_SAME);
}

/* The same runs on both sides are equal, however little that says. */
static void runs_of_both_sides_are_counted(void **state)
{
	(void)state;
	char from[256], to[256];
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 11, 5, &usual, 1e9, 200);
	snprintf(from, sizeof(from), "%s/003", base_path);
	snprintf(to, sizeof(to), "%s/link", new_path);
	assert_int_equal(symlink(from, to), 0);
	compare();
	assert_int_equal(compared.cases[0].shared, 1);
	snprintf(new_path, sizeof(new_path), "%s", base_path);
	compare();
	assert_int_equal(compared.cases[0].shared, 6);
}

/* A run without a migration time is the longest, also as the first. */
static void the_typical_run_is_the_one_in_the_middle(void **state)
{
	(void)state;
	add_moody(base_path, 3, 1, 20); /* never, 20.01 s, 20.02 s */
	add_moody(new_path, 5, 2, 20);  /* never, never, 20.02 s, 20.03 s, 20.04 s */
	compare();
	assert_string_equal(strrchr(compared.cases[0].typical[COMPARE_BASE]->directory, '/'), "/002");
	assert_string_equal(strrchr(compared.cases[0].typical[COMPARE_NEW]->directory, '/'), "/004");
}

static void nothing_of_what_is_asked_for(void **state)
{
	(void)state;
	struct compare_options o = { .despite = "" };
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 1, 6, &usual, 1e9, 200);
	assert_int_equal(compare_choose_metric(&o.choices, "job_time", NULL), 0);
	compare_with(&o);
	assert_int_equal(comparison_status(&compared), EXIT_USAGE);
	assert_string_equal(compared.cases[0].why, "no run has a metric that is asked for");
}

/* One value that differs proves nothing, but it differs. */
static void nearly_all_equal(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char rows[512] = "";
		made_row(rows, "recovery_time", "intadd", "ns", i == 3 ? 2e7 : 0, "");
		made_compared(i % 2 ? base_path : new_path, i, &usual, rows);
	}
	compare();
	const struct compared *c = row_of("recovery_time", "intadd");
	assert_int_equal(c->verdict, COMPARE_SAME);
	assert_string_equal(c->reason, "");
	assert_true(isnan(c->p_holm));
	assert_near(c->detectable, 100e6, 50e6, "about the threshold");
}

/* ---- never converged ---- */

static void never_converged_is_data(void **state)
{
	(void)state;
	add_moody(base_path, 10, 0, 20);
	add_moody(new_path, 10, 8, 20);
	compare();
	assert_verdict("converged", "", COMPARE_REGRESSED);
	assert_verdict("migration_time", "completion", COMPARE_REGRESSED);
	const struct compared *c = row_of("migration_time", "completion");
	assert_int_equal(c->sides[COMPARE_NEW].n, 10);
	assert_int_equal(c->sides[COMPARE_NEW].endless, 8);
	assert_true(isinf(c->sides[COMPARE_NEW].center) && isinf(c->difference));
	assert_near(row_of("converged", "")->difference, -0.8, 1e-12, "share that converged");
	/* nor did the stop come */
	assert_int_equal(row_of("downtime", "stop_resume")->sides[COMPARE_NEW].endless, 8);
	assert_verdict("downtime", "stop_resume", COMPARE_REGRESSED);
}

/* What an aborted migration has measured until then is small, and no improvement; that its baseline had is. */
static void aborted_is_never_better(void **state)
{
	(void)state;
	static const char *const names[][3] = { { "downtime", "network", "ns" },
		                                { "downtime", "work", "ns" },
		                                { "lost_work", "intadd", "s" },
		                                { "bytes_on_wire", "migration:src-to-dst", "bytes" },
		                                { "bytes_to_memory", "on_wire", "ratio" },
		                                { "mean_rate", "intadd", "additions/s" },
		                                { "degradation", "intadd", "percent" },
		                                { "cpu_per_gib", "threads", "s/GiB" },
		                                { "worst_op_p99", "intadd:migration", "ns" },
		                                { "connection_alive", "tcp", "ratio" },
		                                { "baseline_rate", "intadd", "additions/s" } };
	struct compare_options o = { .despite = "" };
	enum { NAMES = sizeof(names) / sizeof(*names) };
	for (int i = 0; i < 20; i++) {
		char rows[8192] = "";
		int aborted = i >= 11; /* the first of NEW is not */
		made_row(rows, "converged", "", "ratio", !aborted, "");
		for (int k = 0; k < NAMES; k++) {
			int higher = strstr(names[k][0], "rate") || strstr(names[k][0], "alive");
			double small = 1e6 + i, large = 1e9 + i;
			made_row(rows, names[k][0], names[k][1], names[k][2], (i < 10) == higher ? small : large, "");
		}
		made_compared(i < 10 ? base_path : new_path, i, &usual, rows);
	}
	assert_int_equal(compare_choose_metric(&o.choices, "all", NULL), 0);
	compare_with(&o);
	for (int k = 0; k < NAMES - 1; k++) {
		const struct compared *c = row_of(names[k][0], names[k][1]);
		int amount = k < 5;
		if (c->verdict != (amount ? COMPARE_REGRESSED : COMPARE_NOT))
			fail_msg("%s: %s", names[k][0], compare_verdict_name(c->verdict));
		if (!amount)
			assert_string_equal(c->reason, "9 of 10 runs of NEW never converged");
	}
	assert_verdict("baseline_rate", "intadd", COMPARE_IMPROVED);
	assert_int_equal(compared.cases[0].never[COMPARE_NEW], 9);
}

static void never_before_and_never_now(void **state)
{
	(void)state;
	add_moody(base_path, 6, 6, 20);
	add_moody(new_path, 6, 6, 20);
	compare();
	assert_verdict("migration_time", "completion", COMPARE_SAME);
	assert_near(row_of("migration_time", "completion")->difference, 0, 0, "difference");
	assert_verdict("downtime", "stop_resume", COMPARE_SAME);
	add_moody(new_path, 6, 0, 20);
	compare();
	assert_verdict("migration_time", "completion", COMPARE_IMPROVED);
	assert_verdict("converged", "", COMPARE_IMPROVED);
}

/* ---- choices ---- */

/* What no analysis writes is no value, and no crash. */
static void odd_metrics(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"5, null, [], {}, {\"metric\":\"nothing\"}, {\"metric\":\"downtime\",\"value\":1}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":NaN}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":[3]}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":1e999}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":\"7\"}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":1e300}",
	};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	for (int i = 0; i < ROWS; i++) {
		made_compared(base_path, i, &usual, rows[i]);
		made_compared(new_path, i, &usual, rows[ROWS - 1 - i]);
	}
	compare();
	const struct compared *c = row_of("downtime", "network");
	assert_int_equal(c->sides[COMPARE_BASE].missing, ROWS - 1);
	assert_int_equal(c->verdict, COMPARE_SAME);
}

static void choices(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct compare_options o = { .despite = "" };
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 1, 6, &usual, 1e9, 200);
	assert_int_equal(compare_choose_metric(&o.choices, "worst_op_*:intadd:settle", &e), 0);
	assert_int_equal(compare_choose_metric(&o.choices, "downtime:stop_resume", &e), 0);
	compare_with(&o);
	assert_int_equal(compared.count, 2);
	o.choices.metric_count = 0;
	assert_int_equal(compare_choose_metric(&o.choices, "all", &e), 0);
	compare_with(&o);
	assert_int_equal(compared.count, 5); /* all but clock_drift, which cannot be better */
	assert_int_equal(compare_choose_metric(&o.choices, "downtme", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "did you mean 'downtime'?"));
	assert_int_equal(compare_choose_metric(&o.choices, "clock_drift", &e), -1);
	assert_non_null(strstr(e.text, "no better and no worse"));
	static const char *const bad[] = { "much", "-5%", "downtme=5%", "5000%", "5", "downtime=" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		e.status = 0;
		assert_int_equal(compare_choose_threshold(&o.choices, bad[i], &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
	}
	struct compare_choices c = { 0 };
	assert_near(compare_threshold(&c, "downtime", "network", 200e6), 20e6, 1e-3, "a tenth");
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 10e6, 1e-3, "the least");
	assert_near(compare_threshold(&c, "downtime", "network", INFINITY), 10e6, 1e-3, "of what never ends");
	compare_choose_threshold(&c, "20%", &e);
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 10e6, 1e-3, "the least stays");
	compare_choose_threshold(&c, "downtime:net*=1%", &e);
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 0.2e6, 1e-3, "of one metric");
	assert_near(compare_threshold(&c, "downtime", "work", 200e6), 40e6, 1e-3, "of the others");
	compare_choose_threshold(&c, "5%", &e);
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 10e6, 1e-3,
	            "and then of all, with their least");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDERS(a_slower_workload_regressed),
		IN_FOLDERS(the_same_set_halved),
		IN_FOLDERS(faster_improved),
		IN_FOLDERS(small_changes_do_not_matter),
		IN_FOLDERS(three_runs_say_how_many_are_needed),
		IN_FOLDERS(few_runs_of_many_metrics),
		IN_FOLDERS(sides_of_many_and_few),
		IN_FOLDERS(shares_are_known_to_some_degree),
		IN_FOLDERS(runs_of_both_sides_are_counted),
		IN_FOLDERS(the_typical_run_is_the_one_in_the_middle),
		IN_FOLDERS(nothing_of_what_is_asked_for),
		IN_FOLDERS(nearly_all_equal),
		IN_FOLDERS(never_converged_is_data),
		IN_FOLDERS(aborted_is_never_better),
		IN_FOLDERS(never_before_and_never_now),
		IN_FOLDERS(odd_metrics),
		IN_FOLDERS(choices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
