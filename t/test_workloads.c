/* The workloads one by one, what they publish, and the settings that a guest gets. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/random.h"
#include "workloads/settings.h"
#include "workloads/store.h"
#include "workloads/workload.h"
#include "workloads/zipf.h"

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

static void the_worst_operation_is_of_this_sample_only_or_still_going_on(void **state)
{
	(void)state;
	struct workload w = { 0 };
	int64_t service;
	assert_true(workload_take_worst(&w, 50, &service) == 0);
	workload_op_begin(&w, 100);
	workload_op_end(&w, 400, 7);
	workload_op_begin(&w, 400);
	workload_op_end(&w, 500, 9);
	assert_true(atomic_load(&w.work) == 9);
	assert_true(workload_take_worst(&w, 600, &service) == 300);
	assert_true(workload_take_worst(&w, 700, &service) == 0);
	workload_op_begin(&w, 700);
	assert_true(workload_take_worst(&w, 710, &service) == 10);
	assert_true(workload_take_worst(&w, 900, &service) == 200);
	workload_op_end(&w, 950, 10);
	assert_true(workload_take_worst(&w, 1000, &service) == 250);
	assert_true(workload_take_worst(&w, 1100, &service) == 0);
}

/* 30 late of 100, then 80 late and still going on: the wait counts in the latency, not in the service. */
static void the_wait_of_a_paced_operation_is_told_apart(void **state)
{
	(void)state;
	struct workload w = { 0 };
	int64_t service;
	workload_op_begin_paced(&w, 1000, 1030);
	workload_op_end(&w, 1100, 1);
	workload_op_begin_paced(&w, 2000, 2000);
	workload_op_end(&w, 2090, 2);
	assert_true(workload_take_worst(&w, 2200, &service) == 100);
	assert_true(service == 90);
	workload_op_begin_paced(&w, 3000, 3080);
	assert_true(workload_take_worst(&w, 3200, &service) == 200);
	assert_true(service == 120);
	workload_op_end(&w, 3210, 3);
	assert_true(workload_take_worst(&w, 3300, &service) == 210);
	assert_true(service == 130);
	/* Half of one that ended while the sampler took: the whole is no shorter. */
	atomic_store(&w.worst_service_ns, 70);
	assert_true(workload_take_worst(&w, 3400, &service) == 70);
	assert_true(service == 70);
	assert_true(workload_take_worst(&w, 3500, &service) == 0);
	assert_true(service == 0);
}

struct asked {
	struct sampling sampling;
	int times;
	int64_t at_ns;
};

static void note_asked(void *context, int64_t now_ns)
{
	struct asked *a = context;
	a->times++;
	a->at_ns = now_ns;
}

static void the_end_of_an_operation_is_offered_to_a_sample_that_is_due(void **state)
{
	(void)state;
	struct asked a = { .sampling = { 1000, note_asked, &a } };
	struct workload w = { .sampling = &a.sampling };
	workload_op_begin(&w, 900);
	assert_true(workload_op_end(&w, 999, 1) == 999);
	assert_int_equal(a.times, 0);
	workload_op_begin(&w, 999);
	int64_t before_ns = clock_now_ns();
	assert_true(workload_op_end(&w, 1001, 2) >= before_ns); /* what the sample took is no part of the next one */
	assert_int_equal(a.times, 1);
	assert_true(a.at_ns == 1001);
	atomic_store(&a.sampling.due_ns, INT64_MAX);
	assert_false(workload_offer(&w, 5000));
	assert_int_equal(a.times, 1);
	w.sampling = NULL;
	assert_false(workload_offer(&w, 5000));
}

static void missed_slots_are_dropped_and_counted(void **state)
{
	(void)state;
	_Atomic int64_t missed = 0;
	struct slots s = { .length_ns = 100 * NS_PER_S };
	int64_t first = clock_now_ns() - 1050 * NS_PER_S; /* the middle of the slot ten later */
	s.next_ns = first;
	assert_true(slots_next(&s, &missed) == first + 1000 * NS_PER_S);
	assert_true(atomic_load(&missed) == 10);
	assert_true(s.next_ns == first + 1100 * NS_PER_S);
	assert_true(s.woke_ns >= first + 1050 * NS_PER_S && s.woke_ns < s.next_ns);
	s.next_ns = clock_now_ns() - 50 * NS_PER_S; /* late, but its time is not over */
	slots_next(&s, &missed);
	assert_true(atomic_load(&missed) == 10);
}

static void pages_differ_in_every_word_and_hold_no_zeros(void **state)
{
	(void)state;
	static uint64_t pattern[PAGE_BYTES / 8], a[PAGE_BYTES / 8], b[PAGE_BYTES / 8];
	uint64_t random = 1;
	random_pattern(pattern, &random);
	random_page(a, pattern, &random);
	random_page(b, pattern, &random);
	for (size_t i = 0; i < PAGE_BYTES / 8; i++) {
		assert_true(a[i] != b[i]);
		assert_true(a[i] != 0 && b[i] != 0);
		assert_true(i == 0 || a[i] != a[i - 1]);
	}
}

/* Draws against the law: for each of the first ranks within 5 standard deviations. */
static void zipf_follows_its_law(void **state)
{
	(void)state;
	static const struct {
		double exponent;
		double share[4]; /* of ranks 0..3 among 1000: r^-s / sum of k^-s */
	} laws[] = {
		{ 0, { 0.001, 0.001, 0.001, 0.001 } },
		{ 1, { 0.133592, 0.066796, 0.044531, 0.033398 } }, /* H(1000) = 7.485471 */
		{ 2, { 0.608297, 0.152074, 0.067589, 0.038019 } }, /* H2(1000) = 1.643935 */
	};
	enum { DRAWS = 400000 };
	for (size_t law = 0; law < sizeof(laws) / sizeof(*laws); law++) {
		struct zipf *z;
		struct err e = { 0 };
		uint64_t random = 42;
		int count[1000] = { 0 };
		assert_int_equal(zipf_new(&z, 1000, laws[law].exponent, &e), 0);
		for (int i = 0; i < DRAWS; i++) {
			uint64_t rank = zipf_rank(z, &random);
			assert_true(rank < 1000);
			count[rank]++;
		}
		for (int r = 0; r < 4; r++) {
			double p = laws[law].share[r], off = count[r] - p * DRAWS;
			assert_true(off * off < 25 * DRAWS * p * (1 - p));
		}
		zipf_free(z);
	}
	struct zipf *one;
	uint64_t random = 1;
	assert_int_equal(zipf_new(&one, 1, 1.2, NULL), 0);
	assert_int_equal(zipf_rank(one, &random), 0);
	zipf_free(one);
	assert_int_equal(zipf_new(&one, 0, 1, NULL), -1);
}

static void the_store_keeps_every_sample(void **state)
{
	(void)state;
	struct store *s = calloc(1, sizeof(*s));
	struct sample got[4];
	struct err e = { 0 };
	assert_false(store_append(s, (struct sample){ .work = 1 })); /* nothing reserved: no room, no crash */
	for (int i = 0; i < 3 * STORE_CHUNK_SAMPLES; i++) {
		if (i % 1000 == 0)
			assert_int_equal(store_reserve(s, &e), 0);
		assert_true(store_append(s, (struct sample){ .work = 10 * i }));
	}
	/* Across the border of two chunks, and not past the end. */
	assert_int_equal(store_read(s, STORE_CHUNK_SAMPLES - 2, 4, got), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(got[i].seq, STORE_CHUNK_SAMPLES - 2 + i);
		assert_true(got[i].work == 10 * (STORE_CHUNK_SAMPLES - 2 + i));
	}
	assert_int_equal(store_read(s, 3 * STORE_CHUNK_SAMPLES - 1, 4, got), 1);
	assert_int_equal(store_read(s, UINT32_MAX, 4, got), 0);
	store_free(s);
	free(s);
}

static void settings_survive_the_command_line(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "run", "00c0ffee12345678" },
		{ "vm", "3" },
		{ "interval", "1000000" },
		{ "mgmt", "52:54:00:aa:bb:01,10.9.0.2/24" },
		{ "data", "52:54:00:aa:bb:02,192.168.7.2/16" },
		{ "head", "10.9.0.1" },
		{ "headdata", "192.168.7.1" },
		{ "fill", "random" },
		{ "workload", "memdirty+dutycycle" },
		{ "memdirty.rate", "20MB" },
		{ "memdirty.pattern", "hotcold" },
		{ "memdirty.exponent", "1.2" },
		{ "dutycycle.schedule", "0:60, 50%:60,\"'100:60" },
	};
	struct guest_settings s, t;
	struct err e = { 0 };
	char line[GUEST_COMMAND_LINE_ROOM], again[GUEST_COMMAND_LINE_ROOM], with_more[GUEST_COMMAND_LINE_ROOM + 64];
	guest_settings_init(&s);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (guest_settings_set(&s, pairs[i][0], pairs[i][1], &e) < 0)
			fail_msg("%s", e.text);
	assert_int_equal(guest_settings_format(&s, line, sizeof(line), &e), 0);
	assert_null(strpbrk(line, "\"'"));
	snprintf(with_more, sizeof(with_more), "console=ttyS0 quiet  %s\n", line);
	guest_settings_init(&t);
	if (guest_settings_parse(&t, with_more, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(t.run_id == UINT64_C(0x00c0ffee12345678));
	assert_int_equal(t.vm, 3);
	assert_true(t.interval_ns == NS_PER_MS);
	assert_int_equal(t.management.address, 0x0a090002);
	assert_int_equal(t.management.mac[5], 1);
	assert_int_equal(t.data.prefix, 16);
	assert_int_equal(t.head_address, 0x0a090001);
	assert_true(t.fill_random);
	assert_int_equal(t.workload_count, 2);
	assert_int_equal(guest_settings_format(&t, again, sizeof(again), &e), 0);
	assert_string_equal(line, again);
	assert_int_equal(guest_settings_format(&t, again, strlen(line), &e), -1);
	guest_settings_free(&s);
	guest_settings_free(&t);
}

static void bad_settings_are_named_and_the_rest_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *words, *text;
	} cases[] = {
		{ "migmeter.workload=intad", "'intadd'" },
		{ "migmeter.workload=intadd+intadd", "twice" },
		{ "migmeter.workload=intadd migmeter.workload=idle", "given twice" },
		{ "migmeter.workload=intadd migmeter.intadd.jub=3", "'job'" },
		{ "migmeter.workload=intadd migmeter.intadd.job=-3", "below" },
		{ "migmeter.workload=intadd migmeter.idle.x=3", "no workload 'idle'" },
		{ "migmeter.intervall=3", "'interval'" },
		{ "migmeter.interval=100", "'100'" },
		{ "migmeter.vm=65536", "'65536'" },
		{ "migmeter.run=xyz", "'xyz'" },
		{ "migmeter.run=11223344556677889", "'11223344556677889'" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.1", "MAC" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.1/33", "MAC" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.256/24", "IPv4" },
		{ "migmeter.data=52:54:00:00:00:01,10.0.0.1/24x", "MAC" },
		{ "migmeter.fill=zero", "none|random" },
		{ "migmeter.vm", "no value" },
		{ "migmeter.=1", "''" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char line[256];
		struct err e = { 0 };
		struct guest_settings s;
		guest_settings_init(&s);
		snprintf(line, sizeof(line), "quiet %s migmeter.head=10.9.0.1", cases[i].words);
		assert_int_equal(guest_settings_parse(&s, line, &e), -1);
		if (!strstr(e.text, cases[i].text))
			fail_msg("'%s': %s", cases[i].words, e.text);
		assert_int_equal(s.head_address, 0x0a090001);
		guest_settings_free(&s);
	}
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
		cmocka_unit_test(dutycycle_is_busy_for_its_share_and_no_longer),
		cmocka_unit_test(dutycycle_checks_its_schedule),
		cmocka_unit_test(idle_counts_samples_and_how_late_they_are),
		cmocka_unit_test(the_worst_operation_is_of_this_sample_only_or_still_going_on),
		cmocka_unit_test(the_wait_of_a_paced_operation_is_told_apart),
		cmocka_unit_test(the_end_of_an_operation_is_offered_to_a_sample_that_is_due),
		cmocka_unit_test(missed_slots_are_dropped_and_counted),
		cmocka_unit_test(pages_differ_in_every_word_and_hold_no_zeros),
		cmocka_unit_test(zipf_follows_its_law),
		cmocka_unit_test(the_store_keeps_every_sample),
		cmocka_unit_test(settings_survive_the_command_line),
		cmocka_unit_test(bad_settings_are_named_and_the_rest_is_taken),
	};
	return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
