/* How a move that goes on is ended: what is judged of it, what signals ask for. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/run.h"
#include "bench/migrate/hang.h"
#include "bench/migrate/steering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_NS (60 * NS_PER_S)

static void judged(int interrupted, bool in_postcopy, int64_t taken_ns, enum steering_verdict wanted, const char *why)
{
	const struct steering_moment now = { interrupted, in_postcopy, taken_ns, TIMEOUT_NS };
	const char *reason = "none";
	assert_int_equal(steering_judge(&now, &reason), wanted);
	assert_string_equal(reason, why);
}

static void before_the_switch_it_is_aborted(void **state)
{
	(void)state;
	judged(INTERRUPT_NONE, false, TIMEOUT_NS, STEERING_GO_ON, "none");
	judged(INTERRUPT_NONE, false, TIMEOUT_NS + 1, STEERING_ABORT, "it took longer than migration.timeout");
	judged(INTERRUPT_END, false, 0, STEERING_ABORT, "interrupted");
	judged(INTERRUPT_BREAK_OFF, false, 0, STEERING_ABORT, "interrupted");
	judged(INTERRUPT_END, false, 3 * TIMEOUT_NS, STEERING_ABORT, "interrupted");
}

static void after_the_switch_it_is_let_end(void **state)
{
	(void)state;
	judged(INTERRUPT_NONE, true, TIMEOUT_NS, STEERING_GO_ON, "none");
	judged(INTERRUPT_END, true, 0, STEERING_LET_END, "interrupted");
	judged(INTERRUPT_END, true, 2 * TIMEOUT_NS, STEERING_LET_END, "interrupted");
	/* Only a second signal, or a limit far off, costs the VM. */
	judged(INTERRUPT_BREAK_OFF, true, 0, STEERING_BREAK_OFF, "interrupted a second time, in post-copy");
	judged(INTERRUPT_END, true, 2 * TIMEOUT_NS + 1, STEERING_BREAK_OFF,
	       "it took longer than twice migration.timeout in post-copy");
	judged(INTERRUPT_NONE, true, 2 * TIMEOUT_NS + 1, STEERING_BREAK_OFF,
	       "it took longer than twice migration.timeout in post-copy");
}

/* QEMU is told a downtime limit for the pace that it sees, when it has become another one by a quarter. */
static void the_limit_follows_the_pace(void **state)
{
	(void)state;
	const int64_t asked = 300 * NS_PER_MS;
	assert_int_equal(steering_limit_ns(asked, 1, asked), asked);
	assert_int_equal(steering_limit_ns(asked, 0.8, asked), asked);
	assert_int_equal(steering_limit_ns(asked, 0.7, asked), 210 * NS_PER_MS);
	assert_int_equal(steering_limit_ns(asked, 0.05, 210 * NS_PER_MS), 15 * NS_PER_MS);
	/* In the end it is what was asked for. */
	assert_int_equal(steering_limit_ns(asked, 1, 15 * NS_PER_MS), asked);
	assert_int_equal(steering_limit_ns(asked, 1, 270 * NS_PER_MS), asked);
	assert_int_equal(steering_limit_ns(NS_PER_MS, 0.05, NS_PER_MS), NS_PER_MS);
}

/* libvirt's call hangs: QEMU is told past it, once an attempt; and it has an end. */
static void a_call_that_hangs(void **state)
{
	struct rescue *there = (struct rescue *)state; /* some */
	struct hang h = { .rescue = there };
	const struct attempt none = { 0 }, attempt = { 100 * NS_PER_S, 160 * NS_PER_S };
	assert_int_equal(hang_judge(&h, &none, 0, 1000 * NS_PER_S), HANG_WAIT);
	assert_int_equal(hang_judge(&h, &attempt, 0, 102 * NS_PER_S), HANG_WAIT);
	assert_int_equal(hang_judge(&h, &attempt, 0, 104 * NS_PER_S), HANG_RESCUE);
	h.rescued_ns = attempt.since_ns;
	assert_int_equal(hang_judge(&h, &attempt, 0, 104 * NS_PER_S), HANG_WAIT);
	assert_int_equal(hang_judge(&h, &attempt, 0, 169 * NS_PER_S), HANG_WAIT);
	assert_int_equal(hang_judge(&h, &attempt, 0, 171 * NS_PER_S), HANG_END);
	/* Broken off, in an attempt or not. */
	assert_int_equal(hang_judge(&h, &attempt, 105 * NS_PER_S, 114 * NS_PER_S), HANG_WAIT);
	assert_int_equal(hang_judge(&h, &attempt, 105 * NS_PER_S, 116 * NS_PER_S), HANG_END);
	assert_int_equal(hang_judge(&h, &none, 105 * NS_PER_S, 116 * NS_PER_S), HANG_END);
	h.ended = true;
	assert_int_equal(hang_judge(&h, &attempt, 105 * NS_PER_S, 500 * NS_PER_S), HANG_WAIT);
	/* Without monitors nobody can be told. */
	h = (struct hang){ 0 };
	assert_int_equal(hang_judge(&h, &attempt, 0, 104 * NS_PER_S), HANG_WAIT);
}

/* timeout(1) sends one to us and one to our group. */
static void a_signal_that_comes_twice_at_once_is_one(void **state)
{
	(void)state;
	run_catch_signals();
	assert_int_equal(run_interrupted, INTERRUPT_NONE);
	raise(SIGTERM);
	assert_int_equal(run_interrupted, INTERRUPT_END);
	raise(SIGTERM);
	assert_int_equal(run_interrupted, INTERRUPT_END);
	clock_sleep(600 * NS_PER_MS);
	assert_int_equal(run_interrupted, INTERRUPT_END);
	raise(SIGINT);
	assert_int_equal(run_interrupted, INTERRUPT_BREAK_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_switch_it_is_aborted),
		cmocka_unit_test(after_the_switch_it_is_let_end),
		cmocka_unit_test(the_limit_follows_the_pace),
		cmocka_unit_test(a_call_that_hangs),
		cmocka_unit_test(a_signal_that_comes_twice_at_once_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
