/* What a downtime must be above to be a stop is one thing for all that tells of it: the run's own floor or the cited one. */
#include "reports/report.h"
#include "t/analysed_migration.h"

/* A stop of 200 ms, and a calibration whose idle guest seemed to stop for this long. */
static void make_cited(long floor_ms)
{
	static const char *const estimators[] = { "stop_resume", "guest_clock", "network", "work", "reported" };
	char file[128], rows[1024] = "";
	for (int i = 0; i < 5; i++)
		sprintf(rows + strlen(rows), "%s\"%s\":{\"floor_ns\":%ld}", i ? "," : "", estimators[i],
		        floor_ms * 1000000);
	made_file(scratch, "calibration.json", "{\"run_id\":\"abc\",\"observers\":{%s}}", rows);
	snprintf(file, sizeof(file), "%s/calibration.json", scratch);
	setenv("MIGMETER_CALIBRATION", file, 1);
	make_migration();
	analyse_well();
	unsetenv("MIGMETER_CALIBRATION");
}

static char *page_of_run(void)
{
	struct err e = { 0 };
	if (report_run(run_path, NULL, &e) < 0)
		fail_msg("%s", e.text);
	char *page = slurp("report.html");
	assert_non_null(page);
	return page;
}

/* index.html of the run alone. */
static char *index_of_run(void)
{
	struct err e = { 0 };
	const char *runs[] = { run_path };
	char path[256];
	snprintf(path, sizeof(path), "%s/index.html", scratch);
	if (report_runs(runs, 1, path, &e) < 0)
		fail_msg("%s", e.text);
	char *page = whole_file_read(path, 4 << 20);
	assert_non_null(page);
	return page;
}

static void below_it_nothing_is_a_stop(void **state)
{
	(void)state;
	make_cited(300);
	assert_near(metric("downtime_floor", "network"), 300e6, 0, "floor");
	assert_non_null(strstr(metric_reason("downtime_floor", "network"), "run abc"));
	assert_string_equal(metric_reason("downtime", "stop_resume"), "no stop seen: not above its floor of 300 ms");
	char *rows = slurp("plots/downtime.csv"), *page = page_of_run();
	assert_non_null(rows);
	for (char *row = strchr(rows, '\n') + 1; *row; row = strchr(row, '\n') + 1)
		if (!strstr(row, ",300") || strstr(row, ",300") > strchr(row, '\n'))
			fail_msg("another floor: %s", row);
	assert_non_null(strstr(page, "No stop was seen: none of the downtimes is above its floor."));
	assert_non_null(strstr(page, "no stop seen: not above its floor of 300&nbsp;ms (stop resume)"));
	assert_null(strstr(page, "it was stopped for"));
	assert_null(strstr(page, "Beyond their uncertainty"));
	free(rows);
	free(page);
	page = index_of_run();
	assert_non_null(strstr(page, "200 ms<br><small>no stop seen</small></td>"));
	free(page);
}

/* A calibration that saw less takes nothing away. */
static void the_larger_counts(void **state)
{
	(void)state;
	make_cited(0);
	assert_true(metric("downtime_floor", "work") > 0);
	assert_string_equal(metric_reason("downtime_floor", "work"), "");
	assert_string_equal(metric_reason("downtime", "work"), "");
	char *page = page_of_run();
	assert_non_null(strstr(page, "it was stopped for"));
	assert_null(strstr(page, "no stop seen:"));
	free(page);
	page = index_of_run();
	assert_non_null(strstr(page, "200 ms</td>"));
	assert_null(strstr(page, "no stop seen"));
	free(page);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = { ONE(below_it_nothing_is_a_stop), ONE(the_larger_counts) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
