/* What policies look at: indices, turns, and the bookkeeping of the cluster. */
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
		int i = rand() % count, from = rand() % (count + 1), top = -1, enough = -1, later = -1;
		bool out = rand() % 4 == 0;
		first[i] = out ? MAX_TREE_OUT : rand() % 50;
		second[i] = out ? MAX_TREE_OUT : rand() % 50;
		max_tree_set(&t, i, first[i], second[i]);
		double a = rand() % 52, b = rand() % 52;
		for (i = count - 1; i >= 0; i--) {
			if (first[i] != MAX_TREE_OUT && (top < 0 || first[i] >= first[top]))
				top = i;
			if (first[i] >= a && second[i] >= b) {
				enough = i;
				later = i >= from ? i : later;
			}
		}
		assert_int_equal(max_tree_top(&t), top);
		assert_int_equal(max_tree_first(&t, a, b), enough);
		assert_int_equal(max_tree_first_from(&t, from, a, b), later);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_finds),
		cmocka_unit_test(tree_finds_what_a_search_finds),
		cmocka_unit_test(tree_bounds_its_looks),
		cmocka_unit_test(turns_come_round),
		cmocka_unit_test(cluster_keeps_its_books),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
