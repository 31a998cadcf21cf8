#include "analysis/response_metrics.h"

#include "analysis/series_read.h"

#include <math.h>
#include <stdio.h>

enum { HEAD, GOOD, TOLERABLE, FAILED, COLUMNS };
enum { FIRST_CLASS = GOOD };

struct responses {
	int64_t from_ns, to_ns;
	int64_t count[COLUMNS];
};

/* A row is of the time before it. */
static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct responses *r = context;
	if (cells[HEAD].integer == MISSING || cells[HEAD].integer <= r->from_ns || cells[HEAD].integer > r->to_ns)
		return 0;
	for (int c = FIRST_CLASS; c < COLUMNS; c++)
		if (cells[c].integer > 0)
			r->count[c] += cells[c].integer;
	return 0;
}

int response_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e)
{
	static const struct series_column columns[COLUMNS] = { [HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
		                                               [GOOD] = { "good", COLUMN_INTEGER, 0 },
		                                               [TOLERABLE] = { "tolerable", COLUMN_INTEGER, 0 },
		                                               [FAILED] = { "failed", COLUMN_INTEGER, 0 } };
	const struct run_phase *phase = run_phase(run, "migration");
	struct responses r = { .from_ns = phase ? phase->start_ns : MISSING,
		               .to_ns = phase ? phase->end_ns : MISSING };
	char name[RUN_NAME_ROOM + 16];
	int64_t all = 0;
	snprintf(name, sizeof(name), "web-%s.csv", vm->name);
	int read = series_read(run->directory, name, columns, COLUMNS, on_row, &r, NULL, e);
	if (read != 0)
		return read < 0 ? -1 : 0;
	for (int c = FIRST_CLASS; c < COLUMNS; c++)
		all += r.count[c];
	for (int c = FIRST_CLASS; c < COLUMNS; c++) {
		struct metric_value *v = metrics_add(metrics, "responses", vm, "%s", columns[c].name);
		v->n = all;
		v->value = all ? 100 * (double)r.count[c] / (double)all : NAN;
		if (!all)
			snprintf(v->reason, sizeof(v->reason), "no response ended in the migration phase");
	}
	return 0;
}
