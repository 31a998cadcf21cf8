/* A ranking: what counts as converged, the order, ratios to the reference, and the page. */
#include "analysis/ranking.h"
#include "analysis/study.h"
#include "analysis/study_analyze.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/report.h"
#include "t/analysed.h"
#include "t/made_study.h"
#include "t/texts.h"

static void test_split(void **state)
{
	(void)state;
	char block[64], member[64];
	assert_true(study_label_split("load=cpu feature=tls rate=1G", "feature", block, sizeof(block), member, 64));
	assert_string_equal(block, "load=cpu rate=1G");
	assert_string_equal(member, "tls");
	assert_true(study_label_split("feature=a=b", "feature", block, sizeof(block), member, 64));
	assert_string_equal(block, "");
	assert_string_equal(member, "a=b");
	assert_false(study_label_split("myfeature=tls", "feature", block, sizeof(block), member, 64));
	assert_false(study_label_split("", "feature", block, sizeof(block), member, 64));
}

/* A run that took seconds, or (0) never converged. */
static void add_run(int number, const char *point, int repeat, double seconds)
{
	const struct made_metric metrics[] = {
		{ "migration_time", "migrating", "completion", seconds > 0 ? seconds * 1e9 : NAN },
		{ "converged", "migrating", "", seconds > 0 },
		{ "downtime", "migrating", "stop_resume", seconds > 0 ? seconds * 2e7 : NAN },
		{ "downtime", "migrating", "guest_clock", seconds * 2.1e7 + 1e5 },
		{ "downtime", "migrating", "network", seconds * 3e7 + 1e7 },
		{ "downtime", "migrating", "work", seconds * 5e7 + 1e7 },
		{ "downtime", "migrating", "reported", seconds > 0 ? seconds * 1.9e7 : NAN },
		{ "bytes_on_wire", "migrating", "migration:src-to-dst", 1.1e7 * (seconds > 0 ? seconds : 20) },
		{ "cpu_per_gib", "migrating", "threads", 4 + seconds / 10 },
		{ "lost_work", "migrating", "memdirty", 1 + seconds / 5 },
	};
	made_point_run(scratch, number, point, repeat, "complete", metrics, sizeof(metrics) / sizeof(*metrics));
}

static void add_study(void)
{
	made_comparison(scratch, "");
	for (int r = 1; r <= 3; r++) {
		add_run(1, "load=light feature=plain", r, 10);
		add_run(2, "load=light feature=slow", r, 19 + r);
		add_run(3, "load=light feature=never", r, 0);
		add_run(4, "load=light feature=quick", r, 5);
		add_run(5, "load=light feature=moody", r, r == 1 ? 2 : 0);
		made_point_run(scratch, 6, "load=light feature=odd", r, "failed", NULL, 0);
		made_point_run(scratch, 7, "load=light feature=absent", r, "skipped", NULL, 0);
		add_run(8, "load=heavy feature=plain", r, 0);
		add_run(9, "load=heavy feature=postcopy", r, 9);
	}
	made_point_run(scratch, 10, "load=heavy feature=later", 1, "interrupted", NULL, 0);
}

static struct csv_table *ranking_of_study(void)
{
	struct err e = { 0 };
	struct csv_table *t;
	if (analyze_study(scratch, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(csv_table_load(&t, scratch, "ranking.csv", 1000, &e), 0);
	return t;
}

/* The row of a member and metric. */
static int find(const struct csv_table *t, const char *member, const char *metric)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "member"), member) == 0 &&
		    strcmp(csv_table_text(t, i, "metric"), metric) == 0)
			return i;
	fail_msg("no %s of %s", metric, member);
	return -1;
}

/* The same in study.csv. */
static int find_point(const struct csv_table *t, const char *point, const char *metric)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "point"), point) == 0 &&
		    strcmp(csv_table_text(t, i, "metric"), metric) == 0)
			return i;
	fail_msg("no %s of %s", metric, point);
	return -1;
}

static void test_order(void **state)
{
	(void)state;
	static const struct {
		const char *block, *member, *class;
	} wanted[] = {
		{ "load=light", "quick", "converged" },       { "load=light", "plain", "converged" },
		{ "load=light", "slow", "converged" },        { "load=light", "moody", "sometimes converged" },
		{ "load=light", "never", "never converged" }, { "load=light", "odd", "failed" },
		{ "load=light", "absent", "skipped" },        { "load=heavy", "postcopy", "converged" },
		{ "load=heavy", "plain", "never converged" },
	};
	add_study();
	struct csv_table *t = ranking_of_study();
	int seen = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (i && strcmp(csv_table_text(t, i, "member"), csv_table_text(t, i - 1, "member")) == 0)
			continue;
		assert_true(seen < 9);
		assert_string_equal(csv_table_text(t, i, "block"), wanted[seen].block);
		assert_string_equal(csv_table_text(t, i, "member"), wanted[seen].member);
		assert_string_equal(csv_table_text(t, i, "class"), wanted[seen].class);
		assert_int_equal((int)csv_table_number(t, i, "place"), seen < 7 ? seen + 1 : seen - 6);
		seen++;
	}
	assert_int_equal(seen, 9);
	csv_table_free(t);
}

static void test_values(void **state)
{
	(void)state;
	add_study();
	struct csv_table *t = ranking_of_study();
	int row = find(t, "slow", "migration_time");
	assert_near(csv_table_number(t, row, "value"), 21e9, 1, "mean");
	assert_near(csv_table_number(t, row, "ratio"), 2.1, 1e-9, "ratio");
	assert_true(csv_table_number(t, row, "low") < 21e9 && csv_table_number(t, row, "high") > 21e9);
	assert_near(csv_table_number(t, find(t, "plain", "lost_work"), "ratio"), 1, 1e-12, "of itself");
	/* What an aborted migration used is known, but is no part of a whole. */
	row = find(t, "never", "bytes_on_wire");
	assert_near(csv_table_number(t, row, "value"), 2.2e8, 1, "bytes until the abort");
	assert_true(isnan(csv_table_number(t, row, "ratio")));
	assert_true(isnan(csv_table_number(t, find(t, "postcopy", "lost_work"), "ratio")));
	assert_near(csv_table_number(t, find(t, "moody", "migration_time"), "share"), 1. / 3, 1e-9, "share");
	assert_string_equal(csv_table_text(t, find(t, "absent", ""), "reason"), "a reason");
	csv_table_free(t);
}

/* Another metric to sort by, one where more is better. */
static void test_sort_key(void **state)
{
	(void)state;
	struct ranking r = { .columns = { { "mean_rate", "" } }, .column_count = 1, .count = 3 };
	struct ranked list[3] = { { .member = "a", .values = { { 5, NAN, NAN, 1 } } },
		                  { .member = "b", .values = { { 9, NAN, NAN, 1 } }, .order = 1 },
		                  { .member = "c", .values = { { NAN, NAN, NAN, 0 } }, .order = 2 } };
	r.list = list;
	ranking_sort(&r, "a");
	assert_string_equal(list[0].member, "b");
	assert_near(list[0].ratios[0], 1.8, 1e-12, "ratio");
	assert_string_equal(list[2].member, "c");
	assert_int_equal(list[2].place, 3);
	snprintf(r.columns[0].metric, sizeof(r.columns[0].metric), "lost_work");
	ranking_sort(&r, "");
	assert_string_equal(list[0].member, "a");
	assert_true(isnan(list[0].ratios[0]));
}

/* Beside each p of R's t.test(); two are near 5 %. */
static void test_means_apart(void **state)
{
	(void)state;
	static const struct {
		double a[3], b[3];
		int nb, apart;
	} cases[] = {
		{ { 3.01, 3.06, 3.04 }, { 3.05, 3.07, 3.02 }, 3, 0 }, /* 0.652 */
		{ { 3.01, 3.06, 3.04 }, { 3.05, 3.5, 3.9 }, 3, 0 },   /* 0.210 */
		{ { 3.01, 3.06, 3.04 }, { 3.13, 3.2, 3.1 }, 3, 0 },   /* 0.0503 */
		{ { 3.01, 3.06, 3.04 }, { 3.13, 3.21, 3.11 }, 3, 1 }, /* 0.0473 */
		{ { 1, 2, 3 }, { 6, 7, 8 }, 3, 1 },                   /* 0.0036 */
		{ { 2, 2, 2 }, { 3, 3, 3 }, 3, 1 },
		{ { 2, 2, 2 }, { 2, 2, 2 }, 3, 0 },
		{ { 2, 2, 2 }, { 9, 9, 0 }, 2, -1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct interval a = interval_of(cases[i].a, 3), b = interval_of(cases[i].b, cases[i].nb);
		assert_int_equal(interval_apart(&a, &b), cases[i].apart);
		assert_int_equal(interval_apart(&b, &a), cases[i].apart);
		a = interval_not_below(a, a.mean); /* what is shown of it does not matter */
		assert_int_equal(interval_apart(&a, &b), cases[i].apart);
	}
}

/* What a run has by one of the downtimes and by what it lost. */
static void add_times(int number, const char *point, int repeat, double seconds, double reported_ms, double lost_s)
{
	const struct made_metric metrics[] = {
		{ "migration_time", "migrating", "completion", seconds * 1e9 },
		{ "downtime", "migrating", "reported", reported_ms * 1e6 },
		{ "lost_work", "migrating", "memdirty", lost_s },
	};
	made_point_run(scratch, number, point, repeat, "complete", metrics, sizeof(metrics) / sizeof(*metrics));
}

/* The best is the best only of those that it can be told apart from; no duration goes below nothing, lost work may. */
static void test_ties(void **state)
{
	(void)state;
	static const double ms[] = { 10, 20, 600 }, lost_s[] = { 0.1, 0.3, 2.6 };
	struct err e = { 0 };
	made_comparison(scratch, "");
	for (int r = 0; r < 3; r++) {
		add_times(1, "feature=plain", r + 1, 3.02 + 0.04 * r, ms[r], 1);
		add_times(2, "feature=postcopy", r + 1, 3 + 0.03 * r, ms[r], 3 + lost_s[r]);
		add_times(3, "feature=bbr", r + 1, 3.01 + 0.03 * r, ms[r], 1 - lost_s[r]);
		add_times(4, "feature=slow", r + 1, 3.3 + 0.02 * r, ms[r], 1);
	}
	add_times(5, "feature=once", 1, 3.1, 9, 1);
	struct csv_table *t = ranking_of_study();
	static const char *const apart[][2] = { { "postcopy", "missing" },
		                                { "bbr", "no" },
		                                { "plain", "no" },
		                                { "slow", "yes" },
		                                { "once", "missing" } };
	for (size_t i = 0; i < sizeof(apart) / sizeof(*apart); i++)
		assert_string_equal(csv_table_text(t, find(t, apart[i][0], "migration_time"), "apart_from_best"),
		                    apart[i][1]);
	int row = find(t, "plain", "downtime");
	assert_near(csv_table_number(t, row, "low"), 0, 0, "of a duration");
	assert_true(csv_table_number(t, row, "high") > 1e9);
	assert_true(csv_table_number(t, find(t, "bbr", "lost_work"), "low") < -1);
	csv_table_free(t);
	assert_int_equal(csv_table_load(&t, scratch, "study.csv", 1000, &e), 0);
	assert_near(csv_table_number(t, find_point(t, "feature=plain", "downtime"), "low"), 0, 0, "beside it");
	assert_true(csv_table_number(t, find_point(t, "feature=bbr", "lost_work"), "low") < -1);
	csv_table_free(t);
	char *page = page_made(scratch);
	if (!strstr(page,
	            "postcopy is best with a migration time of 3.03 s (0.99 × plain); bbr and plain cannot be told "
	            "apart from it; its lost work is 4.00 × plain</li>"))
		fail_msg("%s", strstr(page, "is best with"));
	free(page);
}

/* A run that was disturbed, and whose only downtime is below its floor. */
static void add_cautions(const char *folder, int percent)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", scratch, folder);
	made_file(path, "metrics.json",
	          "{\"metrics\":[{\"metric\":\"migration_time\",\"estimator\":\"completion\",\"unit\":\"ns\","
	          "\"value\":10000000000},{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\","
	          "\"value\":66000000,\"reason\":\"no stop seen: not above its floor of 100 ms\"}],"
	          "\"warnings\":[\"%d %% busy: the run was disturbed\"]}\n",
	          percent);
}

static void test_page(void **state)
{
	(void)state;
	add_study();
	add_cautions("001-r1", 61);
	add_cautions("002-r1", 7);
	csv_table_free(ranking_of_study());
	char *page = page_made(scratch);
	static const char *const wanted[] = { "load light: quick is best with a migration time of 5 s (0.50 × plain)",
		                              "1 never converged",
		                              "converged in 1 of 3",
		                              "skipped: a reason",
		                              "aria-label=\"load heavy: by feature, best first\"",
		                              "<em>never converged</em><br><small>",
		                              "<br><small>no stop seen in 1 of 3</small>",
		                              "Before you trust the numbers",
		                              "2 of 21 complete runs, for example: 61 % busy: the run was disturbed",
		                              "<small>(001-r1, 002-r1)</small>",
		                              "<svg" };
	ASSERT_HAS_ALL(page, wanted);
	assert_null(strstr(page, "One run each"));
	free(page);
}

/* Members that are quantities: against them, from one end to the other, in the unit that the runs say. */
static void test_quantities(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"<h2>Against feature</h2>", "load light: settled rate is 8 MiB/s at 0ms, 2 MiB/s at 30ms (× 0.25)",
		"load heavy: settled rate is 16 MiB/s at 0ms, 16 MiB/s at 30ms (× 1.00)", "stream gap", "<svg"
	};
	made_comparison(scratch, ",\"experiment.sort\":\"settled_rate\"");
	for (int i = 0; i < 8; i++) {
		static const char *const rtt[] = { "30ms", "0ms", "20ms", "10ms" };
		static const int light[] = { 2, 8, 3, 4 };
		char label[64], folder[256];
		snprintf(label, sizeof(label), "load=%s feature=%s", i < 4 ? "light" : "heavy", rtt[i % 4]);
		add_run(i + 1, label, 1, 10);
		snprintf(folder, sizeof(folder), "%s/%03d-r1", scratch, i + 1);
		made_file(
			folder, "metrics.json",
			"{\"metrics\":[{\"metric\":\"settled_rate\",\"estimator\":\"seqread\",\"unit\":\"bytes/s\","
			"\"value\":%d},{\"metric\":\"settled_rate\",\"estimator\":\"stream\",\"unit\":\"records/s\","
			"\"value\":7},{\"metric\":\"stream_gap\",\"estimator\":\"tcp:to-guest\",\"unit\":\"ns\","
			"\"value\":4e8}]}\n",
			(i < 4 ? light[i] : 16) << 20);
	}
	struct csv_table *t = ranking_of_study();
	assert_string_equal(csv_table_text(t, find(t, "20ms", "settled_rate"), "unit"), "bytes/s");
	for (int i = 0; i < csv_table_rows(t); i++)
		assert_string_not_equal(csv_table_text(t, i, "metric"), "downtime"); /* no run has any */
	csv_table_free(t);
	char *page = page_made(scratch);
	ASSERT_HAS_ALL(page, wanted);
	assert_null(strstr(page, "is best"));
	free(page);
}

/* Members that are shares name tics, which gnuplot takes for formats. */
static void test_shares(void **state)
{
	(void)state;
	made_comparison(scratch, "");
	add_run(1, "load=light feature=plain", 1, 10);
	add_run(2, "load=light feature=80%", 1, 5);
	csv_table_free(ranking_of_study());
	char *page = page_made(scratch);
	const char *figure = strstr(page, "<svg");
	assert_non_null(figure);
	assert_non_null(strstr(figure, ">80%<"));
	free(page);
}

/* gnuplot 5.4 dies of labels without any point over an empty range. */
static void test_page_of_one(void **state)
{
	(void)state;
	static const double seconds[] = { 5, 0 };
	for (int i = 0; i < 2; i++) {
		struct err e = { 0 };
		char path[256];
		made_comparison(scratch, "");
		add_run(1, "load=light feature=quick", 1, seconds[i]);
		csv_table_free(ranking_of_study());
		if (report_study(scratch, NULL, path, sizeof(path), &e) < 0)
			fail_msg("%s", e.text);
		char *page = whole_file_read(path, 5 << 20);
		assert_non_null(page);
		assert_non_null(strstr(page, "One run each: no interval"));
		free(page);
	}
}

/* Aborted at its timeout: data with a word for it, no failure. */
static void test_never_converged_run(void **state)
{
	(void)state;
	char extra[1024] = "", path[128], text[4096];
	struct made_vm vm = {
		.name = "vm1", .length_s = 16, .interval_ns = 10 * MADE_MS, .rate = 1e6, .jitter_ms = 0.1
	};
	made_event(extra, 5, "vm1", "src", "migrate-start", "");
	made_event(extra, 11, "vm1", "src", "migrate-aborted", "it took longer than migration.timeout");
	made_event(extra, 11.01, "vm1", "src", "migrate-failed", "operation aborted");
	made_run(run_path, "precopy", MADE_VM1, 5, 11.02, 16, extra);
	made_samples(run_path, &vm);
	snprintf(path, sizeof(path), "%s/manifest.json", run_path);
	struct json_object *manifest = json_object_from_file(path);
	json_object_object_add(json_object_object_get(manifest, "migration"), "converged",
	                       json_object_new_boolean(0));
	json_object_to_file(path, manifest);
	json_object_put(manifest);
	analyse_well();
	assert_true(metric("converged", NULL) == 0);
	assert_missing("migration_time", "completion", "never converged: aborted after 6.02 s");
	assert_near(metric("lost_work", NULL), 0, 0.05, "lost work");
	static const char *const estimators[] = { "stop_resume", "guest_clock", "network", "work", "reported" };
	for (int i = 0; i < 5; i++)
		assert_missing("downtime", estimators[i], "never converged: aborted after 6.02 s");
	assert_true(metric("downtime_floor", "network") > 0);
	struct err e = { 0 };
	if (report_run(run_path, NULL, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(path, sizeof(path), "%s/report.html", run_path);
	char *page = whole_file_read(path, 5 << 20);
	assert_non_null(page);
	assert_non_null(strstr(page, "there is no downtime in this run"));
	assert_null(strstr(page, "No stop was seen"));
	free(page);
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_int_equal(report_sentence(out, run_path, NULL), 0);
	fclose(out);
	assert_non_null(strstr(text, "could not move (never converged: aborted after 6.02 s)"));
	assert_non_null(strstr(text, "of its rate meanwhile.\n"));
}

static void assert_sentence(const char *wanted)
{
	char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_int_equal(report_sentence(out, run_path, NULL), 0);
	fclose(out);
	if (!strstr(text, wanted))
		fail_msg("'%s' is not in '%s'", wanted, text);
}

/* A link that broke on the way is part of what happened. */
static void test_recovered_run(void **state)
{
	(void)state;
	char extra[1024] = "", path[128];
	struct made_vm vm = {
		.name = "vm1", .length_s = 16, .interval_ns = 10 * MADE_MS, .rate = 1e6, .jitter_ms = 0.1
	};
	made_event(extra, 5, "vm1", "src", "migrate-start", "");
	made_event(extra, 6, "vm1", "", "link-cut", "");
	made_event(extra, 8.5, "vm1", "", "link-restored", "");
	made_event(extra, 11, "vm1", "src", "migrate-done", "");
	made_run(run_path, "postcopy", MADE_VM1, 5, 11, 16, extra);
	made_samples(run_path, &vm);
	analyse_well();
	assert_sentence(" moved in 6 s after a link cut of 2.50 s; ");
	snprintf(path, sizeof(path), "%s/manifest.json", run_path);
	struct json_object *manifest = json_object_from_file(path);
	json_object_object_add(json_object_object_get(manifest, "migration"), "recoveries", json_object_new_int(1));
	json_object_to_file(path, manifest);
	json_object_put(manifest);
	analyse_well();
	assert_sentence(" moved in 6 s after a link cut of 2.50 s and 1 recovery; ");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		IN_SCRATCH(test_order),
		IN_SCRATCH(test_values),
		cmocka_unit_test(test_sort_key),
		IN_SCRATCH(test_page),
		IN_SCRATCH(test_quantities),
		IN_SCRATCH(test_shares),
		IN_SCRATCH(test_page_of_one),
		IN_SCRATCH(test_never_converged_run),
		IN_SCRATCH(test_recovered_run),
		cmocka_unit_test(test_means_apart),
		IN_SCRATCH(test_ties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
