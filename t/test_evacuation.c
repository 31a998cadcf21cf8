/* A group that moves in simulation: from a config to a table. */
#include "analysis/evacuation.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "bench/evacuation.h"
#include "reports/csv_table.h"
#include "reports/evacuation.h"
#include "t/made_run.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char config[] = "[simulate]\nname = small\nruns = 3\n[evacuation]\nvms = 12\nmemory = 32M\n"
			     "memory_most = 96M\ndirty_most = 1M\n[transfer]\nrate = 1G\nwindow = 2M\nsetup = 400ms\n"
			     "[case link near]\nevacuation.rtt = 0ms\n[case link far]\nevacuation.rtt = 100ms\n"
			     "[case schedule sequential]\nevacuation.schedule = sequential\n"
			     "[case schedule six]\nevacuation.schedule = fixed\nevacuation.at_once = 6\n"
			     "[case schedule adaptive]\nevacuation.schedule = adaptive\n%s";

static void simulate_with(const char *folder, const char *more, int threads)
{
	char path[128];
	struct simulation_study s = { .config_path = path, .threads = threads };
	struct err e = { 0 };
	bool asked = false;
	made_file(scratch, "a.conf", config, more);
	snprintf(path, sizeof(path), "%s/a.conf", scratch);
	snprintf(s.directory, sizeof(s.directory), "%s/%s", scratch, folder);
	if (config_file_read(&s.config, path, &e) < 0 || simulation_prepare(&s, &e) < 0 ||
	    evacuation_is_asked(&s, &asked, &e) < 0 || !asked || evacuation_run(&s, &e) < 0 ||
	    evacuation_analyze(s.directory, &e) < 0)
		fail_msg("%s", e.text);
	simulation_free(&s);
}

static void simulate_in(const char *folder, const char *more)
{
	simulate_with(folder, more, 0);
}

static int row_of(const struct csv_table *t, const char *label)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "label"), label) == 0)
			return i;
	fail_msg("no point '%s'", label);
	return -1;
}

static void schedules_are_compared_on_the_same_groups(void **state)
{
	(void)state;
	char folder[128];
	struct csv_table *t;
	simulate_in("out", "");
	snprintf(folder, sizeof(folder), "%s/out", scratch);
	assert_true(evacuation_is(folder));
	assert_false(evacuation_is(scratch));
	assert_int_equal(csv_table_load(&t, folder, "evacuation.csv", 100, NULL), 0);
	assert_int_equal(csv_table_rows(t), 6);
	int one = row_of(t, "link=far schedule=sequential"), six = row_of(t, "link=far schedule=six"),
	    adaptive = row_of(t, "link=far schedule=adaptive"), near = row_of(t, "link=near schedule=adaptive");
	assert_true(csv_table_number(t, one, "times_best") > 3);
	assert_true(csv_table_number(t, adaptive, "times_best") < 1.2);
	assert_true(csv_table_number(t, near, "times_best") < 1.2);
	assert_float_equal(csv_table_number(t, one, "bound_s"), csv_table_number(t, six, "bound_s"), 0);
	assert_true(csv_table_number(t, six, "times_bound") > 1);
	assert_true(csv_table_number(t, one, "sent_to_memory") >= 1);
	assert_int_equal((int)csv_table_number(t, one, "most"), 1);
	assert_int_equal((int)csv_table_number(t, six, "most"), 6);
	assert_true(csv_table_number(t, six, "low_s") < csv_table_number(t, six, "time_s"));
	csv_table_free(t);
	struct err e = { 0 };
	if (evacuation_report(folder, NULL, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(folder, sizeof(folder), "%s/out/report.html", scratch);
	char *page = whole_file_read(folder, 5 << 20);
	assert_non_null(page);
	assert_non_null(strstr(page, "far: time for the group"));
	assert_non_null(strstr(page, "<td>adaptive</td>"));
	assert_non_null(strstr(page, "1 times the best"));
	free(page);
}

/* Connections that lose leave their places to others, but not to all at once. */
static void many_on_a_link_that_loses(void **state)
{
	(void)state;
	char folder[128];
	struct csv_table *t;
	simulate_in("many", "[case schedule sixty-four]\nevacuation.schedule = fixed\nevacuation.at_once = 64\n"
	                    "[case link lossy]\nevacuation.rtt = 100ms\nevacuation.vms = 500\n"
	                    "evacuation.memory = 256M\nevacuation.memory_most = 2G\nevacuation.dirty_most = 4M\n"
	                    "transfer.rate = 10G\ntransfer.window = 16M\ntransfer.setup = 500ms\n"
	                    "evacuation.lose_after = 64M\nevacuation.lose_rate = 10M\n"
	                    "evacuation.lose_growth = 1M\n");
	snprintf(folder, sizeof(folder), "%s/many", scratch);
	assert_int_equal(csv_table_load(&t, folder, "evacuation.csv", 100, NULL), 0);
	int adaptive = row_of(t, "link=lossy schedule=adaptive");
	print_message("# %.2f times the best, %.0f at a time\n", csv_table_number(t, adaptive, "times_best"),
	              csv_table_number(t, adaptive, "most"));
	assert_true(csv_table_number(t, adaptive, "times_best") < 1.2);
	assert_true(csv_table_number(t, adaptive, "most") < 200);
	csv_table_free(t);
}

/* The same to the byte, on any number of threads. */
static void a_seed_gives_the_same(void **state)
{
	(void)state;
	char a[128], b[128];
	simulate_with("a", "", 1);
	simulate_with("b", "", 5);
	snprintf(a, sizeof(a), "%s/a/evacuations.csv", scratch);
	snprintf(b, sizeof(b), "%s/b/evacuations.csv", scratch);
	char *first = whole_file_read(a, 1 << 20), *second = whole_file_read(b, 1 << 20);
	assert_non_null(first);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void print(enum report_format format, const char *const *wanted)
{
	char folder[128], *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	snprintf(folder, sizeof(folder), "%s/out", scratch);
	assert_int_equal(evacuation_print(out, folder, format, NULL), 0);
	fclose(out);
	for (int i = 0; wanted[i]; i++)
		if (!strstr(text, wanted[i]))
			fail_msg("not there: %s in %s", wanted[i], text);
	free(text);
}

/* VMs that write more than the link carries never are across. */
static void what_never_ends_is_told(void **state)
{
	(void)state;
	static const char *const text[] = { "link=far", "3 of 3 runs came to no end", "missing", NULL },
				 *const csv[] = { "point,label,link,schedule", "\n1,", NULL },
				 *const json[] = { "\"schedule\":\"six\"", NULL };
	simulate_in("out", "[preset none]\n[case dirty much]\nevacuation.dirty_most = 2G\nevacuation.idle = 0\n");
	print(REPORT_TEXT, text);
	print(REPORT_CSV, csv);
	print(REPORT_JSON, json);
}

/* Nor of VMs that the destination has no room for. */
static void what_does_not_fit_never_ends(void **state)
{
	(void)state;
	static const char *const text[] = { "link=near", "3 of 3 runs came to no end", "missing", NULL };
	simulate_in("out", "[preset none]\n[case room little]\nevacuation.free = 200M\n");
	print(REPORT_TEXT, text);
}

static void assert_refused(const char *more)
{
	char path[128];
	struct simulation_study s = { .config_path = path };
	struct err e = { 0 };
	bool asked;
	made_file(scratch, "a.conf", config, more);
	snprintf(path, sizeof(path), "%s/a.conf", scratch);
	assert_int_equal(config_file_read(&s.config, path, &e), 0);
	if (simulation_prepare(&s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(evacuation_is_asked(&s, &asked, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	simulation_free(&s);
}

static void half_a_group_is_refused(void **state)
{
	(void)state;
	assert_refused("[case kind group]\nevacuation.vms = 4\n[case kind cluster]\nevacuation.vms = 0\n");
}

static void more_runs_than_are_kept_are_refused(void **state)
{
	(void)state;
	assert_refused("[case many runs]\nsimulate.runs = 20000\n");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(schedules_are_compared_on_the_same_groups),
		ONE(many_on_a_link_that_loses),
		ONE(a_seed_gives_the_same),
		ONE(what_never_ends_is_told),
		ONE(what_does_not_fit_never_ends),
		ONE(half_a_group_is_refused),
		ONE(more_runs_than_are_kept_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
