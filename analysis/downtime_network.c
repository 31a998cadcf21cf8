/*
 * Nobody could reach it: longest silence of the guest's packets at the client, less their usual spacing.
 *
 * A row of packets-VM.csv says of its bin the longest silence that ended in it, at head_ns. The usual spacing is the
 * mean one of the baseline, or the median of the bins' longest silences where that is shorter (bursts). A guest that
 * stood still sends on in its own rhythm, and the estimate is good to the rhythm's evenness; one that was cut off may
 * have been so from any time between two packets to any other: a spacing less or more.
 * Rows come by the bin, so the baseline's silences go into a histogram: memory stays flat.
 */
#include "analysis/curve.h"
#include "analysis/downtime.h"
#include "analysis/histogram.h"
#include "analysis/metrics_write.h"
#include "analysis/csv_field.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <stdio.h>

enum { HEAD, PACKETS, SILENCE, COLUMNS };
static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[PACKETS] = { "packets", COLUMN_INTEGER, 0 },
	[SILENCE] = { "longest_silence_ns", COLUMN_INTEGER, 0 },
};
enum { PLOT_ROWS = 6000 };
static const int64_t plot_bin_ns = 100 * NS_PER_MS, open_silence_ns = NS_PER_S;

struct network {
	const struct downtime_window *windows;
	int window_count, first_window;           /* those before first_window are over */
	struct downtime *found;                   /* while reading, value_ns is the longest silence itself */
	struct histogram usual;                   /* silences of the baseline */
	int64_t packets, first_ns, last_usual_ns; /* of the baseline, packets behind the first row's */
	int64_t last_ns;                          /* of all rows */
	int64_t last_packet_ns;                   /* as the collector said; MISSING: not said */
	FILE *plot;                               /* NULL: none */
	int64_t origin_ns, bin_ns, width_ns, bin_packets, bin_silence_ns;
};

static void plot_row(struct network *n, int64_t bin_ns, int64_t packets, int64_t silence_ns)
{
	fprintf(n->plot, "%.3f", (double)(bin_ns + n->width_ns / 2 - n->origin_ns) / NS_PER_S);
	field_number(n->plot, (double)packets * NS_PER_S / (double)n->width_ns);
	field_ms(n->plot, silence_ns);
	putc('\n', n->plot);
}

static void plot(struct network *n, int64_t head_ns, int64_t packets, int64_t silence_ns)
{
	int64_t bin_ns = head_ns / n->width_ns * n->width_ns;
	if (n->bin_ns != MISSING && bin_ns != n->bin_ns) {
		plot_row(n, n->bin_ns, n->bin_packets, n->bin_silence_ns);
		/* A silence: its first and last bin are enough to draw it. */
		if (bin_ns > n->bin_ns + n->width_ns)
			plot_row(n, n->bin_ns + n->width_ns, 0, MISSING);
		if (bin_ns > n->bin_ns + 2 * n->width_ns)
			plot_row(n, bin_ns - n->width_ns, 0, MISSING);
	}
	if (bin_ns != n->bin_ns) {
		n->bin_ns = bin_ns;
		n->bin_packets = 0;
		n->bin_silence_ns = MISSING;
	}
	n->bin_packets += packets;
	if (silence_ns > n->bin_silence_ns)
		n->bin_silence_ns = silence_ns;
}

/* A silence, in the windows that it touches. */
static void silent(struct network *n, int64_t from_ns, int64_t until_ns)
{
	const struct downtime_window *w = n->windows;
	while (n->first_window < n->window_count && w[n->first_window].to_ns <= from_ns)
		n->first_window++;
	for (int i = n->first_window; i < n->window_count && w[i].from_ns < until_ns; i++) {
		if (n->found[i].value_ns != MISSING && until_ns - from_ns <= n->found[i].value_ns)
			continue;
		n->found[i].value_ns = until_ns - from_ns;
		n->found[i].at_ns = from_ns;
	}
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct network *n = context;
	const struct downtime_window *w = n->windows;
	int64_t head_ns = cells[HEAD].integer, packets = cells[PACKETS].integer, silence_ns = cells[SILENCE].integer;
	if (head_ns == MISSING || packets == MISSING)
		return 0;
	if (n->plot)
		plot(n, head_ns, packets, silence_ns);
	if (n->last_ns == MISSING || head_ns > n->last_ns)
		n->last_ns = head_ns;
	if (silence_ns == MISSING || silence_ns < 0)
		return 0;
	if (head_ns - silence_ns >= w->baseline_from_ns && head_ns < w->baseline_to_ns) {
		if (n->first_ns == MISSING)
			n->first_ns = head_ns;
		else
			n->packets += packets;
		n->last_usual_ns = head_ns;
		histogram_add(&n->usual, silence_ns);
	}
	silent(n, head_ns - silence_ns, head_ns);
	return 0;
}

/* Turn the longest silence of a window into the estimate. */
static void judge(const struct network *n, int64_t window_end_ns, int64_t spacing_ns, struct downtime *d)
{
	int64_t error_ns = histogram_quantile(&n->usual, 0.99); /* a spacing, and its unevenness */
	int64_t open_ns = window_end_ns - n->last_ns;
	d->floor_ns = n->usual.largest > spacing_ns ? n->usual.largest - spacing_ns : 0;
	if (open_ns > open_silence_ns && n->last_packet_ns != MISSING &&
	    n->last_packet_ns > n->last_ns + open_silence_ns) {
		d->value_ns = MISSING;
		snprintf(d->reason, sizeof(d->reason),
		         "the packets' file was cut short: the VM sent more than it has");
		return;
	}
	if (open_ns > open_silence_ns && open_ns > d->value_ns) {
		d->value_ns = open_ns;
		d->at_ns = n->last_ns;
		snprintf(d->reason, sizeof(d->reason), "no packet came after it: at least this long, to a bin");
	}
	if (d->value_ns == MISSING) {
		snprintf(d->reason, sizeof(d->reason), "no packets of the VM while migrating");
		return;
	}
	d->value_ns = d->value_ns > spacing_ns ? d->value_ns - spacing_ns : 0;
	d->low_ns = d->value_ns > error_ns ? d->value_ns - error_ns : 0;
	d->high_ns = d->value_ns + error_ns;
}

static void judge_all(const struct network *n)
{
	int known = n->last_ns != MISSING && n->usual.count >= 2;
	int64_t spacing_ns = known ? histogram_quantile(&n->usual, 0.5) : 0;
	if (known && n->packets > 0 && (n->last_usual_ns - n->first_ns) / n->packets < spacing_ns)
		spacing_ns = (n->last_usual_ns - n->first_ns) / n->packets;
	for (int i = 0; i < n->window_count; i++) {
		if (known) {
			judge(n, n->windows[i].to_ns, spacing_ns, &n->found[i]);
			continue;
		}
		n->found[i] = downtime_missing;
		snprintf(n->found[i].reason, sizeof(n->found[i].reason),
		         "no packets of the VM in the baseline phase");
	}
}

/* 0; 1 when there is no series; -1. */
static int read_all(struct network *n, const struct run *run, const struct run_vm *vm, struct err *e)
{
	char name[RUN_NAME_ROOM + 24];
	snprintf(name, sizeof(name), "packets-%s.csv", vm->name);
	int read = series_read(run->directory, name, columns, COLUMNS, on_row, n, NULL, e);
	if (read == 0 && n->plot && n->bin_ns != MISSING)
		plot_row(n, n->bin_ns, n->bin_packets, n->bin_silence_ns);
	if (read == 0)
		judge_all(n);
	for (int i = 0; read == 1 && i < n->window_count; i++)
		snprintf(n->found[i].reason, sizeof(n->found[i].reason), "there is no %s", name);
	return read;
}

int downtime_network(const struct run *run, const struct run_vm *vm, const struct downtime_window *windows, int count,
                     const char *plot_name, struct downtime *ret, struct err *e)
{
	struct whole_file out = { 0 };
	int64_t range_ns = run->event_count ? run->events[run->event_count - 1].head_ns - run->events[0].head_ns : 0;
	struct network n = { .windows = windows,
		             .window_count = count,
		             .found = ret,
		             .first_ns = MISSING,
		             .last_ns = MISSING,
		             .last_packet_ns = vm->last_packet_ns,
		             .origin_ns = run_origin_ns(run),
		             .bin_ns = MISSING,
		             .width_ns = curve_bin_width(range_ns, plot_bin_ns, PLOT_ROWS) };
	for (int i = 0; i < count; i++)
		ret[i] = downtime_missing;
	if (!plot_name)
		return read_all(&n, run, vm, e) < 0 ? -1 : 0;
	if (whole_file_open(&out, run->directory, plot_name, e) < 0)
		return -1;
	n.plot = out.file;
	fputs("time_s,packets_per_s,longest_silence_ms\n", n.plot);
	int read = read_all(&n, run, vm, e);
	int put = whole_file_close(&out, read == 0 ? 0 : -1, e);
	return read < 0 || (read == 0 && put < 0) ? -1 : 0;
}
