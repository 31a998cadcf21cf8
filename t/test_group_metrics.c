/* A group whose moves are known: what is computed of it, and its page. */
#include "bench/base/whole_file.h"
#include "reports/report.h"
#include "t/analysed.h"
#include "t/made_run.h"

#define MEMBER(name)                                                                                                 \
	"{\"name\":\"" name "\",\"role\":\"migrating\",\"node\":\"src\",\"memory_bytes\":125000000,\"workloads\":"   \
	"[{\"name\":\"intadd\",\"unit\":\"additions\",\"options\":{}}]}"

#define JOB                                                                                                          \
	"head_ns,memory_total_bytes,memory_constant_pages,memory_normal_pages,memory_page_size_bytes,"               \
	"memory_iteration\n"

/* A row of job-VM.csv at second t, in pages of which there are 30,518. */
static void job_row(char *into, double t, int zero, int normal, int iteration)
{
	sprintf(into + strlen(into), "%" PRId64 ",125001728,%d,%d,4096,%d\n", MADE_HEAD + (int64_t)(t * 1e9), zero,
	        normal, iteration);
}

/*
 * vm1 is recalled when it has sent more than it will have to; of its 30,518 pages 20,518 are zero, and 10,000 are sent, 3000
 * of them once more, as are 500 that were zero. vm2, of which 5000 pages are not zero, writes zeros all the time.
 */
static void make_jobs(void)
{
	char vm1[2000] = JOB, vm2[2000] = JOB;
	job_row(vm1, 9.3, 0, 12000, 1);
	strcat(vm1, "7010000000000,missing,missing,missing,missing,missing\n");
	job_row(vm1, 12, 9000, 6000, 1);
	job_row(vm1, 15, 20518, 10000, 1);
	job_row(vm1, 19, 20518, 13500, 2);
	made_file(run_path, "job-vm1.csv", "%s", vm1);
	job_row(vm2, 14, 25518, 4000, 1);
	job_row(vm2, 16, 25518, 5000, 1);
	job_row(vm2, 29, 29518, 5000, 3);
	made_file(run_path, "job-vm2.csv", "%s", vm2);
}

/* vm1 from 10 to 20 s, recalled once before; vm2 from 12 to 30 s, or it fails. vm1 stands still for 1 s. */
static void make(const char *end_of_vm2, const char *goodput)
{
	char events[4096] = "";
	const struct made_vm vm1 = { .name = "vm1",
		                     .length_s = 45,
		                     .interval_ns = 10 * MADE_MS,
		                     .rate = 1e6,
		                     .stops = { { 19, 20, 0 } } },
			     vm2 = { .name = "vm2",
		                     .length_s = 45,
		                     .interval_ns = 10 * MADE_MS,
		                     .rate = 1e6,
		                     .dips = { { 12, 30, 0.5 } } };
	made_event(events, 9, "", "src", "group", "\"fixed, 2 VMs\"");
	made_event(events, 9, "vm1", "src", "move-begin", "to dst");
	made_event(events, 9.1, "vm1", "src", "migrate-start", "");
	made_event(events, 9.4, "vm1", "src", "move-end", "recalled after 0.4 s");
	made_event(events, 10, "vm1", "src", "move-begin", "to dst");
	made_event(events, 10.1, "vm1", "src", "migrate-start", "");
	made_event(events, 12, "vm2", "src", "move-begin", "to dst");
	made_event(events, 12.1, "vm2", "src", "migrate-start", "");
	made_event(events, 19, "vm1", "src", "stop", "");
	made_event(events, 20, "vm1", "dst", "resume", "");
	made_event(events, 20, "vm1", "dst", "migrate-done", "");
	made_event(events, 20, "vm1", "dst", "move-end", "\"arrived, took 10 s\"");
	if (*end_of_vm2 == '"')
		made_event(events, 30, "vm2", "src", "migrate-done", "");
	made_event(events, 30, "vm2", "src", "move-end", end_of_vm2);
	made_run(run_path, "precopy", "", 9, 31, 44, events);
	made_file(
		run_path, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"group\",\"vms\":[" MEMBER("vm1") "," MEMBER(
			"vm2") "],\"migration\":{\"mode\":\"precopy\"},"
			       "\"config\":{\"group\":{\"schedule\":\"fixed\"}},\"link\":{\"asked\":{\"rate\":\"100000000bit/s\"},"
			       "\"measured\":{\"ideal_bits_per_s\":%s}},"
			       "\"group\":{\"vms\":[\"vm1\",\"vm2\"],\"arrived\":2,\"moves\":[{}]}}",
		goodput);
	make_jobs();
	made_samples(run_path, &vm1);
	made_samples(run_path, &vm2);
	analyse_well();
}

static double number(const char *name)
{
	return metric_number(name, "", "", "value");
}

static void a_group_is_timed(void **state)
{
	(void)state;
	make("\"arrived, took 18 s\"", "96000000");
	assert_near(number("group_time"), 21e9, 1, "from the begin to the last that arrived");
	assert_near(number("group_bound"), 15000 * 4096 * 8e9 / 96e6, 1,
	            "pages that had to be sent, at TCP's goodput");
	assert_near(number("group_arrived"), 1, 0, "all");
	assert_near(number("group_recalled"), 1, 0, "once");
	assert_near(number("group_lost_work"), 1 + 9, 0.3, "of both");
	static const char *const ends[] = { "low", "high" };
	for (int i = 0; i < 2; i++)
		assert_near(metric_number("group_lost_work", "", "", ends[i]),
		            metric_number("lost_work", "vm1", "intadd", ends[i]) +
		                    metric_number("lost_work", "vm2", "intadd", ends[i]),
		            1e-9, ends[i]);
	assert_near(metric_number("move_time", "vm1", "2:src-to-dst", "value"), 10e9, 1,
	            "the second time it arrived");
	assert_near(metric_number("downtime", "vm1", "stop_resume", "value"), 1e9, 1, "its own");
}

static void a_group_of_which_one_stays_has_no_time(void **state)
{
	(void)state;
	make("failed after 18 s: no", "0");
	assert_null(metric_member("group_time", "", "", "value"));
	assert_string_equal(json_object_get_string(metric_member("group_time", "", "", "reason")),
	                    "only 1 of 2 VMs arrived");
	assert_near(number("group_arrived"), 0.5, 0, "half of them");
	assert_null(metric_member("group_bound", "", "", "value"));
	assert_string_equal(json_object_get_string(metric_member("group_bound", "", "", "reason")),
	                    "the link had no rate of its own");
}

/* It is not known what had to be sent: nothing is made up. */
static void a_bound_needs_the_jobs_of_all(void **state)
{
	(void)state;
	char path[128];
	make("failed after 18 s: no", "96000000");
	assert_null(metric_member("group_bound", "", "", "value"));
	assert_string_equal(json_object_get_string(metric_member("group_bound", "", "", "reason")),
	                    "vm2 did not arrive");
	make("\"arrived, took 18 s\"", "96000000");
	snprintf(path, sizeof(path), "%s/job-vm2.csv", run_path);
	unlink(path);
	analyse_well();
	assert_null(metric_member("group_bound", "", "", "value"));
	assert_string_equal(json_object_get_string(metric_member("group_bound", "", "", "reason")),
	                    "job-vm2.csv does not say it");
}

static void its_page_shows_the_moves(void **state)
{
	(void)state;
	struct err e = { 0 };
	make("\"arrived, took 18 s\"", "96000000");
	char path[128];
	if (report_run(run_path, NULL, &e) < 0)
		fail_msg("%s", e.text);
	snprintf(path, sizeof(path), "%s/report.html", run_path);
	char *page = whole_file_read(path, 16 << 20);
	assert_non_null(page);
	assert_non_null(strstr(page, "Schedule fixed: 2"));
	assert_non_null(strstr(page, "(their pages that are not zero, once each, take it 5.12&nbsp;s at least)"));
	assert_non_null(strstr(page, "time since the group began to move"));
	free(page);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(a_group_is_timed),
		ONE(a_group_of_which_one_stays_has_no_time),
		ONE(a_bound_needs_the_jobs_of_all),
		ONE(its_page_shows_the_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
