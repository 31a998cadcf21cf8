/*
 * tcp.c - what TCP makes of the connections that migrations go over: windows, round trips, repeats, and what held the
 * sender up, as the kernel itself counts them (sock_diag).
 *
 * Writes tcp.csv (head_ns,node,local,peer,state,congestion_control and the columns of tcp_diag.h), every tcp_interval_ns a
 * row for each IPv4 connection of a compute node whose peer is another compute node's address for migrations: its end
 * there, of what it sends. Counters are cumulative, times in ns. When a connection ends the kernel tells its last state
 * by itself: that row has state `closed`, and not the columns congestion_control and *_buffer_bytes.
 *
 * A look costs the kernel a walk through the machine's table of connections (0.3 ms on a machine of 24 GiB, a node), so
 * this collector is off unless a config asks for it.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "collectors/collector.h"
#include "collectors/netlink.h"
#include "collectors/tcp_diag.h"
#include "collectors/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TCP_NODES_MAX = 16 };

#define ENDS_GROUPS (1u << (SKNLGRP_INET_TCP_DESTROY - 1))

struct tcp_node {
	struct tcp *tcp;
	const struct watched_node *node;
	int ask_fd, ends_fd; /* requests; what the kernel tells by itself */
};

struct tcp {
	const struct watch *watch;
	struct worker worker;
	struct series *series;
	struct tcp_node nodes[TCP_NODES_MAX];
	int node_count;
	int64_t rows, ends, ticks, ticks_missed, unread, unknown, looks, looking_ns, longest_look_ns;
};

static bool is_migration(const struct tcp_node *n, const char *peer)
{
	const struct watch *watch = n->tcp->watch;
	for (int i = 0; i < watch->node_count; i++)
		if (&watch->nodes[i] != n->node && watch->nodes[i].migration_ip &&
		    strcmp(watch->nodes[i].migration_ip, peer) == 0)
			return true;
	return false;
}

static void take(void *context, struct nlmsghdr *h)
{
	struct tcp_node *n = context;
	struct tcp *t = n->tcp;
	struct tcp_socket s;
	char row[1024];
	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return;
	if (tcp_diag_parse(NLMSG_DATA(h), NLMSG_PAYLOAD(h, 0), &s) < 0) {
		t->unknown++;
		return;
	}
	if (!is_migration(n, s.peer_address))
		return;
	series_row(t->series, "%" PRId64 ",%s,%s", clock_now_ns(), n->node->name,
	           tcp_diag_format(&s, row, sizeof(row)));
	t->rows++;
	t->ends += strcmp(s.state, "closed") == 0;
}

static void look(struct tcp *t)
{
	for (int i = 0; i < t->node_count; i++) {
		struct tcp_diag_request request = tcp_diag_request_all();
		int64_t began_ns = clock_now_ns();
		t->unread += netlink_ask(t->nodes[i].ask_fd, &request.header, take, &t->nodes[i]) < 0;
		int64_t length_ns = clock_now_ns() - began_ns;
		t->looks++;
		t->looking_ns += length_ns;
		t->longest_look_ns = length_ns > t->longest_look_ns ? length_ns : t->longest_look_ns;
	}
}

static void take_ends(struct tcp *t)
{
	for (int i = 0; i < t->node_count; i++)
		t->unread += netlink_take(t->nodes[i].ends_fd, take, &t->nodes[i]) < 0;
}

/* Until the next tick take what the kernel tells. Returns whether the thread is to end. */
static bool wait_until(struct tcp *t, int64_t deadline_ns)
{
	struct pollfd fds[TCP_NODES_MAX + 1] = { { .fd = t->worker.stop_fd, .events = POLLIN } };
	for (int i = 0; i < t->node_count; i++)
		fds[i + 1] = (struct pollfd){ .fd = t->nodes[i].ends_fd, .events = POLLIN };
	for (int64_t left_ns; (left_ns = deadline_ns - clock_now_ns()) > 0;) {
		struct timespec left = clock_to_timespec(left_ns);
		if (ppoll(fds, (nfds_t)t->node_count + 1, &left, NULL) > 0)
			take_ends(t);
		if (fds[0].revents)
			return true;
	}
	return worker_sleep_until(&t->worker, deadline_ns);
}

static void *tcp_main(void *argument)
{
	struct tcp *t = argument;
	int64_t interval_ns = t->watch->tcp_interval_ns, next_ns = clock_now_ns(), last_ns;
	while (!wait_until(t, next_ns)) {
		t->ticks++;
		look(t);
		last_ns = next_ns;
		next_ns = worker_next_tick(last_ns, interval_ns);
		t->ticks_missed += (next_ns - last_ns) / interval_ns - 1;
	}
	take_ends(t);
	look(t);
	return NULL;
}

static int node_open(struct tcp *t, const struct watched_node *node, struct err *e)
{
	struct tcp_node *n = &t->nodes[t->node_count];
	struct sockaddr_nl ends = { .nl_family = AF_NETLINK, .nl_groups = ENDS_GROUPS };
	struct tcp_diag_request request = tcp_diag_request_all();
	*n = (struct tcp_node){ .tcp = t, .node = node, .ends_fd = -1 };
	n->ask_fd = netns_socket(node->netns, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, e);
	if (n->ask_fd < 0)
		return -1;
	t->node_count++;
	n->ends_fd = netns_socket(node->netns, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG, e);
	if (n->ends_fd < 0)
		return -1;
	if (bind(n->ends_fd, (struct sockaddr *)&ends, sizeof(ends)) < 0)
		return err_errno(e, EXIT_CANNOT, "node '%s': cannot be told of connections that end", node->name);
	int failed = netlink_ask(n->ask_fd, &request.header, take, n);
	return failed < 0 ? err_set(e, EXIT_CANNOT,
	                            "node '%s': the kernel tells nothing of TCP connections: %s (it needs "
	                            "CONFIG_INET_TCP_DIAG)",
	                            node->name, strerror(-failed))
	                  : 0;
}

static int tcp_free(struct tcp *t, struct err *e)
{
	for (int i = 0; i < t->node_count; i++) {
		close(t->nodes[i].ask_fd);
		if (t->nodes[i].ends_fd >= 0)
			close(t->nodes[i].ends_fd);
	}
	int result = series_close(t->series, e);
	free(t);
	return result;
}

static int tcp_series_create(struct tcp *t, struct err *e)
{
	char header[1024] = "head_ns,node,local,peer,state,congestion_control";
	for (int i = 0; i < TCP_VALUES; i++) {
		size_t used = strlen(header);
		snprintf(header + used, sizeof(header) - used, ",%s", tcp_value_names[i]);
	}
	return series_create(&t->series, t->watch->directory, "tcp.csv", header, e);
}

static int tcp_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct tcp *t = calloc(1, sizeof(*t));
	if (!t)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'tcp'");
	t->watch = watch;
	if (watch->tcp_interval_ns <= 0) {
		err_set(e, EXIT_USAGE, "interval between two looks at TCP must be above 0");
		goto fail;
	}
	if (tcp_series_create(t, e) < 0)
		goto fail;
	for (int i = 0; i < watch->node_count && t->node_count < TCP_NODES_MAX; i++)
		if (watch->nodes[i].migration_ip && node_open(t, &watch->nodes[i], e) < 0)
			goto fail;
	if (worker_start(&t->worker, "mm-tcp", tcp_main, t, e) < 0)
		goto fail;
	*ret_state = t;
	return 0;
fail:
	tcp_free(t, NULL);
	return -1;
}

static int tcp_stop(void *state, struct json_object *facts, struct err *e)
{
	struct tcp *t = state;
	if (worker_stop(&t->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'tcp' does not end");
	fact_number(facts, "rows", t->rows);
	fact_number(facts, "ends", t->ends);
	fact_number(facts, "ticks", t->ticks);
	fact_number(facts, "ticks_missed", t->ticks_missed);
	fact_number(facts, "unread", t->unread);
	fact_number(facts, "unknown_messages", t->unknown);
	fact_number(facts, "mean_look_ns", t->looks ? t->looking_ns / t->looks : 0);
	fact_number(facts, "longest_look_ns", t->longest_look_ns);
	return tcp_free(t, e);
}

const struct collector_ops tcp_collector = {
	.name = "tcp",
	.files = "tcp.csv",
	.help = "windows, round trips and repeats of the connections that migrations go over",
	.start = tcp_start,
	.stop = tcp_stop,
};
