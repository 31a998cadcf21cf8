#include "analysis/compare.h"

#include "analysis/compare_judge.h"
#include "analysis/downtime.h"
#include "analysis/json_field.h"
#include "analysis/warmup_metrics.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const sides[] = { "BASE", "NEW" };

/* One case while it is gathered. */
struct gathering {
	struct comparison *c;
	const struct compare_options *options;
	struct compare_case *of;
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
	static const char *const names[] = {
		[COMPARE_IMPROVED] = "improved",
		[COMPARE_REGRESSED] = "regressed",
		[COMPARE_SAME] = "no difference shown",
		[COMPARE_NOT] = "not comparable",
	};
	return names[verdict];
}

/* ---- cases ---- */

static int has_point(const struct study_runs *s, int before, const char *point)
{
	for (int i = 0; i < before; i++)
		if (strcmp(s->runs[i].point, point) == 0)
			return 1;
	return 0;
}

static int count_points(const struct study_runs *s)
{
	int count = 0;
	for (int i = 0; i < s->count; i++)
		count += !has_point(s, i, s->runs[i].point);
	return count;
}

/* Runs of a point (NULL: any) on one side, in the order of their folders. One that was cut off, or runs now, is none. */
static void gather_side(struct gathering *g, int side, const struct study_runs *s, const char *point)
{
	for (int i = 0; i < s->count; i++) {
		const struct study_run *run = &s->runs[i];
		if (point && strcmp(run->point, point) != 0)
			continue;
		int skipped = strcmp(run->status, "skipped") == 0;
		int failed = strcmp(run->status, "failed") == 0 || (run->complete && !run->metrics);
		if (run->complete && run->metrics)
			g->of->complete[side][g->of->complete_count[side]++] = run;
		g->of->skipped[side] += skipped;
		g->of->failed[side] += failed;
		g->of->runs[side] += skipped || failed || run->complete;
		if ((skipped || failed) && !g->of->why[0])
			snprintf(g->of->why, sizeof(g->of->why), "%s",
			         run->reason[0] ? run->reason : "it could not be analysed");
	}
}

/* Endless where there is none. */
static double time_of(const struct study_run *run)
{
	double time = study_run_value(run, "migration_time", "", "completion", NULL, 0);
	return isnan(time) ? INFINITY : time;
}

/* The run in the middle, by migration time; those that have none are the longest. */
static const struct study_run *typical_of(const struct study_run *const *runs, int count)
{
	for (int i = 0; i < count; i++) {
		double own = time_of(runs[i]);
		int shorter = 0;
		for (int k = 0; k < count; k++) {
			double other = time_of(runs[k]);
			shorter += k != i && (other < own || (other == own && k < i));
		}
		if (shorter == (count - 1) / 2)
			return runs[i];
	}
	return NULL;
}

static int never_converged(const struct study_run *run)
{
	return study_run_value(run, "converged", "", "", NULL, 0) == 0;
}

/* Whether the analysis warned that the machine had other work. */
static int was_disturbed(const struct study_run *run)
{
	struct json_object *warnings = json_array_at(run->root, "/warnings");
	for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
		if (strstr(json_object_get_string(json_object_array_get_idx(warnings, i)), METRICS_DISTURBED))
			return 1;
	return 0;
}

/* What a complete run says against itself. */
static void count_cautions(struct compare_case *of, int side, const struct study_run *run)
{
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	struct json_object *flags = json_array_at(manifest, "/link/flags");
	of->flagged[side] += flags && json_object_array_length(flags) > 0;
	of->unsteady[side] += warmup_steady(manifest) == 0;
	of->disturbed[side] += was_disturbed(run);
	of->never[side] += never_converged(run);
	json_object_put(manifest);
}

/* How many runs of NEW are runs of BASE, by whatever path they are reached: they make both sides alike. */
static int count_shared(const struct compare_case *of)
{
	int shared = 0;
	for (int i = 0; i < of->complete_count[COMPARE_NEW]; i++) {
		struct stat new, base;
		int is = 0, known = stat(of->complete[COMPARE_NEW][i]->directory, &new) == 0;
		for (int k = 0; known && !is && k < of->complete_count[COMPARE_BASE]; k++)
			is = stat(of->complete[COMPARE_BASE][k]->directory, &base) == 0 &&
			     base.st_ino == new.st_ino &&base.st_dev == new.st_dev;
		shared += is;
	}
	return shared;
}

int compare_side_is_lost(const struct compare_case *of, int side)
{
	int missing = of->failed[side] + of->skipped[side], runs = of->runs[side];
	return missing == runs || missing > COMPARE_FAILED_SHARE * runs;
}

/* Whether the runs of a side speak for it; why has the reason of a run that did not succeed. */
static int side_is_broken(struct compare_case *of, int side, int whole)
{
	char first[300];
	int lacks = side == COMPARE_NEW && whole && !of->runs[side]; /* nor is BASE lost, which is looked at before */
	snprintf(first, sizeof(first), "%.290s", of->why);
	if (!compare_side_is_lost(of, side))
		return 0;
	if (!of->runs[side])
		snprintf(of->why, sizeof(of->why), "%s has no run of it%s", sides[side],
		         lacks ? ": is it complete? (--partial: it need not be)" : "");
	else
		snprintf(of->why, sizeof(of->why), "%d of %d runs of %s %s: %s", of->failed[side] + of->skipped[side],
		         of->runs[side], sides[side], of->failed[side] ? "failed" : "were skipped", first);
	of->broken = lacks || (side == COMPARE_NEW && of->failed[side]);
	return 1;
}

/* Every run has the conditions of the first of BASE; versions and features are told of the first of NEW. */
static void check_conditions(struct gathering *g)
{
	const struct study_run *first = g->of->complete[COMPARE_BASE][0];
	conditions_compare(&g->of->changes, first, g->of->complete[COMPARE_NEW][0]);
	for (int side = 0; side < COMPARE_SIDES; side++)
		for (int i = 0; i < g->of->complete_count[side] && !g->of->why[0]; i++) {
			struct condition_changes changes;
			conditions_compare(&changes, first, g->of->complete[side][i]);
			const struct condition_change *not = conditions_forbid(&changes, g->options->despite);
			if (not &&side == COMPARE_BASE)
				snprintf(g->of->why, sizeof(g->of->why),
				         "another %s among the runs of BASE: %s is %s and %s", not ->kind, not ->what,
				         not ->base, not ->new);
			else if (not )
				snprintf(g->of->why, sizeof(g->of->why), "another %s: %s is %s in BASE, %s in NEW",
				         not ->kind, not ->what, not ->base, not ->new);
		}
}

static int gather_case(struct gathering *g, const struct study_runs *base, const char *base_point,
                       const struct study_runs *new, const char *new_point)
{
	struct compare_case *of = g->of = &g->c->cases[g->c->case_count++];
	char why[COMPARE_SIDES][sizeof(of->why)];
	of->complete[COMPARE_BASE] = calloc((size_t)base->count + 1, sizeof(*of->complete[0]));
	of->complete[COMPARE_NEW] = calloc((size_t) new->count + 1, sizeof(*of->complete[0]));
	if (!of->complete[COMPARE_BASE] || !of->complete[COMPARE_NEW])
		return -1;
	gather_side(g, COMPARE_BASE, base, base_point);
	memcpy(why[COMPARE_BASE], of->why, sizeof(of->why));
	of->why[0] = '\0';
	gather_side(g, COMPARE_NEW, new, new_point);
	memcpy(why[COMPARE_NEW], of->why, sizeof(of->why));
	for (int side = 0; side < COMPARE_SIDES; side++) {
		memcpy(of->why, why[side], sizeof(of->why));
		if (side_is_broken(of, side, g->options->whole))
			return 0;
		of->why[0] = '\0';
		of->typical[side] = typical_of(of->complete[side], of->complete_count[side]);
		for (int i = 0; i < of->complete_count[side]; i++)
			count_cautions(of, side, of->complete[side][i]);
	}
	of->shared = count_shared(of);
	check_conditions(g);
	return 0;
}

/* ---- values ---- */

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(row, key, &value) && value ? json_object_get_string(value) : "";
}

/* The value of one run, if it has one, or why not. */
static void take_value(struct compared *into, int side, const struct study_run *run, struct json_object *like,
                       size_t place)
{
	struct compared_side *s = &into->sides[side];
	struct json_object *row = study_run_row_like(run, like, place), *value;
	const char *reason = row ? text_of(row, "reason") : "the run has none";
	int known = row && json_object_object_get_ex(row, "value", &value) && json_is_number(value);
	switch (compare_value_worth(into->metric, into->estimator, known, reason, never_converged(run))) {
	case VALUE_ENDLESS:
		s->values[s->n++] = INFINITY;
		s->endless++;
		return;
	case VALUE_KNOWN:
		s->values[s->n++] = json_object_get_double(value);
		s->unseen += downtime_is_no_stop(reason);
		return;
	case VALUE_ABORTED:
		s->aborted++;
		break;
	case VALUE_MISSING:
		break;
	}
	s->missing++;
	if (!into->reason[0])
		snprintf(into->reason, sizeof(into->reason), "missing in %s: %s", sides[side], reason);
}

/* Those that came to an end do not speak for the others, which may have been the hard ones. */
static void drop_survivors(struct compared *into, int side)
{
	struct compared_side *s = &into->sides[side];
	if (!s->aborted)
		return;
	snprintf(into->reason, sizeof(into->reason), "%d of %d runs of %s never converged", s->aborted,
	         s->n + s->missing, sides[side]);
	s->missing += s->n;
	s->n = s->unseen = 0;
}

static int gather_value(struct gathering *g, struct json_object *like, size_t place)
{
	struct compared *into = &g->c->list[g->c->count];
	const char *metric = text_of(like, "metric"), *estimator = text_of(like, "estimator");
	const struct compare_rule *rule = compare_rule_find(metric, estimator);
	*into = (struct compared){ .case_index = (int)(g->of - g->c->cases), .center = rule->center };
	into->better = metric_find(metric)->better;
	snprintf(into->metric, sizeof(into->metric), "%s", metric);
	snprintf(into->vm, sizeof(into->vm), "%s", text_of(like, "vm"));
	snprintf(into->role, sizeof(into->role), "%s", text_of(like, "role"));
	snprintf(into->estimator, sizeof(into->estimator), "%s", estimator);
	snprintf(into->unit, sizeof(into->unit), "%s", text_of(like, "unit"));
	g->c->count++;
	for (int side = 0; side < COMPARE_SIDES; side++) {
		into->sides[side].values = calloc((size_t)g->of->complete_count[side] + 1, sizeof(double));
		if (!into->sides[side].values)
			return -1;
		for (int i = 0; i < g->of->complete_count[side]; i++)
			take_value(into, side, g->of->complete[side][i], like, place);
		drop_survivors(into, side);
	}
	struct sample base = { into->sides[COMPARE_BASE].values, into->sides[COMPARE_BASE].n };
	into->threshold = compare_threshold(&g->options->choices, metric, estimator, center_of(base, into->center));
	return compare_measure(into);
}

/* Whether an earlier run of the case has this row. */
static int is_known(const struct gathering *g, int side, int run, struct json_object *row, size_t place)
{
	for (int s = 0; s <= side; s++)
		for (int i = 0; i < (s < side ? g->of->complete_count[s] : run); i++)
			if (study_run_row_like(g->of->complete[s][i], row, place))
				return 1;
	return 0;
}

static int list_grow(struct comparison *c)
{
	if (c->count & (c->count - 1))
		return 0;
	size_t room = c->count ? 2 * (size_t)c->count : 1;
	struct compared *list = realloc(c->list, room * sizeof(*list));
	if (!list)
		return -1;
	c->list = list;
	return 0;
}

/* Every value that a run of either side has, in the order of the first one. */
static int gather_values(struct gathering *g)
{
	for (int side = 0; side < COMPARE_SIDES; side++)
		for (int i = 0; i < g->of->complete_count[side]; i++) {
			struct json_object *rows = g->of->complete[side][i]->metrics;
			for (size_t k = 0; k < json_object_array_length(rows); k++) {
				struct json_object *row = json_object_array_get_idx(rows, k);
				if (!compare_is_chosen(&g->options->choices, text_of(row, "metric"),
				                       text_of(row, "estimator")) ||
				    is_known(g, side, i, row, k))
					continue;
				if (list_grow(g->c) < 0 || gather_value(g, row, k) < 0)
					return -1;
			}
		}
	return 0;
}

/* ---- the whole ---- */

static void label_case(struct compare_case *of, const char *base, const char *new)
{
	if (!*base || !*new || strcmp(base, new) == 0)
		snprintf(of->label, sizeof(of->label), "%s", *base ? base : new);
	else
		snprintf(of->label, sizeof(of->label), "%.300s | %.300s", base, new);
}

static int take_case(struct gathering *g, const struct study_runs *base, const char *base_point,
                     const struct study_runs *new, const char *new_point)
{
	if (gather_case(g, base, base_point, new, new_point) < 0)
		return -1;
	int before = g->c->count;
	label_case(g->of, base_point, new_point);
	if (g->of->why[0])
		return 0;
	int result = gather_values(g);
	if (g->c->count == before)
		snprintf(g->of->why, sizeof(g->of->why), "no run has a metric that %s",
		         g->options->choices.metric_count ? "is asked for" : "can be compared");
	return result;
}

static int gather_all(struct gathering *g, const struct study_runs *base, const struct study_runs *new)
{
	int result = 0;
	if (count_points(base) == 1 && count_points(new) == 1)
		return take_case(g, base, base->runs[0].point, new, new->runs[0].point);
	for (int i = 0; result == 0 && i < base->count; i++)
		if (!has_point(base, i, base->runs[i].point))
			result = take_case(g, base, base->runs[i].point, new, base->runs[i].point);
	for (int i = 0; result == 0 && i < new->count; i++)
		if (!has_point(new, i, new->runs[i].point) && !has_point(base, base->count, new->runs[i].point))
			result = take_case(g, base, new->runs[i].point, new, new->runs[i].point);
	return result;
}

static void count_verdicts(struct comparison *c)
{
	for (int i = 0; i < c->count; i++)
		c->counts[c->list[i].verdict]++;
	for (int i = 0; i < c->case_count; i++)
		c->counts[COMPARE_NOT] += c->cases[i].why[0] != '\0';
	c->verdict = c->counts[COMPARE_REGRESSED]  ? COMPARE_REGRESSED
	             : c->counts[COMPARE_IMPROVED] ? COMPARE_IMPROVED
	             : c->counts[COMPARE_SAME]     ? COMPARE_SAME
	                                           : COMPARE_NOT;
}

int compare_make(struct comparison *ret, const struct study_runs *base, const struct study_runs *new,
                 const struct compare_options *o, struct err *e)
{
	struct gathering g = { .c = ret, .options = o };
	memset(ret, 0, sizeof(*ret));
	ret->cases = calloc((size_t)(base->count + new->count) + 1, sizeof(*ret->cases));
	int result =
		ret->cases && gather_all(&g, base, new) == 0 && compare_judge(ret) == 0 && compare_resample(ret) == 0
			? 0
			: err_errno(e, EXIT_CANNOT, "cannot keep a comparison");
	count_verdicts(ret);
	return result;
}

void comparison_free(struct comparison *c)
{
	for (int i = 0; i < c->count; i++)
		for (int side = 0; side < COMPARE_SIDES; side++)
			free(c->list[i].sides[side].values);
	for (int i = 0; i < c->case_count; i++)
		for (int side = 0; side < COMPARE_SIDES; side++)
			free(c->cases[i].complete[side]);
	free(c->list);
	free(c->cases);
	memset(c, 0, sizeof(*c));
}

int comparison_status(const struct comparison *c)
{
	for (int i = 0; i < c->case_count; i++)
		if (c->cases[i].broken)
			return EXIT_MEASURED_BAD;
	return c->verdict == COMPARE_REGRESSED ? EXIT_MEASURED_BAD
	       : c->verdict == COMPARE_NOT     ? EXIT_USAGE
	                                       : EXIT_DONE;
}
