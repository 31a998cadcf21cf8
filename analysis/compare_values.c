#include "analysis/compare_values.h"

#include "analysis/compare_judge.h"
#include "analysis/downtime.h"
#include "analysis/json_field.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sides[] = { "BASE", "NEW" };

struct gathering {
	struct comparison *c;
	const struct compare_choices *choices;
	const struct compare_case *of;
};

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
	switch (compare_value_worth(into->metric, into->estimator, known, reason, study_run_never_converged(run))) {
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
		if (!compare_is_of_data(reason) && !s->unmeasured++)
			snprintf(s->why, sizeof(s->why), "%s", reason);
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

/* What BASE had and no run of NEW has. What the data say cannot be, such as a time of a migration that never ended, is not
 * meant. */
static void look_for(struct compared *into)
{
	const struct compared_side *base = &into->sides[COMPARE_BASE], *new = &into->sides[COMPARE_NEW];
	into->vanished = base->n && base->n >= COMPARE_HAD_SHARE * (base->n + base->missing) && !new->n &&
	                 2 * new->unmeasured > new->missing;
	if (into->vanished)
		snprintf(into->reason, sizeof(into->reason), "missing in NEW: %s", new->why);
}

static int gather_value(struct gathering *g, struct json_object *like, size_t place)
{
	struct compared *into = &g->c->list[g->c->count];
	const char *metric = text_of(like, "metric"), *estimator = text_of(like, "estimator");
	const struct compare_rule *rule = compare_rule_find(metric, estimator);
	*into = (struct compared){ .case_index = (int)(g->of - g->c->cases), .center = rule->center };
	into->alone = g->of->alone;
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
	look_for(into);
	struct sample base = { into->sides[COMPARE_BASE].values, into->sides[COMPARE_BASE].n };
	into->threshold = compare_threshold(g->choices, metric, estimator, center_of(base, into->center));
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

int compare_gather_values(struct comparison *c, int case_index, const struct compare_choices *choices)
{
	struct gathering g = { c, choices, &c->cases[case_index] };
	for (int side = 0; side < COMPARE_SIDES; side++)
		for (int i = 0; i < g.of->complete_count[side]; i++) {
			struct json_object *rows = g.of->complete[side][i]->metrics;
			for (size_t k = 0; k < json_object_array_length(rows); k++) {
				struct json_object *row = json_object_array_get_idx(rows, k);
				if (!compare_is_chosen(choices, text_of(row, "metric"), text_of(row, "estimator")) ||
				    is_known(&g, side, i, row, k))
					continue;
				if (list_grow(c) < 0 || gather_value(&g, row, k) < 0)
					return -1;
			}
		}
	return 0;
}
