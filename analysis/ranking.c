#include "analysis/ranking.h"

#include "analysis/csv_field.h"
#include "analysis/downtime.h"
#include "analysis/metrics.h"
#include "analysis/study.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct ranking_column shown[] = {
	{ "migration_time", "completion" },
	{ "downtime", "stop_resume" },
	{ "downtime", "guest_clock" },
	{ "downtime", "network" },
	{ "downtime", "work" },
	{ "downtime", "reported" },
	{ "stream_gap", "udp:to-guest" },
	{ "stream_gap", "tcp:to-guest" },
	{ "bytes_on_wire", "" },
	{ "cpu_per_gib", "threads" },
	{ "lost_work", "" },
};

static const char *const classes[] = {
	[RANK_CONVERGED] = "converged",   [RANK_SOMETIMES] = "sometimes converged",
	[RANK_NEVER] = "never converged", [RANK_FAILED] = "failed",
	[RANK_SKIPPED] = "skipped",
};

const char *ranking_class_name(enum ranking_class class)
{
	return classes[class];
}

/* ---- order ---- */

static int compare_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static double sort_key(const struct ranked *e, int higher_is_better)
{
	return higher_is_better ? -e->values[0].mean : e->values[0].mean;
}

static int compare_ranked(const void *left, const void *right, void *higher_is_better)
{
	const struct ranked *a = left, *b = right;
	int higher = *(const int *)higher_is_better, by;
	if (a->block_order != b->block_order)
		return a->block_order - b->block_order;
	if (a->class != b->class)
		return (int)a->class - (int)b->class;
	if ((by = compare_numbers(b->share, a->share)) != 0)
		return by;
	if (a->class < RANK_NEVER && (by = compare_numbers(sort_key(a, higher), sort_key(b, higher))) != 0)
		return by;
	return a->order - b->order;
}

static const struct ranked *reference_of(const struct ranking *r, const struct ranked *e, const char *reference)
{
	for (int i = 0; i < r->count; i++)
		if (r->list[i].block_order == e->block_order && strcmp(r->list[i].member, reference) == 0)
			return &r->list[i];
	return NULL;
}

void ranking_sort(struct ranking *r, const char *reference)
{
	const struct metric_definition *by = r->column_count ? metric_find(r->columns[0].metric) : NULL;
	int higher = by && by->better == BETTER_HIGHER;
	const struct ranked *best = r->list;
	qsort_r(r->list, (size_t)r->count, sizeof(*r->list), compare_ranked, &higher);
	for (int i = 0; i < r->count; i++) {
		struct ranked *e = &r->list[i];
		const struct ranked *to = reference_of(r, e, reference);
		int whole = to && to->class == RANK_CONVERGED && e->class == RANK_CONVERGED;
		e->place = i && e[-1].block_order == e->block_order ? e[-1].place + 1 : 1;
		best = e->place == 1 ? e : best;
		e->apart = e != best && e->class == RANK_CONVERGED && best->class == RANK_CONVERGED
		                   ? interval_apart(&e->values[0], &best->values[0])
		                   : -1;
		for (int c = 0; c < r->column_count; c++)
			e->ratios[c] = whole && to->values[c].mean > 0 ? e->values[c].mean / to->values[c].mean : NAN;
	}
}

/* ---- from a study ---- */

static void columns_choose(struct ranking *r, const char *sort)
{
	struct ranking_column *first = &r->columns[0];
	snprintf(first->metric, sizeof(first->metric), "%.*s", (int)strcspn(sort, ":"), sort);
	snprintf(first->estimator, sizeof(first->estimator), "%s", strchr(sort, ':') ? strchr(sort, ':') + 1 : "");
	if (!*sort)
		*first = shown[0];
	r->column_count = 1;
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (strcmp(shown[i].metric, first->metric) != 0 || strcmp(shown[i].estimator, first->estimator) != 0)
			r->columns[r->column_count++] = shown[i];
}

static struct ranked *entry_of(struct ranking *r, const char *block, const char *member)
{
	int block_order = r->count;
	for (int i = r->count - 1; i >= 0; i--) {
		if (strcmp(r->list[i].block, block) != 0)
			continue;
		if (strcmp(r->list[i].member, member) == 0)
			return &r->list[i];
		block_order = r->list[i].block_order;
	}
	struct ranked *e = &r->list[r->count];
	*e = (struct ranked){ .block_order = block_order, .order = r->count };
	r->count++;
	snprintf(e->block, sizeof(e->block), "%s", block);
	snprintf(e->member, sizeof(e->member), "%s", member);
	return e;
}

/* What its runs come to; scratch has room for all of them. */
static void entry_fill(struct ranking *r, struct ranked *e, const struct study_run *const *runs, int count,
                       double *scratch)
{
	int converged = 0, skipped = 0;
	for (int i = 0; i < count; i++) {
		double share = runs[i]->complete ? study_run_value(runs[i], "converged", "", "", NULL, 0) : NAN;
		e->complete += runs[i]->complete;
		converged += runs[i]->complete && share != 0;
		skipped += strcmp(runs[i]->status, "skipped") == 0;
		if (runs[i]->complete && share == 0)
			study_run_value(runs[i], "migration_time", "", "completion", e->reason, sizeof(e->reason));
		else if (!runs[i]->complete)
			snprintf(e->reason, sizeof(e->reason), "%s", runs[i]->reason);
	}
	e->runs = count;
	e->share = e->complete ? (double)converged / e->complete : NAN;
	e->class = e->share >= 1      ? RANK_CONVERGED
	           : e->share > 0     ? RANK_SOMETIMES
	           : e->complete      ? RANK_NEVER
	           : skipped == count ? RANK_SKIPPED
	                              : RANK_FAILED;
	for (int c = 0; c < r->column_count; c++) {
		for (int i = 0; i < count; i++) {
			const struct ranking_column *column = &r->columns[c];
			scratch[i] = study_run_value(runs[i], column->metric, "", column->estimator, NULL, 0);
			e->unseen[c] +=
				!isnan(scratch[i]) &&
				downtime_is_no_stop(study_run_caution(runs[i], column->metric, column->estimator));
		}
		e->values[c] = interval_of(scratch, count);
		for (int i = 0; i < count && !*e->units[c]; i++)
			snprintf(e->units[c], sizeof(e->units[c]), "%s",
			         study_run_unit(runs[i], r->columns[c].metric, r->columns[c].estimator));
	}
}

/* Leave out what no run has: a gap where no workload streams. */
static void columns_drop_empty(struct ranking *r)
{
	int kept = 1;
	for (int c = 1; c < r->column_count; c++) {
		bool seen = false;
		for (int k = 0; k < r->count; k++)
			seen |= r->list[k].values[c].n > 0;
		if (!seen)
			continue;
		r->columns[kept] = r->columns[c];
		for (int k = 0; k < r->count; k++) {
			struct ranked *e = &r->list[k];
			e->values[kept] = e->values[c];
			e->unseen[kept] = e->unseen[c];
			memmove(e->units[kept], e->units[c], sizeof(e->units[c]));
		}
		kept++;
	}
	r->column_count = kept;
}

/* A run that was cut off, or runs now, says nothing yet. */
static int has_ended(const struct study_run *run)
{
	return run->complete || strcmp(run->status, "failed") == 0 || strcmp(run->status, "skipped") == 0;
}

int ranking_make(struct ranking *r, const struct study_runs *s, struct err *e)
{
	memset(r, 0, sizeof(*r));
	columns_choose(r, s->sort);
	size_t room = (size_t)s->count + 1;
	const struct study_run **runs = calloc(room, sizeof(*runs));
	double *scratch = calloc(room, sizeof(*scratch));
	int *entries = calloc(room, sizeof(*entries));
	r->list = calloc(room, sizeof(*r->list));
	int result = runs && scratch && entries && r->list ? 0 : err_errno(e, EXIT_CANNOT, "cannot keep a ranking");
	for (int i = 0; result == 0 && i < s->count; i++) {
		char block[300], member[RUN_NAME_ROOM];
		int there = has_ended(&s->runs[i]) && study_label_split(s->runs[i].point, s->compare, block,
		                                                        sizeof(block), member, sizeof(member));
		entries[i] = there ? (int)(entry_of(r, block, member) - r->list) : -1;
	}
	for (int k = 0; result == 0 && k < r->count; k++) {
		int count = 0;
		for (int i = 0; i < s->count; i++)
			if (entries[i] == k)
				runs[count++] = &s->runs[i];
		entry_fill(r, &r->list[k], runs, count, scratch);
	}
	columns_drop_empty(r);
	if (result == 0)
		ranking_sort(r, s->reference);
	free(runs);
	free(scratch);
	free(entries);
	return result;
}

void ranking_free(struct ranking *r)
{
	free(r->list);
	memset(r, 0, sizeof(*r));
}

/* ---- to a file ---- */

static void write_head(const struct ranked *e, const char *reference, FILE *out)
{
	field_text(out, e->block);
	fprintf(out, ",%d,", e->place);
	field_text(out, e->member);
	fprintf(out, ",%s,%s", strcmp(e->member, reference) == 0 ? "yes" : "no", ranking_class_name(e->class));
	field_number(out, e->share);
	fprintf(out, ",%d,", e->runs);
	field_text(out, e->reason);
	fprintf(out, ",%s", e->apart < 0 ? "missing" : e->apart ? "yes" : "no");
}

static void write_value(const struct ranking_column *column, const struct interval *of_runs, const char *unit,
                        double ratio, int unseen, FILE *out)
{
	const struct metric_definition *definition = metric_find(column->metric);
	const struct interval bound = interval_not_below(*of_runs, metric_least(column->metric)), *value = &bound;
	fprintf(out, ",%s,%s", column->metric, column->estimator);
	field_number(out, value->mean);
	field_number(out, value->low);
	field_number(out, value->high);
	fprintf(out, ",%d,", value->n);
	field_text(out, !*unit && definition ? definition->unit : unit);
	field_number(out, ratio);
	if (unseen && unseen < value->n)
		fprintf(out, "," NO_STOP_SEEN " in %d of %d\n", unseen, value->n);
	else
		fprintf(out, ",%s\n", unseen ? NO_STOP_SEEN : "");
}

void ranking_write(const struct ranking *r, const char *reference, FILE *out)
{
	fputs("block,place,member,reference,class,share,runs,reason,apart_from_best,metric,estimator,value,low,high,n,unit,"
	      "ratio,caution\n",
	      out);
	for (int i = 0; i < r->count; i++) {
		const struct ranked *e = &r->list[i];
		if (!e->complete) {
			write_head(e, reference, out);
			fputs(",,,missing,missing,missing,0,,missing,\n", out);
		}
		for (int c = 0; e->complete && c < r->column_count; c++) {
			write_head(e, reference, out);
			write_value(&r->columns[c], &e->values[c], e->units[c], e->ratios[c], e->unseen[c], out);
		}
	}
}
