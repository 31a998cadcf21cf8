#include "analysis/study_analyze.h"

#include "analysis/boundary.h"
#include "analysis/claims.h"
#include "analysis/csv_field.h"
#include "analysis/explanation.h"
#include "analysis/metrics.h"
#include "analysis/ranking.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(row, key, &value) && value ? json_object_get_string(value) : "";
}

static const char *const names[] = { "metric", "vm", "role", "estimator" };

/* The value of the same metric in another run of the point. */
static double value_of(const struct study_run *run, struct json_object *like, size_t place)
{
	struct json_object *row = study_run_row_like(run, like, place), *value;
	return row && json_object_object_get_ex(row, "value", &value) && value ? json_object_get_double(value) : NAN;
}

static void write_point(FILE *out, const struct study_run *const *runs, int count, double *values)
{
	const struct study_run *first = runs[0];
	for (size_t i = 0; i < json_object_array_length(first->metrics); i++) {
		struct json_object *row = json_object_array_get_idx(first->metrics, i);
		for (int r = 0; r < count; r++)
			values[r] = value_of(runs[r], row, i);
		const struct interval mean =
			interval_not_below(interval_of(values, count), metric_least(text_of(row, "metric")));
		field_text(out, first->point);
		fprintf(out, ",%d,", first->vms);
		field_text(out, first->workload);
		field_number(out, metric_of(first->rate_bits_per_s));
		field_number(out, metric_of(first->rtt_ns));
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			putc(',', out);
			field_text(out, text_of(row, names[k]));
		}
		field_number(out, mean.mean);
		field_number(out, mean.low);
		field_number(out, mean.high);
		fprintf(out, ",%d,", mean.n);
		field_text(out, text_of(row, "unit"));
		putc('\n', out);
	}
}

/* Points in the order of their first runs. */
static int write_points(const struct study_runs *s, FILE *out, struct err *e)
{
	const struct study_run **same = calloc((size_t)s->count + 1, sizeof(*same));
	double *values = calloc((size_t)s->count + 1, sizeof(*values));
	char *done = calloc((size_t)s->count + 1, 1);
	int result = same && values && done ? 0 : err_errno(e, EXIT_CANNOT, "cannot keep a study");
	fputs("point,vms,workload,rate_bit_per_s,rtt_ns,metric,vm,role,estimator,mean,low,high,n,unit\n", out);
	for (int i = 0; result == 0 && i < s->count; i++) {
		int count = 0;
		for (int k = i; !done[i] && k < s->count; k++)
			if (s->runs[k].metrics && strcmp(s->runs[k].point, s->runs[i].point) == 0) {
				same[count++] = &s->runs[k];
				done[k] |= k > i;
			}
		if (count)
			write_point(out, same, count, values);
	}
	free(same);
	free(values);
	free(done);
	return result;
}

static int write_ranking(const struct study_runs *s, const char *directory, struct err *e)
{
	struct ranking r;
	struct whole_file out = { 0 };
	int result = ranking_make(&r, s, e);
	if (result == 0 && (result = whole_file_open(&out, directory, "ranking.csv", e)) == 0) {
		ranking_write(&r, s->reference, out.file);
		result = whole_file_close(&out, 0, e);
	}
	ranking_free(&r);
	return result;
}

static int write_claims(const struct study_runs *s, const char *directory, struct err *e)
{
	const struct claim_paper *paper = claim_paper_find(s->paper);
	char folder[4096 + 16];
	struct study_runs further = { 0 };
	struct whole_file out = { 0 };
	if (!paper)
		return err_set(e, EXIT_USAGE, "'%s': experiment.study = %s, a paper whose claims are not known",
		               directory, s->paper);
	if (whole_file_open(&out, directory, "claims.csv", e) < 0 ||
	    whole_file_close(&out, claims_write(s, paper, out.file, e), e) < 0)
		return -1;
	if (paper->tables && (whole_file_open(&out, directory, "tables.csv", e) < 0 ||
	                      whole_file_close(&out, paper_tables_write(s, paper, out.file, e), e) < 0))
		return -1;
	if (!study_is(explanation_folder(directory, folder, sizeof(folder))))
		return 0;
	int result = study_read(&further, folder, e);
	if (result == 0 && (result = whole_file_open(&out, directory, "explanations.csv", e)) == 0)
		result = whole_file_close(&out, explanations_write(&further, paper, out.file, e), e);
	study_runs_free(&further);
	return result;
}

int analyze_study(const char *directory, struct err *e)
{
	struct study_runs s;
	struct whole_file out = { 0 };
	int result = study_read(&s, directory, e);
	if (result == 0 && (result = whole_file_open(&out, directory, "study.csv", e)) == 0)
		result = whole_file_close(&out, write_points(&s, out.file, e), e);
	if (result == 0 && s.compare[0])
		result = write_ranking(&s, directory, e);
	if (result == 0 && s.search.to > 0)
		result = boundary_write(&s, directory, e);
	if (result == 0 && s.paper[0])
		result = write_claims(&s, directory, e);
	study_runs_free(&s);
	return result;
}
