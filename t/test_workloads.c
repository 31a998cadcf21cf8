/* The workloads one by one. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/memcheck.h"
#include "workloads/random.h"
#include "workloads/workload.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A workload with options "key=value", ready to run; NULL ends them. */
static void *open_workload(struct workload *w, const char *name, const char *const *settings)
{
	struct err e = { 0 };
	const struct workload_ops *ops = workload_find(name, &e);
	assert_non_null(ops);
	void *options = workload_options_new(ops, &e);
	assert_non_null(options);
	for (; *settings; settings++) {
		char key[32];
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(*settings, "="), *settings);
		if (option_set(ops->options, options, key, strchr(*settings, '=') + 1, &e) < 0)
			fail_msg("%s", e.text);
	}
	if (workload_init(w, ops, options, &e) < 0)
		fail_msg("%s", e.text);
	return options;
}

static void close_workload(struct workload *w, void *options)
{
	workload_end(w);
	free(options);
}

static void *run_main(void *argument)
{
	struct workload *w = argument;
	w->ops->run(w);
	return NULL;
}

/* Run until the counter is at least `work` (a workload that stands still hangs the test), then stop. */
static void run_until(struct workload *w, int64_t work)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, run_main, w), 0);
	while (atomic_load(&w->work) < work && !atomic_load(&w->failed))
		clock_sleep(NS_PER_MS);
	atomic_store(&w->stop, true);
	pthread_join(thread, NULL);
	assert_false(atomic_load(&w->failed));
}

static void the_table_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; workloads[i]; i++) {
		const struct workload_ops *ops = workloads[i];
		struct err e = { 0 };
		assert_true(ops->name && ops->unit && ops->operation && ops->help && ops->options);
		assert_true(ops->run || ops->sampled);
		assert_ptr_equal(workload_find(ops->name, &e), ops);
		void *options = workload_options_new(ops, &e);
		assert_non_null(options);
		assert_int_equal(workload_check(ops, options, &e), 0);
		free(options);
	}
	struct err e = { 0 };
	assert_null(workload_find("intad", &e));
	assert_non_null(strstr(e.text, "'intadd'"));
	assert_int_equal(e.status, EXIT_USAGE);
}

static void intadd_does_exactly_its_job(void **state)
{
	(void)state;
	struct workload w;
	void *options = open_workload(&w, "intadd", (const char *const[]){ "job=12345678", NULL });
	int64_t before = clock_now_ns();
	w.ops->run(&w);
	assert_true(atomic_load(&w.work) == 12345678);
	assert_true(atomic_load(&w.job_done_ns) >= before && atomic_load(&w.job_done_ns) <= clock_now_ns());
	assert_true(atomic_load(&w.worst_op_ns) > 0);
	close_workload(&w, options);

	options = open_workload(&w, "intadd", (const char *const[]){ NULL });
	run_until(&w, 1);
	assert_true(atomic_load(&w.job_done_ns) == -1);
	close_workload(&w, options);
}

static void seqread_wraps_around_its_span_and_ends_at_its_total(void **state)
{
	(void)state;
	char path[] = "/tmp/migmeter-test-XXXXXX", setting[64], content[10000];
	int fd = mkstemp(path);
	memset(content, 'x', sizeof(content));
	assert_int_equal(write(fd, content, sizeof(content)), sizeof(content));
	close(fd);
	snprintf(setting, sizeof(setting), "path=%s", path);
	struct workload w;
	void *options = open_workload(
		&w, "seqread",
		(const char *const[]){ setting, "direct=no", "block=4K", "span=9000", "total=30001", NULL });
	w.ops->run(&w);
	assert_false(atomic_load(&w.failed));
	assert_true(atomic_load(&w.work) == 30001);
	assert_true(atomic_load(&w.job_done_ns) > 0);
	close_workload(&w, options);

	/* A file that got shorter is a failure with its reason, not an endless loop. */
	options = open_workload(&w, "seqread", (const char *const[]){ setting, "direct=no", NULL });
	assert_int_equal(truncate(path, 100), 0);
	w.ops->run(&w);
	assert_true(atomic_load(&w.failed));
	assert_non_null(strstr(w.failure, path));
	close_workload(&w, options);
	unlink(path);
}

static void seqread_says_what_it_cannot_read(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct workload w;
	void *options = workload_options_new(&seqread_workload, &e);
	assert_int_equal(option_set(seqread_workload.options, options, "path", "/nonexistent/disk", &e), 0);
	assert_int_equal(workload_init(&w, &seqread_workload, options, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/disk"));
	assert_int_equal(option_set(seqread_workload.options, options, "block", "1000", &e), 0);
	assert_int_equal(workload_check(&seqread_workload, options, &e), -1);
	assert_non_null(strstr(e.text, "multiples of 512"));
	free(options);
}

static void memdirty_writes_in_every_pattern(void **state)
{
	(void)state;
	static const char *const patterns[] = { "pattern=sequential", "pattern=random", "pattern=hotcold" };
	static const char *const contents[] = { "content=random", "content=word" };
	static const char *const rates[] = { "rate=0", "rate=40MB" };
	for (int i = 0; i < 12; i++) {
		struct workload w;
		void *options = open_workload(&w, "memdirty",
		                              (const char *const[]){ "region=1000K", patterns[i % 3],
		                                                     contents[i / 3 % 2], rates[i / 6], NULL });
		run_until(&w, 200000);
		assert_true(atomic_load(&w.work) % PAGE_BYTES == 0);
		/* Paced, each has waited a little before it began; at full speed none waits. */
		int64_t wait = atomic_load(&w.worst_op_ns) - atomic_load(&w.worst_service_ns);
		assert_true(rates[i / 6][5] == '0' ? wait == 0 : wait > 0);
		assert_true(workload_memory_bytes(w.ops, options) >= 1000 * 1024);
		close_workload(&w, options);
	}
}

static void memdirty_refuses_more_than_there_is(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct workload w;
	void *options = workload_options_new(&memdirty_workload, &e);
	assert_int_equal(option_set(memdirty_workload.options, options, "region", "1T", &e), 0);
	assert_int_equal(workload_init(&w, &memdirty_workload, options, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	free(options);
}

/* It goes round its region; a bit that changes ends it, with the page's number. */
static void memcheck_sees_one_bit(void **state)
{
	(void)state;
	static const char *const settings[] = { "region=80K", "rate=20MB", NULL };
	struct workload w;
	void *options = open_workload(&w, "memcheck", settings);
	run_until(&w, 3 * 80 * 1024);
	assert_true(atomic_load(&w.work) % PAGE_BYTES == 0);
	assert_true(workload_memory_bytes(w.ops, options) == 80 * 1024);
	struct memcheck *m = w.state;
	m->region[7 * PAGE_BYTES + 4095] ^= 0x80;
	atomic_store(&w.stop, false);
	w.ops->run(&w);
	assert_true(atomic_load(&w.failed));
	assert_non_null(strstr(w.failure, "page 7 of 20 "));
	m->region[7 * PAGE_BYTES + 4095] ^= 0x80;
	/* Two pages that have changed places are wrong, too. */
	unsigned char page[PAGE_BYTES];
	memcpy(page, m->region, PAGE_BYTES);
	memcpy(m->region, m->region + PAGE_BYTES, PAGE_BYTES);
	memcpy(m->region + PAGE_BYTES, page, PAGE_BYTES);
	atomic_store(&w.failed, false);
	w.ops->run(&w);
	assert_true(atomic_load(&w.failed));
	close_workload(&w, options);
}

/* 10 periods idle, then 10 periods with 4 ms busy: never more than that, and something even on a busy machine. */
static void dutycycle_is_busy_for_its_share_and_no_longer(void **state)
{
	(void)state;
	struct workload w;
	void *options = open_workload(&w, "dutycycle",
	                              (const char *const[]){ "schedule=0:100ms,40:100ms", "period=10ms", NULL });
	w.ops->run(&w);
	assert_true(atomic_load(&w.worst_op_ns) > atomic_load(&w.worst_service_ns));
	assert_true(atomic_load(&w.job_done_ns) > 0);
	assert_in_range(atomic_load(&w.work), NS_PER_MS, 10 * 4 * NS_PER_MS);
	close_workload(&w, options);

	options = open_workload(&w, "dutycycle", (const char *const[]){ "schedule=0:100ms", "period=10ms", NULL });
	w.ops->run(&w);
	assert_true(atomic_load(&w.work) == 0);
	close_workload(&w, options);
}

static void dutycycle_checks_its_schedule(void **state)
{
	(void)state;
	static const struct {
		const char *schedule, *text;
	} cases[] = {
		{ "0:60,50:60,100:60,50:60,0:60", NULL },
		{ " 50% : 1min", NULL },
		{ "50", "PERCENT:TIME" },
		{ "120:60", "more than 100" },
		{ "50:60,", "PERCENT:TIME" },
		{ "50:-1", "'-1'" },
		{ "x:60", "'x'" },
		{ "50:10ms", "shorter than a period" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		void *options = workload_options_new(&dutycycle_workload, &e);
		assert_int_equal(option_set(dutycycle_workload.options, options, "schedule", cases[i].schedule, &e),
		                 0);
		assert_int_equal(workload_check(&dutycycle_workload, options, &e), cases[i].text ? -1 : 0);
		if (cases[i].text && !strstr(e.text, cases[i].text))
			fail_msg("'%s': %s", cases[i].schedule, e.text);
		free(options);
	}
}

static void idle_counts_samples_and_how_late_they_are(void **state)
{
	(void)state;
	struct workload w;
	int64_t service;
	void *options = open_workload(&w, "idle", (const char *const[]){ NULL });
	for (int i = 1; i <= 5; i++)
		w.ops->sampled(&w, 1000, 1000 + i * 100);
	assert_true(atomic_load(&w.work) == 5);
	assert_true(workload_take_worst(&w, 2000, &service) == 500 && service == 500);
	close_workload(&w, options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(intadd_does_exactly_its_job),
		cmocka_unit_test(seqread_wraps_around_its_span_and_ends_at_its_total),
		cmocka_unit_test(seqread_says_what_it_cannot_read),
		cmocka_unit_test(memdirty_writes_in_every_pattern),
		cmocka_unit_test(memdirty_refuses_more_than_there_is),
		cmocka_unit_test(memcheck_sees_one_bit),
		cmocka_unit_test(dutycycle_is_busy_for_its_share_and_no_longer),
		cmocka_unit_test(dutycycle_checks_its_schedule),
		cmocka_unit_test(idle_counts_samples_and_how_late_they_are),
	};
	return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
