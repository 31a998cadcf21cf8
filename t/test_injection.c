/* The plan of injections, and CPU taken from a core. */
#include "bench/experiment/cpu_thief.h"
#include "bench/experiment/injection.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 3, REPEAT = 20 };

static const struct injection points[POINTS] = {
	{ .kind = INJECT_STOP, .length_ns = 5 * NS_PER_MS },
	{ .kind = INJECT_CUT, .length_ns = 5 * NS_PER_MS },
	{ .kind = INJECT_CPU, .length_ns = NS_PER_S, .share = 0.25 },
};

static void test_plan(void **state)
{
	(void)state;
	struct injection_plan plan, again, other;
	int counts[INJECTION_KINDS] = { 0 }, in_order = 0;
	int64_t sum_ns = 0;
	assert_int_equal(injection_plan_make(&plan, points, POINTS, REPEAT, 7, NULL), 0);
	assert_int_equal(injection_plan_make(&again, points, POINTS, REPEAT, 7, NULL), 0);
	assert_int_equal(injection_plan_make(&other, points, POINTS, REPEAT, 8, NULL), 0);
	assert_int_equal(plan.count, POINTS * REPEAT);
	for (int i = 0; i < plan.count; i++) {
		const struct injection *in = &plan.list[i];
		const struct injection *point = &points[in->kind];
		counts[in->kind]++;
		in_order += in->kind == points[i % POINTS].kind;
		assert_int_equal(in->length_ns, point->length_ns);
		assert_true(in->share >= point->share && in->share <= point->share);
		assert_in_range(in->pause_ns, 900 * NS_PER_MS, 1300 * NS_PER_MS);
		sum_ns += in->pause_ns + in->length_ns;
	}
	for (int k = 0; k < INJECTION_KINDS; k++)
		assert_int_equal(counts[k], REPEAT);
	assert_true(in_order < plan.count);
	assert_int_equal(injection_plan_duration_ns(&plan), sum_ns);
	assert_memory_equal(plan.list, again.list, (size_t)plan.count * sizeof(*plan.list));
	assert_memory_not_equal(plan.list, other.list, (size_t)plan.count * sizeof(*plan.list));
	injection_plan_free(&plan);
	injection_plan_free(&again);
	injection_plan_free(&other);
}

static void test_thief(void **state)
{
	(void)state;
	struct cpu_thief *thief;
	struct err e = { 0 };
	assert_int_equal(cpu_thief_start(&thief, 0, 0.95, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_int_equal(cpu_thief_start(&thief, -1, 0.5, NULL), -1);
	assert_null(thief);
	memset(&e, 0, sizeof(e));
	if (cpu_thief_start(&thief, 0, 0.5, &e) < 0) {
		assert_int_equal(e.status, EXIT_CANNOT); /* without the right to real-time priority */
		skip();
	}
	int64_t begun_ns = clock_now_ns();
	clock_sleep_until(begun_ns + 70 * NS_PER_MS);
	int64_t taken_ns = cpu_thief_stop(thief), passed_ns = clock_now_ns() - begun_ns;
	/* A period may be cut off at either end; how much a busy machine lets it have is not said here. */
	assert_true(taken_ns > 0);
	assert_true(taken_ns < passed_ns / 2 + 8 * NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_plan), cmocka_unit_test(test_thief) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
