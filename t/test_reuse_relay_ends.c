/* A pair of reuse relays, each a process: ends and relays that die or come late, what waits between them, and how many come. */
#include "bench/base/unix_socket.h"
#include "bench/migrate/reuse/reuse_pace.h"
#include "t/relayed_streams.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

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
	return cmocka_run_group_tests_name("ends of reuse relays", tests, scratch_make, scratch_remove);
}
