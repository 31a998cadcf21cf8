/* compared.h - for tests: compare two made folders of runs, and look a row up. */
#ifndef T_COMPARED_H
#define T_COMPARED_H

#include "analysis/compare.h"
#include "bench/base/err.h"
#include "t/analysed.h"
#include "t/made_comparison.h"

static struct study_runs runs[COMPARE_SIDES];
static struct comparison compared;
static char base_path[128], new_path[128];

static const struct made_conditions usual;

static int begin(void **state)
{
	made_state = 88172645463325252u;
	if (run_make(state) < 0)
		return -1;
	snprintf(base_path, sizeof(base_path), "%s/base", scratch);
	snprintf(new_path, sizeof(new_path), "%s/new", scratch);
	return 0;
}

static int end(void **state)
{
	comparison_free(&compared);
	study_runs_free(&runs[0]);
	study_runs_free(&runs[1]);
	return run_remove(state);
}

#define IN_FOLDERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void compare_with(const struct compare_options *o)
{
	struct err e = { 0 };
	comparison_free(&compared);
	study_runs_free(&runs[0]);
	study_runs_free(&runs[1]);
	if (study_read_any(&runs[0], base_path, &e) < 0 || study_read_any(&runs[1], new_path, &e) < 0 ||
	    compare_make(&compared, &runs[0], &runs[1], o, &e) < 0)
		fail_msg("%s", e.text);
}

__attribute__((unused)) static void compare(void)
{
	compare_with(&(const struct compare_options){ .despite = "" });
}

__attribute__((unused)) static const struct compared *row_of(const char *metric_name, const char *estimator)
{
	for (int i = 0; i < compared.count; i++)
		if (strcmp(compared.list[i].metric, metric_name) == 0 &&
		    strcmp(compared.list[i].estimator, estimator) == 0)
			return &compared.list[i];
	fail_msg("%s %s was not compared", metric_name, estimator);
	return NULL;
}

__attribute__((unused)) static void assert_verdict(const char *metric_name, const char *estimator,
                                                   enum compare_verdict verdict)
{
	const struct compared *c = row_of(metric_name, estimator);
	if (c->verdict != verdict)
		fail_msg("%s: %s, not %s; p %g, difference %g, threshold %g", metric_name,
		         compare_verdict_name(c->verdict), compare_verdict_name(verdict), c->p_holm, c->difference,
		         c->threshold);
}

/* Runs of which the first `never` did not converge; the others took `seconds`. */
__attribute__((unused)) static void add_moody(const char *folder, int count, int never, double seconds)
{
	for (int i = 0; i < count; i++) {
		char rows[2048] = "";
		const char *why = "never converged: aborted after 60 s";
		made_row(rows, "migration_time", "completion", "ns", i < never ? NAN : (seconds + 0.01 * i) * 1e9,
		         i < never ? why : "");
		made_row(rows, "converged", "", "ratio", i >= never, i < never ? why : "");
		made_row(rows, "downtime", "stop_resume", "ns", i < never ? NAN : 3e8 + 1e6 * i,
		         i < never ? "there was no stop" : "");
		made_compared(folder, i, &usual, rows);
	}
}

#endif
