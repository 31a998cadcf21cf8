/* A group moved by a migration that moves nothing: what is begun, recalled, given up. */
#include "bench/migrate/dirty_rate.h"
#include "bench/placement/group.h"
#include "t/logged_moves.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>

enum { VMS = 4 };
static const char *const names[VMS] = { "vm0", "vm1", "vm2", "vm3" };
static const struct group_vm vms[VMS] = { { 40, 40, NAN }, { 30, 30, NAN }, { 20, 20, NAN }, { 10, 10, NAN } };

static atomic_int pulses;
static int pulses_most;

static void progress(void *context, int vm, struct group_progress *ret)
{
	(void)context;
	(void)vm;
	*ret = (struct group_progress){ .dirty_per_s = NAN };
}

static int pulse(void *context, const char *line, struct err *e)
{
	(void)context;
	assert_true(strstr(line, "of 4 VMs have arrived") || strstr(line, "waiting for ") || !line[0]);
	if (atomic_fetch_add(&pulses, 1) + 1 == pulses_most)
		return err_set(e, EXIT_INTERRUPTED, "interrupted");
	return 0;
}

static struct group_spec group(int kind, int at_once, const char *to)
{
	struct group_spec spec = { .from = { "src", "", "", NULL, 0 },
		                   .to = { to, "", "", NULL, 1 },
		                   .names = names,
		                   .vms = vms,
		                   .count = VMS,
		                   .free_bytes = 1000,
		                   .migration = { .sink = sink },
		                   .migrate = fake_migrate,
		                   .progress = progress,
		                   .pulse = pulse };
	assert_int_equal(option_defaults(group_schedule_rows, &spec.schedule, NULL), 0);
	spec.schedule.kind = kind;
	spec.schedule.at_once = at_once;
	log_clear();
	atomic_store(&hold, false);
	atomic_store(&moved, 0);
	atomic_store(&most_moving, 0);
	atomic_store(&pulses, 0);
	pulses_most = 0;
	return spec;
}

static void all_arrive_one_after_the_other(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct group_result result;
	struct group_spec spec = group(SCHEDULE_SEQUENTIAL, 0, "dst");
	assert_int_equal(group_run(&spec, &result, &e), 0);
	assert_int_equal(result.move_count, VMS);
	for (int i = 0; i < VMS; i++) {
		assert_int_equal(result.moves[i].vm, i);
		assert_true(result.moves[i].arrived);
		assert_true(i == 0 || result.moves[i].begin_ns >= result.moves[i - 1].end_ns);
	}
	assert_true(result.end_ns >= result.moves[VMS - 1].end_ns && result.begin_ns <= result.moves[0].begin_ns);
	assert_int_equal(atomic_load(&most_moving), 1);
	log_has(" src group: sequential, 4 VMs\n");
	log_has("vm3 dst move-end: arrived, took ");
	group_result_free(&result);
}

static void all_are_begun_at_once_and_broken_off_together(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct group_result result;
	struct group_spec spec = group(SCHEDULE_ALL, 0, "dst");
	atomic_store(&hold, true);
	pulses_most = 10;
	assert_int_equal(group_run(&spec, &result, &e), -1);
	assert_int_equal(e.status, EXIT_INTERRUPTED);
	assert_int_equal(result.move_count, VMS);
	assert_int_equal(atomic_load(&most_moving), VMS);
	assert_int_equal(atomic_load(&moved), 0);
	for (int i = 0; i < VMS; i++)
		assert_true(result.moves[i].end_ns && !result.moves[i].arrived);
	group_result_free(&result);
}

/* Those that fail stay; the group goes on. */
static void failures_end_nothing(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct group_result result;
	struct group_spec spec = group(SCHEDULE_FIXED, 2, "bad");
	assert_int_equal(group_run(&spec, &result, &e), 0);
	assert_int_equal(result.move_count, VMS);
	assert_true(atomic_load(&most_moving) <= 2);
	for (int i = 0; i < VMS; i++)
		assert_string_equal(result.moves[i].words, "it does not work");
	assert_int_equal(log_count("move-end: failed after"), VMS);
	group_result_free(&result);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct group_result result;
	struct group_spec spec = group(SCHEDULE_ALL, 0, "dst");
	spec.free_bytes = 65;
	assert_int_equal(group_run(&spec, &result, &e), 0);
	assert_int_equal(result.move_count, 2);
	assert_int_equal(result.moves[0].vm, 0);
	assert_int_equal(result.moves[1].vm, 2);
	log_has("vm1 src move-dropped: to dst: it does not fit into the destination's memory\n");
	group_result_free(&result);
}

static atomic_int attempts[VMS];

/* vm0 fills the link with the third window; the others never send. */
static void growing(void *context, int vm, struct group_progress *ret)
{
	static int64_t begun_ns;
	(void)context;
	int64_t now_ns = clock_now_ns();
	if (vm == 0 && !begun_ns)
		begun_ns = now_ns;
	double s = (double)(now_ns - begun_ns) / 1e9;
	*ret = (struct group_progress){ .remaining_bytes = 1 << 30, .dirty_per_s = 1e6 };
	if (vm == 0)
		ret->sent_bytes = (int64_t)(1e7 * (s < 1 ? s * s : 2 * s - 1)) + 1;
	if (s > 3)
		atomic_store(&hold, false);
}

static int counted(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
                   struct migration_result *ret, struct err *e)
{
	atomic_fetch_add(&attempts[spec->vm[2] - '0'], 1);
	return fake_migrate(from, to, spec, ret, e);
}

static void a_move_that_is_recalled_is_made_again(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct group_result result;
	int recalled = 0, arrived = 0;
	static const struct group_vm large[VMS] = { { 1 << 30, 1 << 30, 1e6 },
		                                    { 1 << 29, 1 << 29, 1e6 },
		                                    { 1 << 28, 1 << 28, 1e6 },
		                                    { 1 << 27, 1 << 27, 1e6 } };
	struct group_spec spec = group(SCHEDULE_ADAPTIVE, 0, "dst");
	spec.vms = large;
	spec.free_bytes = INT64_MAX;
	spec.schedule.recall = true;
	spec.progress = growing;
	spec.migrate = counted;
	atomic_store(&hold, true);
	assert_int_equal(group_run(&spec, &result, &e), 0);
	for (int i = 0; i < result.move_count; i++) {
		recalled += result.moves[i].recalled;
		arrived += result.moves[i].arrived;
	}
	assert_int_equal(arrived, VMS);
	assert_true(recalled > 0);
	assert_int_equal(result.move_count, arrived + recalled);
	assert_int_equal(log_count("move-end: recalled after "), recalled);
	assert_int_equal(atomic_load(&attempts[0]), 1);
	int more = 0;
	for (int i = 1; i < VMS; i++)
		more += atomic_load(&attempts[i]) - 1;
	assert_int_equal(more, recalled);
	log_has(" src group-limit: ");
	group_result_free(&result);
}

static double rate_of(const char *answer)
{
	struct json_object *o = json_tokener_parse(answer);
	double rate = dirty_rate_of(o);
	json_object_put(o);
	return rate;
}

/* What QEMU's whole MiB/s stand for. */
static void dirty_rates_are_the_middle_of_their_range(void **state)
{
	(void)state;
	assert_float_equal(rate_of("{\"status\":\"measured\",\"dirty-rate\":0,\"mode\":\"page-sampling\"}"), 524288,
	                   0);
	assert_float_equal(rate_of("{\"status\":\"measured\",\"dirty-rate\":2}"), 2.5 * 1048576, 0);
	assert_true(isnan(rate_of("{\"status\":\"measuring\",\"calc-time\":2}")));
	assert_true(isnan(rate_of("{\"status\":\"measured\",\"dirty-rate\":-1}")));
	assert_true(isnan(rate_of("{}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirty_rates_are_the_middle_of_their_range),
		cmocka_unit_test(all_arrive_one_after_the_other),
		cmocka_unit_test(all_are_begun_at_once_and_broken_off_together),
		cmocka_unit_test(failures_end_nothing),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
		cmocka_unit_test(a_move_that_is_recalled_is_made_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
