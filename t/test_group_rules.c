/* What a schedule of a group's moves begins and recalls, told step by step. */
#include "t/made_group.h"

#include <string.h>

static void the_one_that_takes_longest_goes_first(void **state)
{
	static const struct made_vm vms[] = { { .memory = 10 * MB }, { .memory = 30 * MB }, { .memory = 20 * MB } };
	(void)state;
	struct group_schedule *s = made(SCHEDULE_FIXED, 2, vms, 3, INT64_MAX, false);
	assert_int_equal(group_schedule_next(s, 1), 1);
	assert_int_equal(group_schedule_next(s, 1), 2);
	assert_int_equal(group_schedule_next(s, 1), -1);
	group_schedule_ended(s, 2, true);
	assert_int_equal(group_schedule_next(s, 2), 0);
	group_schedule_ended(s, 0, false);
	assert_int_equal(group_schedule_next(s, 3), -1);
	assert_false(group_schedule_is_over(s));
	group_schedule_ended(s, 1, true);
	assert_true(group_schedule_is_over(s));
	assert_int_equal(group_schedule_next(s, 4), -1);
	group_schedule_free(s);
}

static void no_more_begin_than_the_memory_bears(void **state)
{
	static const struct made_vm vms[] = {
		{ .memory = 60 * MB }, { .memory = 30 * MB }, { .memory = 50 * MB }, { .memory = 200 * MB }
	};
	(void)state;
	struct group_schedule *s = made(SCHEDULE_ALL, 0, vms, 4, (int64_t)(100 * MB), false);
	assert_int_equal(group_schedule_next(s, 1), 0);
	assert_int_equal(group_schedule_next(s, 1), 1);
	assert_int_equal(group_schedule_next(s, 1), -1);
	/* What arrived has its memory, what failed gives it back. */
	group_schedule_ended(s, 1, true);
	assert_int_equal(group_schedule_next(s, 2), -1);
	group_schedule_ended(s, 0, false);
	assert_int_equal(group_schedule_next(s, 3), 2);
	group_schedule_ended(s, 2, true);
	/* The last never fits. */
	assert_int_equal(group_schedule_next(s, 4), -1);
	assert_true(group_schedule_is_over(s));
	group_schedule_free(s);
}

/* adaptive, over a round trip of 100 ms */
static struct group_schedule *made_far(const struct made_vm *vms, int count)
{
	struct group_schedule_options options;
	struct group_vm group[MOST];
	made_group(SCHEDULE_ADAPTIVE, 0, vms, count, true, &options, group);
	options.rtt_ns = 100000000;
	struct group_schedule *s = group_schedule_new(&options, group, count, INT64_MAX, NULL);
	assert_non_null(s);
	return s;
}

static void told(struct group_schedule *s, int vm, double sent, double dirty)
{
	const struct group_progress p = { (int64_t)sent, (int64_t)(1000 * MB), dirty };
	group_schedule_progress(s, vm, &p);
}

/* A link that one fills: four have begun before that is known. */
static void moves_that_are_of_no_use_are_recalled_and_wait_again(void **state)
{
	static const struct made_vm vms[] = {
		{ .memory = 900 * MB, .dirty = MB },
		{ .memory = 800 * MB, .dirty = MB },
		{ .memory = 700 * MB, .dirty = MB },
		{ .memory = 600 * MB, .dirty = MB },
	};
	double sent[4] = { 0 };
	bool moving[4] = { 0 };
	int most = 0, now = 0, recalled = 0;
	(void)state;
	struct group_schedule *s = made_far(vms, 4);
	for (double at_s = 1; at_s < 6; at_s += 0.05) {
		for (int i = 0; i < 4; i++)
			if (moving[i]) {
				sent[i] += fmin(at_s - 1, 1) * 10 * MB * 0.05 / now;
				told(s, i, sent[i], MB);
			}
		for (int vm; (vm = group_schedule_recall(s)) >= 0; recalled++) {
			assert_int_not_equal(vm, 0);
			moving[vm] = false;
			group_schedule_ended(s, vm, false);
			now--;
		}
		for (int vm; (vm = group_schedule_next(s, (int64_t)(at_s * 1e9))) >= 0; now++)
			moving[vm] = true;
		most = now > most ? now : most;
	}
	assert_int_equal(most, 4);
	assert_int_equal(recalled, 3);
	assert_int_equal(group_schedule_limit(s), 1);
	assert_non_null(strstr(group_schedule_why(s), "1 at a time: "));
	group_schedule_ended(s, 0, true);
	assert_int_equal(group_schedule_next(s, (int64_t)7e9), 1);
	group_schedule_free(s);
}

/* Bytes that a connection has sent so many seconds after it began to. */
static double sent_after(double seconds, double rate, double growth)
{
	return seconds > 0 ? rate * seconds + growth * seconds * seconds / 2 : 0;
}

/* Of a VM that dirties nothing: what it has not sent remains. */
static void told_sent(struct group_schedule *s, int vm, const struct made_vm *of, double sent)
{
	const struct group_progress p = { (int64_t)sent, sent > 0 ? (int64_t)(of->memory - sent) : 0, 0 };
	group_schedule_progress(s, vm, &p);
}

/*
 * Three begin to send after setup_s; 2 s later, so does the last of them, which crawls; after 5 s the second has arrived, and
 * room is free. How often that one is recalled until it is through.
 */
static int recalls_of_one_that_crawls(double setup_s)
{
	static const struct made_vm vms[] = { { .memory = 900 * MB }, { .memory = 150 * MB }, { .memory = 80 * MB } };
	int recalls = 0;
	struct group_schedule *s = made_far(vms, 3);
	for (double at_s = 0.05; at_s < setup_s + 12; at_s += 0.05) {
		bool arrives = at_s >= setup_s + 5 && at_s < setup_s + 5.05;
		const double sent[] = { sent_after(at_s - setup_s, 30 * MB, 0),
			                sent_after(at_s - setup_s, 30 * MB, 0),
			                sent_after(at_s - setup_s - 2, 0.3 * MB, 0.5 * MB) };
		for (int i = 0; i < 3; i++)
			told_sent(s, i, &vms[i], sent[i]);
		if (arrives)
			group_schedule_ended(s, 1, true);
		for (int vm; (vm = group_schedule_recall(s)) >= 0; recalls++)
			assert_int_equal(vm, 2);
		while (group_schedule_next(s, (int64_t)(at_s * 1e9)) >= 0)
			;
	}
	group_schedule_free(s);
	return recalls;
}

static void one_that_crawls_is_begun_anew_where_that_is_faster(void **state)
{
	(void)state;
	assert_int_equal(recalls_of_one_that_crawls(0.5), 1);
	assert_int_equal(recalls_of_one_that_crawls(5), 0);
}

/* Two arrive while the last one crawls: it need not be late to be begun anew. */
static void one_that_crawls_alone_is_begun_anew(void **state)
{
	static const struct made_vm vms[] = { { .memory = 100 * MB }, { .memory = 100 * MB }, { .memory = 80 * MB } };
	const double setup_s = 0.5, arrive_s = setup_s + 3.4, late_s = 2 * 80. / 100 * arrive_s;
	int recalled = -1;
	(void)state;
	struct group_schedule *s = made_far(vms, 3);
	for (double at_s = 0.05; recalled < 0; at_s += 0.05) {
		assert_true(at_s < late_s);
		for (int i = 0; i < 2 && at_s < arrive_s; i++)
			told_sent(s, i, &vms[i], sent_after(at_s - setup_s, 30 * MB, 0));
		told_sent(s, 2, &vms[2], sent_after(at_s - setup_s, 0.3 * MB, 0));
		for (int i = 0; i < 2 && at_s >= arrive_s; i++)
			group_schedule_ended(s, i, true);
		while (group_schedule_next(s, (int64_t)(at_s * 1e9)) >= 0)
			;
		recalled = at_s < arrive_s ? -1 : group_schedule_recall(s);
	}
	assert_int_equal(recalled, 2);
	group_schedule_free(s);
}

/* A VM that dirties as much as its share does not move beside another. */
static void a_vm_moves_alone_where_its_share_would_not_do(void **state)
{
	static const struct made_vm vms[] = { { .memory = 90 * MB, .dirty = 6 * MB }, { .memory = 80 * MB } };
	(void)state;
	struct group_schedule *s = made(SCHEDULE_ADAPTIVE, 0, vms, 2, INT64_MAX, true);
	assert_int_equal(group_schedule_next(s, (int64_t)1e9), 0);
	for (double at_s = 1; at_s < 4; at_s += 0.05) {
		told(s, 0, 10 * MB * (at_s - 0.99), NAN);
		assert_int_equal(group_schedule_next(s, (int64_t)(at_s * 1e9)), -1);
	}
	group_schedule_ended(s, 0, true);
	assert_int_equal(group_schedule_next(s, (int64_t)4e9), 1);
	group_schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_that_takes_longest_goes_first),
		cmocka_unit_test(no_more_begin_than_the_memory_bears),
		cmocka_unit_test(moves_that_are_of_no_use_are_recalled_and_wait_again),
		cmocka_unit_test(one_that_crawls_is_begun_anew_where_that_is_faster),
		cmocka_unit_test(one_that_crawls_alone_is_begun_anew),
		cmocka_unit_test(a_vm_moves_alone_where_its_share_would_not_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
