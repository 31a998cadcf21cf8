#include "analysis/timeline.h"

#include "analysis/curve.h"
#include "bench/base/clock.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 6000, BINS_MAX = 1 << 24, SMOOTH_MAX = 20 };
static const int64_t least_bin_ns = 10 * NS_PER_MS, smooth_ns = 200 * NS_PER_MS;

struct timeline_bin {
	int64_t start_ns, covered_ns;
	double amount;
};

struct timeline_row {
	int64_t start_ns;
	double rate, smooth;
};

struct timeline {
	FILE *file;
	int64_t origin_ns;
	double baseline_rate;
	struct curve_bins bins;
	struct timeline_bin window[SMOOTH_MAX + 1]; /* the bins that a smoothed value is made of */
	int smooth_bins;                            /* of them, besides the middle one; even */
	int64_t taken;                              /* bins so far */
	/* the group of bins that is reduced to its extremes */
	int64_t group_bins, in_group;
	struct timeline_row lowest, highest;
};

static void put_row(struct timeline *t, const struct timeline_row *r)
{
	fprintf(t->file, "%.3f,%.6g,%.6g", (double)(r->start_ns + t->bins.width_ns / 2 - t->origin_ns) / NS_PER_S,
	        r->rate, r->smooth);
	if (t->baseline_rate > 0)
		fprintf(t->file, ",%.2f,%.2f\n", 100 * r->rate / t->baseline_rate,
		        100 * r->smooth / t->baseline_rate);
	else
		fputs(",missing,missing\n", t->file);
}

static void put_group(struct timeline *t)
{
	if (!t->in_group)
		return;
	const struct timeline_row *first = &t->lowest, *second = &t->highest;
	if (second->start_ns < first->start_ns) {
		first = &t->highest;
		second = &t->lowest;
	}
	put_row(t, first);
	if (second->start_ns != first->start_ns)
		put_row(t, second);
	t->in_group = 0;
}

/* A bin that has its neighbours on both sides now, or never will. */
static void settle(struct timeline *t, int64_t number)
{
	int room = t->smooth_bins + 1;
	if (number < 0)
		return;
	const struct timeline_bin *middle = &t->window[number % room];
	if (middle->covered_ns < t->bins.width_ns / 4)
		return;
	double amount = 0;
	int64_t covered_ns = 0;
	for (int64_t i = number - t->smooth_bins / 2; i <= number + t->smooth_bins / 2; i++) {
		if (i < 0 || i >= t->taken)
			continue;
		amount += t->window[i % room].amount;
		covered_ns += t->window[i % room].covered_ns;
	}
	struct timeline_row row = { middle->start_ns, middle->amount * NS_PER_S / (double)middle->covered_ns,
		                    amount * NS_PER_S / (double)covered_ns };
	if (!t->in_group || row.rate < t->lowest.rate)
		t->lowest = row;
	if (!t->in_group || row.rate > t->highest.rate)
		t->highest = row;
	if (++t->in_group == t->group_bins)
		put_group(t);
}

static int on_bin(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)e;
	struct timeline *t = context;
	t->window[t->taken++ % (t->smooth_bins + 1)] = (struct timeline_bin){ start_ns, covered_ns, amount };
	settle(t, t->taken - 1 - t->smooth_bins / 2);
	return 0;
}

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	struct timeline *t = context;
	return curve_bins_add(&t->bins, span->start_ns, span->end_ns, span->work, e);
}

const char *plot_name(const char *kind, const struct run_vm *vm, const struct workload_samples *workload, char *name)
{
	snprintf(name, PLOT_NAME_ROOM, "plots/%s-%s-%s.csv", kind, vm->name, workload->name);
	for (char *c = name + strlen("plots/"); *c; c++)
		if (*c == '/')
			*c = '_'; /* a name from a file is not trusted to stay in the folder */
	return name;
}

int timeline_write(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                   const struct workload_samples *workload, double baseline_rate, struct err *e)
{
	char name[PLOT_NAME_ROOM];
	struct whole_file out = { 0 };
	struct timeline t = { .origin_ns = run->migrate_start_ns, .baseline_rate = baseline_rate };
	int64_t first_ns = clock_map_head(samples->map, workload->first_guest_ns);
	int64_t last_ns = clock_map_head(samples->map, workload->last_guest_ns);
	int64_t least_ns = vm->sample_interval_ns > least_bin_ns ? vm->sample_interval_ns : least_bin_ns;
	if (t.origin_ns == MISSING)
		t.origin_ns = first_ns;
	t.bins = (struct curve_bins){ .start_ns = first_ns,
		                      .end_ns = last_ns,
		                      .fn = on_bin,
		                      .context = &t,
		                      .width_ns = curve_bin_width(last_ns - first_ns, least_ns, BINS_MAX) };
	t.smooth_bins = (int)(smooth_ns / t.bins.width_ns) / 2 * 2;
	int64_t count = (last_ns - first_ns) / t.bins.width_ns + 1;
	t.group_bins = count <= ROWS_MAX ? 1 : 2 * count / ROWS_MAX + 1;

	if (whole_file_open(&out, run->directory, plot_name("timeline", vm, workload, name), e) < 0)
		return -1;
	t.file = out.file;
	fputs("time_s,rate,rate_smooth,percent,percent_smooth\n", t.file);
	int result = work_curve_each(samples, workload, on_span, &t, e);
	if (result == 0)
		result = curve_bins_finish(&t.bins, e);
	for (int64_t i = t.taken - t.smooth_bins / 2; result == 0 && i < t.taken; i++)
		settle(&t, i);
	put_group(&t);
	return whole_file_close(&out, result, e);
}
