#include "analysis/response_metrics.h"

#include "analysis/cluster_series.h"
#include "analysis/csv_field.h"
#include "analysis/histogram.h"
#include "analysis/series_read.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTENDED, END, CLASS, COLUMNS };
enum { GOOD, TOLERABLE, FAILED, CLASSES, BINS_MAX = 20000 };

#define BIN_NS (RESPONSE_BIN_S * NS_PER_S)

static const char *const classes[CLASSES] = { "good", "tolerable", "failed" };
static const struct series_column columns[COLUMNS] = { [INTENDED] = { "intended_ns", COLUMN_INTEGER, 0 },
	                                               [END] = { "end_ns", COLUMN_INTEGER, 0 },
	                                               [CLASS] = { "class", COLUMN_TEXT, 0 } };

struct responses {
	int64_t from_ns, to_ns;
	int64_t (*bins)[CLASSES]; /* of BIN_NS from from_ns on, whole ones */
	int bin_count;
	int64_t count[CLASSES];
	struct histogram latency;
};

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct responses *r = context;
	int64_t at_ns = cells[INTENDED].integer, end_ns = cells[END].integer;
	int class = 0;
	if (at_ns == MISSING || at_ns < r->from_ns || at_ns >= r->to_ns)
		return 0;
	while (class < CLASSES && strcmp(classes[class], cells[CLASS].text) != 0)
		class ++;
	if (class == CLASSES)
		return err_set(e, EXIT_MEASURED_BAD, "a response has the class '%.40s', which is not known",
		               cells[CLASS].text);
	int64_t bin = (at_ns - r->from_ns) / BIN_NS;
	r->count[class]++;
	if (bin < r->bin_count)
		r->bins[bin][class]++;
	if (end_ns != MISSING)
		histogram_add(&r->latency, end_ns - at_ns);
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
		for (int c = 0; c < CLASSES; c++)
			field_number(out.file, (double)r->bins[i][c] / RESPONSE_BIN_S);
		putc('\n', out.file);
	}
	return whole_file_close(&out, 0, e);
}

static void put(const struct responses *r, const struct run_vm *vm, struct metrics *metrics)
{
	static const struct {
		const char *name;
		double share;
	} shares[] = { { "p50", 0.5 }, { "p95", 0.95 }, { "p99", 0.99 } };
	int64_t all = r->count[GOOD] + r->count[TOLERABLE] + r->count[FAILED];
	const char *none = all ? NULL : "no request was meant for the migration phase";
	for (int c = 0; c < CLASSES; c++) {
		struct metric_value *v = metrics_add(metrics, "responses", vm, "%s", classes[c]);
		v->n = all;
		v->value = none ? NAN : 100 * (double)r->count[c] / (double)all;
		snprintf(v->reason, sizeof(v->reason), "%s", none ? none : "");
	}
	metrics_put(metrics, "good_responses", vm, "", none ? NAN : 100 * (double)r->count[GOOD] / (double)all, none);
	for (int c = 0; c < CLASSES; c++)
		metrics_put(metrics, "response_count", vm, classes[c], (double)r->count[c], NULL);
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		metrics_put(metrics, "response_time", vm, shares[i].name,
		            none ? NAN : (double)histogram_quantile(&r->latency, shares[i].share), none);
}

int response_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e)
{
	const struct run_phase *phase = run_phase(run, "migration");
	struct responses *r = calloc(1, sizeof(*r));
	char name[RUN_NAME_ROOM + 16];
	int64_t bins = phase ? (phase->end_ns - phase->start_ns) / BIN_NS : 0;
	if (!r)
		return err_errno(e, EXIT_CANNOT, "cannot count responses");
	r->from_ns = phase ? phase->start_ns : MISSING;
	r->to_ns = phase ? phase->end_ns : MISSING;
	r->bin_count = bins < BINS_MAX ? (int)bins : BINS_MAX;
	r->bins = calloc((size_t)r->bin_count + 1, sizeof(*r->bins));
	snprintf(name, sizeof(name), "responses-%s.csv", vm->name);
	int result = r->bins ? series_read(run->directory, name, columns, COLUMNS, on_row, r, NULL, e)
	                     : err_errno(e, EXIT_CANNOT, "cannot count responses");
	if (result == 0) {
		put(r, vm, metrics);
		result = plot_write(run, vm, r, e);
	}
	free(r->bins);
	free(r);
	return result < 0 ? -1 : 0;
}
