#include "collectors/stream/relay.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/tcp.h"
#include "collectors/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 64 << 10, TICK_MS = 100 };

/* One direction: what was read at `from` and is not written to `to` yet. */
struct way {
	int from, to;
	size_t have, sent;
	bool ended; /* nothing more comes, and the other end knows */
	unsigned char buffer[BUFFER];
};

struct connection {
	int number;
	struct way forth, back;
};

struct relay {
	struct relay_spec spec;
	char listen_ip[INET_ADDRSTRLEN], target_ip[INET_ADDRSTRLEN];
	char netns[4096];
	int listening, port;
	struct worker worker;
	struct connection *open[RELAY_CONNECTIONS];
	int open_count;
	struct relay_report report;
	int64_t tick_ns, connected_since_ns;
};

/* ---- connections ---- */

static void connection_open(struct relay *r)
{
	int client = tcp_accept(r->listening);
	if (client < 0)
		return;
	struct connection *c = r->open_count < RELAY_CONNECTIONS ? malloc(sizeof(*c)) : NULL;
	int port = r->spec.target_port ? r->spec.target_port : r->port;
	int target = c ? tcp_connect(r->spec.netns, r->target_ip, port) : -1;
	if (target < 0) {
		free(c);
		tcp_break_off(client);
		r->report.refused++;
		return;
	}
	c->number = r->report.connections++;
	c->forth.from = c->back.to = client;
	c->forth.to = c->back.from = target;
	c->forth.have = c->forth.sent = c->back.have = c->back.sent = 0;
	c->forth.ended = c->back.ended = false;
	if (!r->open_count)
		r->connected_since_ns = clock_now_ns();
	r->open[r->open_count++] = c;
	if (r->spec.tap.opened)
		r->spec.tap.opened(r->spec.tap.context, c->number);
}

static void connection_close(struct relay *r, int index, bool broken)
{
	struct connection *c = r->open[index];
	r->report.broken += broken;
	if (broken) {
		tcp_break_off(c->forth.from);
		tcp_break_off(c->forth.to);
	} else {
		close(c->forth.from);
		close(c->forth.to);
	}
	r->open[index] = r->open[--r->open_count];
	if (!r->open_count)
		r->report.connected_ns += clock_now_ns() - r->connected_since_ns;
	if (r->spec.tap.closed)
		r->spec.tap.closed(r->spec.tap.context, c->number);
	free(c);
}

/* ---- bytes ---- */

/* Write on what is there. -1: the peer is gone. */
static int way_write(struct way *w)
{
	while (w->sent < w->have) {
		ssize_t n = send(w->to, w->buffer + w->sent, w->have - w->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return tcp_later() ? 0 : -1;
		w->sent += (size_t)n;
	}
	w->have = w->sent = 0;
	return 0;
}

/* Read what has come, write it on, and only then let it be looked at. -1: a peer is gone. */
static int way_read(struct relay *r, struct connection *c, struct way *w)
{
	ssize_t n = recv(w->from, w->buffer, BUFFER, MSG_DONTWAIT);
	if (n < 0)
		return tcp_later() ? 0 : -1;
	if (n == 0) {
		w->ended = true;
		return shutdown(w->to, SHUT_WR) < 0 ? -1 : 0;
	}
	w->have = (size_t)n;
	int result = way_write(w);
	bool back = w == &c->back;
	*(back ? &r->report.bytes_back : &r->report.bytes) += n;
	if (r->spec.tap.passed) {
		int64_t begin_ns = clock_now_ns();
		r->spec.tap.passed(r->spec.tap.context, c->number, back, w->buffer, (size_t)n);
		r->report.watched_ns += clock_now_ns() - begin_ns;
	}
	return result;
}

static int way_serve(struct relay *r, struct connection *c, struct way *w, const struct pollfd *from,
                     const struct pollfd *to)
{
	if (w->have && to->revents & (POLLOUT | POLLERR | POLLHUP) && way_write(w) < 0)
		return -1;
	if (!w->have && !w->ended && from->revents & (POLLIN | POLLERR | POLLHUP))
		return way_read(r, c, w);
	return 0;
}

/* An end is waited for only for what it can give now, so that a closed one does not wake us for ever. */
static void connection_poll(const struct connection *c, struct pollfd fds[2])
{
	short client = 0, target = 0;
	client |= !c->forth.ended && !c->forth.have ? POLLIN : 0;
	client |= c->back.have ? POLLOUT : 0;
	target |= !c->back.ended && !c->back.have ? POLLIN : 0;
	target |= c->forth.have ? POLLOUT : 0;
	fds[0] = (struct pollfd){ .fd = client ? c->forth.from : -1, .events = client };
	fds[1] = (struct pollfd){ .fd = target ? c->forth.to : -1, .events = target };
}

/* Returns whether it is over; *ret_broken says how. */
static bool connection_serve(struct relay *r, struct connection *c, const struct pollfd fds[2], bool *ret_broken)
{
	*ret_broken =
		way_serve(r, c, &c->forth, &fds[0], &fds[1]) < 0 || way_serve(r, c, &c->back, &fds[1], &fds[0]) < 0;
	return *ret_broken || (c->forth.ended && c->back.ended && !c->forth.have && !c->back.have);
}

static void *relay_main(void *argument)
{
	struct relay *r = argument;
	struct pollfd fds[2 + 2 * RELAY_CONNECTIONS];
	for (;;) {
		int served = r->open_count;
		fds[0] = (struct pollfd){ .fd = r->worker.stop_fd, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = r->listening, .events = POLLIN };
		for (int i = 0; i < served; i++)
			connection_poll(r->open[i], fds + 2 + 2 * (size_t)i);
		if (poll(fds, (nfds_t)(2 + 2 * served), TICK_MS) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break;
		/* From the last on: one that is closed is replaced by one that was served. */
		for (int i = served - 1; i >= 0; i--) {
			bool broken;
			if (connection_serve(r, r->open[i], fds + 2 + 2 * (size_t)i, &broken))
				connection_close(r, i, broken);
		}
		if (fds[1].revents)
			connection_open(r);
		if (r->spec.tap.tick && clock_now_ns() >= r->tick_ns) {
			r->spec.tap.tick(r->spec.tap.context);
			r->tick_ns = clock_now_ns() + TICK_MS * NS_PER_MS;
		}
	}
	while (r->open_count)
		connection_close(r, 0, true);
	return NULL;
}

/* ---- all ---- */

int relay_start(struct relay **ret, const struct relay_spec *spec, struct err *e)
{
	struct relay *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, EXIT_CANNOT, "no memory for a relay");
	r->spec = *spec;
	snprintf(r->listen_ip, sizeof(r->listen_ip), "%s", spec->listen_ip);
	snprintf(r->target_ip, sizeof(r->target_ip), "%s", spec->target_ip);
	snprintf(r->netns, sizeof(r->netns), "%s", spec->netns ? spec->netns : "");
	r->spec.netns = spec->netns ? r->netns : NULL;
	r->listening = tcp_listen(r->spec.netns, r->listen_ip, spec->listen_port, &r->port, e);
	if (r->listening < 0 || worker_start(&r->worker, "mm-relay", relay_main, r, e) < 0) {
		if (r->listening >= 0)
			close(r->listening);
		free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

int relay_port(const struct relay *r)
{
	return r->port;
}

int relay_stop(struct relay *r, struct relay_report *report)
{
	if (report)
		*report = (struct relay_report){ 0 };
	if (!r)
		return 0;
	if (worker_stop(&r->worker, r->spec.patience_ns ? r->spec.patience_ns : 10 * NS_PER_S) < 0)
		return -1; /* its memory is in use still */
	if (report)
		*report = r->report;
	close(r->listening);
	free(r);
	return 0;
}
