/* The traffic that links are measured with, over a loopback of its own. */
#include "bench/testbed/link_probe.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "t/loopback.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/time.h>

#include <cmocka.h>

static const struct probe_path path = { NULL, "127.0.0.1", NULL, "127.0.0.1" };

static void a_paced_stream_has_its_rate(void **state)
{
	const struct probe_load load = { 0, 8000000, 100 * NS_PER_MS, 300 * NS_PER_MS, 0 };
	double bits_per_s = 0;
	int64_t window_ns;
	struct err e = { 0 };
	(void)state;
	if (probe_goodput(&path, &load, &bits_per_s, &window_ns, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(window_ns > 0);
	assert_true(bits_per_s > 0 && bits_per_s < 100e6);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Ctrl-C is no fault of the link. */
static void a_signal_is_an_interrupt(void **state)
{
	/* slow, so that the receiver waits; longer than the test may take */
	const struct probe_load load = { 0, 1000000, 0, 600 * NS_PER_S, 0 };
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval ticks = { { 0, 50000 }, { 0, 50000 } }, none = { { 0, 0 }, { 0, 0 } };
	double bits_per_s;
	int64_t window_ns;
	struct err e = { 0 };
	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &ticks, NULL);
	int result = probe_goodput(&path, &load, &bits_per_s, &window_ns, &e);
	setitimer(ITIMER_REAL, &none, NULL);
	assert_int_equal(result, -1);
	assert_int_equal(e.status, EXIT_INTERRUPTED);
	assert_string_equal(e.text, "interrupted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paced_stream_has_its_rate),
		cmocka_unit_test(a_signal_is_an_interrupt),
	};
	return loopback_enter() < 0 ? loopback_skip() : cmocka_run_group_tests(tests, NULL, NULL);
}
