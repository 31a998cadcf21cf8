/* Moves at the same time: whose rate they share and whose not, cases computed by hand. */
#include "bench/placement/fair_share.h"
#include "bench/placement/group_link.h"
#include "t/told_simulation.h"

/* ---- jobs that share ---- */

/* Until all jobs are done: when each was, by its number. */
static void run_out(struct fair_share *f, double servers, double *ends_s)
{
	while (f->jobs.count) {
		double next_ns = fair_share_next_ns(f, servers);
		int32_t job = f->jobs.items[0].thing;
		fair_share_attain(f, servers, next_ns);
		assert_true(fair_share_take(f, NULL, 0) < 1);
		ends_s[job] = next_ns / 1e9;
	}
	assert_true(isinf(fair_share_next_ns(f, servers)));
	heap_free(&f->jobs);
}

/* The first has 4 of 8 s done when the second comes, which then has half until the first is done. */
static void one_that_comes_later(void **state)
{
	(void)state;
	struct fair_share f = { 0 };
	double ends_s[2];
	fair_share_attain(&f, 1, 0);
	assert_true(fair_share_add(&f, NULL, 0, 8e9));
	fair_share_attain(&f, 1, 4e9);
	assert_true(fair_share_rate(&f, 1) == 1 && fair_share_left_ns(&f, 0) == 4e9);
	assert_true(fair_share_add(&f, NULL, 1, 8e9));
	assert_true(fair_share_rate(&f, 1) == 0.5);
	run_out(&f, 1, ends_s);
	assert_true(ends_s[0] == 12 && ends_s[1] == 16);
}

/* Two and a half servers: two jobs have one each, the third makes it 5/6. */
static void servers_need_not_be_whole(void **state)
{
	(void)state;
	struct fair_share f = { 0 };
	double ends_s[3];
	fair_share_attain(&f, 2.5, 0);
	assert_true(fair_share_add(&f, NULL, 0, 10e9) && fair_share_add(&f, NULL, 1, 10e9));
	assert_true(fair_share_rate(&f, 2.5) == 1);
	assert_true(fair_share_add(&f, NULL, 2, 5e9));
	run_out(&f, 2.5, ends_s);
	assert_true(ends_s[2] == 6 && ends_s[0] == 11 && ends_s[1] == 11);
}

static void nobody_waits_for_endless_servers(void **state)
{
	(void)state;
	struct fair_share f = { 0 };
	double ends_s[3];
	fair_share_attain(&f, INFINITY, 1e9);
	for (int32_t i = 0; i < 3; i++)
		assert_true(fair_share_add(&f, NULL, i, (i + 1) * 1e9));
	run_out(&f, INFINITY, ends_s);
	assert_true(ends_s[0] == 2 && ends_s[1] == 3 && ends_s[2] == 4);
}

/* ---- moves that share a link ---- */

#define FOUR "0:40/1@0 0:40/1@0 0:40/1@1 0:40/1@1"
#define FOUR_START "0+vm0 0+vm1 0+vm2 0+vm3 "
#define FOUR_MOVES FOUR_START "0>vm0 to pm2 0>vm2 to pm3 "

/*
 * A VM that moves has half of its core, less 1.8 of 8 s: 0.775 of that. So after 8 s alone it has 40 - 3.1 left and its
 * neighbour 36; after 16 s 40 - 6.2 and 32.
 */
static void links(void **state)
{
	(void)state;
	static const struct {
		struct sim_case is;
		struct sim_links links;
	} cases[] = {
		{ { "two equal moves take twice the time", "rtt-aware", "", 4, 1, 2, 6, FOUR,
		    FOUR_MOVES "16=vm0 16=vm2 48-vm1 48-vm3 49.8-vm0 49.8-vm2" },
		  { .sites = 2, .shared = true } },
		{ { "and not where it is not shared", "rtt-aware", "", 4, 1, 2, 6, FOUR,
		    FOUR_MOVES "8=vm0 8=vm2 44-vm1 44-vm3 44.9-vm0 44.9-vm2" },
		  { .sites = 2 } },
		{ { "links of other pairs of sites are others", "rtt-aware", "", 4, 1, 2, 6, FOUR,
		    FOUR_MOVES "8=vm0 8=vm2 44-vm1 44-vm3 44.9-vm0 44.9-vm2" },
		  { .sites = 4, .shared = true } },
		/* The smaller one (4 s alone, 1.4 of them lost) is through after 8, the larger has half of its 8 s left. */
		{ { "the larger has the link when the smaller is through", "rtt-aware", "memory_threshold=60%", 4, 1,
		    2, 6, "0:40/1@0 0:40/1@0 0:40/1@1~0.5 0:40/1@1",
		    FOUR_MOVES "8=vm2 12=vm0 44-vm3 45.4-vm2 46-vm1 47.35-vm0" },
		  { .sites = 2, .shared = true } },
		{ { "each direction has the rate", "rtt-aware", "", 4, 1, 2, 6,
		    "0:40/1@0 0:40/1@0 0:40/1@2 0:40/1@2 0:1/0.1@1",
		    FOUR_START "0+vm4 0>vm0 to pm3 0>vm2 to pm1 1-vm4 8=vm0 8=vm2 44-vm1 44-vm3 44.9-vm2 44.9-vm0" },
		  { .sites = 2, .shared = true } },
		{ { "within a site nodes do not share", "rtt-aware", "", 4, 1, 2, 0,
		    "0:40/1@0 0:40/1@0 0:40/1@2 0:40/1@2",
		    FOUR_START "0>vm0 to pm1 0>vm2 to pm3 8=vm0 8=vm2 44-vm1 44-vm3 44.9-vm0 44.9-vm2" },
		  { .sites = 1, .shared = true } },
		/* A third of a core each. */
		{ { "but what a node sends does", "threshold", "at_once=2", 3, 1, 8, 0, "0:30@0 0:30@0 0:30@0",
		    "0+vm0 0+vm1 0+vm2 0>vm2 to pm1 0>vm1 to pm2 16=vm1 16=vm2 40.66666667-vm0 41.86666667-vm2 "
		    "41.86666667-vm1" },
		  { .sites = 1, .shared = true } },
		/* A window of half of the link a round trip: 16 s alone, 2.6 of them lost, and two of them fill the link. */
		{ { "moves that wait for round trips leave room for others", "rtt-aware", "rtt_threshold=125ms", 4, 1,
		    2, 125, FOUR, FOUR_MOVES "16=vm0 16=vm2 48-vm1 48-vm3 49.3-vm0 49.3-vm2" },
		  { .sites = 2, .shared = true, .window_bytes = 1 << 23 } },
		/* 2 s each beside each other, then 16; alone 10, of which 2 are lost. */
		{ { "setting up is not stretched", "rtt-aware", "", 4, 1, 2, 6, FOUR,
		    FOUR_MOVES "18=vm0 18=vm2 49-vm1 49-vm3 50.8-vm0 50.8-vm2" },
		  { .sites = 2, .shared = true, .setup_s = 2 } },
		/* vm0 is done after 3 / 0.3875 s: half of those were vm2's, the rest it has the link for itself. */
		{ { "one that is gone makes room", "rtt-aware", "", 4, 1, 2, 6, "0:3/1@0 0:40/1@0 0:40/1@1 0:40/1@1",
		    FOUR_MOVES "7.741935484!vm0 7.741935484-vm0 11.87096774=vm2 43.87096774-vm1 45.93548387-vm3 "
		               "47.27096774-vm2" },
		  { .sites = 2, .shared = true } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		case_check(&cases[i].is, &cases[i].links);
}

static void sums(void **state)
{
	(void)state;
	static const struct sim_case two = { "sums", "rtt-aware", "", 4, 1, 2, 6, FOUR, "" };
	static const struct sim_links links = { .sites = 2, .shared = true, .setup_s = 2 };
	struct told t = { 0 };
	struct simulated s = case_run(&two, &links, &t);
	assert_int_equal(s.moves, 2);
	assert_int_equal(llround(s.moving_ns), 2 * 18 * NS_PER_S);
	assert_int_equal(llround(s.alone_ns), 2 * 10 * NS_PER_S);
	assert_int_equal(llround(s.lost_ns), 2 * 3600 * NS_PER_MS);
	assert_int_equal(s.plans, 1);
}

/* The flows of a group, where each has the same and none more than its window, come to the same time. */
static void as_a_group_shares(void **state)
{
	(void)state;
	static const struct sim_case three = {
		"three", "rtt-aware", "", 6, 1, 2, 8, "0:90/1@0 0:90/1@0 0:90/1@1 0:90/1@1 0:90/1@2 0:90/1@2", ""
	};
	/* One fills the link, two do, none do. */
	static const int64_t windows[] = { 0, 600000, 300000 };
	const struct group_schedule_options all = { .kind = SCHEDULE_ALL };
	const struct group_vm vms[3] = { { 1 << 30, 1 << 30, 0 }, { 1 << 30, 1 << 30, 0 }, { 1 << 30, 1 << 30, 0 } };
	static const double nothing[3] = { 0, 0, 0 };
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct sim_links links = { .sites = 2, .shared = true, .window_bytes = windows[i] };
		const struct group_link link = { .rate = 0x1p27,
			                         .rtt_s = windows[i] ? 0.008 : 0,
			                         .window_bytes = (double)windows[i] };
		struct group_outcome o;
		struct told t = { 0 };
		struct simulated s = case_run(&three, &links, &t);
		assert_int_equal(group_link_move(&link, &all, vms, nothing, 3, INT64_C(1) << 40, 1, &o, NULL), 0);
		assert_int_equal(s.moves, 3);
		if (fabs(s.moving_ns / 3e9 / o.time_s - 1) > 0.01)
			fail_msg("window %lld: %g s, and %g s as a group", (long long)windows[i], s.moving_ns / 3e9,
			         o.time_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_comes_later),
		cmocka_unit_test(servers_need_not_be_whole),
		cmocka_unit_test(nobody_waits_for_endless_servers),
		cmocka_unit_test(links),
		cmocka_unit_test(sums),
		cmocka_unit_test(as_a_group_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
