#include "analysis/compare_write.h"

#include "analysis/json_field.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *number_or_never(double value)
{
	return isinf(value) ? json_of_text(value > 0 ? "never" : "-never") : json_of_number(value);
}

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_of_text(text));
}

static void add_number(struct json_object *to, const char *key, double value)
{
	json_object_object_add(to, key, number_or_never(value));
}

static void add_count(struct json_object *to, const char *key, int count)
{
	json_object_object_add(to, key, json_object_new_int(count));
}

/* ---- cases ---- */

static struct json_object *changes_json(const struct condition_changes *c)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < c->count; i++) {
		struct json_object *row = json_object_new_object();
		add_text(row, "what", c->list[i].what);
		add_text(row, "base", c->list[i].base);
		add_text(row, "new", c->list[i].new);
		add_text(row, "forbids", c->list[i].kind);
		json_object_array_add(list, row);
	}
	return list;
}

static struct json_object *side_runs_json(const struct compare_case *c, int side)
{
	struct json_object *into = json_object_new_object(), *folders = json_object_new_array();
	for (int i = 0; i < c->complete_count[side]; i++)
		json_object_array_add(folders, json_of_text(c->complete[side][i]->directory));
	add_count(into, "runs", c->runs[side]);
	add_count(into, "failed", c->failed[side]);
	add_count(into, "skipped", c->skipped[side]);
	add_count(into, "link_flagged", c->flagged[side]);
	add_count(into, "unsteady", c->unsteady[side]);
	add_count(into, "disturbed", c->disturbed[side]);
	add_count(into, "never_converged", c->never[side]);
	add_count(into, "lost", c->lost[side]);
	add_text(into, "said", c->said[side]);
	if (side == COMPARE_NEW)
		add_count(into, "shared", c->shared);
	json_object_object_add(into, "folders", folders);
	add_text(into, "typical", c->typical[side] ? c->typical[side]->directory : "");
	return into;
}

static struct json_object *case_json(const struct compare_case *c)
{
	struct json_object *row = json_object_new_object();
	add_text(row, "case", c->label);
	json_object_object_add(row, "base", side_runs_json(c, COMPARE_BASE));
	json_object_object_add(row, "new", side_runs_json(c, COMPARE_NEW));
	add_text(row, "why", c->why);
	json_object_object_add(row, "alone", json_object_new_boolean(c->alone));
	json_object_object_add(row, "broken", json_object_new_boolean(c->broken));
	json_object_object_add(row, "changes", changes_json(&c->changes));
	add_count(row, "changes_left_out", c->changes.left_out);
	return row;
}

/* ---- comparisons ---- */

static struct json_object *side_json(const struct compared_side *s)
{
	struct json_object *into = json_object_new_object(), *values = json_object_new_array();
	add_number(into, "center", s->center);
	add_count(into, "n", s->n);
	add_count(into, "endless", s->endless);
	add_count(into, "missing", s->missing);
	add_count(into, "unseen", s->unseen);
	for (int i = 0; i < s->n; i++)
		json_object_array_add(values, number_or_never(s->values[i]));
	json_object_object_add(into, "values", values);
	return into;
}

/* How many rows of the case are of the same metric and VM. */
static int count_alike(const struct comparison *of, const struct compared *c)
{
	int count = 0;
	for (const struct compared *one = of->list; one < of->list + of->count; one++)
		count += one->case_index == c->case_index && strcmp(one->metric, c->metric) == 0 &&
		         strcmp(one->vm, c->vm) == 0;
	return count;
}

static struct json_object *compared_json(const struct comparison *of, const struct compared *c)
{
	struct json_object *row = json_object_new_object();
	double base = c->sides[COMPARE_BASE].center;
	int has_test = !c->alone && c->sides[COMPARE_BASE].n && c->sides[COMPARE_NEW].n;
	add_text(row, "case", of->cases[c->case_index].label);
	add_text(row, "metric", c->metric);
	add_text(row, "vm", c->vm);
	add_text(row, "role", c->role);
	add_text(row, "estimator", c->estimator);
	add_count(row, "alike", count_alike(of, c));
	add_text(row, "unit", c->unit);
	add_text(row, "better", metric_better_name(c->better));
	add_text(row, "center", c->center == CENTER_MEAN ? "mean" : "median");
	json_object_object_add(row, "base", side_json(&c->sides[COMPARE_BASE]));
	json_object_object_add(row, "new", side_json(&c->sides[COMPARE_NEW]));
	add_number(row, "difference", c->difference);
	add_number(row, "low", c->low);
	add_number(row, "high", c->high);
	add_number(row, "share",
	           isfinite(base) && base != 0 && isfinite(c->difference) ? c->difference / fabs(base) : NAN);
	add_number(row, "threshold", c->threshold);
	add_number(row, "p", has_test ? c->test.p : NAN);
	add_number(row, "p_adjusted", c->p_holm);
	add_text(row, "method", !has_test ? "" : c->test.exact ? "exact" : "normal");
	add_number(row, "detectable", c->detectable);
	add_text(row, "verdict", compare_verdict_name(c->verdict));
	json_object_object_add(row, "too_few", json_object_new_boolean(c->too_few));
	json_object_object_add(row, "alone", json_object_new_boolean(c->alone));
	json_object_object_add(row, "vanished", json_object_new_boolean(c->vanished));
	add_text(row, "reason", c->reason);
	return row;
}

struct json_object *comparison_json(const struct comparison *c, const char *base, const char *new)
{
	static const char *const counted[COMPARE_VERDICTS] = {
		[COMPARE_IMPROVED] = "improved",
		[COMPARE_REGRESSED] = "regressed",
		[COMPARE_SAME] = "no_difference_shown",
		[COMPARE_NOT] = "not_comparable",
	};
	struct json_object *root = json_object_new_object(), *cases = json_object_new_array();
	struct json_object *list = json_object_new_array(), *counts = json_object_new_object();
	add_count(root, "format", 1);
	add_text(root, "base", base);
	add_text(root, "new", new);
	add_number(root, "level", COMPARE_LEVEL);
	add_count(root, "resamples", RESAMPLES);
	add_count(root, "seed", RESAMPLE_SEED);
	add_count(root, "tested", c->tested);
	add_count(root, "needed", c->needed);
	add_text(root, "verdict", compare_verdict_name(c->verdict));
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		add_count(counts, counted[v], c->counts[v]);
	for (int i = 0; i < c->case_count; i++)
		json_object_array_add(cases, case_json(&c->cases[i]));
	for (int i = 0; i < c->count; i++)
		json_object_array_add(list, compared_json(c, &c->list[i]));
	json_object_object_add(root, "counts", counts);
	json_object_object_add(root, "cases", cases);
	json_object_object_add(root, "comparisons", list);
	return root;
}
