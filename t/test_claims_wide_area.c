/* Studies of groups over a wide area, made as the claims have it and contrary to them. */
#include "t/claimed.h"

enum { REPEATS = 3 };

/* A run at a point with labels of its own, at this rate and round trip. */
static void link_run(const char *point, const char *rate, const char *rtt, int repeat,
                     const struct made_loop_metric *metrics, int count)
{
	char folder[4096];
	made_case_run(scratch, point, repeat, metrics, count);
	snprintf(folder, sizeof(folder), "%.3000s/%.200s-r%d", scratch, point, repeat);
	made_file(
		folder, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"made\",\"question\":\"Does it?\",\"point\":\"%s\","
		"\"repeat\":%d,\"link\":{\"asked\":{\"rate\":\"%s\",\"rtt\":\"%s\"}},\"vms\":[{\"name\":\"vm1\",\"role\":"
		"\"migrating\",\"workloads\":[{\"name\":\"memdirty\",\"options\":{\"rate\":\"1\"}}]}]}\n",
		point, repeat, rate, rtt);
}

enum { SCHEDULES = 7, LINKS = 9, ALL_SCHEDULES = (1 << SCHEDULES) - 1 };
static const char *const schedules[SCHEDULES] = { "sequential", "two", "three", "four", "six", "all", "adaptive" };
static const struct {
	const char *name, *rate, *rtt;
} links[LINKS] = { { "1G-100ms", "1G", "100ms" },    { "100M-0ms", "100M", "0ms" },
	           { "100M-30ms", "100M", "30ms" },  { "100M-100ms", "100M", "100ms" },
	           { "1G-0ms", "1G", "0ms" },        { "1G-30ms", "1G", "30ms" },
	           { "1G-0ms-64M", "1G", "0ms" },    { "1G-30ms-64M", "1G", "30ms" },
	           { "1G-100ms-64M", "1G", "100ms" } };

/* One link of the study; seconds of each schedule, 0.01 more in each repeat. which: bits of the schedules that were run. */
static void make_link(int link, const double *seconds, int repeats, int which)
{
	for (int s = 0; s < SCHEDULES; s++)
		for (int repeat = 1; repeat <= repeats && which >> s & 1; repeat++) {
			const struct made_loop_metric m[] = {
				{ "group_time", "", "", (seconds[s] + 0.01 * repeat) * 1e9 },
				{ "group_bound", "", "", 8e9 },
				{ "group_lost_work", "", "", seconds[s] / 2 },
			};
			char point[100];
			snprintf(point, sizeof(point), "link=%s schedule=%s", links[link].name, schedules[s]);
			link_run(point, links[link].rate, links[link].rtt, repeat, m, sizeof(m) / sizeof(*m));
		}
}

static int row_of(const struct csv_table *t, const char *formula)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strncmp(csv_table_text(t, i, "formula"), formula, strlen(formula)) == 0)
			return i;
	fail_msg("no part with %s", formula);
	return -1;
}

/* Adaptive against the best: its value and verdict on a link. */
static void assert_best(const struct csv_table *t, const char *link, double times, const char *verdict)
{
	char start[100];
	snprintf(start, sizeof(start), "group_time(adaptive+%s) / least(", link);
	int row = row_of(t, start);
	assert_string_equal(csv_table_text(t, row, "claim"), "W1-best");
	assert_string_equal(csv_table_text(t, row, "verdict"), verdict);
	if (isnan(times))
		assert_true(isnan(csv_table_number(t, row, "value")));
	else
		assert_float_equal(csv_table_number(t, row, "value"), times, 0.01);
}

/* Of each schedule: how many times the least it took. */
static void assert_to_least(const struct csv_table *t, const char *schedule, double times)
{
	char start[64];
	snprintf(start, sizeof(start), "group_time(%s+1G-100ms) / group_bound(", schedule);
	assert_float_equal(csv_table_number(t, row_of(t, start), "value"), times, 0.01);
}

/* Everywhere six at a time is best, and was run. */
static void test_groups(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		const double seconds[] = { 30, 20, 14, 11, 9, 12, contrary ? 40 : 9.5 };
		made_study(scratch, "wide-area-groups");
		for (int link = 0; link < LINKS; link++)
			make_link(link, seconds, REPEATS, ALL_SCHEDULES);
		struct csv_table *t = claims_made();
		assert_claims(t, "W1", contrary ? "disagrees" : "agrees");
		assert_claims(t, "W1-best", contrary ? "disagrees" : "agrees");
		for (int link = 0; link < LINKS; link++)
			assert_best(t, links[link].name, seconds[6] / 9, contrary ? "disagrees" : "agrees");
		assert_to_least(t, "sequential", 30 / 8.);
		assert_to_least(t, "four", 11 / 8.);
		assert_to_least(t, "all", 12 / 8.);
		assert_to_least(t, "adaptive", seconds[6] / 8);
		csv_table_free(t);
	}
}

/* Only what was run has a part in it: without the best number the next one is, and links without runs are not judged. */
static void test_groups_of_one_link(void **state)
{
	(void)state;
	const double seconds[] = { 30, 20, 14, 10, 8, 12, 10.5 };
	made_study(scratch, "wide-area-groups");
	make_link(0, seconds, REPEATS, 1 << 0 | 1 << 3 | 1 << 5 | 1 << 6);
	struct csv_table *t = claims_made();
	assert_claims(t, "W1-best", "agrees");
	assert_best(t, "1G-100ms", 1.05, "agrees");
	assert_string_equal(csv_table_text(t, row_of(t, "group_time(adaptive+1G-100ms) / least("), "reason"), "");
	for (int link = 1; link < LINKS; link++)
		assert_best(t, links[link].name, NAN, "");
	csv_table_free(t);

	make_link(0, seconds, REPEATS, 1 << 4); /* the best is run after all */
	t = claims_made();
	assert_claims(t, "W1", "agrees");
	assert_claims(t, "W1-best", "disagrees");
	csv_table_free(t);
}

/* One run of a link shows nothing, and 64M is a link of its own: what is far off there is no part of the others. */
static void test_groups_and_buffers(void **state)
{
	(void)state;
	const double seconds[] = { 30, 20, 14, 11, 9, 12, 9.5 }, off[] = { 20, 20, 20, 14, 20, 20, 25 };
	made_study(scratch, "wide-area-groups");
	make_link(0, seconds, REPEATS, ALL_SCHEDULES);
	make_link(1, seconds, 1, ALL_SCHEDULES);
	struct csv_table *t = claims_made();
	assert_best(t, "1G-100ms", 9.5 / 9, "agrees");
	assert_best(t, "100M-0ms", 9.5 / 9, "not shown");
	assert_claims(t, "W1-best", "not shown");
	csv_table_free(t);

	make_link(8, off, REPEATS, ALL_SCHEDULES);
	t = claims_made();
	assert_best(t, "1G-100ms", 9.5 / 9, "agrees");
	assert_best(t, "1G-100ms-64M", 25 / 14., "disagrees");
	assert_claims(t, "W1", "agrees");
	assert_claims(t, "W1-best", "disagrees");
	csv_table_free(t);
}

/* The best number is the same in all repeats: that another one was better in one of them is chance. */
static void test_best_by_mean(void **state)
{
	(void)state;
	static const double four[] = { 10, 10, 10 }, six[] = { 8.9, 11, 11.1 }, adaptive[] = { 10.6, 10.61, 10.62 };
	const struct {
		const char *schedule;
		const double *seconds;
	} of[] = { { "four", four }, { "six", six }, { "adaptive", adaptive } };
	made_study(scratch, "wide-area-groups");
	for (int s = 0; s < 3; s++)
		for (int repeat = 1; repeat <= REPEATS; repeat++) {
			const struct made_loop_metric m = { "group_time", "", "", of[s].seconds[repeat - 1] * 1e9 };
			char point[100];
			snprintf(point, sizeof(point), "link=1G-100ms schedule=%s", of[s].schedule);
			link_run(point, "1G", "100ms", repeat, &m, 1);
		}
	struct csv_table *t = claims_made();
	assert_best(t, "1G-100ms", 1.061, "agrees");
	csv_table_free(t);
}

/* Without the other links only what was run has figures, and rows. */
static void test_groups_page(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"W1, W1-best: agrees",
		"At 1 Gbit/s and 100 ms a group moved sooner than one VM after the other, by a factor of 2.85",
		"Time to move the group at 1 Gbit/s, 100 ms; the line: its pages that are not zero",
		"rows more would need points"
	};
	const double seconds[] = { 30, 20, 14, 10, 8, 12, 10.5 };
	made_study(scratch, "wide-area-groups");
	make_link(0, seconds, REPEATS, 1 << 0 | 1 << 3 | 1 << 5 | 1 << 6);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	ASSERT_HAS_ALL(page, wanted);
	assert_null(strstr(page, "adaptive+100M-0ms"));
	free(page);
}

/* All live, or vm3 does not in this repeat (0: in none). */
static void make_reachable(int dead_repeat)
{
	static const char *const points[] = { "one-by-one", "adaptive" }, *const vms[] = { "vm1", "vm2", "vm3",
		                                                                           "vm4" };
	made_study(scratch, "wide-area-reachable");
	for (int p = 0; p < 2; p++)
		for (int repeat = 1; repeat <= REPEATS; repeat++) {
			struct made_loop_metric m[13] = { { "group_arrived", "", "", 1 } };
			for (int i = 0; i < 4; i++) {
				m[3 * i + 1] = (struct made_loop_metric){ "connection_alive", vms[i], "tcp",
					                                  repeat != dead_repeat || i != 2 };
				m[3 * i + 2] = (struct made_loop_metric){ "stream_gap", vms[i], "udp:from-guest",
					                                  2e8 + 1e6 * repeat };
				m[3 * i + 3] = (struct made_loop_metric){ "stream_gap_part", vms[i],
					                                  "from-guest:stopped", 1e8 };
			}
			made_case_run(scratch, points[p], repeat, m, 13);
		}
}

static void test_reachable(void **state)
{
	(void)state;
	for (int dead_repeat = 0; dead_repeat <= REPEATS; dead_repeat++) {
		make_reachable(dead_repeat);
		struct csv_table *t = claims_made();
		assert_claims(t, "W4", dead_repeat ? "disagrees" : "agrees");
		csv_table_free(t);
	}
}

/* With KVM; without it the paravirtual points are not there, and the rest has its verdicts all the same. */
static void make_waiting(double computes_alone, int kvm)
{
	static const char *const points[] = { "plain-1", "plain-2", "async-1", "async-2" };
	made_study(scratch, "wide-area-waiting");
	for (int p = 0; p < (kvm ? 4 : 2); p++)
		for (int repeat = 1; repeat <= REPEATS; repeat++) {
			double alone = p == 0 ? computes_alone : 0.5;
			const struct made_loop_metric m[] = {
				{ "lost_work", "vm1", "memdirty", 5 + 0.01 * repeat },
				{ "lost_work", "vm1", "intadd", alone + 0.01 * repeat },
				{ "postcopy_blocked", "vm1", "all", 3e9 },
				{ "postcopy_blocked", "vm1", "vcpu0", 4e9 },
				{ "postcopy_wait", "vm1", "p50", 2e7 },
				{ "postcopy_waits", "vm1", "", 700 },
			};
			made_case_run(scratch, points[p], repeat, m, sizeof(m) / sizeof(*m));
		}
	if (!kvm)
		for (int p = 2; p < 4; p++) {
			char folder[4096];
			made_case_run(scratch, points[p], 1, NULL, 0);
			snprintf(folder, sizeof(folder), "%.3000s/%s-r1", scratch, points[p]);
			made_file(
				folder, "manifest.json",
				"{\"format\":1,\"status\":\"skipped\",\"reason\":\"it needs KVM\",\"point\":\"case=%s\","
				"\"repeat\":1}\n",
				points[p]);
		}
}

static void test_waiting(void **state)
{
	(void)state;
	make_waiting(4.8, 1);
	struct csv_table *t = claims_made();
	assert_claims(t, "W5", "agrees");
	csv_table_free(t);
	make_waiting(1, 1);
	t = claims_made();
	assert_claims(t, "W5", "disagrees");
	csv_table_free(t);
}

static void test_waiting_without_kvm(void **state)
{
	(void)state;
	make_waiting(4.8, 0);
	struct csv_table *t = claims_made();
	assert_claims(t, "W5", "not shown");
	assert_string_equal(csv_table_text(t, row_of(t, "lost_work(plain-1, vm1, intadd) /"), "verdict"), "agrees");
	assert_string_equal(csv_table_text(t, row_of(t, "lost_work(async-1, vm1, intadd) /"), "verdict"),
	                    "not shown");
	assert_non_null(
		strstr(csv_table_text(t, row_of(t, "lost_work(async-1, vm1, intadd) /"), "reason"), "it needs KVM"));
	csv_table_free(t);
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "it needs KVM"));
	assert_non_null(strstr(page, "Work that each process of the guest did not do"));
	free(page);
}

static void test_reuse(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		made_study(scratch, "wide-area-reuse");
		for (int before = 0; before < 3; before++)
			for (int relays = 0; relays < 2; relays++)
				for (int repeat = 1; repeat <= REPEATS; repeat++) {
					double share = relays && before && !contrary ? 0.2 : 1.02;
					const struct made_loop_metric m[] = {
						{ "migration_time", "vm1", "completion",
						  (share * 14 + 0.01 * repeat) * 1e9 },
						{ "bytes_on_wire", "vm1", "migration:src-to-dst",
						  (share * 150 + 0.1 * repeat) * 1e6 },
						/* What is acknowledged goes the other way. */
						{ "bytes_on_wire", "vm1", "migration:dst-to-src", 7e5 },
					};
					char point[100];
					snprintf(point, sizeof(point), "moves_before=%d reuse=%s", before,
					         relays ? "yes" : "no");
					link_run(point, "100M", "30ms", repeat, m, sizeof(m) / sizeof(*m));
				}
		struct csv_table *t = claims_made();
		assert_claims(t, "W2", contrary ? "disagrees" : "agrees");
		csv_table_free(t);
	}
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "What each move of a VM that goes back and forth sent over the link"));
	assert_null(strstr(page, "No plot"));
	free(page);
}

/* with: bits 1 the return with a disk, 2 the late one. */
static void make_return(int with, double late_share, double disk_percent)
{
	made_study(scratch, "wide-area-return");
	for (int repeat = 1; repeat <= REPEATS; repeat++) {
		const struct made_loop_metric late[] = { { "bytes_to_memory", "vm1", "reported", 1 },
			                                 { "bytes_to_memory", "vm1", "on_wire",
			                                   late_share + 0.001 * repeat },
			                                 { "reuse_bytes", "vm1", "stream", 150e6 },
			                                 { "reuse_bytes", "vm1", "link", 15e6 } },
					      disk[] = { { "reuse_share", "vm1", "stream", 8 },
			                                 { "reuse_share", "vm1", "disk:stream",
			                                   disk_percent + repeat },
			                                 { "reuse_bytes", "vm1", "disk:stream", 67e6 },
			                                 { "reuse_bytes", "vm1", "disk:link", 2e5 } };
		if (with & 1)
			made_case_run(scratch, "disk", repeat, disk, 4);
		if (with & 2)
			made_case_run(scratch, "late", repeat, late, 4);
	}
}

static void test_return(void **state)
{
	(void)state;
	make_return(1, 0, 0.2);
	struct csv_table *t = claims_made();
	assert_claims(t, "W2-disks", "agrees");
	assert_claims(t, "W2-away", "not shown"); /* and why */
	int row = row_of(t, "100 * bytes_to_memory(late");
	assert_string_equal(csv_table_text(t, row, "reason"), "the study has no run of late");
	csv_table_free(t);
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "missing: the study has no run of late"));
	assert_non_null(strstr(page, "make wide-area-return"));
	free(page);

	make_return(2, 0.1, 0);
	t = claims_made();
	assert_claims(t, "W2-disks", "agrees");
	assert_claims(t, "W2-away", "agrees");
	csv_table_free(t);
	page = page_made(scratch);
	assert_non_null(strstr(page, "What came back over the link, with relays"));
	assert_null(strstr(page, "No plot"));
	free(page);

	make_return(3, 0.4, 90);
	t = claims_made();
	assert_claims(t, NULL, "disagrees");
	csv_table_free(t);
}

static void test_visits(void **state)
{
	static const char *const stays[] = { "2s", "15s", "45s" };
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		made_study(scratch, "wide-area-visits");
		for (int i = 0; i < 3; i++)
			for (int repeat = 1; repeat <= REPEATS; repeat++) {
				const double away_s[] = { 7, 20, 50 }, kept[] = { 80, 74, contrary ? 12 : 62 };
				const struct made_loop_metric m[] = {
					{ "stream_away", "vm1", "", away_s[i] * 1e9 },
					{ "pages_equal", "vm1", "kept", kept[i] + repeat },
					{ "stream_left", "vm1", "kept", 100 - kept[i] - repeat },
					{ "stream_left", "vm1", "together", 15 },
				};
				char point[32];
				snprintf(point, sizeof(point), "stay=%s", stays[i]);
				link_run(point, "400M", "0ms", repeat, m, sizeof(m) / sizeof(*m));
			}
		struct csv_table *t = claims_made();
		assert_claims(t, "W2", contrary ? "disagrees" : "agrees");
		csv_table_free(t);
	}
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "in the memory that it had left there"));
	free(page);
}

static void test_cached(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		made_study(scratch, "wide-area-cached");
		for (int repeat = 1; repeat <= REPEATS; repeat++) {
			const struct made_loop_metric reads[] = { { "pages_equal", "vm1", "disk",
				                                    contrary ? 0.1 * repeat : 22 + repeat },
				                                  { "stream_left", "vm1", "disk", 78 } };
			const struct made_loop_metric computes = { "pages_equal", "vm1", "disk", 0.01 * repeat };
			made_case_run(scratch, "reads", repeat, reads, 2);
			made_case_run(scratch, "computes", repeat, &computes, 1);
		}
		struct csv_table *t = claims_made();
		assert_claims(t, "W3", contrary ? "disagrees" : "agrees");
		csv_table_free(t);
	}
}

/* What VMs have in common is of all of them: vm1, which was first, shares nothing with those behind it. */
static void test_shared(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		made_study(scratch, "wide-area-shared");
		for (int repeat = 1; repeat <= REPEATS; repeat++) {
			const double vm1 = contrary ? 60 : 0, all = contrary ? 3 : 39;
			const struct made_loop_metric m[] = {
				{ "pages_equal", "vm1", "group", vm1 + repeat },
				{ "stream_left", "vm1", "group", 100 - vm1 },
				{ "pages_equal", "", "group", all + 0.1 * repeat },
				{ "pages_equal", "", "deduplication", all + 2 },
				{ "stream_left", "", "group", 100 - all },
				{ "stream_left", "", "deduplication", 98 - all },
			};
			link_run("schedule=all", "400M", "0ms", repeat, m, sizeof(m) / sizeof(*m));
		}
		struct csv_table *t = claims_made();
		assert_claims(t, "W3", contrary ? "disagrees" : "agrees");
		int row = row_of(t, "stream_left(all, none, group)");
		assert_float_equal(csv_table_number(t, row, "value"), contrary ? 97 : 61, 0.01);
		csv_table_free(t);
	}
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "had pages that several have been sent once"));
	assert_null(strstr(page, "No plot"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(test_groups),
		IN_SCRATCH(test_groups_of_one_link),
		IN_SCRATCH(test_groups_and_buffers),
		IN_SCRATCH(test_best_by_mean),
		IN_SCRATCH(test_groups_page),
		IN_SCRATCH(test_reachable),
		IN_SCRATCH(test_waiting),
		IN_SCRATCH(test_waiting_without_kvm),
		IN_SCRATCH(test_reuse),
		IN_SCRATCH(test_return),
		IN_SCRATCH(test_visits),
		IN_SCRATCH(test_cached),
		IN_SCRATCH(test_shared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
