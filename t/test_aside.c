/* Nodes that cannot be helped are set aside. */
#include "bench/placement/aside.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_aside_waits_for_room),
		cmocka_unit_test(who_is_aside_comes_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
