/* Reports of runs with something wrong, and what no page may have. */
#include "t/reported.h"

#include <json-c/json.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_fixtures(void **state)
{
	static const char *const kinds[] = { "precopy", "failed", "bare", "hostile", "changed", NULL };
	(void)state;
	return report_fixtures_make(kinds);
}

/* Killed in the first pass. */
static void an_iteration_of_which_nothing_is_known(void **state)
{
	(void)state;
	FILE *f = fopen(path_of("failed", "plots/iterations.csv"), "we");
	assert_non_null(f);
	fputs("iteration,start_s,end_s,processed_bytes,remaining_bytes,dirty_bytes_per_s,rate_bytes_per_s,"
	      "throttle_percent,expected_downtime_ms\n"
	      "1,0.566525,0.566994,missing,missing,missing,missing,missing,missing\n",
	      f);
	assert_int_equal(fclose(f), 0);
	char *page = page_of("failed");
	assert_has(page, "no pass over memory was watched to its end");
	free(page);
}

static void a_killed_run_says_so(void **state)
{
	(void)state;
	FILE *f = fopen(path_of("bare", "manifest.json"), "we");
	assert_non_null(f);
	fputs("{\"format\":1,\"status\":\"running\",\"reason\":\"\"}\n", f);
	assert_int_equal(fclose(f), 0);
	char *page = page_of("bare");
	assert_has(page, "The run did not finish: it was killed, or is still running.");
	assert_has(page, "the run is not finished");
	free(page);
}

static void an_interrupted_run_says_so_once(void **state)
{
	(void)state;
	FILE *f = fopen(path_of("bare", "manifest.json"), "we");
	assert_non_null(f);
	fputs("{\"format\":1,\"status\":\"interrupted\",\"reason\":\"interrupted\"}\n", f);
	assert_int_equal(fclose(f), 0);
	char *page = page_of("bare");
	assert_has(page, "The run was interrupted.");
	free(page);
}

static void hostile_text_stays_text(void **state)
{
	(void)state;
	char *page = page_of("hostile");
	assert_self_contained(strstr(page, "</style>"));
	assert_has(page, "&lt;script");
	assert_int_equal(access("pwned", F_OK), -1);
	assert_int_equal(access(path_of("hostile", "pwned"), F_OK), -1);
	free(page);
}

static void failed_run_says_why(void **state)
{
	(void)state;
	char *page = page_of("failed");
	assert_self_contained(page);
	assert_has(
		page,
		"The run failed: operation failed: migration out job: load of migration failed: Input/output error.");
	assert_has(page, "migrate-failed");
	assert_has(page, "No plot");
	assert_lacks(page, "<svg");
	free(page);
}

static void what_is_absent_is_missing(void **state)
{
	(void)state;
	char *page = page_of("bare");
	assert_self_contained(page);
	assert_has(page, "The run failed: the reason is missing.");
	assert_has(page, "The question of this run is missing.");
	free(page);
	struct err e = { 0 };
	assert_int_equal(report_run(scratch, NULL, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_int_equal(access(path_of("report.html", NULL), F_OK), -1);
}

static void without_gnuplot_the_page_says_so(void **state)
{
	struct err e = { 0 };
	char *path = strdup(getenv("PATH"));
	(void)state;
	setenv("PATH", "/nonexistent", 1);
	int result = report_run(path_of("precopy", NULL), path_of("other.html", NULL), &e);
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(result, -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_has(e.text, "gnuplot");
	char *page = whole_file_read(path_of("other.html", NULL), PAGE_LIMIT);
	assert_non_null(page);
	assert_has(page, "gnuplot");
	assert_has(page, "moved in 12.3");
	free(page);
	/* The work of a broken attempt is taken away by the next one's rm, which had no PATH either. */
	assert_int_equal(report_run(path_of("precopy", NULL), path_of("no/such/place.html", NULL), &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
}

/* The page of a run whose numbers are not of its data: made, and without a number. */
static void assert_no_result(const char *says)
{
	struct err e = { 0 };
	assert_int_equal(report_run(path_of("changed", NULL), NULL, &e), -1);
	assert_int_equal(e.status, EXIT_MEASURED_BAD);
	assert_has(e.text, says);
	char *page = whole_file_read(path_of("changed", "report.html"), PAGE_LIMIT);
	assert_non_null(page);
	assert_has(page, "No result: ");
	assert_has(page, "no number is shown: ");
	assert_has(page, says);
	assert_lacks(page, "moved in");
	assert_lacks(page, "<svg");
	free(page);
}

static void only_numbers_of_its_data_are_shown(void **state)
{
	struct err e = { 0 };
	struct stat st;
	(void)state;
	struct json_object *metrics = json_object_from_file(path_of("changed", "metrics.json"));
	struct json_object *made_of = json_object_new_object();
	assert_int_equal(stat(path_of("changed", "events.csv"), &st), 0);
	json_object_object_add(made_of, "events.csv", json_object_new_int64(st.st_size));
	json_object_object_add(metrics, "made_of", made_of);
	assert_int_equal(json_object_to_file(path_of("changed", "metrics.json"), metrics), 0);
	json_object_put(metrics);
	assert_int_equal(report_run(path_of("changed", NULL), NULL, &e), 0);

	assert_int_equal(truncate(path_of("changed", "events.csv"), st.st_size - 1), 0);
	assert_no_result("has changed since the analysis");
	assert_int_equal(unlink(path_of("changed", "events.csv")), 0);
	assert_no_result("has changed since the analysis");

	FILE *f = fopen(path_of("changed", "metrics.json"), "we");
	assert_non_null(f);
	fputs("{\"format\":1,\"status\":\"unanalysed\",\"reason\":\"samples-vm1.csv:3: nonsense\",\"metrics\":[]}",
	      f);
	assert_int_equal(fclose(f), 0);
	assert_no_result("the analysis failed: samples-vm1.csv:3: nonsense");
	char *text = table_of("changed", REPORT_TEXT);
	assert_has(text, "No result: the analysis failed");
	free(text);

	assert_int_equal(truncate(path_of("changed", "manifest.json"), 0), 0);
	assert_no_result("manifest.json is not there, or is no JSON object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_stays_text),
		cmocka_unit_test(failed_run_says_why),
		cmocka_unit_test(what_is_absent_is_missing),
		cmocka_unit_test(without_gnuplot_the_page_says_so),
		cmocka_unit_test(an_iteration_of_which_nothing_is_known),
		cmocka_unit_test(a_killed_run_says_so),
		cmocka_unit_test(an_interrupted_run_says_so_once),
		cmocka_unit_test(only_numbers_of_its_data_are_shown),
	};
	return cmocka_run_group_tests(tests, make_fixtures, scratch_remove);
}
