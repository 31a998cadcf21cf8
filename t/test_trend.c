/* The trend of a metric over a history: what changed with it, versions and conditions, though the runs are gone. */
#include "analysis/json_field.h"
#include "analysis/study.h"
#include "analysis/trend.h"
#include "bench/base/tree.h"
#include "bench/base/whole_file.h"
#include "t/kept_history.h"

#include <sqlite3.h>

enum { BEFORE = 12, AFTER = 12 };

static char folder[128];

static int begin(void **state)
{
	if (history_begin(state) < 0)
		return -1;
	snprintf(folder, sizeof(folder), "%s/runs", scratch);
	return 0;
}

/* All runs of the folder, which then goes. */
static void add_folder(void)
{
	struct err e = { 0 };
	struct study_runs s;
	if (study_read_any(&s, folder, &e) < 0)
		fail_msg("%s", e.text);
	for (int i = 0, new; i < s.count; i++)
		if (history_add(history, &s.runs[i], &new, &e) < 0)
			fail_msg("%s", e.text);
	study_runs_free(&s);
	assert_int_equal(tree_remove(folder), 0);
}

/* Every run is one that was made alone. */
static const struct made_conditions alone = { .repeat = 1 };

/* Runs whose stop is twice as long from the 13th on, when they were made under other conditions. */
static void add_runs(const struct made_conditions *before, const struct made_conditions *after)
{
	struct made_conditions one = *before, other = *after;
	one.repeat = other.repeat = 1;
	made_set(folder, 1, BEFORE, &one, 1e9, 200);
	made_set(folder, 1 + BEFORE, AFTER, &other, 1e9, 400);
	add_folder();
}

static void make_trend(void)
{
	struct err e = { 0 };
	doc = trend_json(history, "downtime:stop_resume", NULL, NULL, &e);
	if (!doc)
		fail_msg("%s", e.text);
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/at"), "12");
	assert_string_equal(json_text_at(doc, "/trends/0/sets"), "24");
	assert_string_equal(json_text_at(doc, "/trends/0/conditions"), "");
}

static void another_link_is_told(void **state)
{
	(void)state;
	add_runs(&(struct made_conditions){ 0 },
	         &(struct made_conditions){ .rate = "10000000bit/s", .mode = "postcopy", .qemu = "8.0.0" });
	make_trend();
	static const char said[] =
		"link.asked.rate 100000000bit/s to 10000000bit/s, migration.mode precopy to postcopy";
	assert_string_equal(json_text_at(doc, "/trends/0/runs/12/conditions"), said);
	assert_string_equal(json_text_at(doc, "/trends/0/runs/12/forbids"), "link");
	assert_string_equal(json_text_at(doc, "/trends/0/runs/11/forbids"), "");
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/conditions"), said);
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/versions"), "qemu 7.2.22 to 8.0.0");
	assert_shown("text",
	             "; with qemu 7.2.22 to 8.0.0, link.asked.rate 100000000bit/s to 10000000bit/s, migration");
	assert_shown("csv", ",\"link.asked.rate 100000000bit/s to 10000000bit/s, migration.mode");
	struct err e = { 0 };
	char page[256];
	if (report_trend_page(&doc, 1, scratch, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(page, sizeof(page), "%s/trend.html", scratch);
	char *text = whole_file_read(page, 1 << 20);
	assert_non_null(text);
	assert_non_null(strstr(text, "another link"));
	free(text);
}

static void nothing_changed_is_told(void **state)
{
	(void)state;
	add_runs(&(struct made_conditions){ 0 }, &(struct made_conditions){ 0 });
	make_trend();
	assert_shown("text", "; no version and no condition changed with it\n");
}

/* Runs that an earlier migmeter added: nobody knows. */
static void unknown_conditions_are_no_change(void **state)
{
	(void)state;
	sqlite3 *database;
	add_runs(&(struct made_conditions){ 0 }, &(struct made_conditions){ .rate = "10000000bit/s" });
	assert_int_equal(sqlite3_open(history_path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "UPDATE run SET conditions = '' WHERE CAST(id AS INTEGER) <= 12",
	                              NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(database);
	make_trend();
	assert_string_equal(json_text_at(doc, "/trends/0/runs/12/forbids"), "");
	assert_string_equal(json_text_at(doc, "/trends/0/runs/12/conditions"), "");
	assert_shown("text", "; no version changed with it\n");
}

/* In every third run the stop is not above its floor. */
static void what_is_no_stop_is_told(void **state)
{
	(void)state;
	struct err e = { 0 };
	for (int i = 1; i <= BEFORE + AFTER; i++) {
		char rows[512] = "";
		made_row(rows, "downtime", "stop_resume", "ns",
		         (i <= BEFORE ? 2e8 : 4e8) * (1 + 0.04 * made_random()),
		         i % 3 ? "" : "no stop seen: not above its floor of 500 ms");
		made_compared(folder, i, &alone, rows);
	}
	add_folder();
	make_trend();
	assert_shown("text", "made: downtime, stop_resume, 24 runs, no stop seen in 8\n");
	assert_shown("csv", ",no stop seen,stop_resume\n");
	if (report_trend_page(&doc, 1, scratch, &e) < 0)
		fail_msg("%s", e.text);
}

/* Estimators are never merged, nor are two kinds of work, whoever asks for "the" downtime or rate. */
static void what_is_not_alike_is_apart(void **state)
{
	(void)state;
	struct err e = { 0 };
	for (int i = 1; i <= 16; i++) {
		char rows[1024] = "";
		/* the guest's clock was of no use for a while */
		if (i <= 8)
			made_row(rows, "downtime", "guest_clock", "ns", 1e8 * (1 + 0.04 * made_random()), "");
		made_row(rows, "downtime", "network", "ns", 4e8 * (1 + 0.04 * made_random()), "");
		made_row(rows, "baseline_rate", i % 2 ? "intadd" : "memdirty", i % 2 ? "additions/s" : "pages/s",
		         i % 2 ? 1e9 : 1e3, "");
		made_compared(folder, i, &alone, rows);
	}
	add_folder();
	doc = trend_json(history, "downtime", NULL, NULL, &e);
	assert_non_null(doc);
	assert_shown("text", "made: downtime, guest_clock, 8 runs\n");
	assert_shown("text", "made: downtime, network, 8 runs\n");
	json_object_put(doc);
	doc = trend_json(history, "baseline_rate", NULL, NULL, &e);
	assert_non_null(doc);
	assert_string_equal(json_text_at(doc, "/trends/0/unit"), "additions/s");
	assert_string_equal(json_text_at(doc, "/trends/1/unit"), "pages/s");
	assert_shown("csv", ",1000000000,additions/s,,");
	assert_shown("csv", ",1000,pages/s,,");
}

/* What a migration had measured when it was aborted is small, and no improvement: as in a comparison. */
static void one_that_stops_converging_did_not_improve(void **state)
{
	(void)state;
	static const struct {
		const char *metric, *estimator, *unit;
		double before, after;
		const char *verdict; /* NULL: no value, no change */
	} all[] = {
		{ "lost_work", "intadd", "s", 2, 0.1, "regressed" },
		{ "bytes_on_wire", "migration:src-to-dst", "bytes", 2e8, 1e7, "regressed" },
		{ "downtime", "network", "ns", 2e8, 1e6, "regressed" },
		{ "mean_rate", "intadd", "additions/s", 8e8, 9.9e8, NULL },
		{ "worst_op_p99", "intadd:migration", "ns", 1e7, 1e6, NULL },
		{ "baseline_rate", "intadd", "additions/s", 9e8, 1e9, "improved" },
	};
	enum { ALL = sizeof(all) / sizeof(*all) };
	struct err e = { 0 };
	for (int i = 1; i <= BEFORE + AFTER; i++) {
		char rows[4096] = "";
		made_row(rows, "converged", "", "ratio", i <= BEFORE, "");
		for (int k = 0; k < ALL; k++)
			made_row(rows, all[k].metric, all[k].estimator, all[k].unit,
			         (i <= BEFORE ? all[k].before : all[k].after) * (1 + 0.04 * made_random()), "");
		made_compared(folder, i, &alone, rows);
	}
	add_folder();
	for (int k = 0; k < ALL; k++) {
		doc = trend_json(history, all[k].metric, NULL, NULL, &e);
		assert_non_null(doc);
		assert_string_equal(json_text_at(doc, "/trends/0/changes/0/verdict"),
		                    all[k].verdict ? all[k].verdict : "");
		if (!all[k].verdict) {
			assert_string_equal(json_text_at(doc, "/trends/0/runs/12/value"), "");
			assert_shown("text", "24 runs, never converged in 12\n  no change found\n");
			assert_shown("csv", ",missing,");
			assert_shown("csv", ",never converged,");
		} else if (k < 3)
			assert_string_equal(json_text_at(doc, "/trends/0/changes/0/after"), "never");
		json_object_put(doc);
		doc = NULL;
	}
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, begin, history_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(another_link_is_told),
		IN_SCRATCH(nothing_changed_is_told),
		IN_SCRATCH(unknown_conditions_are_no_change),
		IN_SCRATCH(what_is_no_stop_is_told),
		IN_SCRATCH(what_is_not_alike_is_apart),
		IN_SCRATCH(one_that_stops_converging_did_not_improve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
