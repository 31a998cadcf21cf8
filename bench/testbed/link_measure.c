#include "bench/testbed/link_measure.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/testbed/link_probe.h"
#include "bench/testbed/link_stats.h"
#include "bench/testbed/link_tcp.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 150, PROBES_LEAST = 10 };

#define PROBE_INTERVAL_NS (5 * NS_PER_MS)
#define PROBE_TIME_NS NS_PER_S /* for all of them */
#define PROBE_RATE_SHARE 10    /* probes take at most one part in so many of the rate */
#define WARM_NS (300 * NS_PER_MS)
#define WARM_ROUND_TRIPS 15
#define WARM_MOST_NS (3 * NS_PER_S)
#define WINDOW_NS (1200 * NS_PER_MS)
#define PACE 1.25 /* of the rate: slow start would send at twice the rate for a while */

#define RTT_TOLERANCE_NS (300 * NS_PER_US)
#define RTT_TOLERANCE 0.03
#define GOODPUT_LEAST 0.98
#define LATE_MOST_NS NS_PER_MS

static int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t quantile(const int64_t *sorted, int count, double share)
{
	int i = (int)(share * count);
	return sorted[i < count ? i : count - 1];
}

void link_measured_round_trips(struct link_measured *m, int64_t *rtt_ns, int came)
{
	double sum = 0, squares = 0;
	qsort(rtt_ns, (size_t)came, sizeof(rtt_ns[0]), compare_ns);
	for (int i = 0; i < came; i++)
		sum += (double)rtt_ns[i];
	m->rtt_mean_ns = sum / came;
	for (int i = 0; i < came; i++)
		squares += ((double)rtt_ns[i] - m->rtt_mean_ns) * ((double)rtt_ns[i] - m->rtt_mean_ns);
	m->rtt_sd_ns = came > 1 ? sqrt(squares / (came - 1)) : 0;
	m->rtt_min_ns = rtt_ns[0];
	m->rtt_p50_ns = quantile(rtt_ns, came, 0.5);
	m->rtt_p99_ns = quantile(rtt_ns, came, 0.99);
	m->rtt_max_ns = rtt_ns[came - 1];
	m->probes_lost = m->probes_sent - came;
}

static double queue_ns(const struct link_shape *s)
{
	return s->rate_bits_per_s ? (double)s->queue_bytes * 8e9 / (double)s->rate_bits_per_s : 0;
}

/* Bytes on the way that fill the link one way and half its queue: always busy, never overflowing. */
static int64_t in_flight(const struct link_shape *s)
{
	const double least = 10 * LINK_MTU, base_ns = 5e5;
	double way_ns = (double)(s->rtt_ns + s->jitter_ns) / 2 + base_ns;
	double bytes = (double)s->rate_bits_per_s / 8e9 * (way_ns + queue_ns(s) / 2);
	if (!s->rate_bits_per_s)
		return 0;
	return (int64_t)(bytes > least ? bytes : least);
}

/* TCP that was given small buffers is not the link: then the stream has its own, four times what is on the way. */
static int64_t own_buffer(const struct probe_path *path, int64_t in_flight_bytes)
{
	struct link_tcp tcp;
	long long highest;
	if (link_read_tcp(path->netns_a, &tcp, NULL) < 0 || sscanf(tcp.wmem, "%*d %*d %lld", &highest) != 1)
		return 0;
	return highest < 4 * in_flight_bytes ? 4 * in_flight_bytes : 0;
}

static int measure_rtt(const struct link *l, const struct probe_path *path, struct link_measured *m, struct err *e)
{
	int64_t rtt[PROBES], interval = PROBE_INTERVAL_NS, on_wire = 0, patience = 200 * NS_PER_MS;
	if (l->shape.rate_bits_per_s)
		on_wire = (int64_t)(PROBE_WIRE_BYTES * 8e9 / (double)l->shape.rate_bits_per_s);
	if (PROBE_RATE_SHARE * on_wire > interval)
		interval = PROBE_RATE_SHARE * on_wire;
	m->probes_sent = PROBE_TIME_NS / interval < PROBES ? (int)(PROBE_TIME_NS / interval) : PROBES;
	if (m->probes_sent < PROBES_LEAST)
		m->probes_sent = PROBES_LEAST;
	/* htb lets a probe through at once: its bucket is full. */
	m->rtt_expected_ns = l->shape.rtt_ns + (l->backend == LINK_HTB ? 0 : 2 * on_wire);
	patience += 2 * (m->rtt_expected_ns + l->shape.jitter_ns);
	int came = probe_round_trips(path, m->probes_sent, interval, patience, rtt, e);
	if (came < 0)
		return -1;
	if (!came)
		return err_set(e, EXIT_CANNOT, "none of %d probes came back from '%s' over the link", m->probes_sent,
		               path->address_b);
	link_measured_round_trips(m, rtt, came);
	return 0;
}

static void flag(struct link_measured *m, enum link_flag which, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void flag(struct link_measured *m, enum link_flag which, const char *format, ...)
{
	size_t used = strlen(m->reason);
	va_list args;
	used += (size_t)snprintf(m->reason + used, sizeof(m->reason) - used, "%s", m->flags ? "; " : "");
	m->flags |= which;
	va_start(args, format);
	if (used < sizeof(m->reason))
		vsnprintf(m->reason + used, sizeof(m->reason) - used, format, args);
	va_end(args);
}

void link_measured_judge(const struct link *l, struct link_measured *m)
{
	char is[64], asked[64];
	double off = fabs((double)(m->rtt_p50_ns - m->rtt_expected_ns));
	double allowed =
		(double)RTT_TOLERANCE_NS + RTT_TOLERANCE * (double)m->rtt_expected_ns + (double)l->shape.jitter_ns;
	int shaped = l->shape.rate_bits_per_s || l->shape.rtt_ns || l->shape.jitter_ns || l->shape.loss > 0;
	if (shaped && m->rtt_p50_ns >= 0 && off > allowed)
		flag(m, LINK_RTT_OFF, "round trip of %s where %s was due",
		     duration_format(m->rtt_p50_ns, is, sizeof(is)),
		     duration_format(m->rtt_expected_ns, asked, sizeof(asked)));
	if (m->ideal_bits_per_s > 0 && !(l->shape.loss > 0) &&
	    m->goodput_bits_per_s < GOODPUT_LEAST * m->ideal_bits_per_s)
		flag(m, LINK_GOODPUT_LOW, "TCP goodput of %s is %.1f %% of the ideal %s",
		     rate_format((int64_t)m->goodput_bits_per_s, is, sizeof(is)),
		     100 * m->goodput_bits_per_s / m->ideal_bits_per_s,
		     rate_format((int64_t)m->ideal_bits_per_s, asked, sizeof(asked)));
	if (m->late_p99_ns > LATE_MOST_NS)
		flag(m, LINK_LATE, "the link emulator sent 1 %% of the frames %s late or more",
		     duration_format(m->late_p99_ns, is, sizeof(is)));
}

int64_t link_measured_round_trip(const struct link_measured *m, const struct link_shape *asked)
{
	if (asked->rtt_ns > 0 && !(m->flags & LINK_RTT_OFF))
		return asked->rtt_ns;
	return m->rtt_p50_ns >= 0 ? m->rtt_p50_ns : -1;
}

/* The helper writes its counters now and then: wait for a state that is newer than now. */
static int stats_after_now(const struct link *l, struct link_stats *ret, struct err *e)
{
	int64_t now = clock_now_ns();
	do {
		if (link_stats_read(l->stats_path, ret, e) < 0)
			return -1;
		if (ret->head_ns >= now)
			return 0;
		clock_sleep(20 * NS_PER_MS);
	} while (clock_now_ns() < now + 2 * NS_PER_S);
	return err_set(e, EXIT_CANNOT, "the link emulator does not answer: '%s' is old", l->stats_path);
}

int link_measure(const struct link *l, const char *netns_a, const char *address_a, const char *netns_b,
                 const char *address_b, struct link_measured *ret, struct err *e)
{
	struct probe_path path = { netns_a ? netns_a : l->netns_a, address_a, netns_b ? netns_b : l->netns_b,
		                   address_b };
	struct link_measured m = { .late_p99_ns = -1, .late_max_ns = -1, .ideal_bits_per_s = link_ideal_goodput(l) };
	struct link_stats before, after;
	if (l->stats_path[0] && stats_after_now(l, &before, e) < 0)
		return -1;
	if (measure_rtt(l, &path, &m, e) < 0)
		return -1;
	int64_t queued = (int64_t)queue_ns(&l->shape), warm = WARM_NS + WARM_ROUND_TRIPS * l->shape.rtt_ns;
	struct probe_load load = { .in_flight_bytes = in_flight(&l->shape),
		                   .pace_bits_per_s = (int64_t)(PACE * (double)l->shape.rate_bits_per_s),
		                   .warm_ns = warm < WARM_MOST_NS ? warm : WARM_MOST_NS,
		                   .window_ns = WINDOW_NS };
	load.buffer_bytes = own_buffer(&path, load.in_flight_bytes);
	if (probe_goodput(&path, &load, &m.goodput_bits_per_s, &m.goodput_window_ns, e) < 0)
		return -1;
	/* Leave an idle link behind: what our stream had queued must have gone. */
	clock_sleep((queued < NS_PER_S ? queued : NS_PER_S) + l->shape.rtt_ns / 2);
	if (l->stats_path[0]) {
		if (stats_after_now(l, &after, e) < 0)
			return -1;
		m.late_p99_ns = link_stats_late_quantile(&before, &after, 0.99);
		m.late_max_ns = after.direction[0].late_max_ns > after.direction[1].late_max_ns
		                        ? after.direction[0].late_max_ns
		                        : after.direction[1].late_max_ns;
	}
	link_measured_judge(l, &m);
	*ret = m;
	return 0;
}
