/* What is made of a simulation's runs: verdicts, points that count, and what is said of them. */
#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "reports/simulated.h"
#include "reports/simulated_range.h"
#include "t/scratch.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RUNS = 4 };

/* A block's runs, all alike: with none and with rtt-aware. In units of the clock that is simulated. */
struct made_block {
	const char *block;
	double none, none_wait, moved, moved_wait;
	int moves;
};

static const struct made_block blocks[] = {
	{ "interval=20min cores=1", 100, 10, 90, 2, 3 },       { "interval=20min cores=2", 100, 10, 90, 2, 3 },
	{ "interval=5min cores=1", 100, 10, 100.2, 10.02, 3 }, { "interval=5min cores=2", 100, 10, 101, 11, 3 },
	{ "interval=60min cores=1", 100, 0, 100, 0, 0 },
};
enum { BLOCKS = sizeof(blocks) / sizeof(*blocks) };

static FILE *file_open(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

static void run_put(FILE *f, int point, int run, double length, double wait, int moves, double unit_ns)
{
	fprintf(f, "%d,%d,20,0,%.0f,%.0f,0,0,0,%d,0,0,0\n", point, run, length * unit_ns, wait * unit_ns, moves);
}

/* With that block first. */
static void made_from(int first, double unit_ns)
{
	struct err e = { 0 };
	FILE *manifest = file_open("manifest.json"), *points = file_open("points.csv"), *runs = file_open("runs.csv");
	fprintf(manifest,
	        "{\"simulation\":{\"name\":\"made\",\"question\":\"\",\"study\":\"sakurai-three-sites\",\"reference\":\"none\","
	        "\"runs\":%d,\"first\":2,\"points\":%d,\"seed\":1}}",
	        RUNS, 2 * BLOCKS);
	fputs("point,label,policy\n", points);
	fputs("point,run,vms,first_ns,last_ns,wait_ns,longest_wait_ns,waited,sojourn_ns,moves,moving_ns,lost_work_ns,node_ns\n",
	      runs);
	for (int i = 0; i < BLOCKS; i++) {
		const struct made_block *b = &blocks[(i + first) % BLOCKS];
		fprintf(points, "%d,policy=none %s,none\n%d,policy=rtt-aware %s,rtt-aware\n", 2 * i + 1, b->block,
		        2 * i + 2, b->block);
		for (int run = 1; run <= RUNS; run++)
			run_put(runs, 2 * i + 1, run, b->none, b->none_wait, 0, unit_ns);
		for (int run = 1; run <= RUNS; run++)
			run_put(runs, 2 * i + 2, run, b->moved, b->moved_wait, b->moves, unit_ns);
	}
	fclose(manifest);
	fclose(points);
	fclose(runs);
	if (simulated_analyze(scratch, &e) < 0)
		fail_msg("%s", e.text);
}

static void made(double unit_ns)
{
	made_from(0, unit_ns);
}

static void has_line(const char *name, const char *line)
{
	char path[128], text[4096];
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, line) == 0) {
			fclose(f);
			return;
		}
	}
	fclose(f);
	fail_msg("%s: there is no line '%s'", name, line);
}

/* Against it is what is wrong by half a per cent or more; what nobody waits at and what has the same runs is marked. */
static void points_are_judged(void **state)
{
	(void)state;
	made(60e9);
	has_line("verdicts.csv", "interval=20min cores=1,S3,agrees,agrees,1,2");
	has_line("verdicts.csv", "interval=20min cores=2,S3,agrees,agrees,1,2");
	has_line("verdicts.csv", "interval=5min cores=1,S3,not shown,disagrees,1,6");
	has_line("verdicts.csv", "interval=5min cores=2,S3,disagrees,disagrees,1,8");
	has_line("verdicts.csv", "interval=60min cores=1,S3,not shown,disagrees,0,10");
	has_line("judged.csv",
	         "interval=20min cores=1,S3,3 sites: with migration the work is done sooner and VMs wait less,"
	         "\"unwaited_time, rtt-aware / none\",,1.00 (699.0 / 699.0 min),times,0.977777777777778,"
	         "0.977777777777778,0.977777777777778,4,a figure,2,missing,1,");
	has_line("summary.csv",
	         "2,interval=20min cores=1,rtt-aware,unwaited_time,ns,5280000000000,5280000000000,5280000000000,4,"
	         "5280000000000,missing,missing,2,0.977777777777778,0.977777777777778,0.977777777777778,"
	         "0.977777777777778,41940000000000");
}

static void says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static void what_is_said(void **state)
{
	(void)state;
	struct simulated_view v;
	struct err e = { 0 };
	char text[1200];
	made(60e9);
	assert_int_equal(simulated_view_load(&v, scratch, &e), 0);
	simulated_range_words(&v, text, sizeof(text));
	says(text, "At the first point the direction of S3 agrees, its size agrees. ");
	says(text,
	     "Of 5 points 3 differ in their runs and have VMs that wait: it holds at 1 of them, with sizes about the "
	     "paper's at 1, and is wrong at 1. ");
	simulated_view_free(&v);
	assert_string_equal(simulated_differs("a=1 b=2 c=3", "a=1 b=3 c=3", text, sizeof(text)), "b=3");
	assert_string_equal(simulated_differs("a=1 b=2 c=3", "a=2 b=2 c=4", text, sizeof(text)), "a=2 c=4");
	assert_string_equal(simulated_differs("a=1 b=2", "a=1 b=2", text, sizeof(text)), "");
}

/* A ratio of nothing is no number. */
static void nobody_waits_at_the_first(void **state)
{
	(void)state;
	struct simulated_view v;
	struct err e = { 0 };
	char text[1200];
	made_from(BLOCKS - 1, 60e9);
	assert_int_equal(simulated_view_load(&v, scratch, &e), 0);
	simulated_range_words(&v, text, sizeof(text));
	simulated_view_free(&v);
	assert_null(strstr(text, "nan"));
	says(text, "wait, rtt-aware / none: none, as nobody waits, in the paper ");
}

static char *printed(void)
{
	char *text = NULL;
	size_t length;
	struct err e = { 0 };
	FILE *out = open_memstream(&text, &length);
	assert_non_null(out);
	assert_int_equal(simulated_print(out, scratch, REPORT_TEXT, &e), 0);
	fclose(out);
	return text;
}

/* Rows are told apart, and times have a unit that fits. */
static void points_are_shown(void **state)
{
	(void)state;
	made(60e9);
	char *text = printed();
	says(text, "Means of 4 runs; the first point is interval=20min cores=1");
	says(text, "the first");
	says(text, "interval=5min cores=2");
	says(text, "work done in (min)");
	says(text, "88.0");
	free(text);
	made(1e9);
	text = printed();
	says(text, "work done in (s)");
	says(text, "88.0");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(points_are_judged, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(what_is_said, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(nobody_waits_at_the_first, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(points_are_shown, scratch_make, scratch_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
