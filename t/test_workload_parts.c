/* What workloads share: latencies and samples, paces, contents of pages, the law of Zipf, the store. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/random.h"
#include "workloads/store.h"
#include "workloads/workload.h"
#include "workloads/zipf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_operation_is_of_this_sample_only_or_still_going_on),
		cmocka_unit_test(the_wait_of_a_paced_operation_is_told_apart),
		cmocka_unit_test(the_end_of_an_operation_is_offered_to_a_sample_that_is_due),
		cmocka_unit_test(missed_slots_are_dropped_and_counted),
		cmocka_unit_test(pages_differ_in_every_word_and_hold_no_zeros),
		cmocka_unit_test(zipf_follows_its_law),
		cmocka_unit_test(the_store_keeps_every_sample),
	};
	return cmocka_run_group_tests_name("workload parts", tests, NULL, NULL);
}
