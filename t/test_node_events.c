/* A node's events over the end of its daemon, which is played. */
#include "bench/migrate/node_events.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "t/logged_moves.h"

static atomic_bool up, dead; /* the daemon answers; what was connected to it is dead */
static atomic_int opened, closed;

static int play_open(void **ret, const char *uri, const char *node, event_sink to, void *context, struct err *e)
{
	assert_string_equal(uri, "test:///");
	if (!atomic_load(&up))
		return err_set(e, EXIT_CANNOT, "nobody is there");
	atomic_fetch_add(&opened, 1);
	*ret = &opened;
	to(context, clock_now_ns(), "vm0", node, "lifecycle", "resumed/migrated");
	return 0;
}

static bool play_is_alive(void *listening)
{
	assert_ptr_equal(listening, &opened);
	return !atomic_load(&dead);
}

static void play_close(void *listening)
{
	(void)listening;
	atomic_fetch_add(&closed, 1);
}

static const struct node_listening played = { play_open, play_is_alive, play_close };

static void wait_for(const char *text, int times)
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (log_count(text) < times) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(NS_PER_MS);
	}
}

static void events_come_again_with_the_daemon(void **state)
{
	(void)state;
	struct node_events *n;
	struct err e = { 0 };
	log_clear();
	atomic_store(&up, true);
	assert_int_equal(node_events_open(&n, "test:///", "dst", &played, sink, NULL, &e), 0);
	for (int i = 1; i <= 2; i++) {
		atomic_store(&up, false);
		atomic_store(&dead, true);
		wait_for(" dst events-lost: its daemon does not answer any more\n", i);
		clock_sleep(300 * NS_PER_MS);
		assert_int_equal(log_count("events-again"), i - 1);
		assert_int_equal(log_count("events-lost"), i); /* once */
		atomic_store(&dead, false);
		atomic_store(&up, true);
		wait_for(" dst events-again: missed those of ", i);
		assert_int_equal(log_count("vm0 dst lifecycle: "), i + 1);
	}
	node_events_close(n);
	assert_int_equal(atomic_load(&opened), 3);
	assert_int_equal(atomic_load(&closed), 3);
}

static void a_node_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	struct node_events *n;
	struct err e = { 0 };
	atomic_store(&up, false);
	assert_int_equal(node_events_open(&n, "test:///", "dst", &played, sink, NULL, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	node_events_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_again_with_the_daemon),
		cmocka_unit_test(a_node_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
