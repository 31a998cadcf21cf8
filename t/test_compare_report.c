/* Comparisons: how they are shown. */
#include "analysis/compare_write.h"
#include "bench/base/whole_file.h"
#include "reports/compare.h"
#include "t/compared.h"
#include "t/texts.h"

#include <sys/wait.h>

static char *shown(const char *format)
{
	char *text = NULL;
	size_t size;
	struct err e = { 0 };
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	FILE *out = open_memstream(&text, &size);
	if (report_comparison(out, doc, format, &e) < 0)
		fail_msg("%s", e.text);
	fclose(out);
	json_object_put(doc);
	return text;
}

static void assert_shown(const char *format, const char *const wanted[])
{
	char *text = shown(format);
	for (; *wanted; wanted++)
		if (!strstr(text, *wanted))
			fail_msg("%s has no '%s':\n%s", format, *wanted, text);
	free(text);
}

static void make_all_verdicts(void)
{
	const struct made_conditions slow = { .point = "load=<slow> #1" }, gone = { .point = "load=gone" },
				     broken = { .point = "load=broken" },
				     failed = { .point = "load=broken", .status = "failed", .reason = "no & boot" };
	made_set(base_path, 1, 10, &slow, 1e9, 200);
	made_set(new_path, 1, 10, &slow, 0.9e9, 100);
	made_set(base_path, 21, 1, &gone, 1e9, 200);
	made_set(base_path, 31, 3, &broken, 1e9, 200);
	made_set(new_path, 31, 3, &failed, 1e9, 200);
	compare();
}

static void formats(void **state)
{
	(void)state;
	struct err e = { 0 };
	make_all_verdicts();
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	static const char *const text[] = {
		"regressed: baseline rate of vm1 (migrating): ",
		"improved: downtime, stop to resume of vm1 (migrating): ",
		"4 comparisons: 1 regressed, 1 improved, 2 no difference shown, 2 not comparable",
		"load=<slow> #1, 10 to 10 runs:",
		"difference (95 %)",
		"could have been",
		"load=gone, 1 to 0 runs: not comparable: NEW has no run of it",
		"not comparable: 3 of 3 runs of NEW failed: no & boot",
		NULL
	};
	static const char *const csv[] = { "case,metric,vm,role,estimator,unit,base,",
		                           "load=<slow> #1,baseline_rate,vm1,migrating,intadd,additions/s,",
		                           ",regressed,,0,0,0,0,0,0\n",
		                           ",improved,,0,0,0,0,0,0\n",
		                           "load=gone,,,,,,missing,0,missing,0,",
		                           ",not comparable,NEW has no run of it,0,0,0,0,0,0\n",
		                           NULL };
	static const char *const tap[] = {
		"1..6\nok 1 - load=<slow>  1: migration time, to completion of vm1 (migrating)\n",
		"\nnot ok 4 - load=<slow>  1: baseline rate of vm1 (migrating)\n# baseline rate",
		"ok 5 - load=gone: the runs can be compared # SKIP not comparable: NEW has no",
		"not ok 6 - load=broken: the runs can be compared\n# 3 of 3 runs", NULL
	};
	static const char *const junit[] = {
		"<testsuites name=\"migmeter compare\" tests=\"6\" failures=\"2\" errors=\"0\">",
		"<testsuite name=\"load=&lt;slow&gt; #1\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"0\">",
		"<failure type=\"regressed\" message=\"baseline rate of vm1 (migrating): ",
		"<failure type=\"broken\" message=\"3 of 3 runs of NEW failed: no &amp; boot\"/>",
		"<skipped message=\"NEW has no run of it\"/>",
		NULL
	};
	static const char *const json[] = { "\"verdict\":\"regressed\"", "\"no_difference_shown\":2",
		                            "\"broken\":true", "\"method\":\"exact\"", NULL };
	assert_shown("text", text);
	assert_shown("csv", csv);
	assert_shown("tap", tap);
	assert_shown("junit", junit);
	assert_shown("json", json);
	struct json_object *doc = comparison_json(&compared, "a", "b");
	assert_int_equal(report_comparison(stderr, doc, "xml", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	json_object_put(doc);
}

static void endless_is_shown(void **state)
{
	(void)state;
	add_moody(base_path, 10, 0, 20);
	add_moody(new_path, 10, 8, 20);
	compare();
	static const char *const text[] = {
		"regressed: migration time, to completion of vm1 (migrating): 20.0 s to never, "
		"never ends now",
		NULL
	};
	static const char *const csv[] = { ",never,10,never,", ",0,0,0,8,0,0\n", NULL };
	static const char *const json[] = { "\"center\":\"never\"", "\"difference\":\"never\"", NULL };
	assert_shown("text", text);
	assert_shown("csv", csv);
	assert_shown("json", json);
	struct err e = { 0 };
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	if (report_comparison_page(doc, scratch, &e) < 0) /* with all its plots */
		fail_msg("%s", e.text);
	json_object_put(doc);
}

/* A downtime that is not above its floor, in three of BASE's six runs and in all of NEW's: every format says so. */
static void what_is_no_stop_is_told(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char rows[512] = "";
		made_row(rows, "downtime", "stop_resume", "ns", (i < 6 ? 2e8 : 4e8) + i,
		         i < 3 || i >= 6 ? "no stop seen: not above its floor of 900 ms" : "");
		made_compared(i < 6 ? base_path : new_path, i, &usual, rows);
	}
	compare();
	static const char *const said[] = { "200 ms (no stop seen in 3 of 6) to 400 ms (no stop seen), ", NULL };
	static const char *const csv[] = { ",missing,regressed,,0,0,3,0,0,6\n", NULL };
	static const char *const json[] = { "\"unseen\":3", "\"unseen\":6", NULL };
	assert_shown("text", said);
	assert_shown("tap", said);
	assert_shown("junit", said);
	assert_shown("csv", csv);
	assert_shown("json", json);
}

/* Two workloads of one VM have each a row of their own, and a name. */
static void rows_are_told_apart(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		char rows[1024] = "";
		made_row(rows, "baseline_rate", "intadd", "additions/s", 1e9, "");
		made_row(rows, "baseline_rate", "memdirty", "pages/s", 1e4, "");
		made_row(rows, "lost_work", "intadd", "s", 1, "");
		made_compared(i ? new_path : base_path, i, &usual, rows);
	}
	compare();
	static const char *const tap[] = { " - baseline rate (intadd) of vm1", " - baseline rate (memdirty) of vm1",
		                           " - lost work of vm1", NULL };
	assert_shown("tap", tap);
}

/* Labels of runs are not ours: none reaches the terminal as it is. */
static void hostile_labels(void **state)
{
	(void)state;
	const struct made_conditions hostile = { .point = "load=\\u001b[31m\\u0007\\n# SKIP" };
	static const char *const formats[] = { "text", "tap", "junit" };
	made_set(base_path, 1, 8, &hostile, 1e9, 200);
	made_set(new_path, 1, 8, &hostile, 0.8e9, 200);
	compare();
	assert_int_equal(compared.counts[COMPARE_REGRESSED], 1);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		char *text = shown(formats[i]);
		if (strpbrk(text, "\033\a"))
			fail_msg("%s has it", formats[i]);
		if (strcmp(formats[i], "junit") != 0 && strstr(text, "\n# SKIP")) /* where a line end is a blank */
			fail_msg("%s has a line of its own", formats[i]);
		free(text);
	}
}

/* A verdict is not cut, however long, and says what is against it. */
static void sentences_are_whole(void **state)
{
	(void)state;
	static const char why[] =
		"the samples end before the VM's stop, which is a reason that is much longer than any "
		"other of the cells of the table, and is still told to its very end";
	char rows[2048] = "", path[256];
	made_row(rows, "recovery_time", "intadd", "ns", NAN, why);
	made_compared(base_path, 1, &usual, rows);
	made_compared(new_path, 1, &usual, rows);
	snprintf(path, sizeof(path), "%s/001", new_path);
	made_file(path, "metrics.json",
	          "{\"metrics\":[%s],\"warnings\":[\"the core of node 'src' was 80 %% busy with other work in the "
	          "baseline phase: the run was disturbed\"]}\n",
	          rows);
	compare();
	char whole[400];
	snprintf(whole, sizeof(whole), "not comparable: missing in BASE: %s\n", why);
	const char *const text[] = {
		whole, "Take care: 1 of 1 runs of NEW were disturbed by other work on the machine or below it.\n",
		NULL
	};
	assert_shown("text", text);
	struct err e = { 0 };
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	if (report_comparison_page(doc, scratch, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(doc);
	snprintf(path, sizeof(path), "%s/compare.html", scratch);
	char *page_text = whole_file_read(path, 5 << 20);
	assert_non_null(page_text);
	assert_null(strstr(page_text, "Holm for 0"));
	assert_non_null(strstr(page_text, "no test was made"));
	free(page_text);
}

static void page(void **state)
{
	(void)state;
	struct err e = { 0 };
	char path[256];
	make_all_verdicts();
	struct json_object *doc = comparison_json(&compared, "<base>", "new");
	if (report_comparison_page(doc, scratch, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(doc);
	snprintf(path, sizeof(path), "%s/compare.html", scratch);
	char *text = whole_file_read(path, 5 << 20);
	assert_non_null(text);
	static const char *const wanted[] = { "BASE &lt;base&gt;, NEW new",
		                              "<b>regressed</b>: baseline rate of vm1",
		                              "class=\"disagrees\">regressed",
		                              "class=\"agrees\">improved",
		                              "aria-label=\"How the values lie\"",
		                              "<svg",
		                              "Not comparable: 3&nbsp;of 3&nbsp;runs of NEW failed" };
	ASSERT_HAS_ALL(text, wanted);
	assert_null(strstr(text, "<base>"));
	assert_null(strstr(text, "&lt;/li&gt;"));
	free(text);
}

/* Every text of the pictures is on the page: gnuplot leaves out of an SVG what lies beyond its edge. */
static void pictures_have_their_titles(void **state)
{
	(void)state;
	struct err e = { 0 };
	char path[300];
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 1, 6, &usual, 0.8e9, 200);
	for (int i = 0; i < 12; i++) {
		char rows[4096] = "time_s,rate,rate_smooth,percent,percent_smooth\n";
		for (int t = -20; t < 60; t++)
			sprintf(rows + strlen(rows), "%d,1,1,100,%d\n", t, t == 10 ? 0 : 100);
		snprintf(path, sizeof(path), "%s/%03d/plots", i < 6 ? base_path : new_path, i % 6 + 1);
		mkdir(path, 0755);
		made_file(path, "timeline-vm1-intadd.csv", "%s", rows);
	}
	compare();
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	if (report_comparison_page(doc, scratch, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(doc);
	snprintf(path, sizeof(path), "%s/compare.html", scratch);
	char *text = whole_file_read(path, 5 << 20);
	assert_non_null(text);
	static const char *const wanted[] = { ">work rate<", ">(% of baseline)<",
		                              ">time since the migration began (s)<", ">vm1: intadd<",
		                              ">baseline rate of vm1<" };
	ASSERT_HAS_ALL(text, wanted);
	free(text);
}

/* Another comparison into the same folder, and what a process left there that was killed while it drew. */
static void nothing_of_an_earlier_one_stays(void **state)
{
	(void)state;
	struct err e = { 0 };
	char plots[200], path[300], left[300];
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(plots, sizeof(plots), "%s/plots", scratch);
	mkdir(plots, 0755);
	snprintf(left, sizeof(left), "%s/.draw-%d-abcdef", plots, (int)child);
	mkdir(left, 0755);
	made_file(left, "values_1.gp", "plot\n");
	made_file(plots, "values_7.svg", "of another\n");
	made_file(plots, "mine.svg", "whatever\n");
	make_all_verdicts();
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	if (report_comparison_folder(doc, scratch, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(doc);
	assert_int_equal(access(left, F_OK), -1);
	snprintf(path, sizeof(path), "%s/values_7.svg", plots);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/mine.svg", plots);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/values_1.svg", plots);
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDERS(formats),
		IN_FOLDERS(endless_is_shown),
		IN_FOLDERS(what_is_no_stop_is_told),
		IN_FOLDERS(rows_are_told_apart),
		IN_FOLDERS(hostile_labels),
		IN_FOLDERS(sentences_are_whole),
		IN_FOLDERS(pictures_have_their_titles),
		IN_FOLDERS(nothing_of_an_earlier_one_stays),
		IN_FOLDERS(page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
