/*
 * A pair of reuse relays, each a process: streams byte for byte over real sockets, returns that take little of the link,
 * stores that survive a restart or are lost.
 */
#include "bench/migrate/reuse/reuse_pace.h"
#include "t/relayed_streams.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
	a.live = mmap(NULL, sizeof(*a.live), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(a.live, MAP_FAILED);
	both_start(NULL);
	assert_true(passed(&a, &b, &s[2]) < (int64_t)s[2].length * 12 / 100);
	/* So far it is told while it goes on. */
	assert_int_equal(atomic_load(&a.live->raw_bytes), s[2].length);
	assert_int_equal(atomic_load(&a.live->referenced_bytes),
	                 site_number(&a, "near", SITE_REFERENCED) * MADE_PAGE_BYTES);
	munmap(a.live, sizeof(*a.live));
	a.live = NULL;
	for (int i = 0; i < 3; i++)
		free(s[i].bytes);
}

/* A group: two VMs with the same pages move at the same time. What one got across, the other one does not send. */
static void two_at_a_time(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0), came[2] = { { 0 }, { 0 } };
	unsigned char piece[70001];
	int listening = loopback_socket(b.qemu, SITE_PORT, 1), source[2], destination[2];
	for (int i = 0; i < 2; i++) {
		source[i] = loopback_socket(a.near, SITE_PORT, 0);
		destination[i] = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		assert_int_not_equal(destination[i], -1);
	}
	for (int i = 0; i < 2; i++) {
		struct loopback_bytes w = { source[i], s.bytes, s.length };
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, loopback_send, &w), 0);
		while (came[i].length < s.length) {
			ssize_t n = recv(destination[i], piece, sizeof(piece), 0);
			assert_true(n > 0);
			made_bytes(&came[i], piece, (size_t)n);
		}
		pthread_join(thread, NULL);
		assert_int_equal(came[i].length, s.length);
		assert_memory_equal(came[i].bytes, s.bytes, s.length);
		if (!i)
			clock_sleep(200 * NS_PER_MS); /* the last proof is on its way */
	}
	for (int i = 0; i < 2; i++) {
		close(source[i]);
		close(destination[i]);
		if (!i)
			assert_state(&a, "near", "ended");
	}
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
	     site_number(&a, "near", SITE_REFERENCED) < PAGES * 9 / 10 && clock_now_ns() < end_ns;)
		clock_sleep(5 * NS_PER_MS);
	assert_in_range(site_number(&a, "near", SITE_REFERENCED), PAGES * 9 / 10, PAGES);
	close(listening);
	for (int i = 0; i < 2; i++)
		free(came[i].bytes);
	free(s.bytes);
}

/* So many pages of a site's store, from that one on, are no longer what they were. */
static void spoil(const struct site *s, int first, int pages)
{
	FILE *file = fopen(site_path("%s/%s.pages", s), "r+e");
	assert_non_null(file);
	fseek(file, (long)first * MADE_PAGE_BYTES - (long)DISK, SEEK_END);
	for (int i = 0; i < pages * MADE_PAGE_BYTES; i++)
		fputc('x', file);
	fclose(file);
}

/* The destination's store is spoilt under it: what it misses comes again, and is right. */
static void a_spoilt_store(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	passed(&a, &b, &s);
	struct ends x = connect_ends(&a, &b);
	clock_sleep(200 * NS_PER_MS); /* it has said what it has */
	spoil(&b, 1000, 74);
	assert_carried(&x, &s);
	close_ends(&x);
	assert_state(&a, "near", "ended");
	assert_state(&b, "far", "ended");
	assert_true(site_number(&a, "near", SITE_RESENT) > 0);
	/* The relay has looked at the others by then, while nothing passed. */
	clock_sleep(NS_PER_S);
	passed(&a, &b, &s);
	assert_int_equal(site_number(&a, "near", SITE_RESENT), 0);
	assert_true(site_number(&a, "near", SITE_REFERENCED) > PAGES / 2);
	free(s.bytes);
}

/* The destination's store is cut short while it is used: what was in it is sent again, and the relay lives. */
static void a_store_that_is_cut_short(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	passed(&a, &b, &s);
	struct ends x = connect_ends(&a, &b);
	clock_sleep(200 * NS_PER_MS); /* it has said what it has */
	assert_int_equal(truncate(site_path("%s/%s.pages", &b), 0), 0);
	assert_carried(&x, &s);
	close_ends(&x);
	assert_state(&a, "near", "ended");
	assert_true(site_number(&a, "near", SITE_RESENT) > 0);
	assert_int_equal(kill(b.pid, 0), 0);
	assert_int_equal(waitpid(b.pid, NULL, WNOHANG), 0);
	passed(&a, &b, &s);
	free(s.bytes);
}

/* All of a stream is on its way, and its source has ended, when the destination finds that it misses a page. */
static void a_page_missed_after_the_end(void **state)
{
	enum { FEW = 8 };
	(void)state;
	struct made_stream s = { 0 }, came = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, FEW);
	for (uint64_t i = 0; i < FEW; i++) {
		made_content(content, i);
		made_page(&s, "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	passed(&a, &b, &s);
	struct ends x = connect_ends(&a, &b);
	clock_sleep(200 * NS_PER_MS); /* it has said what it has */
	spoil(&b, 0, FEW);
	assert_int_equal(send(x.source, s.bytes, s.length, MSG_NOSIGNAL), s.length);
	shutdown(x.source, SHUT_WR);
	assert_int_equal(read_all(x.destination, &came), 0);
	assert_int_equal(came.length, s.length);
	assert_memory_equal(came.bytes, s.bytes, s.length);
	close_ends(&x);
	assert_state(&a, "near", "ended");
	assert_true(site_number(&a, "near", SITE_RESENT) > 0);
	free(came.bytes);
	free(s.bytes);
}

/* The last row is about the connection that there is, not about the one before it. */
static void a_row_from_the_beginning(void **state)
{
	(void)state;
	char text[32];
	struct made_stream s = vm_stream(PAGES, 0);
	passed(&a, &b, &s);
	struct ends x = connect_ends(&a, &b);
	assert_int_equal(send(x.source, s.bytes, MADE_PAGE_BYTES, MSG_NOSIGNAL), MADE_PAGE_BYTES);
	assert_int_equal(recv(x.destination, text, 1, 0), 1);
	assert_string_not_equal(site_column(&a, "near", SITE_STATE, text, sizeof(text)), "ended");
	assert_string_not_equal(site_column(&b, "far", SITE_STATE, text, sizeof(text)), "ended");
	close_ends(&x);
	free(s.bytes);
}

/* A return path that ends early: the stream goes on to its end all the same. */
static void no_way_back(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0), back = { 0 };
	struct ends x = connect_ends(&a, &b);
	shutdown(x.destination, SHUT_WR);
	assert_int_equal(read_all(x.source, &back), 0);
	assert_int_equal(back.length, 0);
	assert_carried(&x, &s);
	close_ends(&x);
	assert_state(&a, "near", "ended");
	assert_state(&b, "far", "ended");
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
	assert_logged(&b, "blocks of");
	assert_logged(&b, "/nonexistent/image");
	passed(&a, &b, &s);
	assert_in_range(site_number(&a, "near", SITE_REFERENCED), PAGES / 2 * 10 / 11 - 10, PAGES / 2 * 10 / 11 + 10);
	unlink(images[0]);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(noise_byte_for_byte, both_start, both_end),
		cmocka_unit_test_setup_teardown(returns, both_start, both_end),
		cmocka_unit_test_setup_teardown(two_at_a_time, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_spoilt_store, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_page_missed_after_the_end, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_row_from_the_beginning, both_start, both_end),
		cmocka_unit_test_setup_teardown(no_way_back, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_store_that_is_cut_short, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_store_that_is_not_private, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_disk, both_start, both_end),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("reuse relay", tests, scratch_make, scratch_remove);
}
