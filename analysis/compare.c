#include "analysis/compare.h"

#include "analysis/compare_judge.h"
#include "analysis/compare_values.h"
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

static int count_points(const struct study_runs *s)
{
	int count = 0;
	for (int i = 0; i < s->count; i++)
		count += !study_has_point(s, i, s->runs[i].point);
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
		if ((skipped || failed) && !g->of->said[side][0])
			snprintf(g->of->said[side], sizeof(g->of->said[side]), "%.290s",
			         run->reason[0] ? run->reason : "it could not be analysed");
		if (run->lost && (failed || run->complete) && !g->of->lost[side]++ && side == COMPARE_NEW)
			snprintf(g->of->lost_why, sizeof(g->of->lost_why), "%.290s",
			         run->reason[0] ? run->reason : "a VM was lost");
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

/* What a complete run says against itself. */
static void count_cautions(struct compare_case *of, int side, const struct study_run *run)
{
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	struct json_object *flags = json_array_at(manifest, "/link/flags");
	of->flagged[side] += flags && json_object_array_length(flags) > 0;
	of->unsteady[side] += warmup_steady(manifest) == 0;
	of->disturbed[side] += study_run_disturbed(run);
	of->never[side] += study_run_never_converged(run);
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

/* Whether the runs of a side do not speak for it, and why: what broke NEW is told before what BASE has not. */
static int side_is_lost(struct compare_case *of, int side, int whole)
{
	int is_new = side == COMPARE_NEW, lacks = is_new && whole && !of->runs[side] && !of->why[0];
	int broken = lacks || (is_new && of->failed[side]);
	if (!compare_side_is_lost(of, side))
		return 0;
	of->broken |= broken;
	if (of->why[0] && !broken)
		return 1;
	if (!of->runs[side])
		snprintf(of->why, sizeof(of->why), "%s has no run of it%s", sides[side],
		         lacks ? ": is it complete? (--partial: it need not be)" : "");
	else
		snprintf(of->why, sizeof(of->why), "%d of %d runs of %s %s: %s", of->failed[side] + of->skipped[side],
		         of->runs[side], sides[side], of->failed[side] ? "failed" : "were skipped", of->said[side]);
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
	of->alone = g->options->by_label && !study_has_point(base, base->count, base_point);
	if (of->alone)
		base = new;
	of->complete[COMPARE_BASE] = calloc((size_t)base->count + 1, sizeof(*of->complete[0]));
	of->complete[COMPARE_NEW] = calloc((size_t) new->count + 1, sizeof(*of->complete[0]));
	if (!of->complete[COMPARE_BASE] || !of->complete[COMPARE_NEW])
		return -1;
	gather_side(g, COMPARE_BASE, base, base_point);
	gather_side(g, COMPARE_NEW, new, new_point);
	int lost = !of->alone && side_is_lost(of, COMPARE_BASE, g->options->whole);
	lost |= side_is_lost(of, COMPARE_NEW, g->options->whole);
	if (lost)
		return 0;
	for (int side = 0; side < COMPARE_SIDES; side++) {
		of->typical[side] = typical_of(of->complete[side], of->complete_count[side]);
		for (int i = 0; i < of->complete_count[side]; i++)
			count_cautions(of, side, of->complete[side][i]);
	}
	of->shared = count_shared(of);
	check_conditions(g);
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
	int result = compare_gather_values(g->c, (int)(g->of - g->c->cases), &g->options->choices);
	if (g->c->count == before)
		snprintf(g->of->why, sizeof(g->of->why), "no run has a metric that %s",
		         g->options->choices.metric_count ? "is asked for" : "can be compared");
	return result;
}

static int gather_all(struct gathering *g, const struct study_runs *base, const struct study_runs *new)
{
	int result = 0;
	if (!g->options->by_label && count_points(base) == 1 && count_points(new) == 1)
		return take_case(g, base, base->runs[0].point, new, new->runs[0].point);
	for (int i = 0; result == 0 && i < base->count; i++)
		if (!study_has_point(base, i, base->runs[i].point))
			result = take_case(g, base, base->runs[i].point, new, base->runs[i].point);
	for (int i = 0; result == 0 && i < new->count; i++)
		if (!study_has_point(new, i, new->runs[i].point) &&
		    !study_has_point(base, base->count, new->runs[i].point))
			result = take_case(g, base, new->runs[i].point, new, new->runs[i].point);
	return result;
}

static void count_verdicts(struct comparison *c)
{
	for (int i = 0; i < c->count; i++)
		c->counts[c->list[i].verdict] += !c->list[i].alone;
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
