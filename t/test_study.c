/* What a study does beside its runs. */
#include "bench/base/err.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/study.h"
#include "bench/study_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_ends_only_what_was_not_over),
		cmocka_unit_test(a_folder_has_one_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
