/*
 * What the connections say that carried the migration (tcp.csv, collectors/tcp.c): those of the source whose bytes are
 * a hundredth of all or more. Counters are taken from migrate-start on; a look between two rows is one stretch.
 */
#include "analysis/carried.h"
#include "analysis/host_metrics.h"
#include "analysis/series_read.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD,
	NODE,
	LOCAL,
	PEER,
	STATE,
	CWND,
	MSS,
	UNACKED,
	SACKED,
	LOST,
	RESENDING,
	UNSENT,
	PEER_WINDOW,
	RTT,
	LOWEST,
	SENT,
	ACKED,
	RESENT_BYTES,
	RESENT,
	BUSY,
	PEER_LIMITED,
	BUFFER_LIMITED,
	SEND_BUFFER,
	COLUMNS
};
static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[NODE] = { "node", COLUMN_TEXT, 0 },
	[LOCAL] = { "local", COLUMN_TEXT, 0 },
	[PEER] = { "peer", COLUMN_TEXT, 0 },
	[STATE] = { "state", COLUMN_TEXT, 0 },
	[CWND] = { "cwnd_segments", COLUMN_INTEGER, 0 },
	[MSS] = { "mss_bytes", COLUMN_INTEGER, 0 },
	[UNACKED] = { "unacked_segments", COLUMN_INTEGER, 0 },
	[SACKED] = { "sacked_segments", COLUMN_INTEGER, 1 }, /* these three not in runs of before */
	[LOST] = { "lost_segments", COLUMN_INTEGER, 1 },
	[RESENDING] = { "resending_segments", COLUMN_INTEGER, 1 },
	[UNSENT] = { "notsent_bytes", COLUMN_INTEGER, 0 },
	[PEER_WINDOW] = { "peer_window_bytes", COLUMN_INTEGER, 0 },
	[RTT] = { "rtt_ns", COLUMN_INTEGER, 0 },
	[LOWEST] = { "rtt_lowest_ns", COLUMN_INTEGER, 0 },
	[SENT] = { "sent_bytes", COLUMN_INTEGER, 0 },
	[ACKED] = { "acked_bytes", COLUMN_INTEGER, 0 },
	[RESENT_BYTES] = { "resent_bytes", COLUMN_INTEGER, 0 },
	[RESENT] = { "resent_segments", COLUMN_INTEGER, 0 },
	[BUSY] = { "busy_ns", COLUMN_INTEGER, 0 },
	[PEER_LIMITED] = { "peer_limited_ns", COLUMN_INTEGER, 0 },
	[BUFFER_LIMITED] = { "buffer_limited_ns", COLUMN_INTEGER, 0 },
	[SEND_BUFFER] = { "send_buffer_bytes", COLUMN_INTEGER, 0 },
};

/* Cumulative columns, as differences from migrate-start on. */
enum { C_SENT, C_ACKED, C_RESENT_BYTES, C_RESENT, C_BUSY, C_PEER_LIMITED, C_BUFFER_LIMITED, COUNTERS };
_Static_assert((int)COUNTERS <= (int)CARRIED_COUNTERS, "a connection has room for them");
static const int counter_columns[COUNTERS] = {
	[C_SENT] = SENT,
	[C_ACKED] = ACKED,
	[C_RESENT_BYTES] = RESENT_BYTES,
	[C_RESENT] = RESENT,
	[C_BUSY] = BUSY,
	[C_PEER_LIMITED] = PEER_LIMITED,
	[C_BUFFER_LIMITED] = BUFFER_LIMITED,
};

/* What is averaged over the time in which it sent. */
enum { M_CONGESTION, M_FLIGHT, M_UNACKED, M_PEER, M_BUFFER, M_UNSENT, M_RTT, MEANS };
_Static_assert((int)MEANS <= (int)CARRIED_MEANS, "a connection has room for them");

/* Beside carried.connections. */
struct connection {
	int64_t last_ns;       /* of its last row; MISSING: none yet */
	int64_t lowest_rtt_ns; /* MISSING */
};

struct tcp {
	const struct run *run;
	struct carried carried;
	struct connection list[CARRIED_CONNECTIONS];
};

/* Segments on the way, as tcp_packets_in_flight() of Linux has them (include/net/tcp.h); NAN where one is not told. */
static double in_flight(const struct series_cell *c)
{
	return metric_of(c[UNACKED].integer) - metric_of(c[SACKED].integer) - metric_of(c[LOST].integer) +
	       metric_of(c[RESENDING].integer);
}

/* The state at the end of a stretch stands for all of it. */
static void means_add(struct carried_mean *means, const struct series_cell *c, double weight)
{
	double mss = metric_of(c[MSS].integer);
	carried_mean_add(&means[M_CONGESTION], metric_of(c[CWND].integer) * mss, weight);
	carried_mean_add(&means[M_FLIGHT], in_flight(c) * mss, weight);
	carried_mean_add(&means[M_UNACKED], metric_of(c[UNACKED].integer) * mss, weight);
	carried_mean_add(&means[M_PEER], metric_of(c[PEER_WINDOW].integer), weight);
	carried_mean_add(&means[M_BUFFER], metric_of(c[SEND_BUFFER].integer), weight);
	carried_mean_add(&means[M_UNSENT], metric_of(c[UNSENT].integer), weight);
	carried_mean_add(&means[M_RTT], metric_of(c[RTT].integer), weight);
}

static int64_t value_or(int64_t value, int64_t otherwise)
{
	return value == MISSING ? otherwise : value;
}

static int on_row(void *context, const struct series_cell *c, struct err *e)
{
	struct tcp *t = context;
	int64_t head_ns = c[HEAD].integer, from_ns = t->run->migrate_start_ns, now[COUNTERS];
	if (strcmp(c[NODE].text, t->run->source) != 0 || head_ns == MISSING)
		return 0;
	int known = t->carried.count, at = carried_connection(&t->carried, "tcp.csv", c[LOCAL].text, c[PEER].text, e);
	if (at < 0)
		return -1;
	struct carried_connection *k = &t->carried.connections[at];
	struct connection *n = &t->list[at];
	if (at == known)
		*n = (struct connection){ .last_ns = MISSING, .lowest_rtt_ns = MISSING };
	for (int i = 0; i < COUNTERS; i++)
		now[i] = value_or(c[counter_columns[i]].integer, k->last[i]);
	if (head_ns < from_ns) {
		memcpy(k->base, now, sizeof(now));
	} else {
		/* A connection that is seen first began to send as long ago as it has had something to send. */
		int64_t before_ns = n->last_ns != MISSING ? n->last_ns : head_ns - now[C_BUSY];
		int64_t since_ns = before_ns > from_ns ? before_ns : from_ns;
		double bytes = (double)(now[C_ACKED] - k->last[C_ACKED]);
		/* SYN and FIN have a number each, which the kernel counts: alone they are no byte of the transfer. */
		if (bytes > 1 && carried_add(&t->carried, at, since_ns, head_ns, bytes, e) < 0)
			return -1;
		if (now[C_SENT] > k->last[C_SENT] && strcmp(c[STATE].text, "closed") != 0)
			means_add(k->means, c, (double)(head_ns - since_ns));
		int64_t lowest = c[LOWEST].integer;
		if (lowest != MISSING && (n->lowest_rtt_ns == MISSING || lowest < n->lowest_rtt_ns))
			n->lowest_rtt_ns = lowest;
	}
	memcpy(k->last, now, sizeof(now));
	n->last_ns = head_ns;
	return 0;
}

/* ---- of those that carried it ---- */

static double mean_rtt(const struct tcp *t)
{
	struct carried_mean all = { 0 };
	for (int i = 0; i < t->carried.count; i++)
		if (t->carried.connections[i].counts) {
			all.sum += t->carried.connections[i].means[M_RTT].sum;
			all.weight += t->carried.connections[i].means[M_RTT].weight;
		}
	return all.sum / all.weight;
}

static double lowest_rtt(const struct tcp *t)
{
	double lowest = NAN;
	for (int i = 0; i < t->carried.count; i++)
		if (t->carried.connections[i].counts)
			lowest = fmin(lowest, metric_of(t->list[i].lowest_rtt_ns));
	return lowest;
}

static void put_all(const struct tcp *t, const struct run_vm *vm, struct metrics *metrics)
{
	static const struct {
		const char *variant;
		int mean;
	} windows[] = { { "congestion", M_CONGESTION }, { "flight", M_FLIGHT },
		        { "unacked", M_UNACKED },       { "peer", M_PEER },
		        { "buffer", M_BUFFER },         { "unsent", M_UNSENT } };
	static const char untold[] = "tcp.csv does not tell it";
	double busy = carried_gained(&t->carried, C_BUSY);
	const struct carried_rates rates = carried_rates(&t->carried, t->run);
	metrics_put(metrics, "transfer_time", vm, "", rates.time_ns, NULL);
	carried_put(&rates, "tcp_goodput", vm, metrics);
	metrics_put(metrics, "tcp_connections", vm, "", carried_count(&t->carried), NULL);
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++)
		metrics_put(metrics, "tcp_window", vm, windows[i].variant,
		            carried_sum_of_means(&t->carried, windows[i].mean), untold);
	metrics_put(metrics, "tcp_rtt", vm, "mean", mean_rtt(t), untold);
	metrics_put(metrics, "tcp_rtt", vm, "lowest", lowest_rtt(t), untold);
	metrics_put(metrics, "tcp_resent", vm, "", carried_gained(&t->carried, C_RESENT), NULL);
	metrics_put(metrics, "tcp_bytes", vm, "acked", carried_bytes(&t->carried), NULL);
	metrics_put(metrics, "tcp_bytes", vm, "resent", carried_gained(&t->carried, C_RESENT_BYTES), NULL);
	metrics_put(metrics, "tcp_limited", vm, "peer",
	            busy > 0 ? 100 * carried_gained(&t->carried, C_PEER_LIMITED) / busy : NAN, untold);
	metrics_put(metrics, "tcp_limited", vm, "buffer",
	            busy > 0 ? 100 * carried_gained(&t->carried, C_BUFFER_LIMITED) / busy : NAN, untold);
}

int tcp_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	const struct run_vm *vm = run_vm(run, run->moved);
	if (!vm || run->migrate_start_ns == MISSING)
		return 0;
	struct tcp *t = calloc(1, sizeof(*t));
	if (!t)
		return err_errno(e, EXIT_CANNOT, "cannot keep connections");
	t->run = run;
	int result = series_read(run->directory, "tcp.csv", columns, COLUMNS, on_row, t, NULL, e);
	carried_mark(&t->carried);
	if (result == 0 && carried_bytes(&t->carried) > 0) {
		put_all(t, vm, metrics);
		result = carried_plot(&t->carried, run, "plots/tcp.csv", e);
	} else if (result == 0)
		metrics_put(metrics, "transfer_time", vm, "", NAN, "tcp.csv has no connection that carried it");
	carried_free(&t->carried);
	free(t);
	return result < 0 ? -1 : 0; /* no file: it was not asked for */
}
