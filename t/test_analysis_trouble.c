/* Run directories with something wrong: missing, failed, changed, cut short, wild. */
#include "t/analysed_migration.h"

#include <dirent.h>

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

static void test_events_cut_short(void **state)
{
	(void)state;
	make_migration();
	char *text = slurp("events.csv"), *end = strstr(text, ",phase,end");
	assert_non_null(end);
	made_file(run_path, "events.csv", "%.*s", (int)(end - text), text);
	analyse_well();
	assert_non_null(strstr(warning(), "events.csv was cut short"));
	made_file(run_path, "events.csv", "%s", text);
	free(text);
	analyse_well();
	assert_string_equal(warning(), "");
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

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)
	const struct CMUnitTest tests[] = {
		ONE(test_all_missing),         ONE(test_no_arrivals),           ONE(test_false_stamp),
		ONE(test_failed_runs),         ONE(test_bad_content),           ONE(test_sources),
		ONE(test_samples_gone),        ONE(test_events_cut_short),      ONE(test_wild_content),
		ONE(test_truncated_and_again), ONE(test_order_does_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
