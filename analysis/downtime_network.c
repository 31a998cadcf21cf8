/*
 * Nobody could reach it: longest silence of the guest's packets at the client, less their usual spacing.
 *
 * A row of packets-VM.csv says of its bin the longest silence that ended in it, at head_ns. The usual spacing is the
 * mean one of the baseline, or the median of the bins' longest silences where that is shorter (bursts). Rows come by
 * the bin, so the baseline's silences go into a histogram: memory stays flat.
 */
#include "analysis/curve.h"
#include "analysis/downtime.h"
#include "analysis/histogram.h"
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
	const struct downtime_window *window;
	struct histogram usual;                   /* silences of the baseline */
	int64_t packets, first_ns, last_usual_ns; /* of the baseline, packets behind the first row's */
	int64_t longest_ns, longest_at_ns;        /* in the window */
	int64_t last_ns;                          /* of all rows */
	/* the plot */
	FILE *plot;
	int64_t bin_ns, width_ns, bin_packets, bin_silence_ns;
};

static void plot_row(struct network *n, int64_t bin_ns, int64_t packets, int64_t silence_ns)
{
	fprintf(n->plot, "%.3f", (double)(bin_ns + n->width_ns / 2 - n->window->from_ns) / NS_PER_S);
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

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct network *n = context;
	const struct downtime_window *w = n->window;
	int64_t head_ns = cells[HEAD].integer, packets = cells[PACKETS].integer, silence_ns = cells[SILENCE].integer;
	if (head_ns == MISSING || packets == MISSING)
		return 0;
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
	if (head_ns > w->from_ns && head_ns - silence_ns < w->to_ns && silence_ns > n->longest_ns) {
		n->longest_ns = silence_ns;
		n->longest_at_ns = head_ns - silence_ns;
	}
	return 0;
}

static void judge(struct network *n, struct downtime *ret)
{
	if (n->last_ns == MISSING || n->usual.count < 2) {
		snprintf(ret->reason, sizeof(ret->reason), "no packets of the VM in the baseline phase");
		return;
	}
	int64_t spacing_ns = histogram_quantile(&n->usual, 0.5);
	if (n->packets > 0 && (n->last_usual_ns - n->first_ns) / n->packets < spacing_ns)
		spacing_ns = (n->last_usual_ns - n->first_ns) / n->packets;
	int64_t error_ns = histogram_quantile(&n->usual, 0.99) - spacing_ns;
	ret->floor_ns = n->usual.largest > spacing_ns ? n->usual.largest - spacing_ns : 0;

	int64_t open_ns = n->window->to_ns - n->last_ns;
	if (open_ns > open_silence_ns && open_ns > n->longest_ns) {
		n->longest_ns = open_ns;
		n->longest_at_ns = n->last_ns;
		snprintf(ret->reason, sizeof(ret->reason), "no packet came after it: at least this long, to a bin");
	}
	if (n->longest_ns == MISSING) {
		snprintf(ret->reason, sizeof(ret->reason), "no packets of the VM while migrating");
		return;
	}
	ret->value_ns = n->longest_ns > spacing_ns ? n->longest_ns - spacing_ns : 0;
	ret->low_ns = ret->value_ns > error_ns ? ret->value_ns - error_ns : 0;
	ret->high_ns = ret->value_ns + error_ns;
	ret->at_ns = n->longest_at_ns;
}

int downtime_network(const struct run *run, const struct run_vm *vm, const struct downtime_window *window,
                     struct downtime *ret, struct err *e)
{
	char name[RUN_NAME_ROOM + 24];
	struct whole_file out = { 0 };
	int64_t range_ns = run->event_count ? run->events[run->event_count - 1].head_ns - run->events[0].head_ns : 0;
	struct network n = { .window = window,
		             .first_ns = MISSING,
		             .longest_ns = MISSING,
		             .last_ns = MISSING,
		             .bin_ns = MISSING,
		             .width_ns = curve_bin_width(range_ns, plot_bin_ns, PLOT_ROWS) };
	*ret = downtime_missing;
	snprintf(name, sizeof(name), "plots/packets-%s.csv", vm->name);
	if (whole_file_open(&out, run->directory, name, e) < 0)
		return -1;
	n.plot = out.file;
	fputs("time_s,packets_per_s,longest_silence_ms\n", n.plot);
	snprintf(name, sizeof(name), "packets-%s.csv", vm->name);
	int read = series_read(run->directory, name, columns, COLUMNS, on_row, &n, NULL, e);
	if (read == 0 && n.bin_ns != MISSING)
		plot_row(&n, n.bin_ns, n.bin_packets, n.bin_silence_ns);
	int put = whole_file_close(&out, read == 0 ? 0 : -1, e);
	if (read < 0 || (read == 0 && put < 0))
		return -1;
	if (read == 1)
		snprintf(ret->reason, sizeof(ret->reason), "there is no %s", name);
	else
		judge(&n, ret);
	return 0;
}
