/* The simulator: cases computed by hand, queueing formulas, and that nothing gets lost under any policy. */
#include "analysis/interval.h"
#include "analysis/simulated.h"
#include "bench/placement/heap.h"
#include "bench/placement/scenario.h"
#include "t/told_simulation.h"

#include <inttypes.h>

/* ---- the heap, against looking at all ---- */

enum { THINGS = 61 };

static void heap_used(struct heap h)
{
	int32_t at[THINGS];
	double keys[THINGS];
	srand(1);
	for (int i = 0; i < THINGS; i++)
		at[i] = HEAP_OUT;
	for (int round = 0; round < 50000; round++) {
		int32_t thing = rand() % THINGS, lowest = HEAP_OUT, count = 0;
		if (rand() % 3 == 0) {
			heap_remove(&h, at, thing);
		} else {
			keys[thing] = rand() % 40;
			assert_true(heap_set(&h, at, thing, keys[thing]));
		}
		for (int32_t i = 0; i < THINGS; i++) {
			if (at[i] == HEAP_OUT)
				continue;
			count++;
			assert_int_equal(h.items[at[i]].thing, i);
			if (lowest == HEAP_OUT || keys[i] < keys[lowest])
				lowest = i;
		}
		assert_int_equal(h.count, count);
		if (count)
			assert_int_equal(h.items[0].thing, lowest);
	}
	heap_free(&h);
}

static void heap_finds_the_lowest(void **state)
{
	(void)state;
	struct heap lent;
	struct heap_item items[4];
	heap_used((struct heap){ 0 });
	heap_lend(&lent, items, 4);
	heap_used(lent);
}

/* Without places, as the nodes of the simulator have it. */
static void heap_without_places(void **state)
{
	(void)state;
	struct heap h = { 0 };
	for (int32_t i = 0; i < 20; i++)
		assert_true(heap_push(&h, NULL, i, (i * 7) % 20));
	heap_change(&h, NULL, heap_find(&h, 4), -1); /* was 8 */
	heap_take(&h, NULL, heap_find(&h, 0));       /* was 0 */
	assert_int_equal(h.items[0].thing, 4);
	heap_take(&h, NULL, 0);
	for (int key = 1; key < 20; key++) {
		if (key == 8)
			continue;
		assert_int_equal(h.items[0].thing * 7 % 20, key);
		heap_take(&h, NULL, 0);
	}
	assert_int_equal(h.count, 0);
	heap_free(&h);
}

/* ---- cases computed by hand ---- */

static const struct sim_links apart;

static void hand_computed(void **state)
{
	(void)state;
	static const struct sim_case cases[] = {
		{ "one job", "none", "", 1, 1, 8, 0, "3:10", "3+vm0 13-vm0" },
		{ "two share a core", "none", "", 1, 1, 8, 0, "0:10 0:10", "0+vm0 0+vm1 20-vm0 20-vm1" },
		{ "the shorter ends first, the longer has the core then", "none", "", 1, 1, 8, 0, "0:10 0:4",
		  "0+vm0 0+vm1 8-vm1 14-vm0" },
		{ "one that comes later", "none", "", 1, 1, 8, 0, "0:10 4:2", "0+vm0 4+vm1 8-vm1 12-vm0" },
		{ "two cores for two", "none", "", 1, 2, 8, 0, "0:10 0:4", "0+vm0 0+vm1 4-vm1 10-vm0" },
		{ "two cores for three", "none", "", 1, 2, 8, 0, "0:6 0:6 0:6",
		  "0+vm0 0+vm1 0+vm2 9-vm0 9-vm1 9-vm2" },
		{ "half a core", "none", "", 1, 0.5, 8, 0, "0:6", "0+vm0 12-vm0" },
		{ "an empty node begins anew", "none", "", 1, 1, 8, 0, "0:2 5:2", "0+vm0 2-vm0 5+vm1 7-vm1" },
		{ "no room: it waits", "none", "", 1, 1, 3, 0, "0:10/2 1:5/2", "0+vm0 10-vm0 10+vm1 15-vm1" },
		{ "first come, first served", "none", "", 1, 1, 3, 0, "0:10/2 1:5/2 2:3/1",
		  "0+vm0 10-vm0 10+vm1 10+vm2 16-vm2 18-vm1" },
		{ "any node with room", "none", "", 2, 1, 2, 0, "0:10/2 1:5/2 2:1/2",
		  "0+vm0 1+vm1 6-vm1 6+vm2 7-vm2 10-vm0" },
		{ "at home although another has room", "none", "", 2, 1, 2, 0, "0:10/2@0 1:5/2@0",
		  "0+vm0 10-vm0 10+vm1 15-vm1" },
		{ "a queue a home", "none", "", 2, 1, 2, 0, "0:10/2@0 0:4/2@1 1:5/2@0 2:5/2@1",
		  "0+vm0 0+vm1 4-vm1 4+vm3 9-vm3 10-vm0 10+vm2 15-vm2" },
		/* vm0 loses 1.8 s of the 8, and has half of the core: 3.1 s are done, 16.9 s left for a node of its own. */
		{ "a move", "rtt-aware", "", 2, 1, 2, 6, "0:20/1@0 0:20/1@0",
		  "0+vm0 0+vm1 0>vm0 to pm1 8=vm0 24-vm1 24.9-vm0" },
		{ "at the threshold of RTT", "rtt-aware", "rtt_threshold=6ms", 2, 1, 2, 6, "0:20/1@0 0:20/1@0",
		  "0+vm0 0+vm1 0>vm0 to pm1 8=vm0 24-vm1 24.9-vm0" },
		{ "beyond it", "rtt-aware", "rtt_threshold=5ms", 2, 1, 2, 6, "0:20/1@0 0:20/1@0",
		  "0+vm0 0+vm1 40-vm0 40-vm1" },
		{ "the one with less in use moves", "rtt-aware", "memory_threshold=50%", 2, 1, 2, 6,
		  "0:20/1@0 0:20/1@0~0.5", "0+vm0 0+vm1 0>vm1 to pm1 4=vm1 22-vm0 22.7-vm1" },
		{ "planned at the next interval", "rtt-aware", "", 2, 2, 2, 6, "0.25:20/1@0 0.5:20/1@0",
		  "0.25+vm0 0.5+vm1 1>vm0 to pm1 9=vm0 20.5-vm1 22.05-vm0" },
		{ "it ends before its move", "rtt-aware", "", 2, 2, 2, 6, "0:1/1@0 0:20/1@0",
		  "0+vm0 0+vm1 0>vm0 to pm1 1.290322581!vm0 1.290322581-vm0 20-vm1" },
		{ "a move makes room at home", "rtt-aware", "", 2, 4, 2, 6, "0:30/1@0 0:30/1@0 2:5/1@0",
		  "0+vm0 0+vm1 0>vm0 to pm1 8=vm0 8+vm2 13-vm2 30-vm1 31.8-vm0" },
		{ "placed where there is room in CPU", "first-fit-decreasing", "cpu_fill=100% cpu_limit=100%", 2, 1,
		  8, 0, "0:10@0 0:10@0", "0+vm0 0+vm1 10-vm0 10-vm1" },
		/* The neighbour of a VM that moves has its half of the core, no more and no less. */
		{ "a neighbour", "rtt-aware", "", 2, 1, 2, 6, "0:20/1@0 0:3/1@0",
		  "0+vm0 0+vm1 0>vm0 to pm1 6-vm1 8=vm0 24.125-vm0" },
		/* The third VM of a node is moved once the first has arrived: one plan after the other. */
		{ "a move at a time", "rtt-aware", "memory_threshold=50% may_overload=yes", 2, 4, 4, 6,
		  "0:99/1.5@0 0:99/1@0~0.5 0:99/1@0",
		  "0+vm0 0+vm1 0+vm2 0>vm1 to pm1 4=vm1 4>vm2 to pm1 12=vm2 "
		  "99-vm0 100.4-vm1 100.8-vm2" },
		/* One turn a plan: pm0 is the worse one and cannot be helped, pm1 is in the next second. */
		{ "turns come round", "rtt-aware", "turns=1", 3, 4, 4, 6,
		  "0:50/2@0 0:51/2@0 0:52/1.9@1 0:53/1.5@1 0:54/2.2@2~0.2",
		  "0+vm0 0+vm1 0+vm2 0+vm3 0+vm4 1>vm3 to pm2 13=vm3 50-vm0 51-vm1 52-vm2 54-vm4 55.2-vm3" },
		/* vm1 has half a core for 8 s and loses 1.8 s of them: 10 - 3.1 are left. */
		{ "an overloaded node spreads", "threshold", "", 2, 1, 8, 0, "0:10@0 0:10@0",
		  "0+vm0 0+vm1 0>vm1 to pm1 8=vm1 14-vm0 14.9-vm1" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		case_check(&cases[i], &apart);
}

static void sums_by_hand(void **state)
{
	(void)state;
	static const struct sim_case move = { "sums", "rtt-aware", "", 2, 4, 2, 6, "1:30/1@0 1:30/1@0 3:5/1@0", "" };
	struct told t = { 0 };
	struct simulated s = case_run(&move, &apart, &t);
	assert_int_equal(s.vms, 3);
	assert_int_equal(s.first_ns, NS_PER_S);
	assert_int_equal(s.last_ns, 32800 * NS_PER_MS);
	assert_int_equal(llround(s.wait_ns), 6 * NS_PER_S);
	assert_int_equal(llround(s.longest_ns), 6 * NS_PER_S);
	assert_int_equal(s.waited, 1);
	assert_int_equal(llround(s.sojourn_ns), (31800 + 30000 + 11000) * NS_PER_MS);
	assert_int_equal(s.moves, 1);
	assert_int_equal(s.dropped, 0);
	assert_int_equal(llround(s.moving_ns), 8 * NS_PER_S);
	assert_int_equal(llround(s.lost_ns), 1800 * NS_PER_MS);
	assert_int_equal(llround(s.node_ns), (30000 + 23800) * NS_PER_MS);
	assert_int_equal(s.unplaced, 0);
	assert_int_equal(s.highest_vms, 3);
	assert_true(s.broken == 0 && s.broken_ns == 0);
	/* The job of the VM that moves first is done after 1 / 0.775 s; then one arrives. */
	static const struct sim_case drop = { "drop", "rtt-aware", "", 2, 2, 2, 6, "0:1/1@0 0:90/1@0 3:90/1@0", "" };
	memset(&t, 0, sizeof(t));
	s = case_run(&drop, &apart, &t);
	assert_string_equal(t.text, "0+vm0 0+vm1 0>vm0 to pm1 1.290322581!vm0 1.290322581-vm0 3+vm2 3>vm2 to pm1 "
	                            "11=vm2 90-vm1 94.8-vm2");
	assert_true(s.moves == 1 && s.broken == 1 && s.dropped == 0);
	assert_int_equal(llround(s.moving_ns), 8 * NS_PER_S);
	assert_int_equal(llround(s.broken_ns), 1290322581);
	assert_int_equal(llround(s.lost_ns), 1800 * NS_PER_MS + 290322581);
	/* For ever. */
	static const struct sim_case large = { "too large", "none", "", 1, 1, 2, 0, "0:1/3 0:1/1@0", "" };
	memset(&t, 0, sizeof(t));
	s = case_run(&large, &apart, &t);
	assert_int_equal(s.unplaced, 1);
	assert_int_equal(s.vms, 1);
}

static void transfer_is(const struct transfer_model *m, int64_t used_bytes, int64_t rtt_ns, double fixed_s,
                        double link_s, double lost_s)
{
	struct transfer_cost is = transfer_cost(m, used_bytes, NAN, rtt_ns);
	if (fabs(is.fixed - fixed_s * 1e9) > 1 || fabs(is.link - link_s * 1e9) > 1 ||
	    fabs(is.lost - lost_s * 1e9) > 1)
		fail_msg("%g + %g s, %g s lost, expected %g + %g, %g", is.fixed / 1e9, is.link / 1e9, is.lost / 1e9,
		         fixed_s, link_s, lost_s);
}

static void transfers(void **state)
{
	(void)state;
	struct transfer_model m = { .rate_bits_per_s = 1000000000,
		                    .setup_ns = NS_PER_S,
		                    .downtime_ns = NS_PER_MS * 500 };
	m.slowdown = 0.25;
	transfer_is(&m, 1000000000, 6 * NS_PER_MS, 1, 8, 2.75);
	assert_true(transfer_at_once(&m, 6 * NS_PER_MS) == 1);
	m.window_bytes = 375000; /* half of the link at 6 ms */
	transfer_is(&m, 1000000000, 6 * NS_PER_MS, 1, 16, 4.75);
	assert_true(fabs(transfer_at_once(&m, 6 * NS_PER_MS) - 2) < 1e-12);
	transfer_is(&m, 1000000000, 1 * NS_PER_MS, 1, 8, 2.75);
	transfer_is(&m, 1000000000, -1, 1, 8, 2.75);
	assert_true(transfer_at_once(&m, 1 * NS_PER_MS) == 1 && transfer_at_once(&m, -1) == 1);
}

/* What is in proportion to bytes is on the link; of that the round trips are for others, too. */
static void transfers_fitted(void **state)
{
	(void)state;
	struct transfer_model m = {
		.rate_bits_per_s = 1000000000, .fitted = true, .time = { 1, 1.5, 2, 3, 0.25 }, .lost = { -5 }
	};
	double wire_s = 0x1p30 * 8 / 1e9;
	struct transfer_cost is = transfer_cost(&m, INT64_C(1) << 30, 12.5e6, 10 * NS_PER_MS);
	assert_true(fabs(is.fixed / 1e9 - (1 + 0.25 * 10)) < 1e-6);
	assert_true(fabs(is.link / 1e9 - (1.5 * wire_s + 2 * 10 + 3 * wire_s * 0.1)) < 1e-6);
	assert_true(is.lost == 0);
	assert_true(fabs(transfer_at_once(&m, 10 * NS_PER_MS) - (1.5 * wire_s + 20) / (1.5 * wire_s)) < 1e-9);
	assert_true(transfer_at_once(&m, 0) == 1);
	/* Fitted so that a longer way is a shorter time: nothing of it is the link's. */
	m.time[2] = -0.1;
	is = transfer_cost(&m, INT64_C(1) << 30, 0, 10 * NS_PER_MS);
	assert_true(fabs(is.link / 1e9 - 1.5 * wire_s) < 1e-6 && fabs(is.fixed / 1e9 - 2.5) < 1e-6);
	assert_true(transfer_at_once(&m, 10 * NS_PER_MS) == 1);
	/* No sooner than the bytes are through, whatever was fitted. */
	m.time[0] = -100;
	transfer_is(&m, INT64_C(1) << 30, 0, 0, wire_s, 0);
	m = (struct transfer_model){ .rate_bits_per_s = 1000000000, .fitted = true, .time = { 20 } };
	transfer_is(&m, INT64_C(1) << 30, 0, 20 - wire_s, wire_s, 0);
}

/* What was not measured is named; a twentieth of the highest beyond either end is not beyond. */
static void transfers_beyond_what_was_measured(void **state)
{
	(void)state;
	char text[300];
	const struct transfer_model m = { .rate_bits_per_s = 1000000000,
		                          .fitted = true,
		                          .measured = { [TRANSFER_USED] = { 0x1p29, 0x1p30 },
		                                        [TRANSFER_DIRTY] = { 0x1p20, 0x1p20 },
		                                        [TRANSFER_RATE] = { 99e7, 100e7 },
		                                        [TRANSFER_RTT] = { 2e5, 20e6 } } };
	struct transfer_model keys = m;
	assert_int_equal(transfer_beyond(&m, 1 << 30, 0x1p20, 0), 0);
	assert_int_equal(transfer_beyond(&m, 1 << 30, 0x1p20, 21 * NS_PER_MS), 0);
	assert_int_equal(transfer_beyond(&m, 1 << 30, 0x1p20, 30 * NS_PER_MS), 1 << TRANSFER_RTT);
	assert_int_equal(transfer_beyond(&m, INT64_C(2) << 30, NAN, 0), 1 << TRANSFER_USED | 1 << TRANSFER_DIRTY);
	assert_string_equal(transfer_beyond_words(&m, 1 << TRANSFER_DIRTY | 1 << TRANSFER_RTT, text, sizeof(text)),
	                    "dirty rate (measured: 1 MiB/s), RTT (measured: 200 us to 20 ms)");
	keys.fitted = false;
	assert_int_equal(transfer_beyond(&keys, INT64_C(2) << 30, 0, 0), 0);
}

/* ---- queueing formulas ---- */

enum { FORMULA_SEEDS = 5, FORMULA_RUNS = 40, FORMULA_VMS = 20000 };

static struct scenario queue_scenario(double cores, double gib, int length, double load)
{
	struct scenario s = { .sites = 1,
		              .nodes_per_site = 1,
		              .node_cores = cores,
		              .node_memory_bytes = made_bytes(gib),
		              .rtt_choices_ns = { 0 },
		              .rtt_choice_count = 1,
		              .arrival = SCENARIO_EXPONENTIAL,
		              .home = SCENARIO_HOME_ANY,
		              .vms = FORMULA_VMS,
		              .interval_ns = (int64_t)(NS_PER_S / (load * cores)),
		              .vm_memory_bytes = made_bytes(1),
		              .work_scale = 1,
		              .length = length };
	for (int i = 0; i < SCENARIO_KINDS; i++)
		s.kinds[i] = (struct scenario_kind){ NS_PER_S, 1, 1 };
	return s;
}

static struct simulated scenario_run(const struct scenario *s, const struct policy_ops *ops, int64_t seed,
                                     int64_t run)
{
	struct err e = { 0 };
	struct scenario_drawn d;
	struct simulated sums;
	void *options = made_options(ops, "");
	assert_int_equal(scenario_begin(&d, s, seed, run, &e), 0);
	struct simulation one = scenario_simulation(&d);
	one.policy = ops;
	one.policy_options = options;
	one.transfer = (struct transfer_model){ .rate_bits_per_s = 1000000000, .setup_ns = NS_PER_S };
	one.interval_ns = NS_PER_S;
	one.cpu_means = run % 2;
	one.plan_arrivals = run % 3 == 2;
	if (simulate(&one, &sums, &e) < 0)
		fail_msg("%s", e.text);
	scenario_end(&d);
	free(options);
	return sums;
}

/*
 * In seconds, a VM: its wait, or its whole time. Of all seeds together the mean is within 3 % of the formula, and its interval no
 * wider than that: no seed is a lucky one, 3 % being several standard errors.
 */
static void formula_check(const struct scenario *s, bool wait, double expected)
{
	enum { RUNS = FORMULA_SEEDS * FORMULA_RUNS };
	double values[RUNS];
	for (int i = 0; i < RUNS; i++) {
		struct simulated r = scenario_run(s, &none_policy, 1 + i / FORMULA_RUNS, i % FORMULA_RUNS);
		assert_int_equal(r.vms, FORMULA_VMS);
		values[i] = (wait ? r.wait_ns : r.sojourn_ns) / FORMULA_VMS / NS_PER_S;
	}
	struct interval i = interval_of(values, RUNS);
	print_message("# %g (%g to %g), and the formula says %g\n", i.mean, i.low, i.high, expected);
	if (fabs(i.mean - expected) > 0.03 * expected || i.high - i.low > 0.03 * expected)
		fail_msg("%g (%g to %g), and the formula says %g", i.mean, i.low, i.high, expected);
}

/* Erlang's C: the share that waits of c servers at this load of each. */
static double erlang_c(int c, double load)
{
	double a = c * load, term = 1, sum = 0;
	for (int k = 0; k < c; k++) {
		sum += term;
		term *= a / (k + 1);
	}
	return term / (1 - load) / (sum + term / (1 - load));
}

/* A node with memory for as many VMs as it has cores is c servers with one queue. */
static void waits_as_m_m_c(void **state)
{
	(void)state;
	struct scenario one = queue_scenario(1, 1, SCENARIO_LENGTH_EXPONENTIAL, 0.7),
			four = queue_scenario(4, 4, SCENARIO_LENGTH_EXPONENTIAL, 0.8);
	formula_check(&one, true, 0.7 / 0.3);
	formula_check(&four, true, erlang_c(4, 0.8) / (4 * 0.2));
}

/* With memory for all the core is shared, and the time of a job is that of M/M/1, however its length is distributed. */
static void shares_as_m_g_1_ps(void **state)
{
	(void)state;
	struct scenario exponential = queue_scenario(1, 10000, SCENARIO_LENGTH_EXPONENTIAL, 0.7),
			fixed = queue_scenario(1, 10000, SCENARIO_LENGTH_FIXED, 0.7);
	formula_check(&exponential, false, 1 / 0.3);
	formula_check(&fixed, false, 1 / 0.3);
}

/* ---- scenarios ---- */

static void chances_do_not_depend_on_the_policy(void **state)
{
	(void)state;
	struct scenario s = queue_scenario(2, 4, SCENARIO_LENGTH_EXPONENTIAL, 0.9);
	struct scenario_drawn a, b, c;
	struct simulated_vm x, y, z;
	int same_run = 0, other_run = 0;
	s.home = SCENARIO_HOME_RANDOM;
	s.sites = 7;
	s.rtt_choice_count = 3;
	s.rtt_choices_ns[1] = 1;
	s.rtt_choices_ns[2] = 2;
	s.vms = 100;
	assert_int_equal(scenario_begin(&a, &s, 3, 0, NULL), 0);
	assert_int_equal(scenario_begin(&b, &s, 3, 0, NULL), 0);
	assert_int_equal(scenario_begin(&c, &s, 3, 1, NULL), 0);
	assert_memory_equal(a.rtt_ns, b.rtt_ns, 49 * sizeof(*a.rtt_ns));
	for (int i = 0; i < 7; i++) {
		assert_int_equal(a.rtt_ns[8 * i], 0);
		for (int k = 0; k < 7; k++)
			assert_int_equal(a.rtt_ns[7 * i + k], a.rtt_ns[7 * k + i]);
	}
	while (scenario_next(&a, &x) && scenario_next(&b, &y) && scenario_next(&c, &z)) {
		same_run += x.work_ns == y.work_ns && x.arrival_ns == y.arrival_ns && x.home == y.home;
		other_run += x.work_ns == z.work_ns;
	}
	assert_int_equal(same_run, 100);
	assert_int_equal(other_run, 0);
	scenario_end(&a);
	scenario_end(&b);
	scenario_end(&c);
}

/* A bit for each that was drawn. */
static void no_two_runs_are_the_same(void **state)
{
	(void)state;
	enum { RUNS = 2000000 };
	static const int64_t seeds[] = { 0, 1, 2, INT64_MAX };
	unsigned char *seen = malloc(UINT32_MAX / 8 + 1);
	assert_non_null(seen);
	for (size_t k = 0; k < sizeof(seeds) / sizeof(*seeds); k++) {
		int twice = 0;
		memset(seen, 0, UINT32_MAX / 8 + 1);
		for (int64_t run = 0; run < RUNS; run++) {
			unsigned long at = scenario_seed(seeds[k], run);
			assert_true(at > 0 && at <= UINT32_MAX);
			twice += seen[at / 8] >> at % 8 & 1;
			seen[at / 8] |= (unsigned char)(1 << at % 8);
		}
		assert_int_equal(twice, 0);
	}
	free(seen);
	assert_true(scenario_seed(1, 0) != scenario_seed(2, 0));
}

static void line_weights(void **state)
{
	(void)state;
	/* Five sites: neighbours are one apart, the ends four. */
	assert_true(scenario_line_weight(1, 5, 0, 4) == 1 && scenario_line_weight(1, 5, 3, 4) == 0.125);
	assert_true(scenario_line_weight(4, 5, 3, 4) == 1 && scenario_line_weight(4, 5, 0, 4) == 0.125);
	assert_true(scenario_line_weight(2, 5, 1, 4) == 1 && scenario_line_weight(2, 5, 0, 4) == 0.5);
	assert_true(scenario_line_weight(1, 2, 0, 4) == 1);
}

/* Whatever a policy does, every VM comes to its end, and none sooner than alone. */
static void every_policy_ends_every_job(void **state)
{
	(void)state;
	for (int k = 0; policies[k]; k++)
		for (int64_t run = 0; run < 20; run++) {
			struct scenario s = queue_scenario(2, 6, SCENARIO_LENGTH_EXPONENTIAL, 3);
			s.sites = 3;
			s.nodes_per_site = 2;
			s.vms = 400;
			s.home = run % 3;
			s.in_turn = run % 5 == 1;
			s.kinds[0].work_ns = 20 * NS_PER_S;
			s.kinds[2].work_ns = 80 * NS_PER_S;
			s.kinds[1].used = 0.5;
			struct simulated r = scenario_run(&s, policies[k], 1, run);
			struct simulated again = scenario_run(&s, policies[k], 1, run);
			assert_int_equal(r.vms, 400);
			assert_int_equal(r.unplaced, 0);
			assert_true(r.sojourn_ns >= r.wait_ns && r.highest_vms <= 400);
			assert_true(r.moves == 0 || policies[k] != &none_policy);
			assert_memory_equal(&r, &again, sizeof(r));
		}
}

/* ---- what is made of it ---- */

static void ratios(void **state)
{
	(void)state;
	static const double x[] = { 1, 2, 3, 4 }, y[] = { 2, 4, 6, 8 }, w[] = { 3, 3, 7, 7 }, none[] = { 0, 0, 0, 0 };
	struct interval r = ratio_of(x, y, 4);
	assert_true(r.mean == 0.5 && r.low == 0.5 && r.high == 0.5);
	r = ratio_of(x, w, 4);
	/* d = x - w / 2: -0.5, 0.5, -0.5, 0.5; sd = sqrt(1 / 3); half = 3.18245 * sd / 2 / 5 */
	assert_true(r.mean == 0.5 && fabs(r.high - 0.5 - 3.182446 * sqrt(1 / 3.) / 2 / 5) < 1e-6);
	assert_true(isnan(ratio_of(x, none, 4).mean));
	assert_true(ratio_of(x, y, 2).mean == 0.5 && isnan(ratio_of(x, y, 2).low));
	assert_true(simulated_study_known("sakurai-five-sites") && !simulated_study_known("kuno"));
	assert_true(fabs(simulated_paper_value("sakurai-three-sites", "none", METRIC_WAIT) - 56.6 * 60e9) < 1);
	assert_true(isnan(simulated_paper_value("sakurai-three-sites", "none", METRIC_MOVES)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_finds_the_lowest),
		cmocka_unit_test(heap_without_places),
		cmocka_unit_test(hand_computed),
		cmocka_unit_test(sums_by_hand),
		cmocka_unit_test(transfers),
		cmocka_unit_test(transfers_fitted),
		cmocka_unit_test(transfers_beyond_what_was_measured),
		cmocka_unit_test(waits_as_m_m_c),
		cmocka_unit_test(shares_as_m_g_1_ps),
		cmocka_unit_test(chances_do_not_depend_on_the_policy),
		cmocka_unit_test(no_two_runs_are_the_same),
		cmocka_unit_test(line_weights),
		cmocka_unit_test(every_policy_ends_every_job),
		cmocka_unit_test(ratios),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
