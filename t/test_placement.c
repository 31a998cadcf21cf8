/* What policies stand on: the cluster's bookkeeping, indices, turns, plans, and what no plan may do. */
#include "bench/placement/aside.h"
#include "t/made_cluster.h"

static void tree_finds(void **state)
{
	(void)state;
	struct max_tree one, two;
	assert_int_equal(max_tree_init(&one, 5, 1, NULL), 0);
	assert_int_equal(max_tree_top(&one), -1);
	assert_int_equal(max_tree_first(&one, -1e300, 0), -1);
	max_tree_set(&one, 3, 7, 0);
	max_tree_set(&one, 1, 7, 0);
	max_tree_set(&one, 4, 6, 0);
	assert_int_equal(max_tree_top(&one), 1);
	assert_int_equal(max_tree_first(&one, 6, 0), 1);
	max_tree_set(&one, 1, -2, 0);
	assert_int_equal(max_tree_top(&one), 3);
	assert_int_equal(max_tree_first(&one, -2, 0), 1);
	assert_int_equal(max_tree_first(&one, 7.1, 0), -1);
	max_tree_set(&one, 3, MAX_TREE_OUT, 0);
	assert_int_equal(max_tree_top(&one), 4);
	max_tree_free(&one);

	assert_int_equal(max_tree_init(&two, 4, 2, NULL), 0);
	max_tree_set(&two, 0, 9, 1);
	max_tree_set(&two, 1, 1, 9);
	max_tree_set(&two, 3, 5, 5);
	assert_int_equal(max_tree_first(&two, 2, 2), 3);
	assert_int_equal(max_tree_first(&two, 9, 1), 0);
	assert_int_equal(max_tree_first(&two, 6, 2), -1);
	max_tree_free(&two);

	assert_int_equal(max_tree_init(&one, 1, 1, NULL), 0);
	max_tree_set(&one, 0, 1, 0);
	assert_int_equal(max_tree_top(&one), 0);
	assert_int_equal(max_tree_first(&one, 1, 0), 0);
	assert_int_equal(max_tree_first(&one, 2, 0), -1);
	max_tree_free(&one);
}

/* Against looking at all, on random numbers. */
static void tree_searched(int count, int rounds)
{
	enum { COUNT = 700 };
	struct max_tree t;
	double first[COUNT], second[COUNT];
	srand(1);
	assert_int_equal(max_tree_init(&t, count, 2, NULL), 0);
	for (int i = 0; i < count; i++)
		first[i] = second[i] = MAX_TREE_OUT;
	for (int round = 0; round < rounds; round++) {
		int i = rand() % count, top = -1, enough = -1;
		bool out = rand() % 4 == 0;
		first[i] = out ? MAX_TREE_OUT : rand() % 50;
		second[i] = out ? MAX_TREE_OUT : rand() % 50;
		max_tree_set(&t, i, first[i], second[i]);
		double a = rand() % 52, b = rand() % 52;
		for (i = count - 1; i >= 0; i--) {
			if (first[i] != MAX_TREE_OUT && (top < 0 || first[i] >= first[top]))
				top = i;
			if (first[i] >= a && second[i] >= b)
				enough = i;
		}
		assert_int_equal(max_tree_top(&t), top);
		assert_int_equal(max_tree_first(&t, a, b), enough);
	}
	max_tree_free(&t);
}

static void tree_finds_what_a_search_finds(void **state)
{
	(void)state;
	tree_searched(1, 1000);
	tree_searched(8, 5000);
	tree_searched(9, 5000);
	tree_searched(37, 20000);
	tree_searched(700, 5000);
}

/* Every part has enough of both, but in different things: the looks come to an end, and the one before that is found. */
static void tree_bounds_its_looks(void **state)
{
	(void)state;
	enum { THINGS = 1 << 17 };
	struct max_tree t;
	assert_int_equal(max_tree_init(&t, THINGS, 2, NULL), 0);
	for (int32_t i = 0; i < THINGS; i++)
		max_tree_set(&t, i, i % 2, 1 - i % 2);
	max_tree_set(&t, THINGS - 1, 1, 1);
	assert_int_equal(max_tree_first(&t, 1, 1), -1);
	max_tree_set(&t, 1001, 1, 1);
	assert_int_equal(max_tree_first(&t, 1, 1), 1001);
	assert_int_equal(max_tree_first(&t, 1, 0), 1);
	max_tree_free(&t);
}

/* Who has a turn in one plan of so many, all of them refused. */
static const char *turn_of(struct turns *t, int budget)
{
	static char text[32];
	size_t used = 0;
	text[0] = '\0';
	turns_begin(t);
	for (int32_t node; budget-- > 0 && (node = turns_next(t)) >= 0; turns_refuse(t, node))
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d", node);
	turns_end(t);
	return text;
}

static void turns_come_round(void **state)
{
	(void)state;
	struct turns t;
	assert_int_equal(turns_init(&t, 4, NULL), 0);
	assert_string_equal(turn_of(&t, 9), "");
	turns_set(&t, 0, 0.9);
	turns_set(&t, 1, 0.95);
	turns_set(&t, 3, -0.5);
	assert_string_equal(turn_of(&t, 9), "103");
	assert_string_equal(turn_of(&t, 9), "103");
	assert_string_equal(turn_of(&t, 2), "10");
	assert_string_equal(turn_of(&t, 2), "31");
	assert_string_equal(turn_of(&t, 2), "03");
	/* All in one plan: as before. */
	assert_string_equal(turn_of(&t, 4), "103");
	assert_string_equal(turn_of(&t, 4), "103");
	/* Who changed need not wait. */
	assert_string_equal(turn_of(&t, 1), "1");
	turns_set(&t, 1, 0.8);
	assert_string_equal(turn_of(&t, 1), "0");
	assert_string_equal(turn_of(&t, 1), "1");
	turns_set(&t, 3, MAX_TREE_OUT);
	assert_string_equal(turn_of(&t, 4), "01");
	assert_string_equal(turn_of(&t, 4), "01");
	turns_free(&t);
}

/* The aggregates of each node, counted again. */
static void check_books(const struct cluster *c)
{
	int32_t moves = 0;
	for (int32_t n = 0; n < c->node_count; n++) {
		int64_t taken = 0, used = 0;
		int32_t vms = 0, node_moves = 0, listed = 0;
		for (int32_t i = 0; i < c->vm_count; i++) {
			const struct cluster_vm *v = &c->vms[i];
			if (!v->there)
				continue;
			vms += v->node == n;
			node_moves += v->to != CLUSTER_NONE && (v->node == n || v->to == n);
			taken += v->node == n || v->to == n ? v->memory_bytes : 0;
			used += (v->to == CLUSTER_NONE ? v->node : v->to) == n ? v->used_bytes : 0;
		}
		for (int32_t i = c->nodes[n].first_vm; i != CLUSTER_NONE; i = c->vms[i].next, listed++)
			assert_int_equal(c->vms[i].node, n);
		assert_int_equal(listed, vms);
		assert_int_equal(c->nodes[n].vms, vms);
		assert_int_equal(c->nodes[n].moves, node_moves);
		assert_int_equal(c->nodes[n].taken_bytes, taken);
		assert_int_equal(c->nodes[n].used_bytes, used);
		moves += node_moves;
	}
	assert_int_equal(c->moves, moves / 2);
}

/* Those who have their turn and cannot be helped, in a plan where the most room is `cores` and `bytes`. */
static const char *tried(struct aside *a, int64_t turns, double cores, double bytes)
{
	static char text[16];
	size_t used = 0;
	aside_begin(a, turns, cores, bytes);
	for (int32_t node; (node = aside_next(a)) >= 0; aside_put(a, node, node + 1, 10))
		text[used++] = (char)('0' + node);
	aside_end(a);
	text[used] = '\0';
	return text;
}

static void who_is_aside_waits_for_room(void **state)
{
	(void)state;
	struct aside a;
	assert_int_equal(aside_init(&a, 5, NULL), 0);
	assert_string_equal(tried(&a, 100, 9, 99), "");
	for (int32_t i = 0; i < 5; i++)
		aside_set(&a, i, i);
	assert_string_equal(tried(&a, 100, 0, 0), "43210");
	assert_string_equal(tried(&a, 100, 0.9, 99), "");
	assert_string_equal(tried(&a, 100, 9, 9.9), "");
	assert_string_equal(tried(&a, 100, MAX_TREE_OUT, MAX_TREE_OUT), "");
	assert_string_equal(tried(&a, 100, 2, 10), "10");
	assert_true(aside_has(&a, 1));
	/* It has changed. */
	aside_set(&a, 3, 9);
	assert_false(aside_has(&a, 3));
	assert_string_equal(tried(&a, 100, 0, 0), "3");
	aside_set(&a, 3, MAX_TREE_OUT);
	assert_string_equal(tried(&a, 100, 9, 99), "4210");
	/* For no room. */
	aside_put(&a, 4, INFINITY, INFINITY);
	assert_string_equal(tried(&a, 100, 1e300, 1e300), "210");
	aside_free(&a);
}

/* A plan has two turns in vain: all have one before any has two. */
static void who_is_aside_comes_round(void **state)
{
	(void)state;
	struct aside a;
	assert_int_equal(aside_init(&a, 5, NULL), 0);
	for (int32_t i = 0; i < 5; i++)
		aside_set(&a, i, i);
	assert_string_equal(tried(&a, 20, 9, 99), "43");
	assert_string_equal(tried(&a, 20, 9, 99), "21");
	assert_string_equal(tried(&a, 20, 9, 99), "0");
	assert_string_equal(tried(&a, 20, 9, 99), "43");
	aside_free(&a);
}

static void cluster_keeps_its_books(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct cluster *c = made_cluster("1/8 2/8", "0:1/4~2 0:2/1 1:3/2", 0, NULL);
	check_books(c);
	assert_int_equal(c->moved_ns, INT64_MIN);
	assert_int_equal(cluster_free_bytes(c, 0), 3 * 0x40000000LL);
	cluster_move_begin(c, 0, 1, 7);
	check_books(c);
	assert_int_equal(cluster_free_bytes(c, 0), 3 * 0x40000000LL);
	assert_int_equal(cluster_free_bytes(c, 1), 2 * 0x40000000LL);
	assert_int_equal(c->moved_ns, 7);
	cluster_vm_measured(c, 0, 0.5, 0xC0000000, NAN);
	check_books(c);
	cluster_move_end(c, 0, 9, false);
	check_books(c);
	assert_int_equal(c->moved_ns, 9);
	assert_int_equal(c->vms[0].node, 0);
	cluster_move_begin(c, 0, 1, 10);
	cluster_move_end(c, 0, 11, true);
	check_books(c);
	assert_int_equal(c->vms[0].node, 1);
	cluster_move_begin(c, 0, 0, 12);
	cluster_vm_remove(c, 0);
	check_books(c);
	int32_t vm = cluster_vm_add(c, "web", 0x40000000, 1, &e);
	assert_int_equal(vm, 0);
	assert_string_equal(VM_NAME(c, 0), "web");
	assert_string_equal(VM_NAME(c, 1), "vm1");
	assert_string_equal(NODE_NAME(c, 1), "pm1");
	cluster_vm_put(c, 1, CLUSTER_NONE);
	check_books(c);
	assert_int_equal(cluster_node_add(c, "far", 1, 1, 1, &e), -1);
	assert_string_equal(e.text, "node 'far' is at site 1, and there are 1");
	assert_int_equal(cluster_node_add(c, "none", 0, 1, 0, &e), -1);
	assert_string_equal(e.text, "node 'none' has no cores or no memory");
	for (int i = 2; i < 100; i++) {
		char name[8];
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(cluster_node_add(c, name, 1, i * 0x40000000LL, 0, &e), i);
	}
	assert_string_equal(NODE_NAME(c, 57), "n57");
	assert_int_equal(cluster_first_with_room(c, 99 * 0x40000000LL), 99);
	assert_int_equal(cluster_first_with_room(c, 100 * 0x40000000LL), CLUSTER_NONE);
	cluster_node_measured(c, 99, NODE_SILENT, NAN);
	assert_int_equal(cluster_first_with_room(c, 99 * 0x40000000LL), CLUSTER_NONE);
	cluster_free(c);
}

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
	assert_int_equal(plan.moves, e.text[0] ? 0 : 1);
	plan_free(&plan);
	policy_free(p);
	cluster_free(c);
	return e.text[0] ? strrchr(e.text, ':') + 2 : "";
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
	assert_string_equal(refused("0 0 0", "0:1>2", false), "the VM is being moved");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_finds),
		cmocka_unit_test(tree_finds_what_a_search_finds),
		cmocka_unit_test(tree_bounds_its_looks),
		cmocka_unit_test(turns_come_round),
		cmocka_unit_test(who_is_aside_waits_for_room),
		cmocka_unit_test(who_is_aside_comes_round),
		cmocka_unit_test(cluster_keeps_its_books),
		cmocka_unit_test(vms_are_placed),
		cmocka_unit_test(placing_sees_what_was_placed),
		cmocka_unit_test(moves_overlap_as_allowed),
		cmocka_unit_test(reasons_are_kept),
		cmocka_unit_test(what_no_plan_may_do),
		cmocka_unit_test(plans_depend_on_the_cluster_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
