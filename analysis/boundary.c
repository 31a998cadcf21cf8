#include "analysis/boundary.h"

#include "analysis/bisect.h"
#include "analysis/csv_field.h"
#include "analysis/interval.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *metric, *estimator, *column;
} columns[] = {
	{ "converged", "", "share" },
	{ "baseline_rate", "", "baseline_rate" },
	{ "migration_time", "completion", "migration_time" },
	{ "expected_downtime_error", "first", "expected_downtime_error_first" },
	{ "expected_downtime_error", "median", "expected_downtime_error_median" },
	{ "expected_downtime_error", "last", "expected_downtime_error_last" },
	{ "remaining_time_error", "first", "remaining_time_error_first" },
	{ "remaining_time_error", "median", "remaining_time_error_median" },
	{ "remaining_time_error", "last", "remaining_time_error_last" },
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

/* A value tried in a block. */
struct tried {
	char block[300];
	int order; /* of the block */
	double at;
	int runs;
	char rate_unit[RUN_NAME_ROOM]; /* of the baseline rate */
	double values[COLUMNS];        /* the first is the share that converged */
};

struct boundary {
	struct tried *list; /* by block, in the order of their first runs, then by value */
	int count;
};

static int compare_tried(const void *left, const void *right)
{
	const struct tried *a = left, *b = right;
	return a->order != b->order ? a->order - b->order : (a->at > b->at) - (a->at < b->at);
}

static void fill(struct tried *t, const struct study_runs *s, const char *point, double *scratch)
{
	for (int c = 0; c < COLUMNS; c++) {
		int count = 0;
		t->runs = 0;
		for (int i = 0; i < s->count; i++) {
			if (strcmp(s->runs[i].point, point) != 0)
				continue;
			t->runs++;
			if (s->runs[i].complete)
				snprintf(t->rate_unit, sizeof(t->rate_unit), "%s",
				         study_run_unit(&s->runs[i], "baseline_rate", ""));
			scratch[count++] =
				study_run_value(&s->runs[i], columns[c].metric, "", columns[c].estimator, NULL, 0);
		}
		t->values[c] = interval_of(scratch, count).mean;
	}
}

static int collect(struct boundary *b, const struct study_runs *s, struct err *e)
{
	double *scratch = calloc((size_t)s->count + 1, sizeof(*scratch));
	b->list = calloc((size_t)s->count + 1, sizeof(*b->list));
	for (int i = 0; scratch && b->list && i < s->count; i++) {
		struct tried *t = &b->list[b->count];
		char at[RUN_NAME_ROOM], *end;
		int seen = !study_label_split(s->runs[i].point, "at", t->block, sizeof(t->block), at, sizeof(at));
		t->at = strtod(at, &end);
		t->order = b->count;
		for (int k = 0; k < b->count; k++)
			if (strcmp(b->list[k].block, t->block) == 0) {
				t->order = b->list[k].order;
				seen |= b->list[k].at == t->at;
			}
		if (seen || end == at)
			continue;
		fill(t, s, s->runs[i].point, scratch);
		b->count++;
	}
	free(scratch);
	if (!scratch || !b->list)
		return err_errno(e, EXIT_CANNOT, "cannot keep a boundary");
	qsort(b->list, (size_t)b->count, sizeof(*b->list), compare_tried);
	return 0;
}

static void write_tried(const struct boundary *b, FILE *out)
{
	fputs("block,at,runs,rate_unit", out);
	for (int c = 0; c < COLUMNS; c++)
		fprintf(out, ",%s", columns[c].column);
	putc('\n', out);
	for (int i = 0; i < b->count; i++) {
		const struct tried *t = &b->list[i];
		field_text(out, t->block);
		field_number(out, t->at);
		fprintf(out, ",%d,", t->runs);
		field_text(out, t->rate_unit);
		for (int c = 0; c < COLUMNS; c++)
			field_number(out, t->values[c]);
		putc('\n', out);
	}
}

static const char *state_name(enum bisect_state state)
{
	return state == BISECT_FOUND   ? "found"
	       : state == BISECT_BELOW ? "below"
	       : state == BISECT_ABOVE ? "above"
	                               : "open";
}

static int write_boundaries(const struct boundary *b, const struct bisect_range *range, FILE *out, struct err *e)
{
	struct bisect_outcome *outcomes = calloc((size_t)b->count + 1, sizeof(*outcomes));
	if (!outcomes)
		return err_errno(e, EXIT_CANNOT, "cannot keep a boundary");
	fputs("block,state,low,high,contrary,runs\n", out);
	for (int from = 0, end; from < b->count; from = end) {
		struct bisect is;
		int runs = 0;
		for (end = from; end < b->count && b->list[end].order == b->list[from].order; end++) {
			outcomes[end - from] = (struct bisect_outcome){ b->list[end].at, b->list[end].values[0] };
			runs += b->list[end].runs;
		}
		bisect_look(range, outcomes, end - from, &is);
		field_text(out, b->list[from].block);
		fprintf(out, ",%s", state_name(is.state));
		field_number(out, is.low);
		field_number(out, is.high);
		fprintf(out, ",%d,%d\n", is.contrary, runs);
	}
	free(outcomes);
	return 0;
}

int boundary_write(const struct study_runs *s, const char *directory, struct err *e)
{
	struct boundary b = { 0 };
	struct whole_file out = { 0 };
	int result = collect(&b, s, e);
	if (result == 0 && (result = whole_file_open(&out, directory, "tried.csv", e)) == 0) {
		write_tried(&b, out.file);
		result = whole_file_close(&out, 0, e);
	}
	if (result == 0 && (result = whole_file_open(&out, directory, "boundary.csv", e)) == 0)
		result = whole_file_close(&out, write_boundaries(&b, &s->search, out.file, e), e);
	free(b.list);
	return result;
}
