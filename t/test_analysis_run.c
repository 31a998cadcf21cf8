/* A whole run directory in, metrics and plot columns out: numbers worked out by hand, missing, failed, hostile. */
#include "reports/csv_table.h"
#include "t/analysed.h"

#include <dirent.h>

/* 80 % from 10 s, stopped 15..15.2, 50 % up to 16.2, then as before; all known. */
static void make_migration(void)
{
	struct made_vm vm = { .name = "vm1",
		              .length_s = 30,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 1e8,
		              .jitter_ms = 0.2,
		              .stops = { { 15, 15.2, 0 } },
		              .dips = { { 10, 15, 0.8 }, { 15.2, 16.2, 0.5 } },
		              .step_us = 500 };
	char events[4096] = "";
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 10.1, "vm1", "src", "iteration", "1");
	made_event(events, 13, "vm1", "src", "iteration", "2");
	made_event(events, 13, "vm1", "src", "lifecycle-suspended", "\"a, \"\"quoted\"\" detail\"");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 15.2, "vm1", "dst", "resume", "");
	made_event(events, 15.5, "vm1", "src", "migrate-done", "");
	made_event(events, 15.6, "vm1", "src", "source-released", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 15.5, 30, events);
	made_samples(run_path, &vm);
}

static char *slurp(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", run_path, name);
	FILE *file = fopen(path, "r");
	if (!file)
		return NULL;
	char *text = calloc(1, 4 << 20);
	size_t n = fread(text, 1, (4 << 20) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static int exists(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", run_path, name);
	return access(path, F_OK) == 0;
}

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
	/* Work while migrating is from the first move's start to the last one's end. */
	assert_near(metric_number("mean_rate", "vm1", "intadd", "value"), 1e8 * (3.9 + 3) / 9.9, 5e5, "all moves");
}

static void test_hosts(void **state)
{
	(void)state;
	char path[256];
	make_migration();
	snprintf(path, sizeof(path), "%s/cpu.csv", run_path);
	FILE *cpu = fopen(path, "w");
	snprintf(path, sizeof(path), "%s/link.csv", run_path);
	FILE *link = fopen(path, "w");
	fputs("head_ns,node,vm,thread,cpu_ns\n", cpu);
	fputs("head_ns,link,direction,bytes,packets,drops\n", link);
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

static void test_forecast(void **state)
{
	(void)state;
	make_migration();
	char path[256];
	snprintf(path, sizeof(path), "%s/job-vm1.csv", run_path);
	FILE *job = fopen(path, "w");
	fputs("head_ns,operation,memory_iteration,memory_processed_bytes,memory_remaining_bytes,"
	      "memory_dirty_rate_pages_per_s,memory_page_size_bytes,memory_bps_bytes_per_s,downtime_expected_ns\n",
	      job);
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

static void test_all_missing(void **state)
{
	(void)state;
	made_run(run_path, "precopy", MADE_VM1, 10, 15.5, 30, "");
	analyse_well();
	assert_missing("downtime", "guest_clock", "there is no samples-vm1.csv");
	assert_missing("downtime", "network", "there is no packets-vm1.csv");
	assert_missing("downtime", "work", "there is no samples-vm1.csv");
	assert_missing("lost_work", "intadd", "there is no samples-vm1.csv");
	assert_missing("migration_time", "completion", "no migrate-start");
	assert_missing("bytes_on_wire", NULL, "link.csv");
	assert_missing("cpu_per_gib", "threads", "not known");
	char *csv = slurp("metrics.csv");
	assert_non_null(strstr(csv, "\nlost_work,vm1,migrating,intadd,missing,s,,,1\n"));
	free(csv);

	char path[256]; /* without events too */
	snprintf(path, sizeof(path), "%s/events.csv", run_path);
	unlink(path);
	analyse_well();
	assert_missing("downtime", "network", "no migration or injected stop");
	assert_null(json_object_object_get(analysed, "origin_ns"));
}

static void test_no_arrivals(void **state)
{
	(void)state;
	make_migration();
	made_file(run_path, "samples-vm1.csv",
	          "workload,seq,guest_ns,head_ns,work,worst_op_ns\nintadd,0,1,missing,1,1\nintadd,1,2,missing,2,1\n");
	analyse_well();
	assert_missing("downtime", "guest_clock", "no sample has an arrival stamp");
	assert_missing("lost_work", "intadd", "no sample has an arrival stamp");
	assert_near(metric("samples_fetched", "intadd"), 2, 0, "fetched");
}

/* A row of samples-vm1.csv whose guest stamp is from the future, somewhere in the run or at its end. */
static void false_stamp(double share)
{
	char *text = slurp("samples-vm1.csv"), *other;
	assert_non_null(text);
	char *row = strchr(text + (size_t)((double)(strlen(text) - 200) * share), '\n') + 1;
	char *guest = strchr(strchr(row, ',') + 1, ',') + 1, *after = strchr(guest, ',');
	assert_true(asprintf(&other, "%.*s%lld%s", (int)(guest - text), text, 1LL << 59, after) > 0);
	made_file(run_path, "samples-vm1.csv", "%s", other);
	free(other);
	free(text);
}

static void test_false_stamp(void **state)
{
	(void)state;
	static const double places[] = { 0, 0.3, 0.6, 1 };
	for (int i = 0; i < 4; i++) {
		make_migration();
		false_stamp(places[i]);
		analyse_well();
		assert_near(metric("downtime", "guest_clock") / 1e6, 200, 1, "guest_clock");
		assert_near(metric("downtime", "work") / 1e6, 200, 15, "work");
		assert_near(metric("lost_work", "intadd"), 1.7, 0.02, "lost work");
		assert_near(metric("rate_after", "intadd"), 1e8, 2e5, "after");
		assert_near(metric("samples_expected", "intadd"), metric("samples_got", "intadd"), 1.5, "samples");
	}
}

static void test_failed_runs(void **state)
{
	(void)state;
	static const char *const statuses[] = { "failed", "running", "interrupted" };
	static const char *const reasons[] = { "QEMU said: load of \\\"x\\\" failed", "", "SIGINT" };
	static const char *const says[] = { "QEMU said: load of \"x\" failed", "did not finish", "SIGINT" };
	for (int i = 0; i < 3; i++) {
		make_migration();
		made_file(run_path, "manifest.json",
		          "{\"format\":1,\"status\":\"%s\",\"reason\":\"%s\",\"vms\":[%s],\"migration\":{\"vm\":"
		          "\"vm1\"}}",
		          statuses[i], reasons[i], MADE_VM1);
		analyse_well();
		assert_int_equal(json_object_array_length(json_object_object_get(analysed, "metrics")), 0);
		assert_string_equal(json_object_get_string(json_object_object_get(analysed, "status")), "failed");
		assert_non_null(strstr(json_object_get_string(json_object_object_get(analysed, "reason")), says[i]));
		char *csv = slurp("metrics.csv");
		assert_string_equal(csv, "metric,vm,role,estimator,value,unit,low,high,n\n");
		free(csv);
		assert_true(exists("plots/timeline-vm1-intadd.csv"));
		assert_false(exists("plots/downtime.csv"));
	}
}

/* Data that cannot be analysed has no numbers, and no older ones either. */
static void assert_unanalysed(const char *says)
{
	assert_string_equal(json_object_get_string(json_object_object_get(analysed, "status")), "unanalysed");
	assert_non_null(strstr(json_object_get_string(json_object_object_get(analysed, "reason")), says));
	assert_int_equal(json_object_array_length(json_object_object_get(analysed, "metrics")), 0);
	char *csv = slurp("metrics.csv");
	assert_string_equal(csv, "metric,vm,role,estimator,value,unit,low,high,n\n");
	free(csv);
	assert_false(exists("plots/timeline-vm1-intadd.csv"));
	assert_false(exists("plots/downtime.csv"));
	assert_false(exists("plots/timeline.svg"));
	assert_false(exists("calibration.json"));
}

static void test_bad_content(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text, *says;
	} cases[] = {
		{ "samples-vm1.csv", "workload,seq,guest_ns,head_ns,work,worst_op_ns\nx,0,1,2,3,4\nx,1,zz,2,3,4\n",
		  "samples-vm1.csv:3: 'zz'" },
		{ "samples-vm1.csv", "workload,seq,guest_ns,head_ns,work,worst_op_ns\nx,-1,1,2,3,4\n",
		  "samples-vm1.csv:2: a value is missing or out of range" },
		{ "samples-vm1.csv", "workload,seq,guest_ns,head_ns,work,worst_op_ns\nx,0,missing,2,3,4\n",
		  "samples-vm1.csv:2:" },
		{ "samples-vm1.csv", "seq,guest_ns,head_ns,work\n1,1,1,1\n", "no column 'workload'" },
		{ "events.csv", "head_ns,vm,node\n1,a,b\n", "events.csv:1: no column 'event'" },
		{ "packets-vm1.csv", "head_ns,packets\n1,1\n", "packets-vm1.csv:1:" },
		{ "cpu.csv", "head_ns,node,vm,thread,cpu_ns\n1,a,b,c,1e9\n", "cpu.csv:2: '1e9'" },
		{ "link.csv", "head_ns,link,direction,bytes\n1,a,b\n", "link.csv:2: 3 of 4 fields" },
		{ "job-vm1.csv", "time\n1\n", "job-vm1.csv:1: no column 'head_ns'" },
		{ "manifest.json", "{\"format\":2}", "has format 2" },
		{ "manifest.json", "[1,", "not a JSON object" },
		{ "manifest.json", "{\"format\":1,\"vms\":[{\"name\":\"../../x\"}]}", "no usable name" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make_migration();
		analyse_well();
		made_file(run_path, "plots/timeline.svg", "drawn of that");
		made_file(run_path, "calibration.json", "{}");
		made_file(run_path, cases[i].file, "%s", cases[i].text);
		assert_int_equal(analyse(), -1);
		if (!strstr(analysed_err.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", analysed_err.text, cases[i].says);
		assert_unanalysed(cases[i].says);
		char path[256];
		snprintf(path, sizeof(path), "%s/%s", run_path, cases[i].file);
		unlink(path);
	}
	strcat(run_path, "-none");
	assert_int_equal(analyse(), -1);
	assert_non_null(strstr(analysed_err.text, "is not a run directory"));
}

/* What it was made of is kept with it; what is no run is not touched. */
static void test_sources(void **state)
{
	(void)state;
	char path[256];
	struct stat st;
	make_migration();
	analyse_well();
	analyse_well(); /* results are no sources */
	struct json_object *made_of = json_object_object_get(analysed, "made_of");
	assert_int_equal(json_object_object_length(made_of), 4);
	snprintf(path, sizeof(path), "%s/samples-vm1.csv", run_path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(json_object_get_int64(json_object_object_get(made_of, "samples-vm1.csv")), st.st_size);
	assert_non_null(json_object_object_get(made_of, "manifest.json"));

	snprintf(path, sizeof(path), "%s/manifest.json", run_path);
	unlink(path);
	assert_int_equal(analyse(), -1);
	assert_int_equal(analysed_err.status, EXIT_USAGE);
	assert_string_equal(json_object_get_string(json_object_object_get(analysed, "status")), "complete");
}

static const char *warning(void)
{
	struct json_object *list = json_object_object_get(analysed, "warnings");
	assert_true(json_object_array_length(list) <= 1);
	return json_object_array_length(list) ? json_object_get_string(json_object_array_get_idx(list, 0)) : "";
}

/* The manifest says how many samples there should be. */
static void test_samples_gone(void **state)
{
	(void)state;
	char path[256], says[100];
	make_migration();
	analyse_well();
	int kept = (int)metric("samples_got", "intadd");
	made_file(run_path, "manifest.json",
	          "{\"format\":1,\"status\":\"complete\",\"vms\":[%s],\"migration\":{\"vm\":\"vm1\"},"
	          "\"collectors\":{\"samples\":{\"vms\":[{\"vm\":\"vm1\",\"slots_missed\":3,\"workloads\":"
	          "[{\"workload\":\"intadd\",\"samples\":%d,\"missing_samples\":7}]}]}}}",
	          MADE_VM1, kept);
	analyse_well();
	assert_string_equal(warning(), "");
	assert_near(metric("samples_expected", "intadd"), kept + 7, 0, "expected");
	assert_near(metric("slots_missed", "intadd"), 3, 0, "slots");

	/* the second half is gone */
	char *text = slurp("samples-vm1.csv"), *at = text;
	for (int row = 0; row < 1 + kept / 2; row++)
		at = strchr(at, '\n') + 1;
	made_file(run_path, "samples-vm1.csv", "%.*s", (int)(at - text), text);
	free(text);
	analyse_well();
	assert_near(metric("samples_got", "intadd"), kept / 2, 0, "got");
	assert_near(metric("samples_expected", "intadd"), kept + 7, 0, "expected");
	snprintf(says, sizeof(says), "samples-vm1.csv has %d of the %d samples of 'intadd'", kept / 2, kept);
	assert_non_null(strstr(warning(), says));

	snprintf(path, sizeof(path), "%s/samples-vm1.csv", run_path);
	unlink(path);
	analyse_well();
	snprintf(says, sizeof(says), "samples-vm1.csv has 0 of the %d samples of 'intadd'", kept);
	assert_non_null(strstr(warning(), says));
	assert_missing("samples_got", "intadd", "has none of them");
	assert_near(metric("samples_expected", "intadd"), kept + 7, 0, "expected");
}

/* Wild numbers within the format: no crash, no endless loop, whatever the metrics say. */
static void test_wild_content(void **state)
{
	(void)state;
	static const char header[] = "workload,seq,guest_ns,head_ns,work,worst_op_ns\n";
	make_migration();
	made_file(run_path, "samples-vm1.csv",
	          "%sa,4294967295,1152921504606846975,0,1152921504606846975,0\na,0,0,1152921504606846975,0,0\n"
	          "a,1,5,missing,5,0\n../../b,7,9,9,9,missing\na,2,3,3,3,3\na,2,3,3,3,3\n",
	          header);
	made_file(run_path, "cpu.csv",
	          "head_ns,node,vm,cpu_ns\n-4611686018427387903,a,,0\n4611686018427387903,a,,4611686018427387903\n"
	          "0,b,,5\n1,b,,4\n");
	made_file(run_path, "packets-vm1.csv",
	          "head_ns,packets,bytes,longest_silence_ns\n-4611686018427387903,1,1,4611686018427387903\n"
	          "4611686018427387903,4611686018427387903,1,-5\n");
	made_file(run_path, "job-vm1.csv",
	          "head_ns,memory_iteration,downtime_expected_ns\n7000000000000,4611686018427387903,"
	          "4611686018427387903\n"
	          "7012000000000,4611686018427387903,4611686018427387903\n");
	analyse_well();
	assert_true(exists("plots/timeline-vm1-.._.._b.csv"));
}

static void test_truncated_and_again(void **state)
{
	(void)state;
	make_migration();
	analyse_well();
	char *first = slurp("metrics.csv"), *timeline = slurp("plots/timeline-vm1-intadd.csv");
	analyse_well();
	char *again = slurp("metrics.csv"), *timeline_again = slurp("plots/timeline-vm1-intadd.csv");
	assert_string_equal(first, again);
	assert_string_equal(timeline, timeline_again);

	char path[256];
	snprintf(path, sizeof(path), "%s/samples-vm1.csv", run_path);
	FILE *file = fopen(path, "a");
	fputs("intadd,999999,12", file);
	fclose(file);
	analyse_well();
	char *cut = slurp("metrics.csv");
	assert_string_equal(first, cut);
	assert_non_null(strstr(metric_reason("samples_got", "intadd"), "cut short"));

	struct dirent *entry; /* nothing half-written stays */
	DIR *directory = opendir(run_path);
	while ((entry = readdir(directory)))
		assert_null(strstr(entry->d_name, ".new"));
	closedir(directory);
	free(first);
	free(again);
	free(cut);
	free(timeline);
	free(timeline_again);
}

/* Samples in any order, each twice, give the same metrics. */
static void test_order_does_not_matter(void **state)
{
	(void)state;
	make_migration();
	analyse_well();
	double lost = metric("lost_work", NULL), clock = metric("downtime", "guest_clock");
	char *text = slurp("samples-vm1.csv"), *lines[4000], *rest = text;
	int count = 0;
	while ((lines[count] = strsep(&rest, "\n")) && *lines[count])
		count++;
	char path[256];
	snprintf(path, sizeof(path), "%s/samples-vm1.csv", run_path);
	FILE *file = fopen(path, "w");
	fprintf(file, "%s\n", lines[0]);
	for (int i = 1; i < count; i++)
		fprintf(file, "%s\n%s\n", lines[1 + (i * 1237) % (count - 1)], lines[count - i]);
	fclose(file);
	free(text);
	analyse_well();
	assert_near(metric("lost_work", NULL), lost, 1e-4, "lost work");
	assert_near(metric("downtime", "guest_clock"), clock, 1e5, "guest clock");
	assert_near(metric("samples_got", NULL), count - 1, 0, "samples");
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
#define ONE(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		ONE(test_by_hand),
		ONE(test_neighbour_and_roles),
		ONE(test_moves),
		ONE(test_hosts),
		ONE(test_forecast),
		ONE(test_schedule_and_units),
		ONE(test_all_missing),
		ONE(test_no_arrivals),
		ONE(test_false_stamp),
		ONE(test_failed_runs),
		ONE(test_bad_content),
		ONE(test_sources),
		ONE(test_samples_gone),
		ONE(test_wild_content),
		ONE(test_truncated_and_again),
		ONE(test_order_does_not_matter),
		ONE(test_plots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
