/* Where policies put VMs, the plans they make, and what no plan may do. */
#include "t/made_cluster.h"

static int32_t placed(const char *policy, const char *nodes, const char *vms, int32_t home)
{
	struct err e = { 0 };
	const struct policy_ops *ops = policy_find(policy, &e);
	struct cluster *c = made_cluster(nodes, vms, 0, NULL);
	void *options = made_options(ops, "");
	struct policy *p = policy_new(ops, options, c, &e);
	int32_t vm = c->vm_count - 1;
	c->vms[vm].home = home;
	assert_int_equal(c->vms[vm].node, CLUSTER_NONE);
	int32_t node = policy_place(p, vm);
	policy_free(p);
	free(options);
	cluster_free(c);
	return node;
}

static void vms_are_placed(void **state)
{
	(void)state;
	static const char *const at_home[] = { "none", "threshold", "rtt-aware" };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(placed(at_home[i], "99/4 0/4", "-:1/4", 0), 0);
		assert_int_equal(placed(at_home[i], "99/4 0/4", "0:1/0.1 -:1/4", 0), CLUSTER_NONE);
		assert_int_equal(placed(at_home[i], "0/4x 0/4", "-:1/4", 0), CLUSTER_NONE);
		assert_int_equal(placed(at_home[i], "0/4z 0/4", "-:1/4", 0), 0);
		assert_int_equal(placed(at_home[i], "0/4 0/4", "0:1/0.1 -:1/4", CLUSTER_NONE), 1);
		assert_int_equal(placed(at_home[i], "0/4x 0/4z", "-:1/4", CLUSTER_NONE), CLUSTER_NONE);
	}
	static const char ffd[] = "first-fit-decreasing";
	assert_int_equal(placed(ffd, "50/4 0/4", "-:20/4", 1), 0);
	assert_int_equal(placed(ffd, "50.1/4 0/4", "-:20/4", 0), 1);
	assert_int_equal(placed(ffd, "70/4 0/4", "-:?/4", 0), 0);
	assert_int_equal(placed(ffd, "50/3 0z", "-:20/4", 0), 1);
	assert_int_equal(placed(ffd, "0x ?", "-:20/4", 0), CLUSTER_NONE);
}

/* A VM that was put somewhere counts for the next one, without a plan in between. */
static void placing_sees_what_was_placed(void **state)
{
	(void)state;
	struct cluster *c = made_cluster("0/4 0/4", "-:1/3 -:1/3 -:1/3", 0, NULL);
	void *options = made_options(&first_fit_policy, "");
	struct policy *p = policy_new(&first_fit_policy, options, c, NULL);
	for (int32_t vm = 0; vm < 2; vm++) {
		assert_int_equal(policy_place(p, vm), vm);
		cluster_vm_put(c, vm, vm);
	}
	assert_int_equal(policy_place(p, 2), CLUSTER_NONE);
	cluster_vm_remove(c, 0);
	assert_int_equal(policy_place(p, 2), 0);
	policy_free(p);
	free(options);
	cluster_free(c);
}

static void stages(int64_t at_once, const char *expected)
{
	static const struct {
		int32_t vm, to;
	} moves[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 3, 1 }, { 4, 5 } };
	struct cluster *c = made_cluster("0 0 0 0 0 0", "0:1 0:1 0:1 2:1 4:1", 0, NULL);
	struct plan plan;
	char text[256];
	assert_int_equal(plan_init(&plan, c, true, NULL), 0);
	for (int round = 0; round < 2; round++) {
		plan_begin(&plan, at_once);
		for (size_t i = 0; i < 5; i++)
			plan_move(&plan, c, moves[i].vm, moves[i].to);
		assert_string_equal(made_plan_text(&plan, text, sizeof(text)), expected);
	}
	assert_int_equal(plan_free_bytes(&plan, c, 1), 62 * 0x40000000LL);
	assert_int_equal(plan_free_bytes(&plan, c, 0), 61 * 0x40000000LL);
	assert_int_equal(plan_delta(&plan, 0)->vms, -3);
	assert_int_equal(plan_delta(NULL, 0)->vms, 0);
	plan_begin(&plan, at_once);
	assert_int_equal(plan_delta(&plan, 0)->vms, 0);
	plan_free(&plan);
	cluster_free(c);
}

static void moves_overlap_as_allowed(void **state)
{
	(void)state;
	stages(0, "vm0>pm1 vm1>pm2 vm2>pm3 vm3>pm1 vm4>pm5");
	stages(1, "vm0>pm1 vm1>pm2#1 vm2>pm3#2 vm3>pm1#2 vm4>pm5");
	stages(2, "vm0>pm1 vm1>pm2 vm2>pm3#1 vm3>pm1 vm4>pm5");
}

static void reasons_are_kept(void **state)
{
	(void)state;
	struct cluster *c = made_cluster("0 0", "0:1", 0, NULL);
	struct plan plan;
	char expected[64];
	assert_int_equal(plan_init(&plan, c, true, NULL), 0);
	for (int i = 0; i < 1000; i++) {
		plan_stay(&plan, 0, CLUSTER_NONE);
		plan_say(&plan, "reason %d", i);
	}
	plan_stay(&plan, 0, CLUSTER_NONE);
	for (int i = 0; i < 1000; i++) {
		snprintf(expected, sizeof(expected), "reason %d", i);
		assert_string_equal(plan_why(&plan, i), expected);
	}
	assert_string_equal(plan_why(&plan, 1000), "");
	plan_free(&plan);
	assert_int_equal(plan_init(&plan, c, false, NULL), 0);
	plan_stay(&plan, 0, CLUSTER_NONE);
	assert_int_equal(plan.count, 0);
	plan_move(&plan, c, 0, 1);
	plan_say(&plan, "%d", 1);
	assert_string_equal(plan_why(&plan, 0), "");
	plan_free(&plan);
	cluster_free(c);
}

/* A policy that does what it is told. */
static int32_t told_vm, told_to;
static bool told_wake;

static void told_plan(struct policy *p, const struct cluster *c, struct plan *plan)
{
	(void)p;
	if (told_wake)
		plan_wake(plan, told_to, told_vm);
	plan_move(plan, c, told_vm, told_to);
}

static const struct policy_ops told_policy = { .name = "told", .help = "does what it is told", .plan = told_plan };

static const char *refused(const char *nodes, const char *vms, bool wake)
{
	static struct err e;
	struct plan plan;
	struct cluster *c = made_cluster(nodes, vms, 0, NULL);
	struct policy *p = policy_new(&told_policy, NULL, c, NULL);
	e = (struct err){ 0 };
	told_wake = wake;
	assert_int_equal(plan_init(&plan, c, true, NULL), 0);
	int status = policy_plan(p, 0, &plan, &e);
	assert_int_equal(status, e.text[0] ? -1 : 0);
	const char *said = e.text[0] ? strrchr(e.text, ':') + 2 : plan.moves ? "" : "nothing";
	plan_free(&plan);
	policy_free(p);
	cluster_free(c);
	return said;
}

static void what_no_plan_may_do(void **state)
{
	(void)state;
	told_vm = 0;
	told_to = 1;
	assert_string_equal(refused("0 0", "0:1", false), "");
	assert_string_equal(refused("0 0x", "0:1", false), "the node does not answer");
	assert_string_equal(refused("0x 0", "0:1", false), "the VM's node does not answer");
	assert_string_equal(refused("0 0z", "0:1", false), "the node is asleep and is not woken");
	assert_string_equal(refused("0 0z", "0:1", true), "");
	assert_string_equal(refused("0 0 0", "0:1>2", false), "nothing");
	assert_string_equal(refused("0 0 0 0", "0:1 2:1>3", false), "nothing");
	assert_string_equal(refused("0 0/1", "0:1/1", false), "");
	assert_string_equal(refused("0 0/1", "0:1/1.1", false), "the node has no room for its memory");
	assert_string_equal(refused("0 0", "1:1", false), "that is no other node");
	struct err e = { 0 };
	struct plan plan;
	struct cluster *few = made_cluster("0", "", 0, NULL), *more = made_cluster("0 0", "0:1", 0, NULL);
	struct policy *p = policy_new(&told_policy, NULL, more, NULL);
	assert_int_equal(plan_init(&plan, few, true, NULL), 0);
	assert_int_equal(policy_plan(p, 0, &plan, &e), -1);
	assert_string_equal(e.text, "a plan for 1 nodes, and the cluster has 2");
	plan_free(&plan);
	policy_free(p);
	cluster_free(few);
	cluster_free(more);
}

static int64_t some_bytes(void)
{
	return (1 + rand() % 4) * 0x20000000LL;
}

/* Idle, overloaded or in between; now and then not known. */
static double some_cpu(void)
{
	static const int from[] = { 0, 30, 90 }, range[] = { 30, 60, 11 };
	int kind = rand() % 3;
	return rand() % 16 ? (from[kind] + rand() % range[kind]) / 100.0 : NAN;
}

/* Something happens to a cluster: measured, asleep, silent, a VM comes or goes, a move begins or ends. */
static void happen(struct cluster *c)
{
	static const enum node_state states[] = { NODE_SILENT, NODE_ASLEEP };
	int32_t node = rand() % c->node_count, vm = rand() % c->vm_count;
	struct cluster_vm *v = &c->vms[vm];
	switch (rand() % 6) {
	case 0:
		cluster_node_measured(c, node, rand() % 8 ? NODE_ANSWERING : states[rand() % 2], some_cpu());
		break;
	case 1:
		if (v->there)
			cluster_vm_measured(c, vm, rand() % 60 / 100.0, some_bytes(), NAN);
		break;
	case 2:
		if (v->there && v->node != CLUSTER_NONE && v->to == CLUSTER_NONE && v->node != node && c->moves < 2)
			cluster_move_begin(c, vm, node, 0);
		break;
	case 3:
		for (vm = 0; vm < c->vm_count; vm++)
			if (c->vms[vm].there && c->vms[vm].to != CLUSTER_NONE)
				cluster_move_end(c, vm, 0, rand() % 2);
		break;
	case 4:
		if (v->there && c->nodes[node].vms > 3)
			cluster_vm_remove(c, vm);
		break;
	default:
		if (cluster_free_bytes(c, node) < 0x40000000)
			break;
		vm = cluster_vm_add(c, NULL, some_bytes(), CLUSTER_NONE, NULL);
		cluster_vm_put(c, vm, node);
		cluster_vm_measured(c, vm, rand() % 60 / 100.0, some_bytes(), NAN);
	}
}

/* Never the same VM twice; policy_plan() has looked at the rest. */
static void check_plan(const struct cluster *c, const struct plan *plan)
{
	for (int32_t i = 0; i < plan->count; i++)
		for (int32_t j = 0; plan->entries[i].kind == PLAN_MOVE && j < i; j++)
			assert_false(plan->entries[j].kind == PLAN_MOVE &&
			             plan->entries[j].vm == plan->entries[i].vm);
	check_books(c);
}

/* A policy that looked at changes only plans what one plans that sees the cluster for the first time. */
static void plans_depend_on_the_cluster_only(void **state)
{
	(void)state;
	enum { NODES = 8 };
	static const char *const quick[] = { "", "quiet=0s", "quiet=0s", "" };
	char old_text[4096], new_text[4096];
	struct plan plan;
	int32_t moves = 0;
	for (size_t k = 1; policies[k]; k++) {
		struct cluster *c = made_cluster("0/8 0/8 0/8@1 0/8@2 0/8 0/8@1 0/8 0/8", "0:1", 3,
		                                 (int[]){ 0, 6, 30, 6, 0, 20, 30, 20, 0 });
		void *options = made_options(policies[k], quick[k]);
		struct policy *old = policy_new(policies[k], options, c, NULL);
		assert_int_equal(plan_init(&plan, c, true, NULL), 0);
		srand(7);
		for (int round = 0; round < 2000; round++) {
			struct err e = { 0 };
			for (int i = rand() % 4; i >= 0; i--)
				happen(c);
			if (policy_plan(old, 0, &plan, &e) < 0)
				fail_msg("%s", e.text);
			check_plan(c, &plan);
			moves += plan.moves;
			made_plan_text(&plan, old_text, sizeof(old_text));
			/* The other one takes what the old one has still to look at. */
			int32_t noted[NODES], note_count = c->changed_count;
			memcpy(noted, c->changed, (size_t)note_count * sizeof(*noted));
			struct policy *fresh = policy_new(policies[k], options, c, &e);
			assert_int_equal(policy_plan(fresh, 0, &plan, &e), 0);
			policy_free(fresh);
			assert_string_equal(old_text, made_plan_text(&plan, new_text, sizeof(new_text)));
			while (cluster_take_changed(c) != CLUSTER_NONE)
				;
			for (int32_t i = 0; i < note_count; i++)
				cluster_touch(c, noted[i]);
		}
		print_message("# %s: %d moves\n", policies[k]->name, moves);
		assert_true(moves > 500);
		moves = 0;
		plan_free(&plan);
		policy_free(old);
		free(options);
		cluster_free(c);
	}
}

/* ---- rtt-aware, ties = nearest: its index against looking at all nodes ---- */

enum { TIED_NODES = 45, TIED_SITES = 7, TIED_VMS = 8 };

/* The least loaded node, of equals the nearest, of these the first; a distance not known is the longest. */
static int32_t nearest_by_looking(const struct cluster *c, const int *vms, int32_t from)
{
	int32_t best = CLUSTER_NONE;
	int least = vms[from];
	for (int32_t i = 0; i < c->node_count; i++)
		least = vms[i] < least ? vms[i] : least;
	for (int32_t i = 0; i < c->node_count; i++)
		if (i != from && vms[i] == least &&
		    (best == CLUSTER_NONE ||
		     (uint64_t)cluster_rtt_ns(c, from, i) < (uint64_t)cluster_rtt_ns(c, from, best)))
			best = i;
	return best == CLUSTER_NONE ? from : best;
}

static struct cluster *tied_cluster(int sites, int *vms)
{
	static const int64_t rtts_ns[] = { -1, 6 * NS_PER_MS, 6 * NS_PER_MS, 10 * NS_PER_MS };
	int64_t rtt_ns[TIED_SITES * TIED_SITES];
	struct cluster *c;
	assert_int_equal(cluster_new(&c, NULL), 0);
	for (int i = 0; i < sites * sites; i++)
		rtt_ns[i] = i % (sites + 1) ? rtts_ns[rand() % 4] : 0;
	assert_int_equal(cluster_sites_set(c, sites, rtt_ns, NULL), 0);
	for (int32_t i = 0; i < TIED_NODES; i++)
		assert_int_equal(cluster_node_add(c, NULL, 4, made_bytes(4 * TIED_VMS), rand() % sites, NULL), i);
	for (int32_t i = 0; i < TIED_NODES; i++) {
		vms[i] = rand() % TIED_VMS;
		for (int k = 0; k < vms[i]; k++)
			cluster_vm_put(c, cluster_vm_add(c, NULL, made_bytes(1), CLUSTER_NONE, NULL), i);
	}
	return c;
}

static void nearest_is_what_a_search_finds(void **state)
{
	(void)state;
	int vms[TIED_NODES], moves = 0, stays = 0;
	void *options = made_options(&rtt_aware_policy,
	                             "ties=nearest memory_threshold=5% may_overload=yes rtt_threshold=10s");
	srand(3);
	for (int round = 0; round < 200; round++) {
		struct cluster *c = tied_cluster(1 + round % TIED_SITES, vms);
		struct policy *p = policy_new(&rtt_aware_policy, options, c, NULL);
		struct plan plan;
		assert_int_equal(plan_init(&plan, c, false, NULL), 0);
		assert_int_equal(policy_plan(p, 0, &plan, NULL), 0);
		for (int32_t i = 0; i < plan.count; i++) {
			const struct plan_entry *entry = &plan.entries[i];
			assert_int_equal(entry->kind, PLAN_MOVE);
			assert_int_equal(entry->to, nearest_by_looking(c, vms, entry->from));
			vms[entry->from]--;
			vms[entry->to]++;
		}
		moves += plan.moves;
		stays += plan.turns > plan.moves;
		plan_free(&plan);
		policy_free(p);
		cluster_free(c);
	}
	free(options);
	print_message("# %d moves, in %d plans one that stays\n", moves, stays);
	assert_true(moves > 1000 && stays > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vms_are_placed),
		cmocka_unit_test(placing_sees_what_was_placed),
		cmocka_unit_test(moves_overlap_as_allowed),
		cmocka_unit_test(reasons_are_kept),
		cmocka_unit_test(what_no_plan_may_do),
		cmocka_unit_test(plans_depend_on_the_cluster_only),
		cmocka_unit_test(nearest_is_what_a_search_finds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
