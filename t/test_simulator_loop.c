/* The simulator: VMs that start in turn, plans for each that comes, a baseline, and CPU as a mean. Computed by hand. */
#include "bench/placement/group_link.h"
#include "t/told_simulation.h"

static const struct sim_links apart;

/* A node of 2 or 3 GiB has no room for the second VM until the first is done, at 10 s. */
static void starts_in_turn(void **state)
{
	(void)state;
	static const struct {
		struct sim_case is;
		double wait_s;
		int waited;
	} cases[] = {
		{ { "one that waits holds up the next", "none", "", 1, 4, 3, 0, "0:10/2 1:5/2 2:3/1",
		    "0+vm0 10-vm0 10+vm1 11+vm2 14-vm2 15-vm1" },
		  9,
		  1 },
		{ { "at another node, too", "none", "", 2, 4, 2, 0, "0:10/2@0 1:5/2@0 2:3/2@1",
		    "0+vm0 10-vm0 10+vm1 11+vm2 14-vm2 15-vm1" },
		  9,
		  1 },
		{ { "waits add up", "none", "", 1, 4, 2, 0, "0:10/2@0 1:5/2@0 2:4/2@0",
		    "0+vm0 10-vm0 10+vm1 15-vm1 15+vm2 19-vm2" },
		  13,
		  2 },
		{ { "nobody waits", "none", "", 1, 4, 8, 0, "0:10 1:5 2:3", "0+vm0 1+vm1 2+vm2 5-vm2 6-vm1 10-vm0" },
		  0,
		  0 },
		/* The VM that comes at 2 waits for the move's end; the one after it for that start. */
		{ { "a move ends a wait", "rtt-aware", "", 2, 4, 2, 6, "0:30/1@0 0:30/1@0 2:5/1@0 3:3.5/1@1",
		    "0+vm0 0+vm1 0>vm0 to pm1 8=vm0 8+vm2 9+vm3 12.5-vm3 13-vm2 30-vm1 31.8-vm0" },
		  6,
		  1 },
	};
	static const struct sim_loop in_turn = { .in_turn = true };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct told t = { 0 };
		struct simulated s = loop_run(&cases[i].is, &apart, &in_turn, &t);
		if (strcmp(t.text, cases[i].is.expected) != 0)
			fail_msg("%s: '%s', expected '%s'", cases[i].is.what, t.text, cases[i].is.expected);
		assert_int_equal(llround(s.wait_ns), llround(cases[i].wait_s * NS_PER_S));
		assert_int_equal(s.waited, cases[i].waited);
		assert_int_equal(s.unplaced, 0);
	}
}

static void loops(void **state)
{
	(void)state;
	static const struct {
		struct sim_case is;
		struct sim_loop loop;
	} cases[] = {
		/* pm0 is loaded after the first move still, and that is seen when the next VM comes. */
		{ { "a plan for each that comes", "rtt-aware", "memory_threshold=50% may_overload=yes", 2, 4, 4, 6,
		    "0:99/1.5@0 0:99/1@0~0.5 0:98/1@0 5:90/1@1",
		    "0+vm0 0+vm1 0+vm2 0>vm1 to pm1 4=vm1 5+vm3 5>vm2 to pm1 13=vm2 95-vm3 99-vm0 99.8-vm2 100.4-vm1" },
		  { .plan_arrivals = true } },
		{ { "nothing is planned before the baseline is over", "threshold", "", 2, 1, 8, 0, "0:10@0 0:10@0",
		    "0+vm0 0+vm1 1>vm1 to pm1 9=vm1 14.5-vm0 15.4-vm1" },
		  { .baseline_s = 1 } },
		{ { "nor before the window", "threshold", "window=2s", 2, 1, 8, 0, "0:10@0 0:10@0",
		    "0+vm0 0+vm1 3>vm1 to pm1 11=vm1 15.5-vm0 16.4-vm1" },
		  { .baseline_s = 1, .cpu_means = true } },
		/* vm3 comes while vm1 moves: its plan is made when that has arrived, one for it and vm4. */
		{ { "one that comes while a move goes on has its plan after it", "rtt-aware",
		    "memory_threshold=50% may_overload=yes", 2, 8, 4, 6,
		    "0:99/1.5@0 0:99/1@0~0.5 0:98/1@0 2:90/0.25@1 3:90/0.25@1",
		    "0+vm0 0+vm1 0+vm2 0>vm1 to pm1 2+vm3 3+vm4 4=vm1 4>vm2 to pm1 12=vm2 92-vm3 93-vm4 99-vm0 99.8-vm2 "
		    "100.4-vm1" },
		  { .plan_arrivals = true } },
		{ { "and there is no plan without one", "rtt-aware", "memory_threshold=50% may_overload=yes", 2, 8, 4,
		    6, "0:99/1.5@0 0:99/1@0~0.5 0:98/1@0",
		    "0+vm0 0+vm1 0+vm2 0>vm1 to pm1 4=vm1 98-vm2 99-vm0 100.4-vm1" },
		  { .plan_arrivals = true } },
		/* Of a third of a core vm2 loses 1.8 of 8 s; the second stage is planned again, after 2 s. */
		{ { "what is of a later stage is planned again after the quiet time", "threshold", "quiet=2s", 3, 1,
		    8, 0, "0:30@0 0:30@0 0:30@0",
		    "0+vm0 0+vm1 0+vm2 0>vm2 to pm1 8=vm2 10>vm1 to pm2 18=vm1 35.93333333-vm2 40.33333333-vm0 "
		    "41.23333333-vm1" },
		  { 0 } },
		{ { "but not where plans come with VMs", "threshold", "quiet=2s", 3, 1, 8, 0, "0:30@0 0:30@0 0:30@0",
		    "0+vm0 0+vm1 0+vm2 0>vm2 to pm1 8=vm2 8>vm1 to pm2 16=vm1 35.93333333-vm2 39.33333333-vm0 "
		    "40.23333333-vm1" },
		  { .plan_arrivals = true } },
		{ { "nor what would be half of a relocation", "threshold", "quiet=2s", 2, 16, 8, 0,
		    "0:99@0 0:98@0 0:97@0 0:90@1 0:80@1",
		    "0+vm0 0+vm1 0+vm2 0+vm3 0+vm4 0>vm3 to pm0 8=vm3 8>vm4 to pm0 16=vm4 81.8-vm4 91.8-vm3 97-vm2 98-vm1 "
		    "99-vm0" },
		  { 0 } },
		/* The mean of pm1 is 75 % at 6 s, 25 % at 7 s. */
		{ { "a node is idle when its mean is", "threshold", "window=2s quiet=0s", 2, 1, 8, 0,
		    "0:20@0 0:20@0 0:5.5@1", "0+vm0 0+vm1 0+vm2 5.5-vm2 7>vm1 to pm1 15=vm1 27.5-vm0 28.4-vm1" },
		  { .cpu_means = true } },
		{ { "and at once by that of the moment", "threshold", "window=2s quiet=0s", 2, 1, 8, 0,
		    "0:20@0 0:20@0 0:5.5@1", "0+vm0 0+vm1 0+vm2 5.5-vm2 6>vm1 to pm1 14=vm1 27-vm0 27.9-vm1" },
		  { 0 } },
		{ { "a VM that came is not known for a window", "threshold", "window=2s quiet=0s", 2, 1, 8, 0,
		    "0:20@0 3:20@0", "0+vm0 3+vm1 5>vm1 to pm1 13=vm1 25-vm0 28.9-vm1" },
		  { .cpu_means = true } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct told t = { 0 };
		loop_run(&cases[i].is, &apart, &cases[i].loop, &t);
		if (strcmp(t.text, cases[i].is.expected) != 0)
			fail_msg("%s: '%s', expected '%s'", cases[i].is.what, t.text, cases[i].is.expected);
	}
}

/* More changes within a window than there is room for at first: the mean is still that of the window. */
static void many_changes_in_a_window(void **state)
{
	(void)state;
	static const struct sim_case many = { "many",
		                              "threshold",
		                              "window=10s quiet=0s",
		                              2,
		                              4,
		                              8,
		                              0,
		                              "0:40@0 0:40@0 0:40@0 0:40@0 0:1@1 1.5:1@1 3:1@1 4.5:1@1 6:1@1 7.5:1@1 "
		                              "9:0.5@1",
		                              "" };
	static const struct sim_loop means = { .cpu_means = true };
	struct told t = { 0 };
	loop_run(&many, &apart, &means, &t);
	/* 6.5 s of 40 are 16 %: idle, as soon as the window is full. */
	assert_non_null(strstr(t.text, " 10>vm3 to pm1"));
}

/* VMs for ever; after so many it is to stop. */
struct endless {
	volatile sig_atomic_t stop;
	int64_t count, last;
};

static bool endless_next(void *context, struct simulated_vm *ret)
{
	struct endless *s = context;
	*ret = (struct simulated_vm){ .arrival_ns = s->count * NS_PER_S,
		                      .work_ns = NS_PER_S,
		                      .memory_bytes = 1,
		                      .home = CLUSTER_NONE,
		                      .dirty_per_s = NAN };
	s->stop = ++s->count >= s->last;
	return s->count < 10 * s->last;
}

static void stops_when_it_is_to(void **state)
{
	(void)state;
	static const int64_t rtt_ns = 0;
	struct endless arrivals = { .last = 100000 };
	const struct simulation s = { .policy = &none_policy,
		                      .sites = 1,
		                      .rtt_ns = &rtt_ns,
		                      .nodes_per_site = 1,
		                      .node_cores = 1,
		                      .node_memory_bytes = 1 << 20,
		                      .interval_ns = NS_PER_S,
		                      .arrival = endless_next,
		                      .arrivals = &arrivals,
		                      .stop = &arrivals.stop };
	struct simulated sums;
	struct err e = { 0 };
	assert_int_equal(simulate(&s, &sums, &e), -1);
	assert_int_equal(e.status, EXIT_INTERRUPTED);
	assert_true(arrivals.count >= arrivals.last && arrivals.count < arrivals.last + 5000);
}

static void a_group_stops_too(void **state)
{
	(void)state;
	static const volatile sig_atomic_t now = 1;
	const struct group_link link = { .rate = 0x1p27, .stop = &now };
	const struct group_schedule_options all = { .kind = SCHEDULE_ALL };
	const struct group_vm vm = { 1 << 30, 1 << 30, 0 };
	const double dirty_per_s = 0;
	struct group_outcome o;
	struct err e = { 0 };
	assert_int_equal(group_link_move(&link, &all, &vm, &dirty_per_s, 1, INT64_C(1) << 40, 1, &o, &e), -1);
	assert_int_equal(e.status, EXIT_INTERRUPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_in_turn),           cmocka_unit_test(loops),
		cmocka_unit_test(many_changes_in_a_window), cmocka_unit_test(stops_when_it_is_to),
		cmocka_unit_test(a_group_stops_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
