/* What a study does beside its runs. */
#include "analysis/metrics.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/study.h"
#include "bench/study_order.h"
#include "bench/study_plan.h"
#include "bench/study_search.h"
#include "t/made_run.h"
#include "t/scratch.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void an_interrupt_ends_only_what_was_not_over(void **state)
{
	enum study_state states[] = { RUN_COMPLETE, RUN_FAILED, RUN_SKIPPED, RUN_LEFT_OUT };
	const struct study s = { .points = 2, .repeats = 2, .states = states, .directory = "/nonexistent" };
	(void)state;
	progress_quiet(true);
	assert_int_equal(study_left(&s), 0);
	assert_int_equal(study_outcome(&s, EXIT_MEASURED_BAD), EXIT_MEASURED_BAD);
	run_interrupted = 1;
	assert_int_equal(study_outcome(&s, EXIT_MEASURED_BAD), EXIT_MEASURED_BAD);
	assert_int_equal(study_outcome(&s, EXIT_DONE), EXIT_DONE);
	states[3] = RUN_INTERRUPTED;
	assert_int_equal(study_left(&s), 1);
	assert_int_equal(study_outcome(&s, EXIT_DONE), EXIT_INTERRUPTED);
	states[2] = RUN_TO_COME;
	assert_int_equal(study_left(&s), 2);
	assert_int_equal(study_outcome(&s, EXIT_DONE), EXIT_INTERRUPTED);
	run_interrupted = 0;
	assert_int_equal(study_outcome(&s, EXIT_DONE), EXIT_DONE);
}

/* Whatever came first, and for any number of runs. */
static void the_worst_status_counts(void **state)
{
	static const int worse[] = { EXIT_DONE, EXIT_CANNOT, EXIT_MEASURED_BAD, EXIT_USAGE, EXIT_INTERRUPTED };
	(void)state;
	for (size_t i = 0; i < sizeof(worse) / sizeof(*worse); i++)
		for (size_t k = 0; k <= i; k++) {
			assert_int_equal(exit_worse(worse[i], worse[k]), worse[i]);
			assert_int_equal(exit_worse(worse[k], worse[i]), worse[i]);
		}
	assert_int_equal(exit_worse(EXIT_DONE, 77), 77);
}

/* What the table says, with its other words left out. */
static void table_is(const struct study *s, const char *marks)
{
	char text[4096] = "";
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	assert_non_null(file);
	progress_quiet(false);
	dup2(fileno(file), STDERR_FILENO);
	study_table_show(s, 0);
	dup2(before, STDERR_FILENO);
	close(before);
	progress_quiet(true);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	char *first = strchr(text, '\n');
	assert_non_null(first);
	assert_string_equal(first + 1, marks);
}

static void a_table_fits_the_screen(void **state)
{
	enum { POINTS = 70 };
	enum study_state states[2 * POINTS] = { RUN_COMPLETE, RUN_FAILED, RUN_SKIPPED };
	static char labels[POINTS][300] = { "a=1", "a=2" };
	struct study s = { .points = 2, .repeats = 2, .states = states, .labels = labels };
	(void)state;
	states[3] = RUN_RUNNING;
	table_is(&s, "migmeter:   +-  a=1\nmigmeter:   x>  a=2\n");
	s.points = POINTS;
	s.repeats = 1;
	states[1] = RUN_RUNNING;
	states[2] = RUN_LEFT_OUT;
	states[3] = RUN_SKIPPED;
	table_is(&s, "migmeter:   +>-.............................................................\n"
	             "migmeter:   .....\n"
	             "migmeter:   >  a=2, repeat 1\n");
}

/* Two that begin in the same second. */
static void a_folder_has_one_owner(void **state)
{
	char place[] = "/tmp/test_study.XXXXXX", first[64] = "results/a", second[64] = "results/a",
	     third[64] = "results/a";
	struct err e = { 0 };
	(void)state;
	assert_non_null(mkdtemp(place));
	assert_int_equal(chdir(place), 0);
	assert_int_equal(study_folder_claim(first, sizeof(first), &e), 0);
	assert_string_equal(first, "results/a");
	assert_int_equal(study_folder_claim(second, sizeof(second), &e), 0);
	assert_string_equal(second, "results/a-2");
	assert_int_equal(study_folder_claim(third, sizeof(third), &e), 0);
	assert_string_equal(third, "results/a-3");
	assert_int_equal(rmdir(first) | rmdir(second) | rmdir(third), 0);
	/* what cannot be had is said */
	assert_int_equal(rmdir("results"), 0);
	assert_int_equal(symlink("nowhere", "results"), 0);
	assert_int_equal(study_folder_claim(first, sizeof(first), &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_int_equal(unlink("results"), 0);
	assert_int_equal(rmdir(place), 0);
}

/* Each repeat is a block with every point once, in an order of its own that the seed gives. */
static void repeats_are_blocks_in_random_order(void **state)
{
	enum { POINTS = 8, REPEATS = 50 };
	long block[POINTS], again[POINTS], before[POINTS] = { 0 };
	int first[POINTS] = { 0 }, same = 0;
	struct err e = { 0 };
	(void)state;
	for (long r = 0; r < REPEATS; r++) {
		int seen = 0;
		assert_int_equal(study_order_block(block, POINTS, 7, r, 1, &e), 0);
		assert_int_equal(study_order_block(again, POINTS, 7, r, 1, &e), 0);
		assert_memory_equal(block, again, sizeof(block));
		for (int i = 0; i < POINTS; i++)
			seen |= 1 << block[i];
		assert_int_equal(seen, (1 << POINTS) - 1);
		first[block[0]]++;
		same += memcmp(block, before, sizeof(block)) == 0;
		memcpy(before, block, sizeof(block));
	}
	assert_int_equal(same, 0);
	for (int i = 0; i < POINTS; i++)
		assert_in_range(first[i], 1, REPEATS / 3);
	assert_int_equal(study_order_block(block, POINTS, 8, 0, 1, &e), 0);
	assert_int_equal(study_order_block(again, POINTS, 7, 0, 1, &e), 0);
	assert_memory_not_equal(block, again, sizeof(block));
	assert_int_equal(study_order_block(block, POINTS, 7, 3, 0, &e), 0);
	for (long i = 0; i < POINTS; i++)
		assert_int_equal(block[i], i);
}

/* The next run is that of the order; one that has ended is passed over. */
static void runs_come_in_that_order(void **state)
{
	enum study_state states[4] = { RUN_TO_COME };
	long order[] = { 1, 0, 3, 2 };
	struct study s = { .points = 2, .repeats = 2, .steps = 1, .states = states, .order = order };
	(void)state;
	assert_int_equal(study_next(&s), 1);
	states[1] = RUN_COMPLETE;
	states[0] = RUN_FAILED;
	assert_int_equal(study_next(&s), 3);
	states[2] = states[3] = RUN_LEFT_OUT;
	assert_int_equal(study_next(&s), -1);
}

/* A case may have repeats of its own; what one does not want is left out, and --repeat is of all. */
static void points_have_repeats_of_their_own(void **state)
{
	static const char config[] = "[experiment]\nname = made\nrepeat = 1\n[vm vm1]\nmemory = 128M\n"
				     "[case once]\nlink.rate = 100M\n[case thrice]\nexperiment.repeat = 3\n";
	char place[] = "/tmp/test_study.XXXXXX", path[64];
	struct err e = { 0 };
	(void)state;
	assert_non_null(mkdtemp(place));
	snprintf(path, sizeof(path), "%s/a.conf", place);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(config, file);
	fclose(file);
	for (long asked = 0; asked <= 2; asked += 2) {
		struct study s = { .config_path = path, .scale = 1, .repeats = asked };
		snprintf(s.directory, sizeof(s.directory), "%s/results", place);
		if (config_file_read(&s.config, path, &e) < 0 || study_prepare(&s, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(s.repeats, asked ? 2 : 3);
		assert_int_equal(study_left(&s), 4);
		for (long i = 0; i < s.points * s.repeats; i++)
			assert_int_equal(s.states[i], !asked && i / 2 > 0 && strstr(s.labels[i % 2], "once")
			                                      ? RUN_LEFT_OUT
			                                      : RUN_TO_COME);
		study_free(&s);
	}
	/* Planned are the runs of the points that were chosen. */
	struct study part = { .config_path = path, .scale = 1, .only = "case=once" };
	snprintf(part.directory, sizeof(part.directory), "%s/results", place);
	if (config_file_read(&part.config, path, &e) < 0 || study_prepare(&part, &e) < 0 ||
	    study_plan_write(&part, &e) < 0)
		fail_msg("%s", e.text);
	struct json_object *plan = json_file_read(part.directory, "plan.json");
	assert_int_equal(json_object_get_int(json_object_object_get(plan, "runs")), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(plan, "points")), 2);
	json_object_put(plan);
	snprintf(path, sizeof(path), "%s/results/plan.json", place);
	unlink(path);
	rmdir(part.directory);
	study_free(&part);
	snprintf(path, sizeof(path), "%s/a.conf", place);
	unlink(path);
	assert_int_equal(rmdir(place), 0);
}

/* A run of the study with this status, and this warning of its analysis. */
static void ended(const struct study *s, long index, const char *status, const char *warning)
{
	char folder[800];
	study_run_folder(s, index, folder, sizeof(folder));
	mkdir(folder, 0755);
	made_file(folder, "manifest.json", "{\"format\":1,\"status\":\"%s\",\"point\":\"%s\"}", status,
	          s->labels[index]);
	made_file(folder, "metrics.json", "{\"warnings\":[\"%s\"],\"metrics\":[]}", warning);
}

/* Only what was asked for, and only of what has ended. */
static void what_was_disturbed_or_failed_is_made_anew(void **state)
{
	static const char config[] = "[experiment]\nname = made\n[vm vm1]\nmemory = 128M\n[case quiet]\n"
				     "link.rate = 100M\n[case loud]\nlink.rate = 100M\n[case broken]\n"
				     "link.rate = 100M\n[case new]\nlink.rate = 100M\n";
	static const enum study_state wanted[][4] = {
		[REDO_NONE] = { RUN_COMPLETE, RUN_COMPLETE, RUN_FAILED, RUN_TO_COME },
		[REDO_DISTURBED] = { RUN_COMPLETE, RUN_TO_COME, RUN_FAILED, RUN_TO_COME },
		[REDO_FAILED] = { RUN_COMPLETE, RUN_COMPLETE, RUN_TO_COME, RUN_TO_COME },
	};
	char path[128];
	struct err e = { 0 };
	(void)state;
	made_file(scratch, "a.conf", "%s", config);
	snprintf(path, sizeof(path), "%s/a.conf", scratch);
	for (int redo = -1; redo <= REDO_FAILED; redo++) { /* -1: there is nothing yet */
		struct study s = {
			.config_path = path, .scale = 1, .resume = redo >= 0, .redo = redo < 0 ? 0 : redo
		};
		snprintf(s.directory, sizeof(s.directory), "%s/study", scratch);
		if (config_file_read(&s.config, path, &e) < 0 || study_prepare(&s, &e) < 0)
			fail_msg("%s", e.text);
		if (redo < 0) {
			assert_int_equal(study_plan_write(&s, &e), 0);
			ended(&s, 0, "complete", "goodput is low");
			ended(&s, 1, "complete", "half of a core was stolen: " METRICS_DISTURBED);
			ended(&s, 2, "failed", METRICS_DISTURBED);
		}
		for (long i = 0; redo >= 0 && i < 4; i++)
			assert_int_equal(s.states[i], wanted[redo][i]);
		study_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_ends_only_what_was_not_over),
		cmocka_unit_test(the_worst_status_counts),
		cmocka_unit_test(a_table_fits_the_screen),
		cmocka_unit_test(a_folder_has_one_owner),
		cmocka_unit_test(repeats_are_blocks_in_random_order),
		cmocka_unit_test(runs_come_in_that_order),
		cmocka_unit_test(points_have_repeats_of_their_own),
		cmocka_unit_test_setup_teardown(what_was_disturbed_or_failed_is_made_anew, scratch_make,
		                                scratch_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
