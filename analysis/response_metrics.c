#include "analysis/response_metrics.h"

#include "analysis/cluster_series.h"
#include "analysis/csv_field.h"
#include "analysis/series_read.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD, GOOD, TOLERABLE, FAILED, COLUMNS };
enum { FIRST_CLASS = GOOD, BINS_MAX = 20000 };

#define BIN_NS (RESPONSE_BIN_S * NS_PER_S)

static const struct series_column columns[COLUMNS] = { [HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	                                               [GOOD] = { "good", COLUMN_INTEGER, 0 },
	                                               [TOLERABLE] = { "tolerable", COLUMN_INTEGER, 0 },
	                                               [FAILED] = { "failed", COLUMN_INTEGER, 0 } };

struct responses {
	int64_t from_ns, to_ns;
	int64_t (*bins)[COLUMNS]; /* of BIN_NS from from_ns on, whole ones */
	int bin_count;
	int64_t count[COLUMNS];
};

/* A row is of the time before it. */
static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct responses *r = context;
	int64_t at_ns = cells[HEAD].integer;
	if (at_ns == MISSING || at_ns <= r->from_ns || at_ns > r->to_ns)
		return 0;
	int64_t bin = (at_ns - 1 - r->from_ns) / BIN_NS;
	for (int c = FIRST_CLASS; c < COLUMNS; c++) {
		int64_t count = cells[c].integer > 0 ? cells[c].integer : 0;
		r->count[c] += count;
		if (bin < r->bin_count)
			r->bins[bin][c] += count;
	}
	return 0;
}

/* A second, in each bin. */
static int plot_write(const struct run *run, const struct run_vm *vm, const struct responses *r, struct err *e)
{
	char name[RUN_NAME_ROOM + 32];
	struct whole_file out = { 0 };
	int64_t origin_ns = cluster_begin_ns(run);
	snprintf(name, sizeof(name), "plots/responses-%s.csv", vm->name);
	if (origin_ns == MISSING)
		return 0;
	if (whole_file_open(&out, run->directory, name, e) < 0)
		return -1;
	fputs("time_s,good_per_s,tolerable_per_s,failed_per_s\n", out.file);
	for (int i = 0; i < r->bin_count; i++) {
		int64_t middle_ns = r->from_ns + i * BIN_NS + BIN_NS / 2;
		fprintf(out.file, "%.3f", (double)(middle_ns - origin_ns) / NS_PER_S);
		for (int c = FIRST_CLASS; c < COLUMNS; c++)
			field_number(out.file, (double)r->bins[i][c] / RESPONSE_BIN_S);
		putc('\n', out.file);
	}
	return whole_file_close(&out, 0, e);
}

static void put(const struct responses *r, const struct run_vm *vm, struct metrics *metrics)
{
	int64_t all = 0;
	for (int c = FIRST_CLASS; c < COLUMNS; c++)
		all += r->count[c];
	for (int c = FIRST_CLASS; c < COLUMNS; c++) {
		struct metric_value *v = metrics_add(metrics, "responses", vm, "%s", columns[c].name);
		v->n = all;
		v->value = all ? 100 * (double)r->count[c] / (double)all : NAN;
		if (!all)
			snprintf(v->reason, sizeof(v->reason), "no response ended in the migration phase");
	}
	for (int c = FIRST_CLASS; c < COLUMNS; c++)
		metrics_put(metrics, "response_count", vm, columns[c].name, (double)r->count[c], NULL);
}

int response_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e)
{
	const struct run_phase *phase = run_phase(run, "migration");
	struct responses r = { .from_ns = phase ? phase->start_ns : MISSING,
		               .to_ns = phase ? phase->end_ns : MISSING };
	char name[RUN_NAME_ROOM + 16];
	int64_t bins = phase ? (r.to_ns - r.from_ns) / BIN_NS : 0;
	r.bin_count = bins < BINS_MAX ? (int)bins : BINS_MAX;
	r.bins = calloc((size_t)r.bin_count + 1, sizeof(*r.bins));
	if (!r.bins)
		return err_errno(e, EXIT_CANNOT, "cannot count responses");
	snprintf(name, sizeof(name), "web-%s.csv", vm->name);
	int result = series_read(run->directory, name, columns, COLUMNS, on_row, &r, NULL, e);
	if (result == 0) {
		put(&r, vm, metrics);
		result = plot_write(run, vm, &r, e);
	}
	free(r.bins);
	return result < 0 ? -1 : 0;
}
