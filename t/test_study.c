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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_ends_only_what_was_not_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
