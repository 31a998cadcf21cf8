/* dutycycle beside another thread that takes all it can of the same core: what it is kept from is no work. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/workload.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A guest's CPU clocks as they are where nobody tells it what is stolen: they run on while another VM has the core. In place of
 * the C library's.
 */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	bool of_cpu = clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_PROCESS_CPUTIME_ID;
	return (int)syscall(SYS_clock_gettime, of_cpu ? CLOCK_MONOTONIC : clock, t);
}

static atomic_bool rival_stop;

static void *rival(void *unused)
{
	while (!atomic_load(&rival_stop))
		additions(1000);
	return unused;
}

static void stay_on_one_core(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* The work of a schedule of 400 ms. */
static int64_t work_of(const char *schedule, bool with_rival)
{
	struct workload w;
	struct err e = { 0 };
	pthread_t thread;
	void *options = workload_options_new(&dutycycle_workload, &e);
	assert_non_null(options);
	assert_int_equal(option_set(dutycycle_workload.options, options, "schedule", schedule, &e), 0);
	assert_int_equal(option_set(dutycycle_workload.options, options, "period", "20ms", &e), 0);
	assert_int_equal(workload_init(&w, &dutycycle_workload, options, &e), 0);
	atomic_store(&rival_stop, false);
	if (with_rival)
		assert_int_equal(pthread_create(&thread, NULL, rival, NULL), 0);
	w.ops->run(&w);
	atomic_store(&rival_stop, true);
	if (with_rival)
		pthread_join(thread, NULL);
	workload_end(&w);
	free(options);
	return atomic_load(&w.work);
}

static void what_is_stolen_is_no_work(void **state)
{
	(void)state;
	stay_on_one_core();
	int64_t work = INT64_MAX;
	/*
	 * Half of the core is the rival's, by a scheduler that is fair. Beside other work, which may keep the rival from it, and
	 * where the core's own speed changes, again: one that counts what was stolen has all of it every time.
	 */
	for (int i = 0; i < 20 && work > 280 * NS_PER_MS; i++)
		work = work_of("100:400ms", true);
	assert_in_range(work, NS_PER_MS, 280 * NS_PER_MS);
}

/* Nor is more done than was asked, wherever in the period it is done. */
static void a_share_is_not_exceeded(void **state)
{
	(void)state;
	assert_in_range(work_of("20:400ms", true), NS_PER_MS, 80 * NS_PER_MS);
	assert_in_range(work_of("20:400ms", false), NS_PER_MS, 80 * NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_stolen_is_no_work),
		cmocka_unit_test(a_share_is_not_exceeded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
