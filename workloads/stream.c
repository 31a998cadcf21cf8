/*
 * stream - answers a client with streams of its own: numbered records over UDP, one a slot, and over TCP, one every tenth,
 * to whoever sends it some (collector `continuity`). What each side has received stands in what it sends.
 */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/stream_end.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream_options {
	int64_t interval_ns;
};

static const struct option_row stream_options[] = {
	{ "interval", OPTION_DURATION, offsetof(struct stream_options, interval_ns), "1ms", "100us", "1s",
	  "between two datagrams, each way; every tenth is a record of TCP, too" },
	OPTION_END,
};

struct streams {
	int listen_fd, udp_fd;
	struct stream_end udp, tcp;
	uint32_t slot;
	int64_t work;
};

static void streams_free(struct streams *s)
{
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->udp_fd >= 0)
		close(s->udp_fd);
	stream_end_close(&s->tcp);
	stream_receiver_end(&s->udp.got);
	free(s);
}

static int port_open(int type, struct err *e)
{
	const struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(STREAM_PORT) };
	const int yes = 1;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0 &&
	    (type == SOCK_DGRAM || listen(fd, 4) == 0))
		return fd;
	err_errno(e, EXIT_CANNOT, "cannot listen on port %d", STREAM_PORT);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int stream_init(struct workload *w, struct err *e)
{
	struct streams *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "state");
	s->udp.fd = s->tcp.fd = s->listen_fd = -1;
	s->udp_fd = port_open(SOCK_DGRAM, e);
	if (s->udp_fd >= 0)
		s->listen_fd = port_open(SOCK_STREAM, e);
	if (s->listen_fd < 0) {
		streams_free(s);
		return -1;
	}
	w->state = s;
	return 0;
}

/* The first that sends a record is the client; the kernel then drops what others send. */
static void udp_begin(struct streams *s)
{
	unsigned char bytes[STREAM_RECORD_BYTES];
	struct sockaddr_in from;
	struct stream_record r;
	socklen_t room = sizeof(from);
	ssize_t n =
		recvfrom(s->udp_fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &room);
	if (n < 0 || stream_record_decode(bytes, (size_t)n, &r) < 0 || r.sender != STREAM_CLIENT ||
	    connect(s->udp_fd, (struct sockaddr *)&from, room) < 0)
		return;
	stream_end_open(&s->udp, s->udp_fd, false, STREAM_GUEST, r.stream);
	stream_take(&s->udp.got, &r, clock_now_ns());
}

static void tcp_begin(struct streams *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		stream_end_open(&s->tcp, fd, true, STREAM_GUEST, 0);
}

static void take_all(struct streams *s, struct stream_end *end)
{
	struct stream_record r;
	while (stream_end_take(end, &r) > 0)
		s->work++;
}

static void turn(struct streams *s, int64_t now_ns)
{
	if (s->udp.fd < 0)
		udp_begin(s);
	if (s->tcp.fd < 0 && !s->tcp.reason[0])
		tcp_begin(s);
	take_all(s, &s->udp);
	take_all(s, &s->tcp);
	s->work += stream_end_send(&s->udp, now_ns);
	if (s->slot++ % STREAM_TCP_EVERY == 0)
		s->work += stream_end_send(&s->tcp, now_ns);
}

static void stream_run(struct workload *w)
{
	const struct stream_options *o = w->options;
	struct streams *s = w->state;
	struct slots slots;
	slots_begin(&slots, o->interval_ns);
	while (!workload_stopped(w)) {
		int64_t start_ns = slots_next(&slots, &w->slots_missed);
		workload_op_begin_paced(w, start_ns, slots.woke_ns);
		turn(s, slots.woke_ns);
		workload_op_end(w, clock_now_ns(), s->work);
	}
}

static void stream_free(struct workload *w)
{
	streams_free(w->state);
}

const struct workload_ops stream_workload = {
	.name = "stream",
	.unit = "records",
	.operation = "a turn: taking what came and sending, from its slot on",
	.help = "numbered records over UDP and TCP, to and from a client, every millisecond",
	.options = stream_options,
	.options_size = sizeof(struct stream_options),
	.init = stream_init,
	.run = stream_run,
	.end = stream_free,
};
