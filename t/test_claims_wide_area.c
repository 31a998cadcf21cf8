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

/* One after the other 30 s, four 9 s, all 12 s, adaptive 10 s; or 40. */
static void make_groups(double adaptive_s, int at_each_link)
{
	static const char *const rates[] = { "100M", "1G" }, *const rtts[] = { "0ms", "30ms", "100ms" },
				 *const schedules[] = { "sequential", "four", "all", "adaptive" };
	const double seconds[] = { 30, 9, 12, adaptive_s };
	made_study(scratch, "wide-area-groups");
	for (int r = at_each_link ? 0 : 1; r < 2; r++)
		for (int t = at_each_link ? 0 : 2; t < 3; t++)
			for (int s = 0; s < 4; s++)
				for (int repeat = 1; repeat <= (r == 1 && t == 2 ? REPEATS : 1); repeat++) {
					const struct made_loop_metric m[] = {
						{ "group_time", "", "", (seconds[s] + 0.01 * repeat) * 1e9 },
						{ "group_bound", "", "", 8e9 },
						{ "group_lost_work", "", "", seconds[s] / 2 },
					};
					char point[100];
					snprintf(point, sizeof(point), "link=%s-%s schedule=%s", rates[r], rtts[t],
					         schedules[s]);
					link_run(point, rates[r], rtts[t], repeat, m, sizeof(m) / sizeof(*m));
				}
}

/* Of each schedule: how many times the least it took. */
static void assert_to_least(const struct csv_table *t, const char *schedule, double times)
{
	char start[64];
	int seen = 0;
	snprintf(start, sizeof(start), "group_time(%s, 1G,100ms) / group_bound(", schedule);
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strncmp(csv_table_text(t, i, "formula"), start, strlen(start)) == 0) {
			seen++;
			assert_float_equal(csv_table_number(t, i, "value"), times, 0.01);
		}
	assert_int_equal(seen, 1);
}

static void test_groups(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		make_groups(contrary ? 40 : 10, 1);
		struct csv_table *t = claims_made();
		assert_claims(t, "W1", contrary ? "disagrees" : "agrees");
		int seen = 0;
		for (int i = 0; i < csv_table_rows(t); i++) {
			const char *formula = csv_table_text(t, i, "formula");
			if (!strstr(formula, "least(") || !strstr(formula, "group_time(adaptive, 1G,100ms)"))
				continue;
			seen++;
			assert_float_equal(csv_table_number(t, i, "value"), contrary ? 40 / 9. : 10 / 9., 0.01);
			assert_string_equal(csv_table_text(t, i, "verdict"), "");
		}
		assert_int_equal(seen, 1);
		assert_to_least(t, "sequential", 30 / 8.);
		assert_to_least(t, "four", 9 / 8.);
		assert_to_least(t, "all", 12 / 8.);
		assert_to_least(t, "adaptive", contrary ? 40 / 8. : 10 / 8.);
		csv_table_free(t);
	}
}

/* Without the other links only what was run has figures. */
static void test_groups_page(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"W1: agrees",
		"At 1 Gbit/s and 100 ms a group moved sooner than one VM after the other, by a factor of 3",
		"Time to move the group at 1 Gbit/s, 100 ms", "figures more would need points"
	};
	make_groups(10, 0);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	ASSERT_HAS_ALL(page, wanted);
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

static int row_of(const struct csv_table *t, const char *formula)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strstr(csv_table_text(t, i, "formula"), formula))
			return i;
	fail_msg("no part with %s", formula);
	return -1;
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
						{ "bytes_on_wire", "", "migration:src-to-dst",
						  (share * 150 + 0.1 * repeat) * 1e6 },
						/* What is acknowledged goes the other way. */
						{ "bytes_on_wire", "", "migration:dst-to-src", 7e5 },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(test_groups),
		IN_SCRATCH(test_groups_page),
		IN_SCRATCH(test_reachable),
		IN_SCRATCH(test_waiting),
		IN_SCRATCH(test_waiting_without_kvm),
		IN_SCRATCH(test_reuse),
		IN_SCRATCH(test_visits),
		IN_SCRATCH(test_cached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
