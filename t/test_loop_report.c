/* The pages of consolidation loops whose truth is known, and of studies of them. */
#include "analysis/study_analyze.h"
#include "reports/report.h"
#include "t/loop_files.h"
#include "t/made_loop.h"
#include "t/made_study.h"

static char *page_of(const char *path)
{
	char *page = whole_file_read(path, 16 << 20);
	assert_non_null(page);
	return page;
}

static void analyse_loop(const char *directory)
{
	struct err e = { 0 };
	if (analyze_run(directory, &e) < 0)
		fail_msg("%s", e.text);
}

/* Of the study in `scratch`, whose runs are analysed. The caller frees. */
static char *study_page(void)
{
	struct err e = { 0 };
	char path[256];
	if (analyze_study(scratch, &e) < 0 || report_study(scratch, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	return page_of(path);
}

/* Frees the page. */
static void says_all(char *page, const char *const *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_says(page, wanted[i]);
	free(page);
}

#define SAYS_ALL(page, wanted) says_all(page, wanted, sizeof(wanted) / sizeof(*(wanted)))

static void it_has_a_picture(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	struct err e = { 0 };
	char path[128], more[1024] = "";
	made_event(more, 20, "", "dst", "node-asleep", "stand-in");
	made_event(more, 45, "", "dst", "node-wake", "stand-in");
	made_event(more, 49.5, "", "dst", "node-awake", "stand-in");
	made_loop(run_path, &l, "", 1, more);
	analyse_well();
	if (report_run(run_path, NULL, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(path, sizeof(path), "%s/report.html", run_path);
	static const char *const wanted[] = { "Nodes and VMs", "vm0: move to dst",
		                              "runs on dst",   "vm0: move to src",
		                              "node src",      "asleep",
		                              "overloaded",    "on dst",
		                              "its core",      "src was overloaded, which was seen after 10" };
	SAYS_ALL(page_of(path), wanted);
	char *marks = plot_text("cluster-marks.csv");
	assert_says(marks, "10.000000,35.000000,,dst,asleep,stand-in\n35.000000,39.500000,,dst,waking,");
	assert_says(marks, "40.010000,51.000000,vm0,src,move,to dst\n");
	assert_says(marks, "50.200000,missing,vm0,dst,switch,\n");
	free(marks);
	/* Back on src vm0 is another process, and its first second is not known. */
	char *series = plot_text("cluster.csv");
	assert_says(series, "src,vm0,missing\n");
	assert_says(series, "src,vm1,80.00\n");
	assert_null(strstr(series, "vm0,-"));
	free(series);
}

/* What the monitor lost is told on the pages of the run and of the study; its database is what the results are made of. */
static void what_the_monitor_lost_is_told(void **state)
{
	(void)state;
	static const char *const wanted[] = { "the monitor lost 2 seconds",
		                              "3 of the nodes&#39; answers came to the monitor too late" };
	struct made_loop l = MADE_LOOP;
	struct err e = { 0 };
	char path[256], run[200];
	l.seconds_lost = 2;
	l.answers_late = 3;
	made_study(scratch, "hirofuchi");
	snprintf(run, sizeof(run), "%.100s/001-r1", scratch);
	made_loop(run, &l, "case=staircase-precopy", 1, "");
	analyse_loop(run);
	if (report_run(run, NULL, &e) < 0)
		fail_msg("%s", e.text);
	SAYS_ALL(study_page(), wanted);
	snprintf(path, sizeof(path), "%s/report.html", run);
	SAYS_ALL(page_of(path), wanted);
	snprintf(path, sizeof(path), "%s/metrics.json", run);
	char *metrics = page_of(path);
	assert_says(metrics, "\"monitor.sqlite\":");
	free(metrics);
}

/* A column a way to move; one that was not run says so. */
static void a_study_has_one_of_several(void **state)
{
	(void)state;
	static const char *const points[] = { "staircase-postcopy", "staircase-precopy" };
	char path[256], label[64];
	made_study(scratch, "hirofuchi");
	for (int i = 0; i < 2; i++) {
		struct made_loop l = MADE_LOOP;
		if (i == 0)
			l.away.ran_s = 51.2;
		snprintf(path, sizeof(path), "%s/00%d-r1", scratch, i + 1);
		snprintf(label, sizeof(label), "case=%s", points[i]);
		made_loop(path, &l, label, 1, "");
		analyse_loop(path);
	}
	static const char *const wanted[] = { "Figures 3 to 14: the staircase",
		                              "pre-copy, zero pages skipped",
		                              "not measured",
		                              "3. node src",
		                              "10. vm1",
		                              "post-copy, by 9 s (no interval: n = 1)",
		                              "the study has no run of staircase-precopy-skip" };
	SAYS_ALL(study_page(), wanted);
}

/* Drawn is a repeat that moved VMs as most did, and which it is. */
static void a_figure_stands_for_its_repeats(void **state)
{
	(void)state;
	char path[256];
	made_study(scratch, "hirofuchi");
	for (int repeat = 1; repeat <= 3; repeat++) {
		struct made_loop l = MADE_LOOP;
		if (repeat == 1)
			l.back.decided_s = 0;
		snprintf(path, sizeof(path), "%s/001-r%d", scratch, repeat);
		made_loop(path, &l, "case=staircase-precopy", repeat, "");
		analyse_loop(path);
	}
	char *page = study_page();
	assert_says(page, "<p class=\"note\">Shown: pre-copy, repeat 2 of 3.</p>");
	free(page);
}

/* The responses of the VMs, a column a way to move. */
static void a_study_shows_responses(void **state)
{
	(void)state;
	static const char *const wanted[] = { "Figures 23 to 30", "Figures 31 to 34", "31. vm0", "responses a second",
		                              "tolerable" };
	const struct made_loop l = MADE_LOOP;
	char path[256];
	made_study(scratch, "hirofuchi");
	snprintf(path, sizeof(path), "%s/008-r1", scratch);
	made_loop(path, &l, "case=web-postcopy", 1, "");
	make_responses(path);
	analyse_loop(path);
	SAYS_ALL(study_page(), wanted);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(it_has_a_picture),           ONE(what_the_monitor_lost_is_told),
		ONE(a_study_has_one_of_several), ONE(a_figure_stands_for_its_repeats),
		ONE(a_study_shows_responses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
