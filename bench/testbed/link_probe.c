#include "bench/testbed/link_probe.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

struct probe {
	uint64_t token; /* of this measurement: anything else on the port is dropped */
	int64_t seq;
	int64_t sent_ns;
	int64_t held_ns; /* by the echoing side */
};

static int address_parse(const char *text, struct sockaddr_in *ret, struct err *e)
{
	*ret = (struct sockaddr_in){ .sin_family = AF_INET };
	if (inet_pton(AF_INET, text, &ret->sin_addr) != 1)
		return err_set(e, EXIT_USAGE, "not an IPv4 address: '%s'", text);
	return 0;
}

/* A bound socket in a namespace, any port; *address gets the port. */
static int bound_socket(const char *netns, const char *text, int type, struct sockaddr_in *address, struct err *e)
{
	socklen_t length = sizeof(*address);
	struct timeval patience = { .tv_sec = 5 };
	if (address_parse(text, address, e) < 0)
		return -1;
	int fd = netns_socket(netns, AF_INET, type, 0, e);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0) {
		err_errno(e, EXIT_CANNOT, "cannot bind to '%s'", text);
		close(fd);
		return -1;
	}
	return fd;
}

/* A datagram and the head time at which the kernel got it. */
static ssize_t receive_stamped(int fd, void *buffer, size_t room, struct sockaddr_in *from, int64_t *ret_ns,
                               int flags)
{
	union {
		char room[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = { buffer, room };
	struct msghdr m = { .msg_name = from,
		            .msg_namelen = sizeof(*from),
		            .msg_iov = &part,
		            .msg_iovlen = 1,
		            .msg_control = &control,
		            .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, flags);
	*ret_ns = clock_now_ns();
	if (n < 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct timespec t;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		*ret_ns = clock_from_wall_ns(t.tv_sec * NS_PER_S + t.tv_nsec);
	}
	return n;
}

struct echo {
	int fd;
	uint64_t token;
	int stop;
};

static void *echo_main(void *argument)
{
	struct echo *echo = argument;
	struct sched_param urgent = { .sched_priority = 5 };
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgent);
	while (!__atomic_load_n(&echo->stop, __ATOMIC_RELAXED)) {
		struct probe p = { 0 };
		struct sockaddr_in from;
		int64_t came_ns;
		struct pollfd ready = { .fd = echo->fd, .events = POLLIN };
		if (poll(&ready, 1, 20) <= 0 ||
		    receive_stamped(echo->fd, &p, sizeof(p), &from, &came_ns, MSG_DONTWAIT) != sizeof(p) ||
		    p.token != echo->token)
			continue;
		p.held_ns = clock_now_ns() - came_ns;
		sendto(echo->fd, &p, sizeof(p), 0, (struct sockaddr *)&from, sizeof(from));
	}
	return NULL;
}

/* Take answers to probes from first_seq on until `until_ns`, or `count` are there. */
static int take_answers(int fd, uint64_t token, int64_t first_seq, int count, int have, int64_t *rtt_ns,
                        int64_t until_ns)
{
	for (;;) {
		struct probe p = { 0 };
		struct sockaddr_in from;
		int64_t came_ns, left = until_ns - clock_now_ns();
		struct timespec timeout = clock_to_timespec(left);
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		if (have >= count || left <= 0 || ppoll(&ready, 1, &timeout, NULL) == 0)
			return have;
		if (receive_stamped(fd, &p, sizeof(p), &from, &came_ns, MSG_DONTWAIT) != sizeof(p) ||
		    p.token != token || p.seq < first_seq)
			continue;
		rtt_ns[have++] = came_ns - p.sent_ns - p.held_ns;
	}
}

static int send_probe(int fd, const struct sockaddr_in *to, uint64_t token, int64_t seq, struct err *e)
{
	struct probe p = { .token = token, .seq = seq, .sent_ns = clock_now_ns() };
	if (sendto(fd, &p, sizeof(p), 0, (const struct sockaddr *)to, sizeof(*to)) < 0 && errno != EAGAIN &&
	    errno != ENOBUFS)
		return err_errno(e, EXIT_CANNOT, "cannot send a probe over the link");
	return 0;
}

static int exchange(int fd, const struct sockaddr_in *to, uint64_t token, int count, int64_t interval_ns,
                    int64_t patience_ns, int64_t *rtt_ns, struct err *e)
{
	int have = 0;
	/* Until one has come back the addresses are not resolved, and probes would wait for that together. */
	for (int i = 0; i < 5 && !have; i++) {
		if (send_probe(fd, to, token, 0, e) < 0)
			return -1;
		have = take_answers(fd, token, 0, 1, 0, rtt_ns, clock_now_ns() + patience_ns);
	}
	if (!have)
		return 0;
	have = 0;
	int64_t next = clock_now_ns();
	for (int64_t seq = 1; seq <= count; seq++) {
		if (send_probe(fd, to, token, seq, e) < 0)
			return -1;
		next += interval_ns;
		/* A stop of ours must not become a burst. */
		if (next < clock_now_ns())
			next = clock_now_ns();
		have = take_answers(fd, token, 1, count, have, rtt_ns, next);
	}
	return take_answers(fd, token, 1, count, have, rtt_ns, clock_now_ns() + patience_ns);
}

int probe_round_trips(const struct probe_path *p, int count, int64_t interval_ns, int64_t patience_ns,
                      int64_t *rtt_ns, struct err *e)
{
	struct sockaddr_in address_a, address_b;
	struct echo echo = { .fd = -1 };
	pthread_t thread;
	int on = 1, result = -1, a = bound_socket(p->netns_a, p->address_a, SOCK_DGRAM, &address_a, e);
	if (a < 0)
		return -1;
	echo.fd = bound_socket(p->netns_b, p->address_b, SOCK_DGRAM, &address_b, e);
	if (echo.fd < 0)
		goto out;
	setsockopt(a, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	setsockopt(echo.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (getrandom(&echo.token, sizeof(echo.token), 0) != sizeof(echo.token)) {
		err_errno(e, EXIT_CANNOT, "no random token");
		goto out;
	}
	errno = pthread_create(&thread, NULL, echo_main, &echo);
	if (errno) {
		err_errno(e, EXIT_CANNOT, "cannot start the echo thread");
		goto out;
	}
	result = exchange(a, &address_b, echo.token, count, interval_ns, patience_ns, rtt_ns, e);
	__atomic_store_n(&echo.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
out:
	if (echo.fd >= 0)
		close(echo.fd);
	close(a);
	return result;
}

/*
 * One stream. Both ends are ours, so what is on the way can be bounded exactly, which no socket option does: a
 * receive buffer's share that becomes window changes while the connection runs.
 */
struct stream {
	int out, in;
	const struct probe_load *load;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	int64_t sent, received;
	int stop;
};

/* Wait until a quarter of the bound may be sent again; returns how much, 0 at the end. */
static size_t may_send(struct stream *s, size_t most)
{
	int64_t bound = s->load->in_flight_bytes, room = (int64_t)most;
	pthread_mutex_lock(&s->lock);
	while (bound && !s->stop && (room = bound - (s->sent - s->received)) < bound / 4)
		pthread_cond_wait(&s->arrived, &s->lock);
	if (s->stop)
		room = 0;
	pthread_mutex_unlock(&s->lock);
	return (size_t)room < most ? (size_t)room : most;
}

static void *stream_main(void *argument)
{
	static const unsigned char zeros[256 * 1024];
	struct stream *s = argument;
	for (size_t room; (room = may_send(s, sizeof(zeros)));) {
		ssize_t n = send(s->out, zeros, room, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			break;
		pthread_mutex_lock(&s->lock);
		s->sent += n > 0 ? n : 0;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

static void stream_progress(struct stream *s, int64_t received, int stop)
{
	pthread_mutex_lock(&s->lock);
	s->received = received;
	s->stop = stop;
	pthread_cond_signal(&s->arrived);
	pthread_mutex_unlock(&s->lock);
}

/* Bytes between the first read after the warm-up and the last of the window. */
static int count_bytes(struct stream *s, double *ret_bits_per_s, int64_t *ret_window_ns, struct err *e)
{
	const size_t room = 1 << 20;
	char *buffer = malloc(room);
	int64_t warm = clock_now_ns() + s->load->warm_ns, end = warm + s->load->window_ns;
	int64_t first_ns = 0, last_ns = 0, total = 0, first_total = 0;
	if (!buffer)
		return err_errno(e, EXIT_CANNOT, "no memory to receive into");
	while (last_ns < end) {
		ssize_t n = recv(s->in, buffer, room, 0);
		if (n <= 0) {
			bool signalled = n < 0 && errno == EINTR;
			free(buffer);
			return signalled ? err_set(e, EXIT_INTERRUPTED, "interrupted")
			                 : err_set(e, EXIT_CANNOT, "the link stopped carrying TCP after %lld bytes",
			                           (long long)total);
		}
		total += n;
		last_ns = clock_now_ns();
		if (!first_ns && last_ns >= warm) {
			first_ns = last_ns;
			first_total = total;
		}
		stream_progress(s, total, 0);
	}
	free(buffer);
	if (last_ns <= first_ns)
		return err_set(e, EXIT_CANNOT, "the link is too slow to measure its TCP goodput");
	*ret_window_ns = last_ns - first_ns;
	*ret_bits_per_s = (double)(total - first_total) * 8e9 / (double)(last_ns - first_ns);
	return 0;
}

static int stream_run(struct stream *s, double *ret_bits_per_s, int64_t *ret_window_ns, struct err *e)
{
	pthread_t thread;
	errno = pthread_create(&thread, NULL, stream_main, s);
	if (errno)
		return err_errno(e, EXIT_CANNOT, "cannot start the sending thread");
	int result = count_bytes(s, ret_bits_per_s, ret_window_ns, e);
	stream_progress(s, s->received, 1);
	/* A send that waits for room ends with the connection. */
	shutdown(s->out, SHUT_RDWR);
	pthread_join(thread, NULL);
	return result;
}

static void force_buffer(int fd, int option, int64_t bytes)
{
	int size = bytes < INT_MAX / 2 ? (int)bytes : INT_MAX / 2;
	if (bytes)
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

int probe_goodput(const struct probe_path *p, const struct probe_load *load, double *ret_bits_per_s,
                  int64_t *ret_window_ns, struct err *e)
{
	struct sockaddr_in address_a, address_b;
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct timeval patience = { .tv_sec = 5 };
	struct stream s = {
		.in = -1, .load = load, .lock = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER
	};
	uint64_t pace = (uint64_t)load->pace_bits_per_s / 8;
	int result = -1, listener = bound_socket(p->netns_b, p->address_b, SOCK_STREAM, &address_b, e);
	if (listener < 0)
		return -1;
	s.out = bound_socket(p->netns_a, p->address_a, SOCK_STREAM, &address_a, e);
	if (s.out < 0)
		goto out;
	/* What is still queued at the end is not to be sent any more. */
	setsockopt(s.out, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (pace)
		setsockopt(s.out, SOL_SOCKET, SO_MAX_PACING_RATE, &pace, sizeof(pace));
	force_buffer(listener, SO_RCVBUFFORCE, load->buffer_bytes);
	force_buffer(s.out, SO_SNDBUFFORCE, load->buffer_bytes);
	if (listen(listener, 1) < 0 || connect(s.out, (struct sockaddr *)&address_b, sizeof(address_b)) < 0 ||
	    (s.in = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0) {
		err_errno(e, EXIT_CANNOT, "cannot connect '%s' to '%s' over the link", p->address_a, p->address_b);
		goto out;
	}
	setsockopt(s.in, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	result = stream_run(&s, ret_bits_per_s, ret_window_ns, e);
out:
	if (s.in >= 0)
		close(s.in);
	if (s.out >= 0)
		close(s.out);
	close(listener);
	return result;
}
