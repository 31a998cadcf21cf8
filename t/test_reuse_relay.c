/*
 * A pair of reuse relays, each a process: streams byte for byte over real sockets, returns that take little of the link,
 * stores that survive a restart or are lost, ends and relays that die.
 */
#include "bench/base/unix_socket.h"
#include "bench/migrate/reuse/reuse_pace.h"
#include "t/loopback.h"
#include "t/made_stream.h"
#include "t/reuse_pair.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PAGES = 3000 };

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
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, PAGES);
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t what = i < changed ? i : i + visit * PAGES;
		page_content(content, what, i);
		if (i % 11 == 6)
			made_zero(&s, NULL, i * MADE_PAGE_BYTES);
		else
			made_page(&s, i % 50 ? NULL : "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	return s;
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

/* All of a stream, byte for byte, to its end. */
static void assert_carried(const struct ends *x, const struct made_stream *s)
{
	struct made_stream came = { 0 };
	struct loopback_bytes w = { x->source, s->bytes, s->length };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, loopback_send, &w), 0);
	assert_int_equal(read_all(x->destination, &came), 0);
	pthread_join(thread, NULL);
	assert_int_equal(came.length, s->length);
	assert_memory_equal(came.bytes, s->bytes, s->length);
	free(came.bytes);
}

/* From one site to the other, and something back; returns what the near relay sent over the link. */
static int64_t passed(const struct site *from, const struct site *to, const struct made_stream *s)
{
	struct made_stream back = { 0 };
	unsigned char noise[MADE_PAGE_BYTES];
	struct ends x = connect_ends(from, to);
	assert_carried(&x, s);
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

/* Some words stand in a site's log, by now or soon. */
static void assert_logged(const struct site *s, const char *words)
{
	char text[4096] = "";
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S; !strstr(text, words) && clock_now_ns() < end_ns;
	     clock_sleep(5 * NS_PER_MS)) {
		FILE *file = fopen(site_path("%s/%s.log", s), "re");
		size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
		text[length] = '\0';
		if (file)
			fclose(file);
	}
	assert_non_null(strstr(text, words));
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

/* Nobody listens behind the far relay, and then there is no far relay: for so long that patience is over. */
static void nobody_there(void **state)
{
	(void)state;
	site_end(&a);
	a.patience_ns = 200 * NS_PER_MS;
	start(&a, NULL);
	a.patience_ns = 0;
	site_end(&b);
	b.patience_ns = 200 * NS_PER_MS;
	start(&b, NULL);
	b.patience_ns = 0;
	for (int i = 0; i < 2; i++) {
		int source = loopback_socket(a.near, SITE_PORT, 0);
		char byte;
		assert_true(recv(source, &byte, 1, 0) <= 0);
		close(source);
		site_end(&b);
	}
}

/* The far relay, and then QEMU behind it, come only after QEMU has connected: it is not broken off meanwhile. */
static void the_other_side_comes_later(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0), came = { 0 };
	pthread_t thread;
	for (int i = 0; i < 2; i++) {
		site_end(&b);
		struct loopback_bytes w = { loopback_socket(a.near, SITE_PORT, 0), s.bytes, s.length };
		assert_int_not_equal(w.fd, -1);
		assert_int_equal(pthread_create(&thread, NULL, loopback_send, &w), 0);
		clock_sleep(300 * NS_PER_MS);
		int listening = i ? -1 : loopback_socket(b.qemu, SITE_PORT, 1);
		start(&b, NULL);
		clock_sleep(i * 300 * NS_PER_MS);
		listening = i ? loopback_socket(b.qemu, SITE_PORT, 1) : listening;
		int destination = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		came.length = 0;
		assert_int_equal(read_all(destination, &came), 0);
		pthread_join(thread, NULL);
		assert_int_equal(came.length, s.length);
		assert_memory_equal(came.bytes, s.bytes, s.length);
		close(destination);
		close(listening);
		close(w.fd);
		assert_state(&a, "near", "ended");
	}
	free(came.bytes);
	free(s.bytes);
}

/* One that gave up while it waited never gets to a destination that comes then; the next one does. */
static void a_caller_that_has_gone(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(10, 0);
	site_end(&b);
	int source = loopback_socket(a.near, SITE_PORT, 0);
	assert_int_equal(send(source, "gone", 4, MSG_NOSIGNAL), 4);
	clock_sleep(300 * NS_PER_MS);
	close(source);
	clock_sleep(300 * NS_PER_MS);
	start(&b, NULL);
	passed(&a, &b, &s);
	free(s.bytes);
}

/* A return: references go at 150 MB/s, then what is new at the link's 12.5; then another connection. */
static void the_pace(void **state)
{
	enum { MB = 1000000 };
	(void)state;
	struct reuse_live live = { 0, 0 };
	struct reuse_pace pace = { 0 };
	int64_t now_ns = NS_PER_S;
	assert_true(reuse_pace_look(&pace, now_ns, &live) == 1);
	atomic_store(&live.raw_bytes, 15 * MB);
	atomic_store(&live.referenced_bytes, 12 * MB);
	assert_true(reuse_pace_look(&pace, now_ns + 50 * NS_PER_MS, &live) == 1);
	assert_float_equal(reuse_pace_look(&pace, now_ns += 100 * NS_PER_MS, &live), 0.2, 1e-9);
	/* Nothing more for a while: that says nothing. */
	assert_float_equal(reuse_pace_look(&pace, now_ns += 100 * NS_PER_MS, &live), 0.2, 1e-9);
	atomic_store(&live.raw_bytes, 30 * MB);
	atomic_store(&live.referenced_bytes, 27 * MB);
	assert_float_equal(reuse_pace_look(&pace, now_ns += 100 * NS_PER_MS, &live), 0.05, 1e-9);
	atomic_store(&live.raw_bytes, 31 * MB);
	assert_float_equal(reuse_pace_look(&pace, now_ns += 100 * NS_PER_MS, &live), 1, 1e-9);
	atomic_store(&live.raw_bytes, 2 * MB);
	atomic_store(&live.referenced_bytes, 2 * MB);
	assert_true(reuse_pace_look(&pace, now_ns += 100 * NS_PER_MS, &live) == 1);
}

/* However many come to one lane, and stay: the others' way is free. */
static void too_many(void **state)
{
	enum { MANY = 40, BORNE = 8 };
	(void)state;
	struct err e = { 0 };
	int fds[MANY], refused = 0;
	char byte = 0;
	for (int i = 0; i < MANY; i++) {
		fds[i] = loopback_socket(a.near, SITE_PORT, 0);
		assert_int_not_equal(fds[i], -1);
	}
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S; refused < MANY - BORNE && clock_now_ns() < end_ns;
	     clock_sleep(5 * NS_PER_MS))
		for (int i = 0; i < MANY; i++)
			if (fds[i] >= 0 && recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET) {
				close(fds[i]);
				fds[i] = -1;
				refused++;
			}
	assert_int_equal(refused, MANY - BORNE);
	char near[96], qemu[96];
	snprintf(near, sizeof(near), "%s0", site_path(SITE_DISKS_NEAR, &a));
	snprintf(qemu, sizeof(qemu), "%s0", site_path(SITE_DISKS_QEMU, &b));
	int listening = unix_listen(qemu, &e), source = unix_connect(near);
	assert_int_not_equal(listening, -1);
	assert_int_not_equal(source, -1);
	struct pollfd p = { .fd = listening, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 20000), 1);
	int destination = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(send(source, "d", 1, MSG_NOSIGNAL), 1);
	shutdown(source, SHUT_WR);
	assert_int_equal(recv(destination, &byte, 1, 0), 1);
	assert_int_equal(byte, 'd');
	close(source);
	close(destination);
	close(listening);
	for (int i = 0; i < MANY; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* More VMs than there are lanes. */
static void too_many_lanes(void **state)
{
	(void)state;
	struct err e = { 0 };
	const struct process_place here = { .core = 0 };
	const struct reuse_relay_spec spec = { .site = "a", .directory = scratch, .lanes = REUSE_LANES + 1 };
	pid_t pid = 0;
	assert_int_equal(reuse_relay_start(&spec, &here, "/dev/null", NULL, &pid, &e), -1);
	assert_non_null(strstr(e.text, "carries 1 to 16 VMs, not 17"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pace),
		cmocka_unit_test_setup_teardown(noise_byte_for_byte, both_start, both_end),
		cmocka_unit_test_setup_teardown(returns, both_start, both_end),
		cmocka_unit_test_setup_teardown(two_at_a_time, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_spoilt_store, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_page_missed_after_the_end, both_start, both_end),
		cmocka_unit_test_setup_teardown(no_way_back, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_store_that_is_cut_short, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_store_that_is_not_private, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_disk, both_start, both_end),
		cmocka_unit_test_setup_teardown(deaths, both_start, both_end),
		cmocka_unit_test_setup_teardown(little_waits, both_start, both_end),
		cmocka_unit_test_setup_teardown(nobody_there, both_start, both_end),
		cmocka_unit_test_setup_teardown(the_other_side_comes_later, both_start, both_end),
		cmocka_unit_test_setup_teardown(a_caller_that_has_gone, both_start, both_end),
		cmocka_unit_test_setup_teardown(too_many, both_start, both_end),
		cmocka_unit_test(too_many_lanes),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("reuse relay", tests, scratch_make, scratch_remove);
}
