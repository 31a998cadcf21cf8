/* QEMU's own migrations through a pair of reuse relays, before and after the switch to post-copy, and a relay that dies. */
#include "t/loopback.h"
#include "t/reuse_pair.h"
#include "t/small_qemu.h"

static struct small_qemu source, destination;

static int qemu_end(void **state)
{
	small_qemu_end(&source);
	small_qemu_end(&destination);
	return both_end(state);
}

static void say(const struct small_qemu *q, const char *command, const char *arguments)
{
	struct err e = { 0 };
	if (small_qemu_say(q, command, arguments, &e) < 0)
		fail_msg("%s", e.text);
}

static void qemu_begin(const struct site *to, const char *bandwidth)
{
	struct err e = { 0 };
	char incoming[64], arguments[96];
	snprintf(incoming, sizeof(incoming), "tcp:%s:%d", to->qemu, SITE_PORT);
	snprintf(arguments, sizeof(arguments), "{\"max-bandwidth\":%s}", bandwidth);
	if (small_qemu_start(&source, "src", NULL, &e) < 0 || small_qemu_start(&destination, "dst", incoming, &e) < 0)
		fail_msg("%s", e.text);
	say(&source, "migrate-set-parameters", arguments);
}

/* Where one before has failed, QEMU takes a little to know. */
static void qemu_go(const struct site *from)
{
	char arguments[96];
	struct err e = { 0 };
	snprintf(arguments, sizeof(arguments), "{\"uri\":\"tcp:%s:%d\"}", from->near, SITE_PORT);
	int64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
	while (small_qemu_say(&source, "migrate", arguments, &e) < 0) {
		if (clock_now_ns() > end_ns)
			fail_msg("%s", e.text);
		clock_sleep(20 * NS_PER_MS);
	}
}

static void qemu_arrived(const struct site *from, const struct site *to)
{
	struct err e = { 0 };
	assert_state(from, "near", "ended");
	assert_state(to, "far", "ended");
	assert_int_equal(site_number(from, "near", SITE_RAW), site_number(to, "far", SITE_RAW));
	if (small_qemu_wrong_pages(&destination, &e))
		fail_msg("memory is not what it was: %s", e.text);
	small_qemu_end(&source);
	small_qemu_end(&destination);
}

/* There and back: the second time next to nothing passes. */
static void a_precopy(void **state)
{
	(void)state;
	qemu_begin(&b, "1073741824");
	qemu_go(&a);
	qemu_arrived(&a, &b);
	int64_t raw = site_number(&a, "near", SITE_RAW);
	assert_true(raw > PATTERN_DIFFERENT * MADE_PAGE_BYTES);
	assert_true(site_number(&a, "near", SITE_SENT) > PATTERN_DIFFERENT * MADE_PAGE_BYTES);
	qemu_begin(&a, "1073741824");
	qemu_go(&b);
	qemu_arrived(&b, &a);
	assert_true(site_number(&b, "near", SITE_SENT) * 5 < raw);
}

static void a_postcopy(void **state)
{
	(void)state;
	struct err e = { 0 };
	qemu_begin(&b, "1048576");
	if (small_qemu_capability(&destination, "postcopy-ram", &e) < 0) {
		print_message("# no post-copy here: %s\n", e.text);
		skip();
	}
	assert_int_equal(small_qemu_capability(&source, "postcopy-ram", &e), 0);
	qemu_go(&a);
	clock_sleep(300 * NS_PER_MS);
	say(&source, "migrate-start-postcopy", NULL);
	qemu_arrived(&a, &b);
	assert_true(site_number(&a, "near", SITE_RAW) > PATTERN_DIFFERENT * MADE_PAGE_BYTES);
}

/* A relay is killed in the middle: the source works on, and knows that it failed. */
static void a_killed_relay(void **state)
{
	(void)state;
	qemu_begin(&b, "1048576");
	qemu_go(&a);
	clock_sleep(300 * NS_PER_MS);
	assert_int_equal(kill(b.pid, SIGKILL), 0);
	assert_int_equal(waitpid(b.pid, NULL, 0), b.pid);
	assert_state(&a, "near", "broken");
	say(&source, "query-status", NULL);
	/* It can be moved again: the failed migration is over. */
	b.pid = 0;
	small_qemu_end(&destination);
	start(&b, site_path("%s/%s.pages", &b));
	struct err e = { 0 };
	assert_int_equal(small_qemu_start(&destination, "dst", "tcp:127.0.0.13:4747", &e), 0);
	say(&source, "migrate-set-parameters", "{\"max-bandwidth\":1073741824}");
	qemu_go(&a);
	qemu_arrived(&a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_precopy, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_postcopy, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_killed_relay, both_start, qemu_end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	if (!small_qemu_there())
		return small_qemu_skip();
	return cmocka_run_group_tests_name("reuse relay with QEMU", tests, small_qemu_setup, scratch_remove);
}
