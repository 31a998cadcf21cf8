/*
 * What a capture says of the connections that carried the migration (segments.csv, collectors/segments.c), beside what
 * the kernel says of them (tcp_metrics.c). Counters are taken from migrate-start on.
 */
#include "analysis/carried.h"
#include "analysis/host_metrics.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD,
	NODE,
	LOCAL,
	PEER,
	SINCE,
	FRAMES,
	PAYLOAD,
	FIRST,
	LATE,
	RESENT,
	UNSEEN,
	ACKED,
	WINDOW,
	LEAST,
	FLIGHT,
	DROPS,
	COLUMNS
};
static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[NODE] = { "node", COLUMN_TEXT, 0 },
	[LOCAL] = { "local", COLUMN_TEXT, 0 },
	[PEER] = { "peer", COLUMN_TEXT, 0 },
	[SINCE] = { "since_ns", COLUMN_INTEGER, 0 },
	[FRAMES] = { "frame_bytes", COLUMN_INTEGER, 0 },
	[PAYLOAD] = { "payload_bytes", COLUMN_INTEGER, 0 },
	[FIRST] = { "first_bytes", COLUMN_INTEGER, 0 },
	[LATE] = { "late_bytes", COLUMN_INTEGER, 0 },
	[RESENT] = { "resent_bytes", COLUMN_INTEGER, 0 },
	[UNSEEN] = { "unseen_bytes", COLUMN_INTEGER, 0 },
	[ACKED] = { "acked_bytes", COLUMN_INTEGER, 0 },
	[WINDOW] = { "window_bytes", COLUMN_INTEGER, 0 },
	[LEAST] = { "window_least_bytes", COLUMN_INTEGER, 0 },
	[FLIGHT] = { "flight_bytes", COLUMN_INTEGER, 0 },
	[DROPS] = { "kernel_drops", COLUMN_INTEGER, 0 },
};

enum { C_FRAMES, C_PAYLOAD, C_FIRST, C_LATE, C_RESENT, C_UNSEEN, C_ACKED, COUNTERS };
_Static_assert((int)COUNTERS <= (int)CARRIED_COUNTERS, "a connection has room for them");
static const int counter_columns[COUNTERS] = {
	[C_FRAMES] = FRAMES, [C_PAYLOAD] = PAYLOAD, [C_FIRST] = FIRST, [C_LATE] = LATE,
	[C_RESENT] = RESENT, [C_UNSEEN] = UNSEEN,   [C_ACKED] = ACKED,
};

/* Two counts of the same are within this of each other, in percent of what was carried. */
#define SAME_PERCENT 2

enum { M_FLIGHT, M_PEER };

struct segments {
	const struct run *run;
	struct carried carried;
	int64_t least[CARRIED_CONNECTIONS]; /* window, of each; MISSING */
	int64_t drops;                      /* MISSING */
};

static int on_row(void *context, const struct series_cell *c, struct err *e)
{
	struct segments *s = context;
	int64_t from_ns = s->run->migrate_start_ns, now[COUNTERS];
	if (strcmp(c[NODE].text, s->run->source) != 0 || c[HEAD].integer == MISSING || c[SINCE].integer == MISSING)
		return 0;
	int known = s->carried.count,
	    at = carried_connection(&s->carried, "segments.csv", c[LOCAL].text, c[PEER].text, e);
	if (at < 0)
		return -1;
	struct carried_connection *n = &s->carried.connections[at];
	if (at == known)
		s->least[at] = MISSING;
	for (int i = 0; i < COUNTERS; i++)
		now[i] = c[counter_columns[i]].integer == MISSING ? n->last[i] : c[counter_columns[i]].integer;
	if (c[HEAD].integer < from_ns) {
		memcpy(n->base, now, sizeof(now));
	} else {
		int64_t since_ns = c[SINCE].integer > from_ns ? c[SINCE].integer : from_ns;
		double length = (double)(c[HEAD].integer - since_ns),
		       bytes = (double)(now[C_ACKED] - n->last[C_ACKED]);
		if (bytes > 0 && carried_add(&s->carried, at, since_ns, c[HEAD].integer, bytes, e) < 0)
			return -1;
		if (now[C_PAYLOAD] > n->last[C_PAYLOAD]) {
			carried_mean_add(&n->means[M_FLIGHT], metric_of(c[FLIGHT].integer), length);
			carried_mean_add(&n->means[M_PEER], metric_of(c[WINDOW].integer), length);
			if (c[LEAST].integer != MISSING &&
			    (s->least[at] == MISSING || c[LEAST].integer < s->least[at]))
				s->least[at] = c[LEAST].integer;
		}
		if (c[DROPS].integer != MISSING)
			s->drops = c[DROPS].integer;
	}
	memcpy(n->last, now, sizeof(now));
	return 0;
}

/* ---- of those that carried it ---- */

static void put_windows(const struct segments *s, const struct run_vm *vm, struct metrics *metrics)
{
	static const char few[] = "too few rows", unscaled[] = "the begin of a connection was not captured";
	double least = NAN;
	for (int i = 0; i < s->carried.count; i++)
		if (s->carried.connections[i].counts)
			least = fmin(least, metric_of(s->least[i]));
	metrics_put(metrics, "captured_window", vm, "flight", carried_sum_of_means(&s->carried, M_FLIGHT), few);
	metrics_put(metrics, "captured_window", vm, "peer", carried_sum_of_means(&s->carried, M_PEER), unscaled);
	metrics_put(metrics, "captured_window", vm, "least", least, unscaled);
}

static void put_difference(const struct run_vm *vm, double carried, double resent, struct metrics *metrics)
{
	/* What tcp_metrics() has put. */
	double acked = metrics_value(metrics, "tcp_bytes", "acked"),
	       again = metrics_value(metrics, "tcp_bytes", "resent");
	if (isnan(acked)) /* collect.tcp was not on */
		return;
	const struct {
		const char *variant, *what;
		double captured, counted;
	} both[] = { { "carried", "carried", carried, acked }, { "resent", "sent again", resent, again } };
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++) {
		double percent = 100 * (both[i].captured - both[i].counted) / acked;
		metrics_put(metrics, "captured_difference", vm, both[i].variant, percent,
		            "the kernel does not tell it");
		if (fabs(percent) > SAME_PERCENT)
			metrics_warn(metrics,
			             "the capture and the kernel disagree on what TCP %s: %.0f bytes (segments.csv), "
			             "%.0f bytes (tcp.csv)",
			             both[i].what, both[i].captured, both[i].counted);
	}
}

static void put_all(const struct segments *s, const struct run_vm *vm, struct metrics *metrics)
{
	const struct carried_rates rates = carried_rates(&s->carried, s->run);
	double unseen = carried_gained(&s->carried, C_UNSEEN),
	       carried = carried_gained(&s->carried, C_FIRST) + unseen, late = carried_gained(&s->carried, C_LATE),
	       resent = carried_gained(&s->carried, C_RESENT);
	carried_put(&rates, "captured_goodput", vm, metrics);
	metrics_put(metrics, "captured_bytes", vm, "carried", carried, NULL);
	metrics_put(metrics, "captured_bytes", vm, "resent", resent, NULL);
	metrics_put(metrics, "captured_bytes", vm, "late", late, NULL);
	metrics_put(metrics, "captured_bytes", vm, "unseen", unseen, NULL);
	metrics_put(metrics, "captured_bytes", vm, "frames", carried_gained(&s->carried, C_FRAMES), NULL);
	put_windows(s, vm, metrics);
	put_difference(vm, carried, resent + late, metrics);
	if (unseen > 0)
		metrics_warn(
			metrics,
			"the capture missed %.0f bytes that were acknowledged (%.2f %% of what was carried; the kernel "
			"dropped %.0f packets of it): they are counted as carried, and repeats among them are not seen",
			unseen, 100 * unseen / carried, metric_of(s->drops));
}

int segment_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	const struct run_vm *vm = run_vm(run, run->moved);
	if (!vm || run->migrate_start_ns == MISSING)
		return 0;
	struct segments *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot keep connections");
	s->run = run;
	s->drops = MISSING;
	int result = series_read(run->directory, "segments.csv", columns, COLUMNS, on_row, s, NULL, e);
	carried_mark(&s->carried);
	if (result == 0 && carried_bytes(&s->carried) > 0) {
		put_all(s, vm, metrics);
		result = carried_plot(&s->carried, run, "plots/segments.csv", e);
	} else if (result == 0)
		metrics_put(metrics, "captured_goodput", vm, "", NAN,
		            "segments.csv has no connection that carried it");
	carried_free(&s->carried);
	free(s);
	return result < 0 ? -1 : 0; /* no file: it was not asked for */
}
