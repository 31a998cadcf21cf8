/* Known shares of a core: taken from one guest, asked of another, against what work and CPU time come to. */
#include "t/analysed.h"

#include "analysis/shares.h"

#define MADE_DUTY                                                                                                    \
	"{\"name\":\"vm2\",\"index\":1,\"role\":\"bystander\",\"node\":\"dst\",\"workloads\":[{\"name\":\"intadd\"," \
	"\"unit\":\"busy ns\",\"options\":{\"schedule\":\"20:4,60:4\",\"repeat\":\"yes\"}}],"                        \
	"\"sample_interval_ns\":10000000}"

/* CPU time of both guests' vCPUs, every 100 ms: 1 - what is taken, and the duty cycle and 5 % more. */
static void make_cpu(void)
{
	FILE *file = made_open(run_path, "cpu.csv");
	double used1 = 0, used2 = 0;
	fputs("head_ns,node,vm,thread,cpu_ns\n", file);
	for (int i = 0; i <= 280; i++) {
		double t = i * 0.1;
		int64_t head_ns = MADE_HEAD + (int64_t)llround(t * 1e9);
		fprintf(file, "%" PRId64 ",src,,,%.0f\n", head_ns, t * 1e9);
		fprintf(file, "%" PRId64 ",src,vm1,,%.0f\n", head_ns, 7 * t * 1e9);
		fprintf(file, "%" PRId64 ",src,vm1,vcpu,%.0f\n", head_ns, used1 * 1e9);
		fprintf(file, "%" PRId64 ",dst,vm2,vcpu,%.0f\n", head_ns, used2 * 1e9);
		used1 += 0.1 * (i >= 120 && i < 140 ? 0.5 : i >= 160 && i < 180 ? 0.9 : 1);
		used2 += 0.1 * (i / 40 % 2 ? 0.65 : 0.25);
	}
	fclose(file);
}

static void make(void)
{
	char events[2048] = "";
	struct made_vm vm1 = { .name = "vm1",
		               .length_s = 28,
		               .interval_ns = 10 * MADE_MS,
		               .rate = 1e8,
		               .jitter_ms = 0.2,
		               .dips = { { 12, 14, 0.5 }, { 16, 18, 0.88 } } };
	struct made_vm vm2 = { .name = "vm2",
		               .length_s = 28,
		               .interval_ns = 10 * MADE_MS,
		               .rate = 1e9,
		               .jitter_ms = 0.2,
		               .dips = { { 0, 4, 0.2 },
		                         { 4, 8, 0.6 },
		                         { 8, 12, 0.2 },
		                         { 12, 16, 0.6 },
		                         { 16, 20, 0.2 },
		                         { 20, 24, 0.6 },
		                         { 24, 28, 0.2 } } };
	/* What was taken is not quite what was asked. */
	made_event(events, 12, "vm1", "", "inject-begin", "cpu 2000000000 100000 1020000000");
	made_event(events, 14, "vm1", "", "inject-end", "cpu 2000000000 100000 1000000000");
	made_event(events, 16, "vm1", "", "inject-begin", "cpu 2000000000 100000 200000000");
	made_event(events, 18, "vm1", "", "inject-end", "cpu 2000000000 100000 200000000");
	/* No end, no truth. */
	made_event(events, 20, "vm1", "", "inject-begin", "cpu 2000000000 100000 200000000");
	made_run(run_path, "none", MADE_VM1 "," MADE_DUTY, 10, 22, 27, events);
	made_samples(run_path, &vm1);
	made_samples(run_path, &vm2);
	make_cpu();
}

static void test_known_shares(void **state)
{
	(void)state;
	struct run run;
	struct shares s;
	double asked[4];
	make();
	assert_int_equal(run_read(&run, run_path, NULL), 0);
	assert_int_equal(shares_read(&s, &run, NULL), 0);

	assert_int_equal(shares_asked(&s, SHARE_TAKEN, asked, 4), 2);
	assert_near(asked[0], 0.1, 1e-9, "asked");
	assert_near(asked[1], 0.51, 1e-9, "asked");
	struct error_summary sum = shares_errors(&s, SHARE_TAKEN, SHARE_BY_WORK, 0.51);
	assert_int_equal(sum.n, 1);
	assert_near(sum.bias, 0, 0.005, "held against what was taken");
	sum = shares_errors(&s, SHARE_TAKEN, SHARE_BY_WORK, 0.1);
	assert_near(sum.bias, 0.02, 0.005, "more lost than taken");
	sum = shares_errors(&s, SHARE_TAKEN, SHARE_BY_CPU, NAN);
	assert_int_equal(sum.n, 2);
	assert_near(sum.p95, 0, 0.005, "CPU time");

	/* From the baseline at 2 s to the end at 27 s, whole steps: 4-8, 8-12, ..., 20-24. */
	assert_int_equal(shares_asked(&s, SHARE_DUTY, asked, 4), 2);
	sum = shares_errors(&s, SHARE_DUTY, SHARE_BY_WORK, 0.2);
	assert_int_equal(sum.n, 2);
	assert_near(sum.p95, 0, 0.005, "busy time");
	sum = shares_errors(&s, SHARE_DUTY, SHARE_BY_CPU, NAN);
	assert_int_equal(sum.n, 5);
	assert_near(sum.bias, 0.05, 0.005, "CPU time has more");
	assert_true(isnan(shares_errors(&s, SHARE_DUTY, SHARE_BY_CPU, 0.3).bias));
	shares_free(&s);
	run_free(&run);
}

static void test_files(void **state)
{
	(void)state;
	char path[128];
	struct json_object *root, *found;
	make();
	analyse_well();
	snprintf(path, sizeof(path), "%s/calibration.json", run_path);
	root = json_object_from_file(path);
	assert_non_null(root);
	assert_int_equal(json_pointer_get(root, "/shares/duty/cpu/bias", &found), 0);
	assert_near(json_object_get_double(found), 0.05, 0.005, "bias");
	assert_int_equal(json_pointer_get(root, "/shares/taken/work/n", &found), 0);
	assert_int_equal(json_object_get_int(found), 2);
	json_object_put(root);
	snprintf(path, sizeof(path), "%s/calibration-shares.csv", run_path);
	assert_int_equal(access(path, R_OK), 0);
	snprintf(path, sizeof(path), "%s/calibration.csv", run_path);
	assert_int_equal(access(path, R_OK), -1);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = { ONE(test_known_shares), ONE(test_files) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
