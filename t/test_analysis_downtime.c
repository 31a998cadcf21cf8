/* The five estimators on series made with known stops. */
#include "t/analysed.h"

#include <unistd.h>

/* 100 % before 10 s, 80 % while migrating, a stop at stop_s, 50 % for a second after it. */
static struct made_vm usual(double stop_s, double length_s)
{
	return (struct made_vm){ .name = "vm1",
		                 .length_s = 30,
		                 .interval_ns = 10 * MADE_MS,
		                 .rate = 1e8,
		                 .drift = 30e-6,
		                 .jitter_ms = 0.3,
		                 .loss = 0.02,
		                 .stops = { { stop_s, stop_s + length_s, 0 } },
		                 .dips = { { 10, stop_s, 0.8 }, { stop_s + length_s, stop_s + length_s + 1, 0.5 } },
		                 .step_us = 250 };
}

static void make(const char *mode, const struct made_vm *vm, double stop_s, double resume_s, double done_s)
{
	char events[4096] = "";
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	if (stop_s > 0) {
		made_event(events, stop_s, "vm1", "src", "stop", "");
		made_event(events, resume_s, "vm1", "dst", "resume", "");
	}
	made_event(events, done_s, "vm1", "src", "migrate-done", "");
	made_run(run_path, mode, MADE_VM1, 10, done_s, 30, events);
	made_samples(run_path, vm);
}

static void test_known_stops(void **state)
{
	(void)state;
	static const double lengths_ms[] = { 20, 50, 137, 212, 500, 2000 };
	for (int i = 0; i < 18; i++) {
		double ms = lengths_ms[i % 6], stop_s = 15 + i * 0.0037;
		struct made_vm vm = usual(stop_s, ms / 1e3);
		vm.batch = i < 9 ? 1 : 5;
		make("precopy", &vm, stop_s, stop_s + ms / 1e3, 18);
		analyse_well();
		assert_downtime("stop_resume", ms, 0.001);
		assert_downtime("guest_clock", ms, 0.5);
		assert_downtime("network", ms, 5);
		assert_downtime("work", ms, 10);
		assert_near(metric("downtime", "reported"), 205e6, 1, "reported");
		assert_true(metric("downtime_floor", "guest_clock") < 0.5e6);
		assert_true(metric("downtime_floor", "work") < 2e6);
		assert_true(metric("downtime_floor", "network") < 25e6); /* two lost in a row */
	}
}

static void test_no_stop(void **state)
{
	(void)state;
	struct made_vm vm = usual(0, 0);
	memset(vm.stops, 0, sizeof(vm.stops));
	memset(vm.dips, 0, sizeof(vm.dips));
	make("precopy", &vm, 0, 0, 18);
	analyse_well();
	assert_missing("downtime", "stop_resume", "no stop event");
	assert_true(metric("downtime", "guest_clock") < 0.5e6);
	assert_near(metric_number("downtime", "vm1", "guest_clock", "low"), 0, 0, "low");
	assert_true(strstr(metric_reason("downtime", "guest_clock"), "made no jump"));
	assert_true(metric("downtime", "work") < 2e6);
	assert_true(metric("downtime", "network") < 35e6);
}

static const int64_t src_wall_ns = 4 * MADE_S, dst_wall_ns = -3 * MADE_S; /* wall clocks less head time */

static void remote_stamp(char *events, double at_s, const char *node, const char *event, int64_t wall_less_head_ns)
{
	char detail[64];
	snprintf(detail, sizeof(detail), "wall_ns %" PRId64, MADE_HEAD + (int64_t)(at_s * 1e9) + wall_less_head_ns);
	/* its arrival: much later, and each as late as it likes */
	made_event(events, at_s + (strcmp(node, "src") == 0 ? 0.3 : 0.05), "vm1", node, event, detail);
}

/* Two nodes with clocks of their own, read twice a second, +- 0.2 ms; then not read at all. */
static void test_remote_stamps(void **state)
{
	(void)state;
	char events[4096] = "", path[4200];
	struct made_vm vm = usual(15, 0.137);
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	remote_stamp(events, 15, "src", "stop", src_wall_ns);
	remote_stamp(events, 15.137, "dst", "resume", dst_wall_ns);
	made_event(events, 18, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 18, 30, events);
	made_samples(run_path, &vm);
	FILE *clocks = made_open(run_path, "clocks.csv");
	fprintf(clocks, "node,head_before_ns,wall_ns,head_after_ns\n");
	for (int64_t at_ns = MADE_HEAD; at_ns < MADE_HEAD + 30 * MADE_S; at_ns += MADE_S / 2) {
		fprintf(clocks, "src,%" PRId64 ",%" PRId64 ",%" PRId64 "\n", at_ns, at_ns + 200000 + src_wall_ns,
		        at_ns + 400000);
		fprintf(clocks, "dst,%" PRId64 ",%" PRId64 ",%" PRId64 "\n", at_ns, at_ns + 200000 + dst_wall_ns,
		        at_ns + 400000);
	}
	fclose(clocks);
	analyse_well();
	assert_downtime("stop_resume", 137, 0.001);
	double low = metric_number("downtime", "vm1", "stop_resume", "low");
	assert_true(low < 136.7e6 && low > 136.4e6); /* both mappings' errors */
	assert_downtime("guest_clock", 137, 0.5);
	snprintf(path, sizeof(path), "%s/clocks.csv", run_path);
	unlink(path);
	analyse_well();
	assert_missing("downtime", "stop_resume", "not mapped to this one");
	assert_downtime("guest_clock", 137, 0.5);
}

/* The guest was never heard again: its samples cannot tell of a stop that came after them. */
static void test_samples_end_before_stop(void **state)
{
	(void)state;
	struct made_vm vm = usual(15, 0.5);
	vm.length_s = 12;
	make("precopy", &vm, 15, 15.5, 18);
	analyse_well();
	assert_downtime("stop_resume", 500, 0.001);
	assert_missing("downtime", "guest_clock", "samples end before the VM's stop");
	assert_missing("downtime", "work", "samples end before the VM's stop");
}

/* Stopped 0.32 s, then it waits 5.8 s for pages: what stands still is not what is stopped. */
static void test_postcopy_stall(void **state)
{
	(void)state;
	struct made_vm vm = usual(11, 0.32);
	vm.dips[0] = (struct made_span){ 11, 17.12, 0 };
	vm.dips[1] = (struct made_span){ 17.12, 20, 0.7 };
	vm.stalls[0] = (struct made_span){ 11.32, 17.12, 0 };
	make("postcopy", &vm, 11, 11.32, 20);
	analyse_well();
	assert_downtime("stop_resume", 320, 0.001);
	assert_downtime("guest_clock", 320, 0.6);
	assert_downtime("work", 6120, 10);
	assert_downtime("network", 6120, 5);
	assert_true(strstr(metric_reason("downtime", "reported"), "switch-over only"));
}

/* The agent waits for a page 3 s while the workload runs on: no standstill, though no sample came. */
static void test_sampling_hole(void **state)
{
	(void)state;
	struct made_vm vm = usual(0, 0);
	memset(vm.stops, 0, sizeof(vm.stops));
	memset(vm.dips, 0, sizeof(vm.dips));
	vm.stalls[0] = (struct made_span){ 12, 15, 0 };
	make("postcopy", &vm, 0, 0, 18);
	analyse_well();
	assert_near(metric("downtime", "work") / 1e6, 0, 10, "work");
	assert_near(metric("downtime", "network") / 1e6, 3000, 12, "network");
	assert_near(metric("lost_work", NULL), 0, 0.005, "lost work");
}

/* A second without network, the guest runs: its samples are fetched later, and only `network` sees it. */
static void test_network_outage(void **state)
{
	(void)state;
	struct made_vm vm = usual(0, 0);
	memset(vm.stops, 0, sizeof(vm.stops));
	memset(vm.dips, 0, sizeof(vm.dips));
	vm.mute[0] = (struct made_span){ 12.003, 13.003, 0 };
	make("precopy", &vm, 0, 0, 18);
	analyse_well();
	assert_downtime("network", 1000, 12);
	assert_true(metric("downtime", "guest_clock") < 0.5e6);
	assert_true(metric("downtime", "work") < 2e6);
}

/* An idle guest, suspended for 500 ms: no migration at all. Work counts its samples. */
static void test_injected_suspend(void **state)
{
	(void)state;
	char events[4096] = "";
	struct made_vm vm = { .name = "vm1",
		              .length_s = 30,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 100,
		              .jitter_ms = 0.3,
		              .stops = { { 15.004, 15.504, 0 } } };
	made_event(events, 15, "vm1", "src", "inject-begin", "stop 500000000 900000");
	made_event(events, 15.004, "vm1", "src", "stop", "");
	made_event(events, 15.504, "vm1", "src", "resume", "");
	made_event(events, 15.6, "vm1", "src", "inject-end", "stop 500000000 900000");
	made_run(run_path, "none", MADE_VM1, 14, 17, 30, events);
	made_samples(run_path, &vm);
	analyse_well();
	assert_downtime("stop_resume", 500, 0.001);
	assert_downtime("guest_clock", 500, 0.5);
	assert_downtime("network", 500, 5);
	assert_downtime("work", 500, 10);
	assert_missing("migration_time", "completion", "no migrate-start");
}

/* The manifest of a run whose job ended; more of vm1 may be said, and counts instead. */
static void make_job(int64_t done_ns, const char *more)
{
	const char *end = strrchr(MADE_VM1, '}');
	made_file(
		run_path, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"vms\":[%.*s%s}],\"migration\":{\"vm\":\"vm1\"},\"collectors\":"
		"{\"samples\":{\"jobs\":[{\"vm\":\"vm1\",\"workload\":\"intadd\",\"done_guest_ns\":%lld}]}}}",
		(int)(end - MADE_VM1), MADE_VM1, more, (long long)done_ns);
}

/* A job that ends while the run goes on stands still for good, and that is no downtime. */
static void test_job_ends(void **state)
{
	(void)state;
	struct made_vm vm = usual(15, 0.2);
	vm.job_s = 22;
	make("precopy", &vm, 15, 15.2, 18);
	analyse_well();
	assert_near(metric("downtime", "work") / 1e6, 8000, 20, "work, the end of the job unknown");
	assert_true(strstr(metric_reason("downtime", "work"), "did not advance again"));

	/* Second 22 of the head, less the stop, is guest second 21.8. */
	int64_t done_ns = MADE_GUEST + (int64_t)(21.8e9 / (1 + 30e-6));
	make_job(done_ns, "");
	analyse_well();
	assert_downtime("work", 200, 10);
	assert_near(metric("job_time", "intadd") / 1e6, 22000, 15, "job time");
	/* Its last second brought nothing more: it stood still for that, not for what came after the job. */
	make_job(done_ns + MADE_S, "");
	analyse_well();
	assert_near(metric("downtime", "work") / 1e6, 1000, 20, "work, to the job's end");
	make_job(done_ns, ",\"workloads\":[{\"name\":\"intadd\",\"options\":{\"delay\":\"4500ms\"}}]");
	analyse_well();
	assert_near(metric("job_time", "intadd") / 1e6, 17500, 15, "job time, less what it was told to wait");
}

/* Dead after the stop: no resume, no more samples that advance. */
static void test_never_again(void **state)
{
	(void)state;
	struct made_vm vm = usual(15, 0.1);
	vm.length_s = 16;
	vm.stops[0] = (struct made_span){ 15, 40, 0 };
	make("precopy", &vm, 0, 0, 18);
	analyse_well();
	assert_true(strstr(metric_reason("downtime", "network"), "no packet came after it"));
	assert_near(metric("downtime", "network") / 1e6, 15000, 110, "network, to a bin");
}

/* The collector saw packets to the end, and the file lacks them: that is no silence. */
static void test_packets_cut_short(void **state)
{
	(void)state;
	struct made_vm vm = usual(15, 0.2);
	char path[4096], line[128];
	make("precopy", &vm, 15, 15.2, 18);
	made_file(run_path, "manifest.json",
	          "{\"format\":1,\"status\":\"complete\",\"vms\":[%s],\"migration\":{\"vm\":\"vm1\"},\"collectors\":"
	          "{\"packets\":{\"vms\":[{\"vm\":\"vm1\",\"last_packet_head_ns\":%lld}]}}}",
	          MADE_VM1, (long long)(MADE_HEAD + 30 * MADE_S));
	analyse_well();
	assert_downtime("network", 200, 5);

	snprintf(path, sizeof(path), "%s/packets-vm1.csv", run_path);
	FILE *packets = fopen(path, "r");
	assert_non_null(packets);
	while (fgets(line, sizeof(line), packets) && atoll(line) < MADE_HEAD + 12 * MADE_S)
		;
	long length = ftell(packets);
	fclose(packets);
	assert_int_equal(truncate(path, length), 0);
	analyse_well();
	assert_missing("downtime", "network", "cut short");
}

/* A duty cycle of 40 ms in 100 stands 60 ms by itself: that is the floor, and a stop is above it. */
static void test_duty_cycle_floor(void **state)
{
	(void)state;
	struct made_vm vm = usual(15.005, 0.3);
	FILE *file;
	char path[128], events[4096] = "";
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 18, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 18, 30, events);
	made_samples(run_path, &vm); /* the packets; the samples are written anew */
	snprintf(path, sizeof(path), "%s/samples-vm1.csv", run_path);
	file = fopen(path, "w");
	fputs("workload,seq,guest_ns,head_ns,work,worst_op_ns\n", file);
	int64_t work = 0;
	for (int i = 0; i < 2900; i++) {
		int64_t head_ns = MADE_HEAD + i * 10 * MADE_MS + (i > 1500 ? 300 * MADE_MS : 0);
		if (i % 10 >= 1 && i % 10 < 5)
			work += 10 * MADE_MS;
		fprintf(file, "dutycycle,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",0\n", i,
		        MADE_GUEST + i * 10 * MADE_MS, head_ns, work);
	}
	fclose(file);
	analyse_well();
	assert_near(metric("downtime_floor", "work") / 1e6, 60, 1, "floor");
	assert_near(metric("downtime", "work") / 1e6, 360, 1, "work");
	assert_near(metric("downtime", "guest_clock") / 1e6, 300, 0.5, "guest_clock");
}

/* Two pairs of events: the longest counts. A stop without a resume is none. */
static void test_stop_events(void **state)
{
	(void)state;
	char events[4096] = "";
	struct made_vm vm = usual(15, 0.2);
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 12, "vm1", "src", "stop", "");
	made_event(events, 12.05, "vm1", "src", "resume", "");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 15.1, "vm1", "dst", "stop", ""); /* the other side repeats it */
	made_event(events, 15.2, "vm1", "dst", "resume", "");
	made_event(events, 18, "vm1", "src", "migrate-done", "");
	made_event(events, 19, "vm2", "src", "resume", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 18, 30, events);
	made_samples(run_path, &vm);
	analyse_well();
	assert_downtime("stop_resume", 200, 0.001);
	assert_true(strstr(metric_reason("downtime", "stop_resume"), "longest of 2"));
	assert_near(metric("migration_time", "switch_over"), 5.2e9, 1, "switch-over");

	events[0] = '\0';
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 18, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 18, 30, events);
	analyse_well();
	assert_missing("downtime", "stop_resume", "no resume event");
}

/* No hypervisor said anything: what it alone knows is missing, and what is seen from the outside is all there. */
static void test_from_the_outside(void **state)
{
	(void)state;
	char events[4096] = "";
	struct made_vm vm = usual(15, 0.2);
	struct json_object *warnings;
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 15.9, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 15.9, 30, events);
	made_samples(run_path, &vm);
	made_file(
		run_path, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"vms\":[%s],\"migration\":{\"vm\":\"vm1\",\"mode\":\"precopy\","
		"\"source\":\"src\",\"destination\":\"dst\",\"converged\":true,\"end_error_ns\":400000000},"
		"\"config\":{\"migration\":{\"driver\":\"exec\"}}}",
		MADE_VM1);
	analyse_well();
	assert_downtime("guest_clock", 200, 0.5);
	assert_downtime("network", 200, 5);
	assert_downtime("work", 200, 10);
	assert_missing("downtime", "stop_resume", "no stop event");
	assert_missing("downtime", "reported", "no downtime_ns in the hypervisor's completed statistics");
	assert_missing("migration_time", "switch_over", "no resume event");
	assert_missing("migration_time", "source_released", "no source-released event");
	assert_near(metric("migration_time", "completion"), 5.9e9, 1, "completion");
	assert_near(metric_number("migration_time", "vm1", "completion", "low"), 5.5e9, 1, "asked for 0.4 s before");
	assert_near(metric_number("migration_time", "vm1", "completion", "high"), 5.9e9, 1, "not after the answer");
	assert_true(metric("lost_work", NULL) > 0);
	warnings = json_object_object_get(analysed, "warnings");
	assert_non_null(strstr(json_object_to_json_string(warnings), "commands moved the VM"));
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)
	const struct CMUnitTest tests[] = {
		ONE(test_known_stops),      ONE(test_no_stop),
		ONE(test_remote_stamps),    ONE(test_samples_end_before_stop),
		ONE(test_postcopy_stall),   ONE(test_sampling_hole),
		ONE(test_network_outage),   ONE(test_injected_suspend),
		ONE(test_job_ends),         ONE(test_never_again),
		ONE(test_from_the_outside), ONE(test_duty_cycle_floor),
		ONE(test_stop_events),      ONE(test_packets_cut_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
