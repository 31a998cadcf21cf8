/* Three VMs with three roles: what each did before, while, when the moved one stood still, and in the end. */
#include "t/analysed.h"

#define MADE_OTHER(name, role)                                                                                       \
	"{\"name\":\"" name "\",\"role\":\"" role                                                                    \
	"\",\"workloads\":[{\"name\":\"intadd\",\"unit\":\"additions\"}],\"sample_interval_ns\":10000000}"

/* vm1 shares a core with vm3 and then with vm2; stopped 15..16, when vm3 has the core for itself. */
static void make_three(const char *job)
{
	struct made_vm vm1 = { .name = "vm1",
		               .length_s = 30,
		               .interval_ns = 10 * MADE_MS,
		               .rate = 5e7,
		               .jitter_ms = 0.2,
		               .stops = { { 15, 16, 0 } },
		               .dips = { { 10, 15, 0.8 } } };
	struct made_vm vm2 = { .name = "vm2",
		               .length_s = 30,
		               .interval_ns = 10 * MADE_MS,
		               .rate = 1e8,
		               .jitter_ms = 0.2,
		               .dips = { { 10, 16, 0.9 }, { 16, 30, 0.5 } } };
	struct made_vm vm3 = { .name = "vm3",
		               .length_s = 30,
		               .interval_ns = 10 * MADE_MS,
		               .rate = 5e7,
		               .jitter_ms = 0.2,
		               .dips = { { 10, 15, 0.6 }, { 15, 16, 1.8 }, { 16, 30, 2 } } };
	char events[1024] = "";
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 16, "vm1", "dst", "resume", "");
	made_event(events, 16.2, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 16.2, 30, events);
	made_file(
		run_path, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"vms\":[{\"name\":\"vm1\",\"role\":\"migrating\",\"workloads\":"
		"[{\"name\":\"intadd\",\"unit\":\"additions\",\"options\":{\"repeat\":\"yes\"}}],"
		"\"sample_interval_ns\":10000000},%s,%s],\"migration\":{\"vm\":\"vm1\",\"destination\":\"dst\"}%s}",
		MADE_OTHER("vm2", "destination-neighbour"), MADE_OTHER("vm3", "source-neighbour"), job);
	made_samples(run_path, &vm1);
	made_samples(run_path, &vm2);
	made_samples(run_path, &vm3);
}

static double rate(const char *metric, const char *vm)
{
	return metric_number(metric, vm, "intadd", "value");
}

static void test_roles(void **state)
{
	(void)state;
	make_three("");
	analyse_well();
	const struct {
		const char *vm, *role;
		double before, during, settled;
	} truths[] = { { "vm1", "migrating", 5e7, 5e7 * (5 * 0.8 + 0.2) / 6.2, 5e7 },
		       { "vm2", "destination-neighbour", 1e8, 1e8 * (6 * 0.9 + 0.2 * 0.5) / 6.2, 5e7 },
		       { "vm3", "source-neighbour", 5e7, 5e7 * (5 * 0.6 + 1.8 + 0.2 * 2) / 6.2, 1e8 } };
	for (int i = 0; i < 3; i++) {
		assert_near(rate("baseline_rate", truths[i].vm), truths[i].before, 3e5, "before");
		assert_near(rate("mean_rate", truths[i].vm), truths[i].during, 3e5, "while migrating");
		assert_near(rate("settled_rate", truths[i].vm), truths[i].settled, 3e5, "in the end");
		assert_string_equal(json_object_get_string(metric_member("settled_rate", truths[i].vm, NULL, "role")),
		                    truths[i].role);
	}
	/* vm2 does not recover; the second half of settle is known all the same. */
	assert_true(isnan(rate("rate_after", "vm2")) || rate("rate_after", "vm2") > 0);
}

static void test_while_stopped(void **state)
{
	(void)state;
	make_three("");
	analyse_well();
	assert_near(rate("stopped_rate", "vm3"), 9e7, 1e6, "vm3 while vm1 is stopped");
	assert_near(rate("stopped_rate", "vm2"), 9e7, 1e6, "vm2 while vm1 is stopped");
	struct json_object *rows = json_object_object_get(analysed, "metrics");
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		if (!strcmp(json_object_get_string(json_object_object_get(row, "metric")), "stopped_rate"))
			assert_string_not_equal(json_object_get_string(json_object_object_get(row, "vm")), "vm1");
	}
}

/* The end of a job after which the work goes on is told, and cuts nothing. */
static void test_job_goes_on(void **state)
{
	(void)state;
	char job[256];
	snprintf(
		job, sizeof(job),
		",\"collectors\":{\"samples\":{\"jobs\":[{\"vm\":\"vm1\",\"workload\":\"intadd\",\"done_guest_ns\":%lld}]}}",
		(long long)(MADE_GUEST + 12 * MADE_S));
	make_three(job);
	analyse_well();
	assert_near(metric("job_time", "intadd") / 1e9, 12, 0.02, "job time");
	assert_near(metric("degradation", "intadd"), 100 * (1 - 4.2 / 6.2), 0.5, "degradation");
	assert_near(metric("settled_rate", "intadd"), 5e7, 3e5, "in the end");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = { ONE(test_roles), ONE(test_while_stopped), ONE(test_job_goes_on) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
