#include "analysis/coarse.h"

#include "analysis/curve.h"
#include "analysis/timeline.h"
#include "bench/base/clock.h"
#include "bench/base/whole_file.h"

#include <stdio.h>

enum { BINS = 150 };
static const int64_t least_ns = 200 * NS_PER_MS;

struct coarse {
	FILE *file;
	int64_t origin_ns;
	struct curve_bins bins;
};

static int on_bin(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)e;
	const struct coarse *c = context;
	if (covered_ns >= c->bins.width_ns / 4)
		fprintf(c->file, "%.3f,%.6g\n", (double)(start_ns + c->bins.width_ns / 2 - c->origin_ns) / NS_PER_S,
		        amount * NS_PER_S / (double)covered_ns);
	return 0;
}

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	struct coarse *c = context;
	return curve_bins_add(&c->bins, span->start_ns, span->end_ns, span->work, e);
}

int coarse_write(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                 const struct workload_samples *workload, struct err *e)
{
	struct whole_file out = { 0 };
	char name[PLOT_NAME_ROOM];
	int64_t first_ns = clock_map_head(samples->map, workload->first_guest_ns);
	int64_t last_ns = clock_map_head(samples->map, workload->last_guest_ns);
	struct coarse c = { .origin_ns = run->migrate_start_ns == MISSING ? first_ns : run->migrate_start_ns };
	if (whole_file_open(&out, run->directory, plot_name("coarse", vm, workload, name), e) < 0)
		return -1;
	c.file = out.file;
	c.bins = (struct curve_bins){ .start_ns = first_ns,
		                      .end_ns = last_ns,
		                      .width_ns = curve_bin_width(last_ns - first_ns, least_ns, BINS),
		                      .fn = on_bin,
		                      .context = &c };
	fputs("time_s,rate\n", c.file);
	int result = work_curve_each(samples, workload, on_span, &c, e);
	if (result == 0)
		result = curve_bins_finish(&c.bins, e);
	return whole_file_close(&out, result, e);
}
