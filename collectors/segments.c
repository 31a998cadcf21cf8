/*
 * segments.c - the connections that migrations go over, as they are on the wire: libpcap on the interface of each compute
 * node's address for migrations, headers only. It is what tcp.c's words of the kernel can be checked against.
 *
 * Writes segments.csv (the columns below), a row for each connection between two compute nodes' addresses and each
 * tcp_interval_ns in which something of it passed: what the node's end sent, by sequence numbers (segment.h).
 *	head_ns, since_ns      stamps of the last and the first segment that this row counts
 *	segments .. acked_bytes  cumulative; unseen_bytes is what the peer acknowledged and the capture missed
 *	window_bytes           the peer's, as advertised last and scaled; window_least_bytes: the lowest since since_ns;
 *	                       `missing` when no SYN was seen, so that the scale is not known
 *	flight_bytes           sent and not acknowledged, at head_ns; flight_most_bytes: the highest since since_ns
 *	kernel_drops           cumulative, of the node's whole capture
 * Of what a node receives only short segments are taken: acknowledgements, not the data, which is counted where it is sent.
 * A connection of which nothing was heard for the longest time is forgotten when there are more than FLOWS_MAX.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "collectors/capture.h"
#include "collectors/collector.h"
#include "collectors/segment.h"
#include "collectors/worker.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] =
	"head_ns,node,local,peer,since_ns,segments,frame_bytes,payload_bytes,first_bytes,late_bytes,"
	"resent_bytes,unseen_bytes,acked_bytes,window_bytes,window_least_bytes,flight_bytes,"
	"flight_most_bytes,kernel_drops";

enum { FLOWS_MAX = 256, SHORT_MOST = 120 /* an acknowledgement with all its options is 80 bytes */ };

struct flow {
	uint32_t peer;
	uint16_t local_port, peer_port;
	struct segment_flow sent;
	int64_t bin; /* of the row being filled */
	bool filled;
	int64_t first_ns, last_ns, window_least, flight_most; /* of it */
};

struct segments_node {
	struct segments *all;
	const struct watched_node *node;
	uint32_t address; /* host order */
	char device[IF_NAMESIZE];
	struct flow flows[FLOWS_MAX];
	int flow_count, latest; /* which was found last */
	int64_t taken, foreign, forgotten, connections;
};

struct segments {
	const struct watch *watch;
	struct worker worker;
	struct series *series;
	struct capture captures[CAPTURES_MAX];
	struct segments_node *nodes; /* CAPTURES_MAX, each of captures[] */
	int count;
};

static struct capture *capture_of(const struct segments_node *n)
{
	return &n->all->captures[n - n->all->nodes];
}

/* ---- rows ---- */

static const char *endpoint(uint32_t address, uint16_t port, char *buffer, size_t room)
{
	char ip[INET_ADDRSTRLEN];
	const struct in_addr in = { htonl(address) };
	inet_ntop(AF_INET, &in, ip, sizeof(ip));
	snprintf(buffer, room, "%s:%u", ip, port);
	return buffer;
}

static const char *number(int64_t value, char *buffer, size_t room)
{
	snprintf(buffer, room, value < 0 ? "missing" : "%" PRId64, value);
	return buffer;
}

static void row(struct segments_node *n, struct flow *f)
{
	const struct segment_flow *s = &f->sent;
	char local[32], peer[32], window[24], least[24], drops[24];
	if (!f->filled)
		return;
	f->filled = false;
	series_row(n->all->series,
	           "%" PRId64 ",%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
	           ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%s,%" PRId64 ",%" PRId64 ",%s",
	           f->last_ns, n->node->name, endpoint(n->address, f->local_port, local, sizeof(local)),
	           endpoint(f->peer, f->peer_port, peer, sizeof(peer)), f->first_ns, s->segments, s->frame_bytes,
	           s->payload_bytes, s->first_bytes, s->late_bytes, s->resent_bytes, s->unseen_bytes, s->acked_bytes,
	           number(s->window_bytes, window, sizeof(window)), number(f->window_least, least, sizeof(least)),
	           s->flight_bytes, f->flight_most, number(capture_drops(capture_of(n)), drops, sizeof(drops)));
}

static void rows_before(void *context, int64_t before_ns)
{
	struct segments *all = context;
	for (int i = 0; i < all->count; i++)
		for (int k = 0; k < all->nodes[i].flow_count; k++)
			if (all->nodes[i].flows[k].bin < before_ns / all->watch->tcp_interval_ns)
				row(&all->nodes[i], &all->nodes[i].flows[k]);
}

/* ---- segments ---- */

static bool is_flow(const struct flow *f, uint32_t peer, uint16_t local_port, uint16_t peer_port)
{
	return f->local_port == local_port && f->peer_port == peer_port && f->peer == peer;
}

static struct flow *flow_of(struct segments_node *n, uint32_t peer, uint16_t local_port, uint16_t peer_port)
{
	int at = 0;
	if (n->flow_count && is_flow(&n->flows[n->latest], peer, local_port, peer_port))
		return &n->flows[n->latest];
	while (at < n->flow_count && !is_flow(&n->flows[at], peer, local_port, peer_port))
		at++;
	if (at == n->flow_count) {
		if (n->flow_count < FLOWS_MAX)
			n->flow_count++;
		else {
			at = 0;
			for (int i = 1; i < FLOWS_MAX; i++)
				if (n->flows[i].last_ns < n->flows[at].last_ns)
					at = i;
			row(n, &n->flows[at]);
			n->forgotten++;
		}
		n->flows[at] = (struct flow){ .peer = peer, .local_port = local_port, .peer_port = peer_port };
		segment_flow_begin(&n->flows[at].sent);
		n->connections++;
	}
	n->latest = at;
	return &n->flows[at];
}

static void take_segment(void *context, const struct captured *captured)
{
	struct segments_node *n = context;
	struct segment s;
	n->taken++;
	if (segment_parse(captured->bytes, captured->length, captured->whole_length, &s) < 0 ||
	    (s.source != n->address && s.destination != n->address)) {
		n->foreign++;
		return;
	}
	bool out = s.source == n->address;
	struct flow *f = out ? flow_of(n, s.destination, s.source_port, s.destination_port)
	                     : flow_of(n, s.source, s.destination_port, s.source_port);
	/* Two cores may stamp a hair out of order. */
	int64_t at_ns = captured->head_ns > f->last_ns ? captured->head_ns : f->last_ns;
	int64_t bin = at_ns / n->all->watch->tcp_interval_ns;
	if (bin != f->bin)
		row(n, f);
	if (out)
		segment_sent(&f->sent, &s);
	else
		segment_answered(&f->sent, &s);
	if (!f->filled) {
		f->first_ns = at_ns;
		f->window_least = f->sent.window_bytes;
		f->flight_most = f->sent.flight_bytes;
	}
	f->filled = true;
	f->bin = bin;
	f->last_ns = at_ns;
	if (f->window_least < 0 || (f->sent.window_bytes >= 0 && f->sent.window_bytes < f->window_least))
		f->window_least = f->sent.window_bytes;
	if (f->sent.flight_bytes > f->flight_most)
		f->flight_most = f->sent.flight_bytes;
}

static void *segments_main(void *argument)
{
	struct segments *all = argument;
	capture_run(&all->worker, all->captures, all->count, rows_before, all);
	return NULL;
}

/* ---- begin and end ---- */

/* In the node's namespace: the interface that has its address. */
static int device_find(void *argument, struct err *e)
{
	struct segments_node *n = argument;
	struct ifaddrs *list;
	if (getifaddrs(&list) < 0)
		return err_errno(e, EXIT_CANNOT, "node '%s': cannot list its addresses", n->node->name);
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct sockaddr_in in;
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&in, i->ifa_addr, sizeof(in));
		if (ntohl(in.sin_addr.s_addr) == n->address)
			snprintf(n->device, sizeof(n->device), "%s", i->ifa_name);
	}
	freeifaddrs(list);
	return n->device[0]
	               ? 0
	               : err_set(e, EXIT_CANNOT, "node '%s' has no interface with its address for migrations, %s",
	                         n->node->name, n->node->migration_ip);
}

/* All that it sends to the others, and what is short of what it gets from them. Returns whether there are others. */
static bool filter_format(const struct segments_node *n, char *buffer, size_t room)
{
	const struct watch *watch = n->all->watch;
	char others[1024] = "";
	for (int i = 0; i < watch->node_count; i++) {
		const struct watched_node *other = &watch->nodes[i];
		size_t used = strlen(others);
		if (other != n->node && other->migration_ip)
			snprintf(others + used, sizeof(others) - used, "%shost %s", used ? " or " : "",
			         other->migration_ip);
	}
	snprintf(buffer, room, "tcp and (%s) and (src host %s or (dst host %s and ip[2:2] <= %d))", others,
	         n->node->migration_ip, n->node->migration_ip, SHORT_MOST);
	return others[0] != '\0';
}

static int node_open(struct segments *all, const struct watched_node *node, struct err *e)
{
	struct segments_node *n = &all->nodes[all->count];
	struct in_addr address;
	char filter[1200];
	*n = (struct segments_node){ .all = all, .node = node };
	if (inet_pton(AF_INET, node->migration_ip, &address) != 1)
		return err_set(e, EXIT_USAGE, "node '%s': '%s' is no IPv4 address", node->name, node->migration_ip);
	n->address = ntohl(address.s_addr);
	if (!filter_format(n, filter, sizeof(filter)))
		return 0;
	if (netns_call(node->netns, device_find, n, e) < 0 ||
	    capture_open(&all->captures[all->count], node->netns, n->device, filter, SEGMENT_SNAP_LENGTH,
	                 take_segment, n, e) < 0)
		return -1;
	all->count++;
	return 0;
}

static int segments_free(struct segments *all, struct err *e)
{
	for (int i = 0; i < all->count; i++)
		capture_close(&all->captures[i]);
	int result = series_close(all->series, e);
	free(all->nodes);
	free(all);
	return result;
}

static int segments_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct segments *all = calloc(1, sizeof(*all));
	if (!all || !(all->nodes = calloc(CAPTURES_MAX, sizeof(*all->nodes)))) {
		free(all);
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'segments'");
	}
	all->watch = watch;
	if (watch->tcp_interval_ns <= 0) {
		err_set(e, EXIT_USAGE, "interval between two looks at TCP must be above 0");
		goto fail;
	}
	if (series_create(&all->series, watch->directory, "segments.csv", header, e) < 0)
		goto fail;
	for (int i = 0; i < watch->node_count && all->count < CAPTURES_MAX; i++)
		if (watch->nodes[i].migration_ip && node_open(all, &watch->nodes[i], e) < 0)
			goto fail;
	if (worker_start(&all->worker, "mm-segments", segments_main, all, e) < 0)
		goto fail;
	*ret_state = all;
	return 0;
fail:
	segments_free(all, NULL);
	return -1;
}

static int64_t thread_cpu_ns(pthread_t thread)
{
	clockid_t clock;
	struct timespec t;
	return pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &t) < 0
	               ? -1
	               : t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int segments_stop(void *state, struct json_object *facts, struct err *e)
{
	struct segments *all = state;
	struct json_object *nodes = json_object_new_array();
	fact_number(facts, "cpu_ns", thread_cpu_ns(all->worker.thread));
	if (worker_stop(&all->worker, 10 * NS_PER_S) < 0) {
		json_object_put(nodes);
		return err_set(e, EXIT_MEASURED_BAD, "collector 'segments' does not end");
	}
	for (int i = 0; i < all->count; i++) {
		const struct segments_node *n = &all->nodes[i];
		struct json_object *one = json_object_new_object();
		int64_t ignored = 0, unseen = 0;
		for (int k = 0; k < n->flow_count; k++) {
			ignored += n->flows[k].sent.ignored;
			unseen += n->flows[k].sent.unseen_bytes;
		}
		fact_text(one, "node", n->node->name);
		fact_text(one, "device", n->device);
		capture_facts(&all->captures[i], one);
		fact_number(one, "taken", n->taken);
		fact_number(one, "no_segments", n->foreign);
		fact_number(one, "connections", n->connections);
		fact_number(one, "connections_forgotten", n->forgotten);
		fact_number(one, "segments_ignored", ignored);
		fact_number(one, "unseen_bytes", unseen);
		json_object_array_add(nodes, one);
	}
	json_object_object_add(facts, "nodes", nodes);
	return segments_free(all, e);
}

const struct collector_ops segments_collector = {
	.name = "segments",
	.files = "segments.csv",
	.help = "bytes, repeats and windows of the connections that migrations go over, from a capture",
	.start = segments_start,
	.stop = segments_stop,
};
