/* What each policy plans for a table of cluster states: every rule, both sides of every border. (first-fit-decreasing:
 * test_policy_first_fit.c) */
#include "t/planned.h"

static void nothing_moves(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "overloaded", "", "100 0", "0:50 0:50", "" },
		{ "idle", "", "10 10", "0:10 1:10", "" },
		{ "loaded", "", "10/2 0", "0:10/2", "" },
	};
	CHECK_CASES(&none_policy, cases);
}

static void threshold_spreads(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "the paper's first experiment", "", "96 3", "0:20 0:76", "vm0>pm1" },
		{ "overload: at it", "", "90 3", "0:20 0:70", "vm0>pm1" },
		{ "overload: below", "", "89.99 3", "0:20 0:69", "" },
		{ "overload: a key", "overload=80%", "80 3", "0:20 0:60", "vm0>pm1" },
		{ "overload: below the key", "overload=80%", "79.9 3", "0:20 0:60", "" },
		{ "active: at it", "", "96 3", "0:5 0:91", "vm0>pm1" },
		{ "active: below", "", "96 3", "0:4.99 0:91", "" },
		{ "active: a key", "active=4%", "96 3", "0:4.99 0:91", "vm0>pm1" },
		{ "active: one alone", "", "100 3", "0:100", "" },
		{ "inactive VMs stay", "", "96 3", "0:4 0:20 0:70 0:2", "vm1>pm1" },
		{ "the busiest stays", "", "96 3", "0:76 0:20", "vm1>pm1" },
		{ "of equals the first stays", "", "100 3", "0:50 0:50", "vm1>pm1" },
		{ "idle: below", "", "96 29.99", "0:20 0:76", "vm0>pm1" },
		{ "idle: at it", "", "96 30", "0:20 0:76", "" },
		{ "idle: a key", "idle=40%", "96 30", "0:20 0:76", "vm0>pm1" },
		{ "all but one move, the lightest first", "at_once=0", "98 3 3 3", "0:50 0:28 0:20",
		  "vm2>pm1 vm1>pm1" },
		{ "a node stays idle below the border with what comes", "at_once=0", "98 9.99 1", "0:50 0:28 0:20",
		  "vm2>pm1 vm1>pm1" },
		{ "and is idle no longer at it", "at_once=0", "98 10 1", "0:50 0:28 0:20", "vm2>pm1 vm1>pm2" },
		{ "one place, two to go", "", "98 10 50", "0:50 0:28 0:20", "vm2>pm1" },
		{ "two overloaded, the worse first", "", "96 99 3 4", "0:20 0:76 1:40 1:59", "vm2>pm2 vm0>pm3" },
		{ "what they leave is no idle node for them", "at_once=0", "90 0 50", "0:60 0:45 0:40 0:30",
		  "vm3>pm1" },
		{ "no idle node", "", "96 50", "0:20 0:76", "" },
		{ "memory fits", "", "96 3/4 3", "0:20/4 0:76", "vm0>pm1" },
		{ "memory does not fit", "", "96 3/3.9 3", "0:20/4 0:76", "vm0>pm2" },
		{ "memory taken by a VM on it", "", "96 3/4 3", "0:20/4 0:76 1:1/0.1", "vm0>pm2" },
		{ "memory fits nowhere", "", "96 3/3.9", "0:20/4 0:76", "" },
		{ "memory of what is coming", "at_once=0", "98 3/1.5 3", "0:50 0:28 0:20", "vm2>pm1 vm1>pm2" },
		{ "cores", "", "90*2 3", "0:70 0:110", "vm0>pm1" },
		{ "cores: below", "", "89*2 3", "0:70 0:108", "" },
		{ "idle with cores: what comes is a share of them", "at_once=0", "98 20*2 1", "0:50 0:28 0:19.9",
		  "vm2>pm1 vm1>pm1" },
	};
	CHECK_CASES(&threshold_policy, cases);
}

static void threshold_gathers(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "on the busiest idle node", "", "22 8", "0:22 1:8", "vm1>pm0" },
		{ "which may be any", "", "8 22", "0:8 1:22", "vm0>pm1" },
		{ "of equals the first", "", "10 10", "0:10 1:10", "vm1>pm0" },
		{ "idle: just below", "", "29.99 8", "0:29 1:8", "vm1>pm0" },
		{ "idle: at it", "", "30 8", "0:30 1:8", "" },
		{ "idle nodes without VMs do not count", "", "22 0 0", "0:22", "" },
		{ "VMs that do nothing are gathered too", "", "22 1", "0:22 1:0 1:1", "vm2>pm0 vm1>pm0#1" },
		{ "all, the least busy node first", "", "10 20 5", "0:10 1:20 2:5", "vm2>pm1 vm0>pm1#1" },
		{ "two overlap at one node", "at_once=2", "10 20 5 2", "0:10 1:20 2:5 3:2",
		  "vm3>pm1 vm2>pm1 vm0>pm1#1" },
		{ "all overlap", "at_once=0", "10 20 5", "0:10 1:20 2:5", "vm2>pm1 vm0>pm1" },
		{ "up to the limit", "", "29 29 29 29", "0:29 1:29 2:29 3:29", "vm1>pm0 vm2>pm0#1" },
		{ "the limit: below", "gather_limit=58.1%", "29 29", "0:29 1:29", "vm1>pm0" },
		{ "the limit: at it", "gather_limit=58%", "29 29", "0:29 1:29", "" },
		{ "the limit: at it, in sums that are not exact", "gather_limit=30%", "20 10", "0:20 1:10", "" },
		{ "the busiest has no memory, the next has", "", "22/1 8/2", "0:22 1:8", "vm0>pm1" },
		{ "memory fits", "", "22/2 8/2", "0:22 1:8", "vm1>pm0" },
		{ "a node is emptied as a whole or not", "", "22/3 8/2", "0:22 1:4/1 1:4/1", "vm1>pm0 vm2>pm0#1" },
		{ "or not", "", "22/2.9 8/2.9", "0:22 1:4/1 1:4/1", "" },
		{ "another fits", "", "22/2 8 9", "0:22 1:4 1:4 2:9", "vm3>pm0" },
		{ "CPU of a VM not known: it does not move", "", "22 8", "0:22 1:?", "vm0>pm1" },
		{ "CPU of no VM known", "", "22 8", "0:? 1:?", "" },
		{ "of a VM of the busiest: it does not move", "", "22 8", "0:? 1:8", "vm1>pm0" },
		{ "CPU of a node not known", "", "22 ?", "0:22 1:8", "" },
		{ "beside an overload elsewhere", "", "96 3 20 8", "0:20 0:76 2:20 3:8", "vm0>pm1 vm3>pm2" },
		{ "but not what the overload concerns", "", "96 3 20", "0:20 0:76 1:3 2:20", "vm0>pm1" },
	};
	CHECK_CASES(&threshold_policy, cases);
}

static void threshold_respects_states(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "a silent node is no destination", "", "96 3x 4", "0:20 0:76", "vm0>pm2" },
		{ "none but silent ones", "", "96 3x", "0:20 0:76", "" },
		{ "nothing moves from a silent node", "", "96x 3", "0:20 0:76", "" },
		{ "nor is it gathered", "", "22 8x", "0:22 1:8", "" },
		{ "nor gathered on", "", "22x 8 7", "0:22 1:8 2:7", "vm2>pm1" },
		{ "CPU of the node not known", "", "? 3", "0:20 0:76", "" },
		{ "CPU of the destination not known", "", "96 ? 3", "0:20 0:76", "vm0>pm2" },
		{ "CPU of a VM not known", "", "96 3", "0:? 0:76", "" },
		{ "and others are", "", "96 3", "0:? 0:76 0:10", "vm2>pm1" },
		{ "asleep", "", "96 0z", "0:20 0:76", "wake:pm1 vm0>pm1" },
		{ "asleep, and no CPU", "", "96 ?z", "0:20 0:76", "wake:pm1 vm0>pm1" },
		{ "an awake one first", "", "96 0z 3", "0:20 0:76", "vm0>pm2" },
		{ "an awake one without room", "", "96 3/0.5 0z", "0:20 0:76", "wake:pm2 vm0>pm2" },
		{ "woken once", "", "98 0z 0z", "0:50 0:28 0:20", "wake:pm1 vm2>pm1 vm1>pm1#1" },
		{ "woken, and the next", "", "99 0z 0z", "0:37 0:32 0:30", "wake:pm1 vm2>pm1 wake:pm2 vm1>pm2#1" },
		{ "asleep and too small", "", "96 0/0.5z 0z", "0:20 0:76", "wake:pm2 vm0>pm2" },
		{ "not to be woken", "wake=no", "96 0z", "0:20 0:76", "" },
		{ "none is woken to gather", "", "22 0z", "0:22", "" },
		{ "while a VM moves nothing is planned", "", "96 3 5 0", "0:20 0:76 2:5>3", "" },
		{ "without a quiet time too", "quiet=0s", "96 3 5 0", "0:20 0:76 2:5>3", "" },
		{ "and any number at once", "quiet=0s at_once=0", "96 3 5 0", "0:20 0:76 2:5>3", "" },
	};
	CHECK_CASES(&threshold_policy, cases);
}

/* The same cluster again and again, at times in s; a move begins or ends in between. */
static void threshold_is_quiet(void **state)
{
	(void)state;
	struct plan plan;
	struct cluster *c = made_cluster("96 3", "0:20 0:76", 0, NULL);
	void *options = made_options(&threshold_policy, "");
	struct policy *p = policy_new(&threshold_policy, options, c, NULL);
	assert_int_equal(plan_init(&plan, c, false, NULL), 0);
	assert_int_equal(p->window_ns, 10 * NS_PER_S);
#define PLANS(at_ns) (assert_int_equal(policy_plan(p, at_ns, &plan, NULL), 0), plan.moves)
	assert_int_equal(PLANS(0), 1);
	assert_int_equal(PLANS(1), 1);
	cluster_move_begin(c, 0, 1, 5 * NS_PER_S);
	assert_int_equal(PLANS(16 * NS_PER_S), 0);
	cluster_move_end(c, 0, 60 * NS_PER_S, false);
	assert_int_equal(PLANS(60 * NS_PER_S), 0);
	assert_int_equal(PLANS(70 * NS_PER_S - 1), 0);
	assert_int_equal(PLANS(70 * NS_PER_S), 1);
	cluster_move_begin(c, 0, 1, 70 * NS_PER_S);
	cluster_move_end(c, 0, 71 * NS_PER_S, true);
	cluster_node_measured(c, 0, NODE_ANSWERING, 0.02);
	cluster_node_measured(c, 1, NODE_ANSWERING, 0.2);
	cluster_vm_measured(c, 1, 0.02, 0x1p30, NAN);
	assert_int_equal(PLANS(81 * NS_PER_S - 1), 0);
	assert_int_equal(PLANS(81 * NS_PER_S), 1);
	assert_int_equal(plan.entries[0].vm, 1);
	assert_int_equal(plan.entries[0].to, 1);
#undef PLANS
	plan_free(&plan);
	policy_free(p);
	free(options);
	cluster_free(c);
}

static void rtt_aware_follows_the_chart(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "memory: above", "", "0/10 0/10", "0:1/4.1 0:1/4", "vm1>pm1" },
		{ "memory: at it", "", "0/10 0/10", "0:1/4 0:1/4", "" },
		{ "memory: a key", "memory_threshold=70%", "0/10 0/10", "0:1/4 0:1/4", "vm0>pm1" },
		{ "memory in use counts", "", "0/10 0/10", "0:1/5~4 0:1/4~4", "" },
		{ "the VM with the least in use", "", "0/10 0/10", "0:1/3~3 0:1/5~2.9 0:1/3~2.8", "vm2>pm1" },
		{ "of equals the first", "", "0/10 0/10", "0:1/3 0:1/3 0:1/3", "vm0>pm1" },
		{ "the least loaded node", "", "0/10 0/10 0/10", "0:1/5 0:1/4 1:1/2 2:1/1", "vm1>pm2" },
		{ "of equals the first node", "", "0/10 0/10 0/10", "0:1/5 0:1/4", "vm1>pm1" },
		{ "load is a share", "", "0/10 0/10 0/40", "0:1/5 0:1/4 1:1/2 2:1/4", "vm1>pm2" },
		{ "rtt: at the threshold", "", "0/10@0 0/10@1", "0:1/5 0:1/4", "vm1>pm1" },
		{ "rtt: above", "", "0/10@0 0/10@2", "0:1/5 0:1/4", "" },
		{ "rtt: just above", "", "0/10@1 0/10@2", "0:1/5 0:1/4", "" },
		{ "rtt: a key", "rtt_threshold=30ms", "0/10@0 0/10@2", "0:1/5 0:1/4", "vm1>pm1" },
		{ "rtt: its direction counts", "", "0/10@2 0/10@1", "0:1/5 0:1/4", "vm1>pm1" },
		{ "rtt: not known", "", "0/10@2 0/10@0", "0:1/5 0:1/4", "" },
		{ "rtt: the next best node is not asked", "", "0/10@0 0/10@2 0/10@0", "0:1/5 0:1/4 2:1/1", "" },
		{ "one VM a plan", "", "0/10 0/40", "0:1/3 0:1/3 0:1/3 0:1/3", "vm0>pm1" },
		{ "each loaded node, the worst first", "", "0/10 0/10 0/40", "0:1/5 0:1/4 1:1/6 1:1/3.5",
		  "vm3>pm2 vm1>pm2#1" },
		{ "what comes counts", "", "0/10 0/10 0/10 0/10", "0:1/5 0:1/4 1:1/6 1:1/3.5", "vm3>pm2 vm1>pm3" },
		{ "not what makes the other loaded", "", "0/10 0/10", "0:1/5 0:1/4 1:1/4.1", "" },
		{ "up to the threshold", "", "0/10 0/10", "0:1/5 0:1/4 1:1/4", "vm1>pm1" },
		{ "unless that is wanted", "may_overload=yes", "0/10 0/10", "0:1/5 0:1/4 1:1/4.1", "vm1>pm1" },
		{ "memory must fit", "may_overload=yes", "0/10 0/10", "0:1/5~5 0:1/4 1:1/6.1~1", "" },
		{ "it fits", "may_overload=yes", "0/10 0/10", "0:1/5~5 0:1/4 1:1/6~1", "vm1>pm1" },
		{ "alone", "", "0/10", "0:1/5 0:1/4", "" },
		{ "all are more loaded", "may_overload=yes", "0/10 0/10", "0:1/5 0:1/4 1:1/9.5~9.5", "" },
		{ "silent", "", "0/10 0/10x 0/10", "0:1/5 0:1/4 2:1/1", "vm1>pm2" },
		{ "from a silent node", "", "0/10x 0/10", "0:1/5 0:1/4", "" },
		{ "asleep", "", "0/10 0/10z 0/10", "0:1/5 0:1/4 2:1/1", "wake:pm1 vm1>pm1" },
		{ "not to be woken", "wake=no", "0/10 0/10z 0/10", "0:1/5 0:1/4 2:1/1", "vm1>pm2" },
		{ "a node has a move, and more must", "", "0/10 0/40", "0:1/5 0:1/4 0:1/1>1", "" },
		{ "a move elsewhere", "at_once=0", "0/10 0/40 0/10 0/10", "0:1/5 0:1/4 2:1/1>3", "" },
		{ "of equals the nearest", "ties=nearest", "0/10@2 0/10@1 0/10@0 0/10@2", "0:1/5 0:1/4", "vm1>pm3" },
		{ "of equals one whose RTT is known", "ties=nearest", "0/10@2 0/10@0 0/10@1", "0:1/5 0:1/4",
		  "vm1>pm2" },
		{ "nearer, but not the least", "ties=nearest", "0/10@0 0/10@2 0/10@0", "0:1/5 0:1/4 2:1/1", "" },
		{ "the first that may", "target=first", "0/10@0 0/10@2 0/10@0", "0:1/5 0:1/4 2:1/1", "vm1>pm2" },
		{ "the first, not the least loaded", "target=first", "0/10 0/10 0/10", "0:1/5 0:1/4 1:1/2 2:1/1",
		  "vm1>pm1" },
		{ "the first that it does not make loaded", "target=first", "0/10 0/10 0/10", "0:1/5 0:1/4 1:1/4.1",
		  "vm1>pm2" },
		{ "or that it does", "target=first may_overload=yes", "0/10 0/10 0/10", "0:1/5 0:1/4 1:1/4.1",
		  "vm1>pm1" },
		{ "the first that is awake", "target=first wake=no", "0/10 0/10z 0/10", "0:1/5 0:1/4", "vm1>pm2" },
		{ "the first, asleep", "target=first", "0/10 0/10z 0/10", "0:1/5 0:1/4", "wake:pm1 vm1>pm1" },
		{ "none may", "target=first", "0/10@0 0/10@2", "0:1/5 0:1/4", "" },
		{ "the nearest that may", "target=nearest", "0/10@0 0/10@2 0/10@1 0/10@0", "0:1/5 0:1/4 3:1/1",
		  "vm1>pm3" },
		{ "CPU does not matter", "", "?/10 ?/10", "0:?/5 0:?/4", "vm1>pm1" },
	};
	CHECK_CASES(&rtt_aware_policy, cases);
}

/* The reasons of a plan, one a line. */
static void reasons(const struct policy_ops *ops, const char *option, const char *nodes, const char *vms,
                    const char *expected)
{
	struct err e = { 0 };
	struct plan plan;
	char text[2048] = "";
	struct cluster *c = made_cluster(nodes, vms, 3, sites_rtt_ms);
	void *options = made_options(ops, option);
	struct policy *p = policy_new(ops, options, c, &e);
	assert_non_null(p);
	assert_int_equal(plan_init(&plan, c, true, &e), 0);
	assert_int_equal(policy_plan(p, 0, &plan, &e), 0);
	for (int32_t i = 0; i < plan.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "\n" : "", plan_why(&plan, i));
	assert_string_equal(text, expected);
	plan_free(&plan);
	policy_free(p);
	free(options);
	cluster_free(c);
}

static void entries_say_why(void **state)
{
	(void)state;
	reasons(&threshold_policy, "", "96 3", "0:20 0:76",
	        "pm0 96 % >= 90 %, 2 active; vm0 20 % moves to pm1 (3 % < 30 %)");
	reasons(&threshold_policy, "", "96.25 0z 40", "0:20 0:76",
	        "no node awake will do for vm0 (20 %, 1 GiB): of the others pm2 has the least CPU, 40 %, and pm2 the most "
	        "free, 64 GiB; pm1 is woken\n"
	        "pm0 96.25 % >= 90 %, 2 active; vm0 20 % moves to pm1 (0 % < 30 %)");
	reasons(&threshold_policy, "", "96 40", "0:20 0:76",
	        "pm0 96 % >= 90 %, 2 active; vm0 20 % stays: no idle node (< 30 %) with room for its memory");
	reasons(&threshold_policy, "", "22 8", "0:22 1:8",
	        "pm1 8 % and pm0 22 % < 30 %; vm1 8 % moves to pm0, the busiest idle node");
	reasons(&threshold_policy, "", "22/1 8/1", "0:22 1:8",
	        "pm0 22 % < 30 %, with 0 B free, can take the VMs of no other idle node below 90 %\n"
	        "pm1 8 % < 30 %, with 0 B free, can take the VMs of no other idle node below 90 %");
	reasons(&first_fit_policy, "node_worth=0s", "91 50", "0:20 0:71",
	        "pm0 91 % > 90 %, a move loses 5.3 s; vm0 20 %, 1 GiB moves to pm1, the first with room "
	        "(50 % + 20 % <= 70 %)");
	reasons(&first_fit_policy, "node_worth=0s cost_dirty=1s", "91 50", "0:20 0:71!100",
	        "pm0 91 % > 90 %, a move loses 5.3 s (a dirty rate is not known); vm0 20 %, 1 GiB moves to pm1, the first "
	        "with room (50 % + 20 % <= 70 %)");
	reasons(&first_fit_policy, "", "91 60 0", "0:20 0:71 1:60$61",
	        "pm0 91 % > 90 %, a move loses 5.3 s; vm0 20 %, 1 GiB moves to pm2, the first with room "
	        "(0 % + 20 % <= 70 %)\n"
	        "pm1 60 %, to empty it loses 61 s > 60 s");
	reasons(&first_fit_policy, "", "65 10", "0:65$99 1:10",
	        "pm1 10 %, to empty it loses 5.3 s <= 60 s; vm1 10 %, 1 GiB stays: no node has room below 70 %\n"
	        "pm0 65 %, to empty it loses 99 s > 60 s");
	reasons(&first_fit_policy, "", "70 10", "0:70$99 1:?",
	        "pm1 cannot be emptied: CPU of one of its VMs is not known\n"
	        "pm0 70 %, to empty it loses 99 s > 60 s");
	reasons(&rtt_aware_policy, "", "0/10@0 0/10@1", "0:1/5 0:1/4 1:1/1",
	        "pm0 has 90 % > 80 % of its memory in use; vm1, the least with 4 GiB, moves to pm1, the least loaded "
	        "with 10 %, RTT 20 ms <= 20 ms");
	reasons(&rtt_aware_policy, "", "0/10@0 0/10@2", "0:1/5 0:1/4 1:1/1",
	        "pm0 has 90 % > 80 % of its memory in use; vm1 stays: pm1 has the least, and the RTT to it is 30 ms > "
	        "20 ms");
	reasons(&rtt_aware_policy, "", "0/10@2 0/10@0", "0:1/5 0:1/4",
	        "pm0 has 90 % > 80 % of its memory in use; vm1 stays: the RTT to pm1 is not known");
	reasons(&rtt_aware_policy, "", "0/10 0/10", "0:1/5 0:1/4 1:1/5",
	        "pm0 has 90 % > 80 % of its memory in use; vm1 stays: pm1 has the least, and would have 90 % > 80 %");
	reasons(&rtt_aware_policy, "target=first", "0/10@0 0/10@1", "0:1/5 0:1/4 1:1/1",
	        "pm0 has 90 % > 80 % of its memory in use; vm1, the least with 4 GiB, moves to pm1, the first that may "
	        "with 10 %, RTT 20 ms <= 20 ms");
	reasons(&rtt_aware_policy, "target=nearest", "0/10@0 0/10@2", "0:1/5 0:1/4",
	        "pm0 has 90 % > 80 % of its memory in use; vm1 stays: no node at an RTT of 20 ms or less can take its 4 GiB "
	        "and not be loaded then");
	reasons(&rtt_aware_policy, "", "0/10", "0:1/5 0:1/4",
	        "pm0 has 90 % > 80 % of its memory in use; vm1 stays: no other node has less");
}

static void options_must_go_together(void **state)
{
	(void)state;
	static const struct {
		const struct policy_ops *ops;
		const char *options, *message;
	} bad[] = {
		{ &threshold_policy, "idle=91%", "policy 'threshold': idle = 91 % is above overload = 90 %" },
		{ &first_fit_policy, "cpu_fill=91%",
		  "policy 'first-fit-decreasing': cpu_fill = 91 % is above cpu_limit = 90 %" },
	};
	struct cluster *c = made_cluster("0", "", 0, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };
		void *options = made_options(bad[i].ops, bad[i].options);
		assert_null(policy_new(bad[i].ops, options, c, &e));
		assert_int_equal(e.status, EXIT_USAGE);
		assert_string_equal(e.text, bad[i].message);
		free(options);
	}
	cluster_free(c);
}

static void policies_are_found_by_name(void **state)
{
	(void)state;
	struct err e = { 0 };
	for (size_t i = 0; policies[i]; i++) {
		assert_ptr_equal(policy_find(policies[i]->name, &e), policies[i]);
		void *options = policy_options_new(policies[i], &e);
		assert_non_null(options);
		for (const struct option_row *row = policies[i]->options; row && row->name; row++) {
			assert_non_null(row->initial);
			assert_ptr_equal(option_find(policies[i]->options, row->name), row);
		}
		free(options);
	}
	assert_null(policy_find("treshold", &e));
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.text, "unknown policy 'treshold', did you mean 'threshold'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_moves),
		cmocka_unit_test(threshold_spreads),
		cmocka_unit_test(threshold_gathers),
		cmocka_unit_test(threshold_respects_states),
		cmocka_unit_test(threshold_is_quiet),
		cmocka_unit_test(rtt_aware_follows_the_chart),
		cmocka_unit_test(entries_say_why),
		cmocka_unit_test(options_must_go_together),
		cmocka_unit_test(policies_are_found_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
