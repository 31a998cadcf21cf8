/*
 * What the connections say that carried the migration (tcp.csv, collectors/tcp.c): those of the source whose bytes are
 * a hundredth of all or more. Counters are taken from migrate-start on; a look between two rows is one stretch.
 */
#include "analysis/csv_field.h"
#include "analysis/host_metrics.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

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
	UNSENT,
	PEER_WINDOW,
	RTT,
	LOWEST,
	SENT,
	ACKED,
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
	[UNSENT] = { "notsent_bytes", COLUMN_INTEGER, 0 },
	[PEER_WINDOW] = { "peer_window_bytes", COLUMN_INTEGER, 0 },
	[RTT] = { "rtt_ns", COLUMN_INTEGER, 0 },
	[LOWEST] = { "rtt_lowest_ns", COLUMN_INTEGER, 0 },
	[SENT] = { "sent_bytes", COLUMN_INTEGER, 0 },
	[ACKED] = { "acked_bytes", COLUMN_INTEGER, 0 },
	[RESENT] = { "resent_segments", COLUMN_INTEGER, 0 },
	[BUSY] = { "busy_ns", COLUMN_INTEGER, 0 },
	[PEER_LIMITED] = { "peer_limited_ns", COLUMN_INTEGER, 0 },
	[BUFFER_LIMITED] = { "buffer_limited_ns", COLUMN_INTEGER, 0 },
	[SEND_BUFFER] = { "send_buffer_bytes", COLUMN_INTEGER, 0 },
};

enum { CONNECTIONS_MAX = 256, SHARE_LEAST = 100, PLOT_ROWS = 600 };

#define PLOT_BIN_NS (100 * NS_PER_MS)

/* Cumulative columns, as differences from migrate-start on. */
enum { C_SENT, C_ACKED, C_RESENT, C_BUSY, C_PEER_LIMITED, C_BUFFER_LIMITED, COUNTERS };
static const int counter_columns[COUNTERS] = {
	[C_SENT] = SENT,
	[C_ACKED] = ACKED,
	[C_RESENT] = RESENT,
	[C_BUSY] = BUSY,
	[C_PEER_LIMITED] = PEER_LIMITED,
	[C_BUFFER_LIMITED] = BUFFER_LIMITED,
};

/* What is averaged over the time in which it sent. */
enum { M_CONGESTION, M_FLIGHT, M_PEER, M_BUFFER, M_UNSENT, M_RTT, MEANS };

struct mean {
	double sum, weight;
};

struct connection {
	char local[RUN_NAME_ROOM], peer[RUN_NAME_ROOM];
	int64_t last_ns; /* of its last row */
	int64_t base[COUNTERS], last[COUNTERS];
	struct mean means[MEANS];
	int64_t lowest_rtt_ns; /* MISSING */
	bool carried;          /* the migration: a share of all bytes that counts */
};

struct stretch_sent {
	int64_t from_ns, to_ns;
	double bytes; /* acknowledged */
	int connection;
};

struct tcp {
	const struct run *run;
	struct connection *list;
	int count;
	struct stretch_sent *stretches;
	int stretch_count, stretch_room;
};

static struct connection *connection_of(struct tcp *t, const struct series_cell *c)
{
	for (int i = 0; i < t->count; i++)
		if (strcmp(t->list[i].local, c[LOCAL].text) == 0 && strcmp(t->list[i].peer, c[PEER].text) == 0)
			return &t->list[i];
	if (t->count == CONNECTIONS_MAX)
		return NULL;
	struct connection *new = &t->list[t->count++];
	*new = (struct connection){ .last_ns = MISSING, .lowest_rtt_ns = MISSING };
	snprintf(new->local, sizeof(new->local), "%s", c[LOCAL].text);
	snprintf(new->peer, sizeof(new->peer), "%s", c[PEER].text);
	return new;
}

static int stretch_add(struct tcp *t, struct stretch_sent s, struct err *e)
{
	if (t->stretch_count == t->stretch_room) {
		int room = t->stretch_room ? 2 * t->stretch_room : 256;
		struct stretch_sent *larger = realloc(t->stretches, (size_t)room * sizeof(*larger));
		if (!larger)
			return err_errno(e, EXIT_CANNOT, "cannot keep what TCP did");
		t->stretches = larger;
		t->stretch_room = room;
	}
	t->stretches[t->stretch_count++] = s;
	return 0;
}

static void mean_add(struct mean *m, double value, double weight)
{
	if (isnan(value))
		return;
	m->sum += value * weight;
	m->weight += weight;
}

/* The state at the end of a stretch stands for all of it. */
static void means_add(struct connection *n, const struct series_cell *c, double weight)
{
	double mss = metric_of(c[MSS].integer);
	mean_add(&n->means[M_CONGESTION], metric_of(c[CWND].integer) * mss, weight);
	mean_add(&n->means[M_FLIGHT], metric_of(c[UNACKED].integer) * mss, weight);
	mean_add(&n->means[M_PEER], metric_of(c[PEER_WINDOW].integer), weight);
	mean_add(&n->means[M_BUFFER], metric_of(c[SEND_BUFFER].integer), weight);
	mean_add(&n->means[M_UNSENT], metric_of(c[UNSENT].integer), weight);
	mean_add(&n->means[M_RTT], metric_of(c[RTT].integer), weight);
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
	struct connection *n = connection_of(t, c);
	if (!n)
		return err_set(e, EXIT_MEASURED_BAD, "tcp.csv: more than %d connections", CONNECTIONS_MAX);
	for (int i = 0; i < COUNTERS; i++)
		now[i] = value_or(c[counter_columns[i]].integer, n->last[i]);
	if (head_ns < from_ns) {
		memcpy(n->base, now, sizeof(now));
	} else {
		/* A connection that is seen first began to send as long ago as it has had something to send. */
		int64_t before_ns = n->last_ns != MISSING ? n->last_ns : head_ns - now[C_BUSY];
		struct stretch_sent s = { before_ns > from_ns ? before_ns : from_ns, head_ns,
			                  (double)(now[C_ACKED] - n->last[C_ACKED]), (int)(n - t->list) };
		if (s.bytes > 0 && stretch_add(t, s, e) < 0)
			return -1;
		if (now[C_SENT] > n->last[C_SENT] && strcmp(c[STATE].text, "closed") != 0)
			means_add(n, c, (double)(s.to_ns - s.from_ns));
		int64_t lowest = c[LOWEST].integer;
		if (lowest != MISSING && (n->lowest_rtt_ns == MISSING || lowest < n->lowest_rtt_ns))
			n->lowest_rtt_ns = lowest;
	}
	memcpy(n->last, now, sizeof(now));
	n->last_ns = head_ns;
	return 0;
}

/* ---- of those that carried it ---- */

static double gained(const struct connection *n, int counter)
{
	return (double)(n->last[counter] - n->base[counter]);
}

static void carriers_mark(struct tcp *t)
{
	double all = 0;
	for (int i = 0; i < t->count; i++)
		all += gained(&t->list[i], C_ACKED);
	for (int i = 0; i < t->count; i++)
		t->list[i].carried = all > 0 && gained(&t->list[i], C_ACKED) * SHARE_LEAST >= all;
}

static double sum_of(const struct tcp *t, int counter)
{
	double sum = 0;
	for (int i = 0; i < t->count; i++)
		if (t->list[i].carried)
			sum += gained(&t->list[i], counter);
	return sum;
}

/* Of all together: the sum of what each had on average. */
static double sum_of_means(const struct tcp *t, int mean)
{
	double sum = 0;
	for (int i = 0; i < t->count; i++)
		if (t->list[i].carried)
			sum += t->list[i].means[mean].sum / t->list[i].means[mean].weight; /* 0 / 0: missing */
	return sum;
}

static double mean_rtt(const struct tcp *t)
{
	struct mean all = { 0 };
	for (int i = 0; i < t->count; i++)
		if (t->list[i].carried) {
			all.sum += t->list[i].means[M_RTT].sum;
			all.weight += t->list[i].means[M_RTT].weight;
		}
	return all.sum / all.weight;
}

static double lowest_rtt(const struct tcp *t)
{
	double lowest = NAN;
	for (int i = 0; i < t->count; i++)
		if (t->list[i].carried)
			lowest = fmin(lowest, metric_of(t->list[i].lowest_rtt_ns));
	return lowest;
}

/* Bytes that were acknowledged before an instant. */
static double acked_before(const struct tcp *t, double at_ns)
{
	double bytes = 0;
	for (int i = 0; i < t->stretch_count; i++) {
		const struct stretch_sent *s = &t->stretches[i];
		double length = (double)(s->to_ns - s->from_ns), share = (at_ns - (double)s->from_ns) / length;
		if (t->list[s->connection].carried)
			bytes += s->bytes * (at_ns >= (double)s->to_ns ? 1 : share > 0 ? share : 0);
	}
	return bytes;
}

/* When `bytes` of them were; by halving, to a microsecond. */
static double instant_of(const struct tcp *t, double bytes, double from_ns, double to_ns)
{
	while (to_ns - from_ns > 1e3) {
		double middle = (from_ns + to_ns) / 2;
		if (acked_before(t, middle) < bytes)
			from_ns = middle;
		else
			to_ns = middle;
	}
	return to_ns;
}

static void put_time(const struct tcp *t, const struct run_vm *vm, struct metrics *metrics)
{
	double from_ns = INFINITY, to_ns = -INFINITY, bytes = sum_of(t, C_ACKED);
	for (int i = 0; i < t->stretch_count; i++)
		if (t->list[t->stretches[i].connection].carried) {
			from_ns = fmin(from_ns, (double)t->stretches[i].from_ns);
			to_ns = fmax(to_ns, (double)t->stretches[i].to_ns);
		}
	metrics_put(metrics, "transfer_time", vm, "", to_ns - from_ns, NULL);
	metrics_put(metrics, "tcp_goodput", vm, "mean", bytes / (to_ns - from_ns) * 1e9, NULL);
	double quarter = instant_of(t, bytes / 4, from_ns, to_ns),
	       last = instant_of(t, bytes * 3 / 4, from_ns, to_ns);
	metrics_put(metrics, "tcp_goodput", vm, "middle", last > quarter ? bytes / 2 / (last - quarter) * 1e9 : NAN,
	            "too few looks at the connections");
}

/* What they carried over time, all together. */
static int plot(const struct tcp *t, struct err *e)
{
	struct whole_file out = { 0 };
	int64_t origin_ns = t->run->migrate_start_ns, end_ns = origin_ns;
	for (int i = 0; i < t->stretch_count; i++)
		if (t->list[t->stretches[i].connection].carried && t->stretches[i].to_ns > end_ns)
			end_ns = t->stretches[i].to_ns;
	if (whole_file_open(&out, t->run->directory, "plots/tcp.csv", e) < 0)
		return -1;
	fputs("time_s,bit_per_s\n", out.file);
	int64_t width_ns =
		(end_ns - origin_ns) / PLOT_ROWS > PLOT_BIN_NS ? (end_ns - origin_ns) / PLOT_ROWS : PLOT_BIN_NS;
	for (int64_t at_ns = origin_ns; at_ns < end_ns; at_ns += width_ns) {
		double before = acked_before(t, (double)at_ns), after = acked_before(t, (double)(at_ns + width_ns));
		fprintf(out.file, "%.6f", ((double)(at_ns - origin_ns) + (double)width_ns / 2) / 1e9);
		field_number(out.file, 8e9 * (after - before) / (double)width_ns);
		putc('\n', out.file);
	}
	return whole_file_close(&out, 0, e);
}

static void put_all(const struct tcp *t, const struct run_vm *vm, struct metrics *metrics)
{
	static const struct {
		const char *variant;
		int mean;
	} windows[] = { { "congestion", M_CONGESTION },
		        { "flight", M_FLIGHT },
		        { "peer", M_PEER },
		        { "buffer", M_BUFFER },
		        { "unsent", M_UNSENT } };
	static const char untold[] = "the kernel does not tell it";
	double busy = sum_of(t, C_BUSY);
	int count = 0;
	for (int i = 0; i < t->count; i++)
		count += t->list[i].carried;
	put_time(t, vm, metrics);
	metrics_put(metrics, "tcp_connections", vm, "", count, NULL);
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++)
		metrics_put(metrics, "tcp_window", vm, windows[i].variant, sum_of_means(t, windows[i].mean), untold);
	metrics_put(metrics, "tcp_rtt", vm, "mean", mean_rtt(t), untold);
	metrics_put(metrics, "tcp_rtt", vm, "lowest", lowest_rtt(t), untold);
	metrics_put(metrics, "tcp_resent", vm, "", sum_of(t, C_RESENT), NULL);
	metrics_put(metrics, "tcp_limited", vm, "peer", busy > 0 ? 100 * sum_of(t, C_PEER_LIMITED) / busy : NAN,
	            untold);
	metrics_put(metrics, "tcp_limited", vm, "buffer", busy > 0 ? 100 * sum_of(t, C_BUFFER_LIMITED) / busy : NAN,
	            untold);
}

int tcp_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	const struct run_vm *vm = run_vm(run, run->moved);
	struct tcp t = { .run = run };
	if (!vm || run->migrate_start_ns == MISSING)
		return 0;
	if (!(t.list = calloc(CONNECTIONS_MAX, sizeof(*t.list))))
		return err_errno(e, EXIT_CANNOT, "cannot keep connections");
	int result = series_read(run->directory, "tcp.csv", columns, COLUMNS, on_row, &t, NULL, e);
	carriers_mark(&t);
	if (result == 0 && sum_of(&t, C_ACKED) > 0) {
		put_all(&t, vm, metrics);
		result = plot(&t, e);
	} else if (result == 0)
		metrics_put(metrics, "transfer_time", vm, "", NAN, "tcp.csv has no connection that carried it");
	free(t.list);
	free(t.stretches);
	return result < 0 ? -1 : 0; /* no file: it was not asked for */
}
