/* QEMU's own migrations through a pair of reuse relays, before and after the switch to post-copy, a disk that is copied along,
 * and a relay that dies. */
#include "bench/migrate/rescue.h"
#include "t/loopback.h"
#include "t/reuse_pair.h"
#include "t/small_qemu.h"

#include <json-c/json.h>
#include <stdbool.h>

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

static void status_await(const struct small_qemu *q, const char *wanted)
{
	int64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
	for (bool there = false; !there; clock_sleep(5 * NS_PER_MS)) {
		struct json_object *answer = NULL, *status = NULL;
		struct err e = { 0 };
		if (qmp_ask(q->monitor, "query-migrate", NULL, &answer, &e) < 0)
			fail_msg("%s", e.text);
		json_object_object_get_ex(answer, "status", &status);
		there = status && strcmp(json_object_get_string(status), wanted) == 0;
		if (!there && clock_now_ns() > end_ns)
			fail_msg("it is '%s', not '%s'", status ? json_object_get_string(status) : "", wanted);
		json_object_put(answer);
	}
}

/* In post-copy, which goes slowly, the far relay dies; both have seen it. -1: there is no post-copy here. */
static int qemu_break(void)
{
	struct err e = { 0 };
	qemu_begin(&b, "1048576");
	if (small_qemu_capability(&destination, "postcopy-ram", &e) < 0) {
		print_message("# no post-copy here: %s\n", e.text);
		return -1;
	}
	assert_int_equal(small_qemu_capability(&source, "postcopy-ram", &e), 0);
	say(&source, "migrate-set-parameters", "{\"max-postcopy-bandwidth\":262144}");
	qemu_go(&a);
	clock_sleep(300 * NS_PER_MS);
	say(&source, "migrate-start-postcopy", NULL);
	status_await(&destination, "postcopy-active");
	assert_int_equal(kill(b.pid, SIGKILL), 0);
	assert_int_equal(waitpid(b.pid, NULL, 0), b.pid);
	b.pid = 0;
	status_await(&source, "postcopy-paused");
	status_await(&destination, "postcopy-paused");
	return 0;
}

/* QEMU takes it up again before there is a new relay: its connection holds until there is. */
static void a_recovery(void **state)
{
	(void)state;
	char incoming[96], again[128];
	if (qemu_break() < 0)
		skip();
	snprintf(incoming, sizeof(incoming), "{\"uri\":\"tcp:%s:%d\"}", b.qemu, SITE_PORT);
	say(&destination, "migrate-recover", incoming);
	snprintf(again, sizeof(again), "{\"uri\":\"tcp:%s:%d\",\"resume\":true}", a.near, SITE_PORT);
	say(&source, "migrate", again);
	status_await(&source, "postcopy-recover");
	clock_sleep(300 * NS_PER_MS);
	say(&source, "migrate-set-parameters", "{\"max-postcopy-bandwidth\":0}");
	start(&b, site_path("%s/%s.pages", &b));
	qemu_arrived(&a, &b);
}

/* The destination's main loop waits for a page, as it does for a device, when the relay is gone: it is told out of band. */
static void a_recovery_past_a_stuck_monitor(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct rescue *rescue;
	struct rescue_spec spec = { 0 };
	char uri[64], paths[2][128], arguments[200];
	if (qemu_break() < 0)
		skip();
	for (int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s.second", scratch, i ? "dst" : "src");
	spec.source_monitor = paths[0];
	spec.destination_monitor = paths[1];
	snprintf(uri, sizeof(uri), "tcp://%s:%d", a.near, SITE_PORT);
	assert_int_equal(rescue_uris(&spec, uri, b.qemu), 1);
	if (rescue_open(&rescue, &spec, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(rescue_try(rescue, &e), 0);
	snprintf(arguments, sizeof(arguments), "{\"val\":%d,\"size\":%d,\"filename\":\"%s/stuck\"}", PATTERN_AT,
	         PATTERN_PAGES * MADE_PAGE_BYTES, scratch);
	qmp_patience(destination.monitor, 100 * NS_PER_MS);
	assert_int_equal(small_qemu_say(&destination, "pmemsave", arguments, &e), -1);
	start(&b, site_path("%s/%s.pages", &b));
	if (rescue_try(rescue, &e) != 1)
		fail_msg("%s", e.text);
	assert_state(&a, "near", "ended");
	rescue_close(rescue);
	/* What it was asked while it was stuck is answered by now: another monitor. */
	qmp_close(destination.monitor);
	assert_int_equal(qmp_open(&destination.monitor, paths[1], &e), 0);
	qemu_arrived(&a, &b);
}

/* ---- disks ---- */

/* Its end is no whole block. */
enum { DISK_BLOCKS = 2048, DISK_BYTES = DISK_BLOCKS * MADE_PAGE_BYTES + 1536 };

/* Different blocks, like a heap, zeros, holes; those from `changed` on are others with another visit. */
static void disk_make(const char *path, uint64_t changed, uint64_t visit)
{
	unsigned char content[MADE_PAGE_BYTES];
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	for (uint64_t i = 0; i < DISK_BLOCKS; i++) {
		uint64_t what = i < changed ? i : i + visit * DISK_BLOCKS;
		memset(content, 0, sizeof(content));
		if (i / 32 % 4 < 2)
			made_content(content, what);
		else if (i / 32 % 4 == 2)
			made_heap(content, what);
		if (i / 32 % 8 == 7)
			fseek(file, MADE_PAGE_BYTES, SEEK_CUR);
		else
			fwrite(content, sizeof(content), 1, file);
	}
	made_content(content, changed);
	fwrite(content, DISK_BYTES % MADE_PAGE_BYTES, 1, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_same_disks(const char *one, const char *other)
{
	unsigned char bytes[2][MADE_PAGE_BYTES];
	FILE *files[2] = { fopen(one, "re"), fopen(other, "re") };
	assert_true(files[0] && files[1]);
	for (size_t n, m; (n = fread(bytes[0], 1, MADE_PAGE_BYTES, files[0])) > 0;) {
		m = fread(bytes[1], 1, MADE_PAGE_BYTES, files[1]);
		assert_int_equal(n, m);
		assert_memory_equal(bytes[0], bytes[1], n);
	}
	assert_int_equal(ftell(files[0]), DISK_BYTES);
	fclose(files[0]);
	fclose(files[1]);
}

__attribute__((format(printf, 3, 4))) static void sayf(const struct small_qemu *q, const char *command,
                                                       const char *format, ...)
{
	char arguments[400];
	va_list list;
	va_start(list, format);
	vsnprintf(arguments, sizeof(arguments), format, list);
	va_end(list);
	say(q, command, arguments);
}

static void disk_add(const struct small_qemu *q, const char *path)
{
	sayf(q, "blockdev-add",
	     "{\"driver\":\"raw\",\"node-name\":\"disk\",\"file\":{\"driver\":\"file\",\"filename\":\"%s\"}}", path);
}

/* Until the source's copy is where it is awaited: 1: all of the disk is there; 0: there is none. */
static void copy_await(int ready)
{
	int64_t end_ns = clock_now_ns() + 30 * NS_PER_S;
	for (;; clock_sleep(5 * NS_PER_MS)) {
		struct json_object *jobs, *is_ready = NULL;
		struct err e = { 0 };
		if (qmp_ask(source.monitor, "query-block-jobs", NULL, &jobs, &e) < 0)
			fail_msg("%s", e.text);
		size_t count = json_object_array_length(jobs);
		if (count)
			json_object_object_get_ex(json_object_array_get_idx(jobs, 0), "ready", &is_ready);
		bool there = ready ? json_object_get_boolean(is_ready) : !count;
		json_object_put(jobs);
		if (there)
			return;
		assert_true(clock_now_ns() < end_ns);
	}
}

/* As libvirt has it done: a mirror onto the destination's disk, over NBD. */
static void disk_mirror(const struct site *from, const char *here, const struct site *to, const char *there)
{
	struct err e = { 0 };
	char text[32];
	if (small_qemu_start(&source, "src", NULL, &e) < 0 || small_qemu_start(&destination, "dst", NULL, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(truncate(there, DISK_BYTES), 0);
	disk_add(&destination, there);
	sayf(&destination, "nbd-server-start", "{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"%s\"}}}",
	     site_path(SITE_DISKS_QEMU "0", to));
	say(&destination, "block-export-add",
	    "{\"type\":\"nbd\",\"id\":\"disk\",\"name\":\"disk\",\"node-name\":\"disk\",\"writable\":true}");
	disk_add(&source, here);
	sayf(&source, "blockdev-add",
	     "{\"driver\":\"nbd\",\"node-name\":\"far\",\"export\":\"disk\","
	     "\"server\":{\"type\":\"unix\",\"path\":\"%s\"}}",
	     site_path(SITE_DISKS_NEAR "0", from));
	say(&source, "blockdev-mirror",
	    "{\"job-id\":\"copy\",\"device\":\"disk\",\"target\":\"far\",\"sync\":\"full\"}");
	copy_await(1);
	say(&source, "block-job-cancel", "{\"device\":\"copy\"}");
	copy_await(0);
	say(&source, "blockdev-del", "{\"node-name\":\"far\"}");
	assert_state(from, "near", "ended");
	assert_state(to, "far", "ended");
	assert_string_equal(site_column(from, "near", SITE_KIND, text, sizeof(text)), "disk");
	assert_int_equal(site_number(from, "near", SITE_RAW), site_number(to, "far", SITE_RAW));
	small_qemu_end(&source);
	small_qemu_end(&destination);
	assert_same_disks(here, there);
}

/* There and back: the second time next to nothing passes. */
static void a_disk(void **state)
{
	(void)state;
	char here[96], there[96];
	snprintf(here, sizeof(here), "%s/a.disk", scratch);
	snprintf(there, sizeof(there), "%s/b.disk", scratch);
	disk_make(here, DISK_BLOCKS, 0);
	FILE *file = fopen(there, "we");
	assert_non_null(file);
	fclose(file);
	disk_mirror(&a, here, &b, there);
	int64_t raw = site_number(&a, "near", SITE_RAW), first = site_number(&a, "near", SITE_SENT);
	assert_true(raw > DISK_BLOCKS * 3 / 4 * MADE_PAGE_BYTES);
	assert_true(first > DISK_BLOCKS / 2 * MADE_PAGE_BYTES);
	/* What the destination had before does not matter. */
	disk_make(here, 0, 7);
	disk_mirror(&b, there, &a, here);
	int64_t second = site_number(&b, "near", SITE_SENT);
	print_message("# a disk of %d bytes: %lld sent, then %lld\n", DISK_BYTES, (long long)first,
	              (long long)second);
	assert_true(second * 50 < raw);
	/* Relays that begin anew find what they kept; a tenth of the disk has changed. */
	site_end(&a);
	site_end(&b);
	both_start(NULL);
	disk_make(here, DISK_BLOCKS * 9 / 10, 1);
	disk_mirror(&a, here, &b, there);
	assert_in_range(site_number(&a, "near", SITE_SENT), second, raw / 5);
	unlink(here);
	unlink(there);
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
		cmocka_unit_test_setup_teardown(a_recovery, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_recovery_past_a_stuck_monitor, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_disk, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_killed_relay, both_start, qemu_end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	if (!small_qemu_there())
		return small_qemu_skip();
	return cmocka_run_group_tests_name("reuse relay with QEMU", tests, small_qemu_setup, scratch_remove);
}
