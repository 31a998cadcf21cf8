/*
 * A pair of reuse relays, each a process: streams byte for byte over real sockets, returns that take little of the link,
 * stores that survive a restart or are lost, ends and relays that die, and QEMU's own migrations, before and after the switch to
 * post-copy.
 */
#include "t/loopback.h"
#include "t/reuse_sites.h"
#include "t/small_qemu.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGES = 3000, DISK = 64 << 20, MEMORY = 32 << 20 };

static void start(struct site *s, const char *store)
{
	struct err e = { 0 };
	if (site_start(s, store, DISK, MEMORY, &e) < 0)
		fail_msg("%s", e.text);
}

static int both_end(void **state)
{
	(void)state;
	site_end(&a);
	site_end(&b);
	for (struct site *s = &a; s; s = s == &a ? &b : NULL) {
		unlink(site_path("%s/reuse-%s.csv", s));
		unlink(site_path("%s/%s.pages", s));
		unlink(site_path("%s/%s.log", s));
	}
	return 0;
}

static int both_start(void **state)
{
	(void)state;
	start(&a, site_path("%s/%s.pages", &a));
	start(&b, site_path("%s/%s.pages", &b));
	return 0;
}

/* Rows are written when a connection is over, and that is a little after its ends see it. */
static void assert_state(const struct site *s, const char *role, const char *wanted)
{
	char state[32] = "";
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S; strcmp(state, wanted) != 0 && clock_now_ns() < end_ns;
	     clock_sleep(5 * NS_PER_MS))
		site_column(s, role, SITE_STATE, state, sizeof(state));
	assert_string_equal(state, wanted);
}

/* ---- streams ---- */

/* One in three pages can be compressed. */
static void page_content(unsigned char content[MADE_PAGE_BYTES], uint64_t what, uint64_t number)
{
	if (number % 3)
		made_content(content, what);
	else
		made_heap(content, what);
}

/* A VM whose pages from `changed` on are others with another visit. */
static struct made_stream vm_stream(uint64_t changed, uint64_t visit)
{
	const struct made_block block = { "pc.ram", PAGES * MADE_PAGE_BYTES, 0 };
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_head(&s, "pc");
	made_ram_begin(&s, &block, 1);
	made_part_begin(&s);
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t what = i < changed ? i : i + visit * PAGES;
		page_content(content, what, i);
		if (i % 11 == 6)
			made_zero(&s, NULL, i * MADE_PAGE_BYTES);
		else
			made_page(&s, i % 50 ? NULL : "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_part_end(&s);
	made_end(&s);
	return s;
}

struct writing {
	int fd;
	const struct made_stream *s;
};

static void *write_all(void *argument)
{
	const struct writing *w = argument;
	for (size_t at = 0; at < w->s->length;) {
		size_t length = w->s->length - at < 30011 ? w->s->length - at : 30011;
		ssize_t n = send(w->fd, w->s->bytes + at, length, MSG_NOSIGNAL);
		if (n < 0)
			return NULL;
		at += (size_t)n;
	}
	shutdown(w->fd, SHUT_WR);
	return NULL;
}

/* Until the end; -1 when it breaks. */
static ssize_t read_all(int fd, struct made_stream *into)
{
	unsigned char piece[70001];
	ssize_t n;
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		made_bytes(into, piece, (size_t)n);
	return n;
}

struct ends {
	int listening, source, destination;
};

static struct ends connect_ends(const struct site *from, const struct site *to)
{
	struct ends x = { .listening = loopback_socket(to->qemu, SITE_PORT, 1) };
	assert_int_not_equal(x.listening, -1);
	x.source = loopback_socket(from->near, SITE_PORT, 0);
	assert_int_not_equal(x.source, -1);
	x.destination = accept4(x.listening, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(x.destination, -1);
	return x;
}

static void close_ends(struct ends *x)
{
	close(x->source);
	close(x->destination);
	close(x->listening);
}

/* From one site to the other, and something back; returns what the near relay sent over the link. */
static int64_t passed(const struct site *from, const struct site *to, const struct made_stream *s)
{
	struct made_stream came = { 0 }, back = { 0 };
	unsigned char noise[MADE_PAGE_BYTES];
	struct ends x = connect_ends(from, to);
	struct writing w = { x.source, s };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
	assert_int_equal(read_all(x.destination, &came), 0);
	pthread_join(thread, NULL);
	assert_int_equal(came.length, s->length);
	assert_memory_equal(came.bytes, s->bytes, s->length);
	for (uint64_t i = 0; i < 20; i++) {
		made_content(noise, i);
		assert_int_equal(send(x.destination, noise, sizeof(noise), MSG_NOSIGNAL), sizeof(noise));
	}
	shutdown(x.destination, SHUT_WR);
	assert_int_equal(read_all(x.source, &back), 0);
	assert_int_equal(back.length, 20 * sizeof(noise));
	assert_memory_equal(back.bytes + 19 * sizeof(noise), noise, sizeof(noise));
	close_ends(&x);
	assert_state(from, "near", "ended");
	assert_state(to, "far", "ended");
	assert_int_equal(site_number(from, "near", SITE_RAW), s->length);
	assert_int_equal(site_number(to, "far", SITE_RAW), s->length);
	free(came.bytes);
	free(back.bytes);
	return site_number(from, "near", SITE_SENT);
}

static void noise_byte_for_byte(void **state)
{
	(void)state;
	struct made_stream noise = { 0 };
	for (uint64_t i = 0; i < 3000; i++) {
		unsigned char content[MADE_PAGE_BYTES];
		made_content(content, i);
		made_bytes(&noise, content, i % 3 ? sizeof(content) : (size_t)(i % 300 * 13));
	}
	int64_t sent = passed(&a, &b, &noise);
	assert_in_range(sent, noise.length, noise.length * 101 / 100);
	/* Nothing at all. */
	noise.length = 0;
	passed(&b, &a, &noise);
	free(noise.bytes);
}

/* A -> B -> A, restarts of both, -> B: a tenth is new each time. */
static void returns(void **state)
{
	(void)state;
	struct made_stream s[3];
	struct stat st;
	for (uint64_t i = 0; i < 3; i++)
		s[i] = vm_stream(PAGES * 9 / 10, i);
	int64_t first = passed(&a, &b, &s[0]);
	assert_true(first > (int64_t)s[0].length / 2);
	/* What could be compressed was. */
	assert_in_range(site_number(&a, "near", SITE_ZSTD_RAW), PAGES / 4 * MADE_PAGE_BYTES,
	                PAGES / 3 * MADE_PAGE_BYTES * 11 / 10);
	assert_true(site_number(&a, "near", SITE_ZSTD) * 2 < site_number(&a, "near", SITE_ZSTD_RAW));
	assert_in_range(site_number(&b, "far", SITE_STORE_PAGES), PAGES * 9 / 10, PAGES);
	assert_true(passed(&b, &a, &s[1]) < (int64_t)s[1].length * 12 / 100);
	assert_true(site_number(&b, "near", SITE_REFERENCED) > PAGES * 8 / 10);
	site_end(&a);
	site_end(&b);
	assert_int_equal(stat(site_path("%s/%s.pages", &a), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size < DISK + (2 << 20));
	both_start(NULL);
	assert_true(passed(&a, &b, &s[2]) < (int64_t)s[2].length * 12 / 100);
	for (int i = 0; i < 3; i++)
		free(s[i].bytes);
}

/* The destination's store is spoilt under it: plain bytes, and they are right. */
static void a_spoilt_store(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	passed(&a, &b, &s);
	struct ends x = connect_ends(&a, &b);
	clock_sleep(200 * NS_PER_MS); /* it has said what it has */
	FILE *file = fopen(site_path("%s/%s.pages", &b), "r+e");
	fseek(file, -(long)(DISK - 1000 * MADE_PAGE_BYTES), SEEK_END);
	for (int i = 0; i < 300000; i++)
		fputc('x', file);
	fclose(file);
	struct made_stream came = { 0 };
	struct writing w = { x.source, &s };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
	assert_int_equal(read_all(x.destination, &came), 0);
	pthread_join(thread, NULL);
	assert_int_equal(came.length, s.length);
	assert_memory_equal(came.bytes, s.bytes, s.length);
	close_ends(&x);
	assert_state(&a, "near", "ended");
	assert_true(site_number(&a, "near", SITE_RESENT) > 0);
	free(came.bytes);
	free(s.bytes);
}

/* A store that others may read is not used: pages are in memory, and it is said. */
static void a_store_that_is_not_private(void **state)
{
	(void)state;
	char line[200] = "";
	struct made_stream s = vm_stream(PAGES, 0);
	site_end(&b);
	FILE *file = fopen(site_path("%s/%s.pages", &b), "we");
	fclose(file);
	assert_int_equal(chmod(site_path("%s/%s.pages", &b), 0644), 0);
	start(&b, site_path("%s/%s.pages", &b));
	passed(&a, &b, &s);
	assert_true(passed(&a, &b, &s) < (int64_t)s.length / 10);
	file = fopen(site_path("%s/%s.log", &b), "re");
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_non_null(strstr(line, "not private"));
	free(s.bytes);
}

/* Pages that are on a disk which the destination can read: a first visit sends little of them. */
static void a_disk(void **state)
{
	(void)state;
	const char *const images[] = { site_path("%s/%s.image", &b), "/nonexistent/image", NULL };
	struct made_stream s = vm_stream(PAGES, 0);
	unsigned char content[MADE_PAGE_BYTES];
	FILE *file = fopen(images[0], "we");
	for (uint64_t i = 0; i < PAGES; i += 2) {
		page_content(content, i, i);
		fwrite(content, sizeof(content), 1, file);
	}
	fclose(file);
	site_end(&b);
	b.images = images;
	start(&b, NULL);
	b.images = NULL;
	passed(&a, &b, &s);
	assert_in_range(site_number(&a, "near", SITE_REFERENCED), PAGES / 2 * 10 / 11 - 10, PAGES / 2 * 10 / 11 + 10);
	unlink(images[0]);
	free(s.bytes);
}

/* ---- what dies ---- */

static void assert_broken(int fd)
{
	struct made_stream rest = { 0 };
	errno = 0;
	assert_int_equal(read_all(fd, &rest), -1);
	assert_int_equal(errno, ECONNRESET);
	free(rest.bytes);
}

/* Either end of QEMU's, or either relay, in the middle of a stream: both ends see a broken connection, none an end. */
static void deaths(void **state)
{
	struct made_stream s = vm_stream(PAGES, 0);
	for (int who = 0; who < 4; who++) {
		struct ends x = connect_ends(&a, &b);
		unsigned char first[1000];
		assert_int_equal(send(x.source, s.bytes, 100000, MSG_NOSIGNAL), 100000);
		assert_int_equal(recv(x.destination, first, sizeof(first), MSG_WAITALL), sizeof(first));
		assert_memory_equal(first, s.bytes, sizeof(first));
		const struct linger at_once = { .l_onoff = 1 };
		int *dead = who == 0 ? &x.source : &x.destination;
		if (who < 2) {
			setsockopt(*dead, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
			close(*dead);
			*dead = -1;
		} else {
			pid_t pid = who == 2 ? a.pid : b.pid;
			assert_int_equal(kill(pid, SIGKILL), 0);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
			*(who == 2 ? &a.pid : &b.pid) = 0;
		}
		if (who != 0 && who != 2)
			assert_broken(x.source);
		if (who != 1 && who != 3)
			assert_broken(x.destination);
		close_ends(&x);
		both_end(NULL);
		both_start(state);
	}
	/* And then it goes on as ever. */
	passed(&a, &b, &s);
	free(s.bytes);
}

/* What a source writes while nothing goes on waits in buffers; a stopped VM would wait for all of it. */
static void little_waits(void **state)
{
	(void)state;
	static unsigned char piece[1 << 16];
	site_end(&b);
	int far = loopback_socket(b.far, SITE_LINK_PORT, 1), source_end = loopback_socket(a.near, SITE_PORT, 0);
	int link = accept4(far, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(link, -1);
	size_t taken = 0;
	for (struct pollfd p = { .fd = source_end, .events = POLLOUT }; poll(&p, 1, 300) > 0;) {
		ssize_t n = send(source_end, piece, sizeof(piece), MSG_NOSIGNAL | MSG_DONTWAIT);
		taken += n > 0 ? (size_t)n : 0;
	}
	print_message("# %zu bytes wait\n", taken);
	assert_in_range(taken, 1, 768 << 10);
	close(link);
	close(source_end);
	close(far);
}

/* Nobody listens behind the far relay, and then there is no far relay. */
static void nobody_there(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int source = loopback_socket(a.near, SITE_PORT, 0);
		char byte;
		assert_true(recv(source, &byte, 1, 0) <= 0);
		close(source);
		site_end(&b);
	}
}

/* ---- QEMU ---- */

static char pattern[96];
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
	if (small_qemu_start(&source, "src", pattern, NULL, &e) < 0 ||
	    small_qemu_start(&destination, "dst", pattern, incoming, &e) < 0)
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
	assert_int_equal(small_qemu_start(&destination, "dst", pattern, "tcp:127.0.0.13:4747", &e), 0);
	say(&source, "migrate-set-parameters", "{\"max-bandwidth\":1073741824}");
	qemu_go(&a);
	qemu_arrived(&a, &b);
}

static int begin(void **state)
{
	scratch_make(state);
	snprintf(pattern, sizeof(pattern), "%s/pattern", scratch);
	return small_qemu_pattern(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(noise_byte_for_byte, both_start, both_end),
		cmocka_unit_test_setup_teardown(returns, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_spoilt_store, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_store_that_is_not_private, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_disk, both_start, both_end),
		cmocka_unit_test_setup_teardown(deaths, both_start, both_end),
		cmocka_unit_test_setup_teardown(little_waits, both_start, both_end),
		cmocka_unit_test_setup_teardown(nobody_there, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_precopy, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_postcopy, both_start, qemu_end),
		cmocka_unit_test_setup_teardown(a_killed_relay, both_start, qemu_end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	if (!small_qemu_there())
		return small_qemu_skip();
	return cmocka_run_group_tests_name("reuse relay", tests, begin, scratch_remove);
}
