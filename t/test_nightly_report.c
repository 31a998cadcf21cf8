/* What is shown of a night: the metrics for Prometheus, the summary and the page, of hostile texts too. */
#include "analysis/compare_write.h"
#include "analysis/nightly.h"
#include "analysis/nightly_write.h"
#include "bench/base/whole_file.h"
#include "reports/nightly.h"
#include "t/compared.h"
#include "t/exposition.h"

static struct json_object *night_doc, *compared_doc;
static char metrics_path[128];

static int report_begin(void **state)
{
	int result = begin(state);
	snprintf(metrics_path, sizeof(metrics_path), "%s/migmeter.prom", scratch);
	return result;
}

static int report_end(void **state)
{
	json_object_put(night_doc);
	json_object_put(compared_doc);
	night_doc = compared_doc = NULL;
	return end(state);
}

static void make_documents(int has_baseline)
{
	struct night night;
	const struct night_facts facts = { .name = "made",
		                           .config = "made.conf",
		                           .baseline = has_baseline ? base_path : "",
		                           .began_ns = INT64_C(1795292580000000000),
		                           .ended_ns = INT64_C(1795293900000000000) };
	json_object_put(night_doc);
	json_object_put(compared_doc);
	if (!has_baseline)
		snprintf(base_path, sizeof(base_path), "%s", new_path);
	compare();
	night_judge(&night, &compared, has_baseline, 0);
	night_doc = night_json(&facts, &night, &compared);
	compared_doc = comparison_json(&compared, base_path, new_path);
}

static void write_metrics(void)
{
	struct err e = { 0 };
	if (report_night_metrics(night_doc, compared_doc, metrics_path, &e) < 0)
		fail_msg("%s", e.text);
	exposition_read(metrics_path);
}

static void a_night_as_metrics(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	const struct made_conditions bad = { .point = "load=b", .status = "failed", .reason = "lost" };
	made_set(base_path, 1, 8, &a, 1e9, 200);
	made_set(base_path, 9, 8, &b, 1e9, 200);
	made_set(new_path, 17, 8, &a, 0.8e9, 200);
	made_set(new_path, 25, 7, &b, 1e9, 200);
	made_set(new_path, 32, 1, &bad, 1e9, 200);
	make_documents(1);
	write_metrics();
	assert_true(EXPOSED("migmeter_nightly_status", "experiment=\"made\"") == 1);
	assert_true(EXPOSED("migmeter_nightly_verdict", "verdict=\"regressed\"") == 1);
	assert_true(EXPOSED("migmeter_nightly_begin_timestamp_seconds", "made") == 1795292580);
	assert_true(EXPOSED("migmeter_nightly_end_timestamp_seconds", "made") == 1795293900);
	assert_true(EXPOSED("migmeter_nightly_runs", "case=\"load=b\"", "outcome=\"failed\"") == 1);
	assert_true(EXPOSED("migmeter_nightly_runs", "case=\"load=b\"", "outcome=\"complete\"") == 7);
	/* in base units: 200 ms, a time in seconds, work a second with what it is */
	double down = EXPOSED("migmeter_downtime_seconds", "case=\"load=a\"", "estimator=\"stop_resume\"",
	                      "role=\"migrating\"", "metric=\"downtime\"", "vm=\"vm1\"");
	assert_true(down > 0.19 && down < 0.21);
	double rate = EXPOSED("migmeter_baseline_rate_per_second", "case=\"load=a\"", "work=\"additions\"");
	assert_true(rate > 0.78e9 && rate < 0.82e9);
	assert_true(EXPOSED("migmeter_converged_ratio", "load=b") == 1);
	double change = EXPOSED("migmeter_change_ratio", "load=a", "metric=\"baseline_rate\"");
	assert_true(change > -0.22 && change < -0.18);
	assert_true(EXPOSED("migmeter_regressed", "load=a", "metric=\"baseline_rate\"") == 1);
	assert_true(EXPOSED("migmeter_no_stop_seen_ratio", "load=a") == 0);
	assert_true(EXPOSED("migmeter_regressed", "load=b", "metric=\"baseline_rate\"") == 0);
}

static int has_family(const char *name)
{
	for (int i = 0; i < exposed_count; i++)
		if (strncmp(exposed[i].series, name, strlen(name)) == 0)
			return 1;
	return 0;
}

static void a_first_night_has_no_changes(void **state)
{
	(void)state;
	made_set(new_path, 1, 6, &usual, 1e9, 200);
	make_documents(0);
	write_metrics();
	assert_true(EXPOSED("migmeter_nightly_status", "made") == 0);
	assert_true(has_family("migmeter_downtime_seconds"));
	assert_false(has_family("migmeter_change_ratio"));
	assert_false(has_family("migmeter_regressed"));
}

static void a_night_without_runs_has_a_status(void **state)
{
	(void)state;
	const struct night_facts facts = { .name = "made", .config = "", .baseline = "" };
	night_doc = night_failed_json(&facts, NIGHT_SKIPPED, "no memory");
	write_metrics();
	assert_true(EXPOSED("migmeter_nightly_status", "made") == 3);
	assert_true(EXPOSED("migmeter_nightly_verdict", "verdict=\"skipped\"") == 1);
}

/* What never ends is endless, and what is missing is not there. */
static void values_that_are_none(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		char rows[1024] = "";
		made_row(rows, "migration_time", "completion", "ns", NAN, "never converged: aborted after 60 s");
		made_row(rows, "recovery_time", "intadd", "ns", NAN, "no samples");
		made_compared(new_path, i + 1, &usual, rows);
	}
	make_documents(0);
	write_metrics();
	assert_true(isinf(EXPOSED("migmeter_migration_time_seconds", "estimator=\"completion\"")));
	assert_false(has_family("migmeter_recovery_time"));
}

/* Labels of runs are not ours. */
static void hostile_labels(void **state)
{
	(void)state;
	const struct made_conditions hostile = { .point = "load=\\\"}\\\\ 1\\n\\u00e9<script>\\u0007" };
	made_set(new_path, 1, 6, &hostile, 1e9, 200);
	make_documents(0);
	write_metrics();
	assert_true(EXPOSED("migmeter_nightly_runs", "outcome=\"complete\"") == 6);
	struct err e = { 0 };
	char path[256], *text;
	assert_int_equal(report_night(night_doc, compared_doc, scratch, &e), 0);
	snprintf(path, sizeof(path), "%s/index.html", scratch);
	assert_non_null(text = whole_file_read(path, 1 << 20));
	assert_null(strstr(text, "<script>"));
	free(text);
	snprintf(path, sizeof(path), "%s/summary.txt", scratch);
	assert_non_null(text = whole_file_read(path, 1 << 20));
	assert_null(strchr(text, '\a'));
	free(text);
}

static void the_summary_says_what_matters(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &usual, 0.8e9, 200);
	make_documents(1);
	night_add_trouble(night_doc, "cannot keep it");
	struct err e = { 0 };
	char path[256], *text;
	assert_int_equal(report_night(night_doc, compared_doc, scratch, &e), 0);
	snprintf(path, sizeof(path), "%s/index.html", scratch);
	assert_non_null(text = whole_file_read(path, 1 << 20));
	static const char *const wanted[] = { "regressed; 4", "class=\"verdict failed\"", "baseline rate",
		                              "not done</b>: cannot keep it", "href=\"metrics.prom\"" };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("'%s' is not in the page", wanted[i]);
	assert_null(strstr(text, "compare/compare.html")); /* which is not there */
	free(text);
}

/* A downtime that is not above its floor, in two of six runs of one case and in all of another's. */
static void what_is_no_stop_is_told(void **state)
{
	(void)state;
	const struct made_conditions some = { .point = "load=some" }, all = { .point = "load=all" };
	for (int i = 0; i < 12; i++) {
		char rows[2048] = "";
		int unseen = i < 2 || i >= 6;
		made_row(rows, "migration_time", "completion", "ns", 6e9 + i * 1e6, "");
		made_row(rows, "converged", "", "ratio", 1, "");
		made_row(rows, "downtime", "stop_resume", "ns", 66e6,
		         unseen ? "no stop seen: not above its floor of 100 ms" : "");
		made_compared(new_path, i + 1, i < 6 ? &some : &all, rows);
	}
	make_documents(0);
	write_metrics();
	assert_near(EXPOSED("migmeter_no_stop_seen_ratio", "case=\"load=some\"", "estimator=\"stop_resume\""), 2 / 6.,
	            1e-12, "share");
	assert_near(EXPOSED("migmeter_no_stop_seen_ratio", "case=\"load=all\"", "metric=\"downtime\""), 1, 0, "all");
	struct err e = { 0 };
	assert_int_equal(report_night(night_doc, compared_doc, scratch, &e), 0);
	static const char *const files[] = { "index.html", "summary.txt" };
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[256];
		snprintf(path, sizeof(path), "%s/%s", scratch, files[i]);
		char *text = whole_file_read(path, 1 << 20);
		assert_non_null(text);
		if (!strstr(text, "66 ms (no stop seen in 2 of 6)") || !strstr(text, "66 ms (no stop seen)"))
			fail_msg("%s does not tell:\n%s", files[i], text);
		free(text);
	}
}

#define REPORTED(test) cmocka_unit_test_setup_teardown(test, report_begin, report_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORTED(a_night_as_metrics),
		REPORTED(a_first_night_has_no_changes),
		REPORTED(a_night_without_runs_has_a_status),
		REPORTED(values_that_are_none),
		REPORTED(hostile_labels),
		REPORTED(the_summary_says_what_matters),
		REPORTED(what_is_no_stop_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
