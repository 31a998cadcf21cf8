/* A whole run directory in, metrics and plot columns out: numbers worked out by hand. */
#include "analysis/metrics.h"
#include "reports/csv_table.h"
#include "t/analysed_migration.h"

static void test_by_hand(void **state)
{
	(void)state;
	make_migration();
	analyse_well();
	assert_near(metric("baseline_rate", "intadd"), 1e8, 2e5, "baseline");
	/* 5 s of 0.8, 0.2 s of nothing, 0.3 s of 0.5, over 5.5 s */
	assert_near(metric("mean_rate", "intadd"), 1e8 * 4.15 / 5.5, 3e5, "mean");
	assert_near(metric("degradation", "intadd"), 100 * (1 - 4.15 / 5.5), 0.3, "degradation");
	assert_near(metric("lowest_rate", "intadd"), 0, 1e6, "lowest");
	/* 5 s of 0.2, 0.2 s of all, 1 s of 0.5 */
	assert_near(metric("lost_work", "intadd"), 1.7, 0.006, "lost work");
	assert_true(metric_number("lost_work", "vm1", NULL, "low") <= 1.7);
	assert_true(metric_number("lost_work", "vm1", NULL, "high") >= 1.7);
	/* the first 500 ms of 95 % may begin 50 ms before the dip ends */
	assert_near(metric("recovery_time", "intadd") / 1e6, 950, 30, "recovery");
	assert_near(metric("rate_after", "intadd"), 1e8, 2e5, "after");
	assert_near(metric("migration_time", "completion"), 5.5e9, 1, "completion");
	assert_near(metric("migration_time", "switch_over"), 5.2e9, 1, "switch-over");
	assert_near(metric("migration_time", "source_released"), 5.6e9, 1, "released");
	assert_near(metric("setup_time", NULL), 3e6, 0, "setup");
	assert_near(metric("bytes_to_memory", "reported"), 1, 0, "ratio");
	assert_near(metric("iterations", NULL), 3, 0, "iterations");
	assert_near(metric("worst_op_p50", "intadd:baseline"), 20500, 200, "latency");
	assert_true(metric("worst_op_max", "intadd:migration") < 21000);
	assert_near(metric("worst_service_p50", "intadd:baseline"), 15000, 150, "latency without the wait");
	assert_near(metric("worst_service_max", "intadd:migration"), 15000, 150, "latency without the wait");
	assert_near(metric("samples_got", "intadd"), metric("samples_expected", "intadd"), 0, "samples");
	assert_near(metric_number("worst_op_p50", "vm1", "intadd:baseline", "n"), 800, 2, "n");
	struct csv_table *latency;
	assert_int_equal(csv_table_load(&latency, run_path, "plots/latency.csv", 10, NULL), 0);
	assert_near(csv_table_number(latency, 0, "p50_ms"), 0.0205, 6e-4, "latency to be drawn");
	assert_near(csv_table_number(latency, 0, "service_p50_ms"), 0.015, 2e-4, "the same without the wait");
	csv_table_free(latency);
}

static void test_neighbour_and_roles(void **state)
{
	(void)state;
	struct made_vm vm = { .name = "vm2",
		              .length_s = 30,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 5e7,
		              .jitter_ms = 0.2,
		              .dips = { { 10, 15.5, 0.6 } } };
	make_migration();
	made_file(run_path, "manifest.json",
	          "{\"format\":1,\"status\":\"complete\",\"vms\":[%s,{\"name\":\"vm2\",\"role\":\"source-neighbour\","
	          "\"workloads\":[{\"name\":\"intadd\",\"unit\":\"additions\"}]}],\"migration\":{\"vm\":\"vm1\"}}",
	          MADE_VM1);
	made_samples(run_path, &vm);
	analyse_well();
	assert_near(metric_number("lost_work", "vm2", "intadd", "value"), 5.5 * 0.4, 0.006, "neighbour's loss");
	assert_near(metric_number("degradation", "vm2", "intadd", "value"), 40, 0.3, "neighbour's degradation");
	assert_string_equal(json_object_get_string(metric_member("lost_work", "vm2", NULL, "role")),
	                    "source-neighbour");
	assert_true(metric_number("downtime", "vm2", "guest_clock", "value") < 1e6);
	assert_near(metric("lost_work", "intadd"), 1.7, 0.006, "the moved VM's loss");
}

/* A loop: away and, after one that failed, back; each counts for itself. */
static void test_moves(void **state)
{
	(void)state;
	struct made_vm vm = {
		.name = "vm1", .length_s = 30, .interval_ns = 10 * MADE_MS, .rate = 1e8, .jitter_ms = 0.2
	};
	char events[4096] = "";
	made_event(events, 10, "vm1", "src", "move-begin", "to dst");
	made_event(events, 10.1, "vm1", "src", "migrate-start", "");
	made_event(events, 11, "vm1", "src", "stop", "");
	made_event(events, 11.5, "vm1", "dst", "resume", "");
	made_event(events, 14, "vm1", "src", "migrate-done", "");
	made_event(events, 14.25, "vm1", "dst", "move-end", "arrived");
	made_event(events, 16, "vm1", "dst", "move-begin", "to src");
	made_event(events, 17, "vm1", "dst", "move-end", "failed after 1 s: no");
	made_event(events, 18, "vm1", "dst", "move-begin", "to src");
	made_event(events, 19, "vm1", "src", "resume", "");
	made_event(events, 20, "vm1", "dst", "migrate-done", "");
	made_event(events, 20, "vm1", "src", "move-end", "arrived");
	made_run(run_path, "postcopy", MADE_VM1, 9, 22, 30, events);
	made_file(run_path, "manifest.json",
	          "{\"format\":1,\"status\":\"complete\",\"vms\":[%s],\"migration\":{\"mode\":\"postcopy\"},"
	          "\"consolidate\":{\"active_ns\":{\"src\":9000000000,\"dst\":7000000000}}}",
	          MADE_VM1);
	vm.dips[0] = (struct made_span){ 14, 20, 0.5 };
	made_samples(run_path, &vm);
	analyse_well();
	assert_near(metric_number("move_time", "vm1", "1:src-to-dst", "value"), 4.25e9, 1, "there");
	assert_near(metric_number("move_switch_time", "vm1", "1:src-to-dst", "value"), 1.5e9, 1, "switch");
	assert_near(metric_number("move_time", "vm1", "3:dst-to-src", "value"), 2e9, 1, "back");
	assert_near(metric_number("move_switch_time", "vm1", "3:dst-to-src", "value"), 1e9, 1, "switch back");
	assert_string_equal(json_object_get_string(metric_member("move_time", "vm1", "2:dst-to-src", "reason")),
	                    "the move failed");
	assert_near(metric_number("node_active", "", "dst", "value"), 7e9, 0, "on");
	/* Work while migrating is that during its moves, also the one that failed. */
	assert_near(metric_number("mean_rate", "vm1", "intadd", "value"), 1e8 * (3.9 + 0.5 + 1) / 6.9, 5e5,
	            "all moves");
}

static FILE *series_begin(const char *name, const char *header)
{
	FILE *file = made_open(run_path, name);
	fputs(header, file);
	return file;
}

static void test_hosts(void **state)
{
	(void)state;
	make_migration();
	FILE *cpu = series_begin("cpu.csv", "head_ns,node,vm,thread,cpu_ns\n");
	FILE *link = series_begin("link.csv", "head_ns,link,direction,bytes,packets,drops\n");
	double src = 0, dst = 0, thread = 0, bytes = 0;
	for (int i = 0; i <= 300; i++) {
		int64_t at = MADE_HEAD + i * 100 * MADE_MS;
		int moving = i > 100 && i <= 155;
		fprintf(cpu, "%" PRId64 ",src,,,%.0f\n%" PRId64 ",dst,,,%.0f\n", at, src += moving ? 9e7 : 5e7, at,
		        dst += moving ? 3e7 : 1e7);
		fprintf(cpu, "%" PRId64 ",src,vm1,migration,%.0f\n", at, thread += moving ? 2e7 : 0);
		if (i >= 150) /* the destination's process begins, and is at once one with a history */
			fprintf(cpu, "%" PRId64 ",dst,vm1,,%.0f\n", at, 5e9 + (i - 150) * 8e7);
		fprintf(link, "%" PRId64 ",other,a,77,0,0\n", at);
		fprintf(link, "%" PRId64 ",migration,src-to-dst,%.0f,0,0\n", at, bytes += moving ? 1e6 : 1e4);
		fprintf(link, "%" PRId64 ",migration,dst-to-src,%.0f,0,0\n", at, bytes / 100);
	}
	fclose(cpu);
	fclose(link);
	analyse_well();
	assert_near(metric("bytes_on_wire", "migration:src-to-dst"), 55e6, 2e4, "wire");
	assert_near(metric("bytes_on_wire", NULL), 55e6, 2e4,
	            "the busier direction of the migration link comes first");
	assert_near(metric("background_rate", "migration:src-to-dst"), 1e5, 1, "background");
	assert_near(metric("bytes_to_memory", "on_wire"), 55e6 / 134217728, 0.001, "wire to memory");
	assert_near(metric_number("cpu_node", "", "src:baseline", "value"), 0.5, 0.001, "src before");
	assert_near(metric_number("cpu_node", "", "src:migration", "value"), 0.9, 0.001, "src while");
	assert_near(metric("cpu_thread", "src:migration:migration"), 0.2, 0.001, "thread");
	assert_near(metric("cpu_vm", "dst:settle"), 0.8, 0.001, "dst process");
	assert_near(metric("cpu_vm", "dst:migration"), 0.8 * 0.5 / 5.5, 0.001, "dst process while migrating");
	double gib = 55e6 / 1073741824.0;
	assert_near(metric("cpu_per_gib", "threads"), 1.1 / gib, 0.02, "threads");
	assert_near(metric("cpu_per_gib", "nodes"), 5.5 * (0.4 + 0.2) / gib, 0.1, "nodes");
}

/* What ends in the middle of a phase stands for no phase. */
static void test_hosts_cut_short(void **state)
{
	(void)state;
	make_migration();
	FILE *cpu = series_begin("cpu.csv", "head_ns,node,vm,thread,cpu_ns\n");
	FILE *link = series_begin("link.csv", "head_ns,link,direction,bytes,packets,drops\n");
	for (int i = 0; i <= 140; i++) {
		int64_t at = MADE_HEAD + i * 100 * MADE_MS;
		fprintf(cpu, "%" PRId64 ",src,,,%.0f\n%" PRId64 ",dst,,,%.0f\n", at, i * 5e7, at, i * 1e7);
		fprintf(cpu, "%" PRId64 ",src,vm1,migration,%.0f\n", at, i * 2e7);
		fprintf(link, "%" PRId64 ",migration,src-to-dst,%.0f,0,0\n", at, i * 1e6);
	}
	fclose(cpu);
	fclose(link);
	analyse_well();
	assert_near(metric_number("cpu_node", "", "src:baseline", "value"), 0.5, 0.001, "src before");
	assert_true(isnan(metric_number("cpu_node", "", "src:migration", "value")));
	assert_missing("cpu_thread", "src:migration:migration", "cpu.csv does not cover the phase");
	assert_missing("bytes_on_wire", "migration:src-to-dst", "link.csv does not cover the migration");
}

/* The warning that the run was disturbed; "" without one. */
static const char *disturbance(void)
{
	analyse_well();
	struct json_object *warnings = json_object_object_get(analysed, "warnings");
	for (size_t i = 0; i < json_object_array_length(warnings); i++) {
		const char *warning = json_object_get_string(json_object_array_get_idx(warnings, i));
		if (strstr(warning, METRICS_DISTURBED))
			return warning;
	}
	return "";
}

/* Shares of src's core: the node, its guest, a switch and a disk server (0: no rows of them, as in older runs). */
static const char *other_work(double node, double guest, double ovs, double tgtd)
{
	make_migration();
	FILE *cpu = series_begin("cpu.csv", "head_ns,node,vm,thread,cpu_ns\n");
	for (int i = 0; i <= 300; i++) {
		int64_t at = MADE_HEAD + i * 100 * MADE_MS;
		double used = i * 1e8;
		fprintf(cpu, "%" PRId64 ",src,,,%.0f\n", at, used * node);
		fprintf(cpu, "%" PRId64 ",dst,,,%.0f\n", at, used * 0.1);
		fprintf(cpu, "%" PRId64 ",src,vm1,,%.0f\n", at, used * guest);
		fprintf(cpu, "%" PRId64 ",src,vm1,vcpu,%.0f\n", at, used * guest);
		if (ovs > 0)
			fprintf(cpu, "%" PRId64 ",src,,ovs-vswitchd,%.0f\n", at, used * ovs);
		if (tgtd > 0) /* unpinned: a part of it is the other core's */
			fprintf(cpu, "%" PRId64 ",src,,tgtd,%.0f\n%" PRId64 ",dst,,tgtd,%.0f\n", at, used * tgtd, at,
			        used * 0.05);
	}
	fclose(cpu);
	return disturbance();
}

/* The same core when a hypervisor below takes shares of it: of src before the migration, of dst while it moves. */
static const char *stolen_work(double before, double moving)
{
	make_migration();
	FILE *cpu = series_begin("cpu.csv", "head_ns,node,vm,thread,cpu_ns\n");
	FILE *stolen = series_begin("stolen.csv", "head_ns,node,stolen_ns\n");
	double src = 0, dst = 0;
	for (int i = 0; i <= 300; i++) {
		int64_t at = MADE_HEAD + i * 100 * MADE_MS;
		fprintf(cpu, "%" PRId64 ",src,,,%.0f\n", at, i * 1e8);
		fprintf(cpu, "%" PRId64 ",src,vm1,,%.0f\n", at, i * 6e7);
		src += i <= 100 ? before * 1e8 : 0;
		dst += i > 100 && i <= 155 ? moving * 1e8 : 0;
		if (i % 10 == 0 || i == 155)
			fprintf(stolen, "%" PRId64 ",src,%.0f\n%" PRId64 ",dst,%.0f\n", at, src, at, dst);
	}
	fclose(cpu);
	fclose(stolen);
	return disturbance();
}

static void test_stolen(void **state)
{
	(void)state;
	/* 0.4 of the core is nobody's, and 0.3 of that was stolen. */
	const char *blamed = stolen_work(0.3, 0.05);
	if (!strstr(blamed, "up to 30 % of a node's core was stolen by a hypervisor below"))
		fail_msg("blamed: '%s'", blamed);
	assert_near(metric_number("cpu_stolen", "", "src:baseline", "value"), 0.3, 0.001, "src before");
	assert_near(metric_number("cpu_stolen", "", "src:migration", "value"), 0, 0.001, "src while");
	assert_near(metric_number("cpu_stolen", "", "dst:migration", "value"), 0.05, 0.001, "dst while");
	assert_near(metric_number("cpu_others", "", "src:baseline", "value"), 0.4, 0.001, "with what was stolen");
	blamed = stolen_work(0.3, 0.45);
	if (!strstr(blamed, "up to 45 % of a node's core was stolen"))
		fail_msg("blamed: '%s'", blamed);
	/* Little is said nothing of; then the core's other work is somebody's again. */
	blamed = stolen_work(0.08, 0.05);
	if (!strstr(blamed, "the core of node 'src' was 32 % busy with other work"))
		fail_msg("blamed: '%s'", blamed);
}

static void test_other_work(void **state)
{
	(void)state;
	/* As measured with a disk on iSCSI behind a switch in user space. */
	assert_string_equal(other_work(0.99, 0.55, 0.38, 0.02), "");
	assert_near(metric_number("cpu_others", "", "src:baseline", "value"), 0.04, 0.001, "nobody's");
	assert_near(metric_number("cpu_others", "", "dst:baseline", "value"), 0.05, 0.001, "nobody's, there");
	assert_near(metric_number("cpu_service", "", "src:ovs-vswitchd:migration", "value"), 0.38, 0.001, "switch");
	assert_near(metric_number("cpu_service", "", "dst:tgtd:baseline", "value"), 0.05, 0.001, "disk server");
	assert_near(metric_number("cpu_node", "", "src:baseline", "value"), 0.99, 0.001, "the whole core");
	assert_near(metric("cpu_vm", "src:baseline"), 0.55, 0.001, "guest");
	assert_near(metric("cpu_thread", "src:vcpu:baseline"), 0.55, 0.001, "its vCPU");
	/* Somebody else has a third of the core. */
	const char *blamed = other_work(1, 0.37, 0.28, 0.01);
	if (!strstr(blamed, "the core of node 'src' was 34 % busy with other work"))
		fail_msg("blamed: '%s'", blamed);
	/* What older runs gave. */
	blamed = other_work(0.99, 0.55, 0, 0);
	if (!strstr(blamed, "the core of node 'src' was 44 % busy with other work"))
		fail_msg("blamed: '%s'", blamed);
	assert_string_equal(other_work(0.99, 0.79, 0, 0), "");
	assert_near(metric_number("cpu_others", "", "src:baseline", "value"), 0.2, 0.001, "all but the guest");
}

static void test_forecast(void **state)
{
	(void)state;
	make_migration();
	char path[256];
	FILE *job = series_begin(
		"job-vm1.csv",
		"head_ns,operation,memory_iteration,memory_processed_bytes,memory_remaining_bytes,"
		"memory_dirty_rate_pages_per_s,memory_page_size_bytes,memory_bps_bytes_per_s,downtime_expected_ns\n");
	for (int i = 0; i < 10; i++) /* two iterations: 300 ms, then 240 ms expected; 200 came */
		fprintf(job, "%" PRId64 ",migration_out,%d,%d,%d,%d,4096,%d,%d\n",
		        MADE_HEAD + 10200 * MADE_MS + i * 500 * MADE_MS, i < 6 ? 1 : 2, (i + 1) * 1000000,
		        50000000 - i * 5000000, i < 6 ? 100 : 200, 10000000, i < 6 ? 300000000 : 240000000);
	fclose(job);
	analyse_well();
	assert_near(metric("expected_downtime_error", "first"), 100e6, 1, "first");
	assert_near(metric("expected_downtime_error", "last"), 40e6, 1, "last");
	assert_near(metric("expected_downtime_error", "median"), 70e6, 1, "median");
	/* at 10.2 s: 50 MB at 10 MB/s is 5 s, 5.3 s came */
	assert_near(metric("remaining_time_error", "first"), -0.3e9, 1, "remaining");
	char *text = slurp("plots/iterations.csv");
	assert_non_null(strstr(text, "\n1,0.100000,3.000000,6000000,25000000,409600,10000000,missing,300.000\n"));
	assert_non_null(strstr(text, "\n2,3.000000,5.000000,4000000,5000000,819200,10000000,missing,240.000\n"));
	free(text);

	/* One too short for a row to see it, and the last one behind the stop: known from events alone. */
	snprintf(path, sizeof(path), "%s/events.csv", run_path);
	FILE *file = fopen(path, "a");
	fprintf(file, "%" PRId64 ",vm1,src,iteration,3\n", MADE_HEAD + 15050 * MADE_MS);
	fclose(file);
	analyse_well();
	text = slurp("plots/iterations.csv");
	assert_non_null(strstr(text, "\n2,3.000000,5.050000,"));
	assert_non_null(strstr(text, "\n3,5.050000,5.200000,missing,missing,missing,missing,missing,missing\n"));
	free(text);
}

static void test_schedule_and_units(void **state)
{
	(void)state;
	make_migration();
	made_file(run_path, "manifest.json",
	          "{\"format\":1,\"status\":\"complete\",\"vms\":[{\"name\":\"vm1\",\"workloads\":[{\"name\":"
	          "\"intadd\","
	          "\"options\":{\"schedule\":\"50:12,100:60\"}}]}],\"migration\":{\"vm\":\"vm1\"}}");
	analyse_well();
	assert_missing("lost_work", "intadd", "its schedule asks for another load");
	assert_string_equal(json_object_get_string(metric_member("baseline_rate", "vm1", NULL, "unit")), "work/s");
	assert_missing("setup_time", NULL, "completed statistics");
}

static void test_plots(void **state)
{
	(void)state;
	make_migration();
	analyse_well();
	char *text = slurp("plots/timeline-vm1-intadd.csv");
	int rows = 0, zeros = 0;
	double time, rate, smooth, percent, percent_smooth;
	for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1, rows++) {
		assert_int_equal(
			sscanf(line, "%lf,%lf,%lf,%lf,%lf", &time, &rate, &smooth, &percent, &percent_smooth), 5);
		zeros += rate < 1;
		assert_near(percent, rate / 1e6, 0.3, "percent");
		if (time > -8 && time < -0.2)
			assert_near(percent_smooth, 100, 1, "smoothed baseline");
		if (time > 0.2 && time < 4.8)
			assert_near(percent, 80, 7, "while migrating"); /* 10 ms in steps of 0.5 ms */
	}
	assert_true(rows > 2900 && rows <= 6000);
	assert_true(zeros >= 18 && zeros <= 20); /* 200 ms in bins of 10 */
	free(text);
	text = slurp("plots/marks.csv");
	assert_non_null(strstr(text, "\n5.000000,vm1,stop,stop\n"));
	assert_non_null(strstr(text, "\n3.000000,vm1,iteration,2\n"));
	assert_null(strstr(text, "lifecycle"));
	free(text);
	text = slurp("plots/downtime.csv");
	assert_non_null(strstr(text, "\nvm1,stop_resume,200.000,199.900,200.100,0.000,5.000000\n"));
	free(text);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)
	const struct CMUnitTest tests[] = {
		ONE(test_by_hand),
		ONE(test_neighbour_and_roles),
		ONE(test_moves),
		ONE(test_hosts),
		ONE(test_hosts_cut_short),
		ONE(test_other_work),
		ONE(test_stolen),
		ONE(test_forecast),
		ONE(test_schedule_and_units),
		ONE(test_plots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
