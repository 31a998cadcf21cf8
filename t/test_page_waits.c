/* Waits for pages in post-copy: a log of QEMU's, and a run whose waits are known. */
#include "bench/base/clock.h"
#include "bench/base/whole_file.h"
#include "bench/migrate/page_waits.h"
#include "reports/report.h"
#include "t/analysed.h"
#include "t/made_run.h"
#include "t/small_qemu.h"

#include <inttypes.h>

struct seen {
	int count, vcpus[8];
	int64_t waits_ns[8], begins_ns[8];
	uint64_t addresses[8];
};

static void on_wait(void *context, int vcpu, uint64_t address, int64_t begin_ns, int64_t wait_ns)
{
	struct seen *s = context;
	assert_true(s->count < 8);
	s->vcpus[s->count] = vcpu;
	s->addresses[s->count] = address;
	s->begins_ns[s->count] = begin_ns;
	s->waits_ns[s->count++] = wait_ns;
}

/* As QEMU 7.2 writes it. */
static void begin(FILE *log, int64_t us, const char *address, int vcpu, int came)
{
	fprintf(log,
	        "17@%" PRId64 ".%06" PRId64
	        ":mark_postcopy_blocktime_begin addr: %s, dd: 0x55d0c0ffee00, time: 4242, "
	        "cpu: %d, already_received: %d\n",
	        us / 1000000, us % 1000000, address, vcpu, came);
}

static void end(FILE *log, int64_t us, const char *address)
{
	fprintf(log,
	        "17@%" PRId64 ".%06" PRId64 ":mark_postcopy_blocktime_end addr: %s, dd: 0x55d0c0ffee00, time: 3, "
	        "affected_cpu: 1\n",
	        us / 1000000, us % 1000000, address);
}

static void a_log_is_read(void **state)
{
	(void)state;
	char path[200];
	struct seen s = { 0 };
	struct err e = { 0 };
	snprintf(path, sizeof(path), "%s/log", scratch);
	FILE *log = fopen(path, "we");
	assert_non_null(log);
	int64_t from_us = clock_wall_ns() / 1000 - 60000000;
	begin(log, from_us, "0x7f0000001000", 0, 0);
	end(log, from_us + 10, "0x7f0000009000"); /* nobody waits for it */
	fputs("something else\n17@12:mark_postcopy_blocktime_end addr\n", log);
	begin(log, from_us + 400, "0x7f0000001000", 1, 0);
	end(log, from_us + 2500, "0x7f0000001000"); /* for both */
	begin(log, from_us + 3000, "0x7f0000002000", 0, 1);
	end(log, from_us + 3100, "0x7f0000002000"); /* it had come */
	begin(log, from_us + 5000, "0x7f0000003000", 1, 0);
	begin(log, from_us + 5000, "0x7f0000003000", 4096, 0);
	begin(log, from_us + 6000, "0x7f0000004000", 0, 0); /* it never comes */
	end(log, from_us + 1005000, "0x7f0000003000");
	fclose(log);
	assert_int_equal(page_waits_read(path, on_wait, &s, &e), 0);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.vcpus[0], 0);
	assert_int_equal(s.vcpus[1], 1);
	assert_int_equal(s.vcpus[2], 1);
	assert_true(s.addresses[0] == UINT64_C(0x7f0000001000) && s.addresses[2] == UINT64_C(0x7f0000003000));
	/* each stamp is mapped by itself, within the resolution of the clocks */
	assert_near((double)s.waits_ns[0], 2500e3, 20e3, "wait of vCPU 0");
	assert_near((double)s.waits_ns[1], 2100e3, 20e3, "wait of vCPU 1");
	assert_near((double)s.waits_ns[2], 1e9, 20e3, "the long one");
	assert_near((double)(clock_now_ns() - s.begins_ns[0]), 60e9, 5e9, "in head time");
	assert_int_equal(page_waits_read("/nonexistent/log", on_wait, &s, &e), -1);
}

/* 99 waits of 10 ms and one of 3 s, of two vCPUs; a stop from 19 to 20 s. */
static void make(const char *facts)
{
	char events[4096] = "";
	const struct made_vm vm1 = { .name = "vm1", .length_s = 45, .interval_ns = 10 * MADE_MS, .rate = 1e6 };
	made_event(events, 10.1, "vm1", "src", "migrate-start", "");
	made_event(events, 10.5, "vm1", "src", "stop", "");
	made_event(events, 10.6, "vm1", "dst", "resume", "");
	made_event(events, 20, "vm1", "src", "migrate-done", "");
	made_run(run_path, "postcopy", "", 9, 31, 44, events);
	made_file(
		run_path, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"waits\",\"vms\":[{\"name\":\"vm1\",\"role\":"
		"\"migrating\",\"node\":\"src\",\"memory_bytes\":125000000,\"workloads\":[{\"name\":\"intadd\",\"unit\":"
		"\"additions\",\"options\":{}}]}],\"migration\":{\"vm\":\"vm1\",\"mode\":\"postcopy\"%s}}",
		facts);
	made_samples(run_path, &vm1);
	FILE *file = made_open(run_path, "waits-vm1.csv");
	fputs("head_ns,vcpu,address,wait_ns\n", file);
	for (int i = 0; i < 100; i++)
		fprintf(file, "%" PRId64 ",%d,%d,%" PRId64 "\n", MADE_HEAD + 11 * MADE_S + i * 12 * MADE_MS, i % 2,
		        4096 * i, i == 42 ? 3 * MADE_S : 10 * MADE_MS);
	fclose(file);
	analyse_well();
}

static double number(const char *name, const char *which)
{
	return metric_number(name, "vm1", which, "value");
}

static void a_run_has_its_waits(void **state)
{
	(void)state;
	make(",\"page_waits\":{\"all_ns\":700000000,\"vcpu_ns\":[3490000000,500000000],\"latency_ns\":12000000}");
	assert_near(number("postcopy_waits", ""), 100, 0, "all");
	assert_near(number("postcopy_wait", "p50"), 10e6, 1e5, "median");
	assert_near(number("postcopy_wait", "longest"), 3e9, 0, "longest");
	assert_near(number("postcopy_wait", "mean"), (99 * 10e6 + 3e9) / 100, 1, "mean");
	assert_near(number("postcopy_wait", "said"), 12e6, 0, "QEMU's");
	assert_near(number("postcopy_blocked", "all"), 7e8, 0, "both at once");
	assert_near(number("postcopy_blocked", "vcpu0"), 3.49e9, 0, "the first");
	assert_near(number("postcopy_blocked", "vcpu1"), 5e8, 0, "the second");
	struct err e = { 0 };
	char path[200];
	if (report_run(run_path, NULL, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(path, sizeof(path), "%s/report.html", run_path);
	char *page = whole_file_read(path, 16 << 20);
	assert_non_null(page);
	assert_non_null(strstr(page, "vCPU 1: 50 waits"));
	assert_non_null(strstr(page, "How long vCPUs waited for pages"));
	free(page);
}

static void an_old_qemu_says_nothing(void **state)
{
	(void)state;
	make(",\"page_waits\":{\"trouble\":\"no\"}");
	assert_null(metric_member("postcopy_blocked", "vm1", "all", "value"));
	assert_near(number("postcopy_waits", ""), 100, 0, "traced all the same");
	make("");
	struct json_object *rows = json_object_object_get(analysed, "metrics");
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		assert_null(strstr(json_object_get_string(json_object_array_get_idx(rows, i)), "postcopy_wait"));
}

/* The installed one counts and traces as it is told. */
static void qemu_obeys(void **state)
{
	struct small_qemu q;
	struct err e = { 0 };
	struct json_object *facts = NULL;
	char log[160];
	int traced = 0;
	if (!small_qemu_there())
		skip();
	snprintf(log, sizeof(log), "%s/waits", scratch);
	if (small_qemu_setup(state) < 0 || small_qemu_start(&q, "dst", "defer", &e) < 0 ||
	    page_waits_begin(q.monitor, log, &traced, &e) < 0 || page_waits_end(q.monitor, &facts, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(traced, 1);
	assert_true(json_object_is_type(facts, json_type_object));
	assert_int_equal(access(log, R_OK), 0);
	json_object_put(facts);
	small_qemu_end(&q);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(a_log_is_read),
		ONE(a_run_has_its_waits),
		ONE(an_old_qemu_says_nothing),
		ONE(qemu_obeys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
