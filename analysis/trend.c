#include "analysis/trend.h"

#include "analysis/change_points.h"
#include "analysis/compare_rules.h"
#include "analysis/conditions.h"
#include "analysis/history.h"
#include "analysis/json_field.h"
#include "analysis/metrics.h"
#include "analysis/trend_sets.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is being read. */
struct reading {
	struct json_object *trends;
	struct trend_sets sets;
};

/* The values of one trend, in order. */
struct series {
	struct json_object *runs;
	double singles[CHANGE_SERIES_MAX]; /* of runs, those that are there */
	int set_of[CHANGE_SERIES_MAX];     /* of each, its place among the sets */
	int single_count;
	struct trend_set sets[CHANGE_SERIES_MAX]; /* those with a value, in the end */
	double values[CHANGE_SERIES_MAX];         /* theirs */
	int count;
};

static struct json_object *value_json(double value)
{
	return isinf(value) ? json_of_text(value > 0 ? "never" : "-never") : json_of_number(value);
}

/* The trend that a run's value is of, made when it is not there. Values of two estimators, or of two kinds of work, are none. */
static struct json_object *trend_of(struct json_object *trends, const struct history_run *run)
{
	const char *const members[][2] = {
		{ "name", run->name }, { "point", run->point }, { "estimator", run->estimator }, { "unit", run->unit }
	};
	enum { MEMBERS = sizeof(members) / sizeof(*members) };
	for (size_t i = 0; i < json_object_array_length(trends); i++) {
		struct json_object *trend = json_object_array_get_idx(trends, i), *text;
		int same = 0;
		for (int k = 0; k < MEMBERS; k++)
			same += json_object_object_get_ex(trend, members[k][0], &text) &&
			        strcmp(json_object_get_string(text), members[k][1]) == 0;
		if (same == MEMBERS)
			return trend;
	}
	struct json_object *trend = json_object_new_object();
	for (int k = 0; k < MEMBERS; k++)
		json_object_object_add(trend, members[k][0], json_of_text(members[k][1]));
	json_object_object_add(trend, "sets", json_object_new_int(0));
	json_object_object_add(trend, "runs", json_object_new_array());
	json_object_array_add(trends, trend);
	return trend;
}

/* ---- conditions ---- */

/* Told as versions. */
static int is_version(const char *what)
{
	static const char *const versions[] = { "hypervisor.qemu", "hypervisor.libvirt", "host.kernel", "version" };
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (strcmp(versions[i], what) == 0)
			return 1;
	return 0;
}

/* "link.asked.rtt 0ns to 6ms, vms.1.memory_bytes 1 to 2 and 3 more" */
static void say_conditions(const struct condition_changes *c, char *buffer, size_t room)
{
	size_t used = 0;
	int left = c->left_out;
	buffer[0] = '\0';
	for (int i = 0; i < c->count; i++) {
		const struct condition_change *one = &c->list[i];
		char text[sizeof(*one) + 8];
		int length = snprintf(text, sizeof(text), "%s%s %s to %s", used ? ", " : "", one->what, one->base,
		                      one->new);
		if (is_version(one->what))
			continue;
		if (used + (size_t)length + sizeof(" and 1000 more") > room) {
			left++;
			continue;
		}
		memcpy(buffer + used, text, (size_t)length + 1);
		used += (size_t)length;
	}
	if (left)
		snprintf(buffer + used, room - used, " and %d more", left);
}

/* What is another in this run than in the last one of its trend that is known; the trend keeps its conditions for the next. */
static void add_conditions(struct json_object *trend, struct json_object *row, const char *conditions)
{
	const char *before = json_text_at(trend, "/conditions");
	const struct condition_change *other = NULL;
	struct condition_changes changes = { 0 };
	char text[600] = "";
	int known = *before && *conditions;
	if (known && strcmp(before, conditions) != 0) {
		struct json_object *from = json_tokener_parse(before), *to = json_tokener_parse(conditions);
		conditions_changes(&changes, from, to);
		other = conditions_forbid(&changes, "");
		say_conditions(&changes, text, sizeof(text));
		json_object_put(from);
		json_object_put(to);
	}
	json_object_object_add(row, "conditions", known ? json_of_text(text) : NULL);
	json_object_object_add(row, "forbids", json_of_text(other ? other->kind : ""));
	if (*conditions)
		json_object_object_add(trend, "conditions", json_of_text(conditions));
}

static int take_run(void *context, const struct history_run *run, struct err *e)
{
	struct reading *reading = context;
	struct json_object *trend = trend_of(reading->trends, run);
	int sets = json_object_get_int(json_object_object_get(trend, "sets"));
	int set = trend_set_of(&reading->sets, trend, run, sets + 1);
	if (set < 0)
		return err_set(e, EXIT_CANNOT, "no memory for a trend's sets");
	struct json_object *row = json_object_new_object();
	const struct {
		const char *key, *text;
	} texts[] = { { "id", run->id },           { "directory", run->directory }, { "qemu", run->qemu },
		      { "libvirt", run->libvirt }, { "kernel", run->kernel },       { "version", run->version } };
	json_object_object_add(row, "wall_ns", json_object_new_int64(run->wall_ns));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_object_object_add(row, texts[i].key, json_of_text(texts[i].text));
	if (set > sets)
		json_object_object_add(trend, "sets", json_object_new_int(set));
	json_object_object_add(row, "set", json_object_new_int(set));
	json_object_object_add(row, "value", value_json(run->value));
	json_object_object_add(row, "unseen", json_object_new_boolean(run->unseen));
	json_object_object_add(row, "aborted", json_object_new_boolean(run->aborted));
	add_conditions(trend, row, run->conditions);
	json_object_array_add(json_array_at(trend, "/runs"), row);
	return 0;
}

/* A set's place among those of the series; it is added when it is not there. Their numbers ascend. */
static int set_place(struct series *s, int number)
{
	int k = s->count - 1;
	while (k >= 0 && s->sets[k].number > number)
		k--;
	if (k >= 0 && s->sets[k].number == number)
		return k;
	s->sets[s->count] = (struct trend_set){ .number = number, .first = -1, .last = -1 };
	return s->count++;
}

/* The last runs, when there are more than are looked at. */
static void read_runs(struct series *s, struct json_object *runs)
{
	size_t all = json_object_array_length(runs), first = all > CHANGE_SERIES_MAX ? all - CHANGE_SERIES_MAX : 0;
	s->runs = runs;
	s->count = s->single_count = 0;
	for (size_t i = first; i < all; i++) {
		struct json_object *run = json_object_array_get_idx(runs, i);
		const char *text = json_text_at(run, "/value");
		int place = set_place(s, json_object_get_int(json_object_object_get(run, "set")));
		struct trend_set *set = &s->sets[place];
		set->aborted |= json_object_get_boolean(json_object_object_get(run, "aborted"));
		if (!*text)
			continue;
		set->first = set->first < 0 ? (int)i : set->first;
		set->last = (int)i;
		s->set_of[s->single_count] = place;
		s->singles[s->single_count++] = strcmp(text, "never") == 0 ? INFINITY : atof(text);
	}
}

/* The values of sets, of which those that have one are left. */
static int read_series(struct series *s, struct json_object *runs, enum center center)
{
	int kept = 0;
	read_runs(s, runs);
	if (trend_sets_center(s->sets, s->count, s->singles, s->set_of, s->single_count, center) < 0)
		return -1;
	for (int k = 0; k < s->count; k++) {
		if (isnan(s->sets[k].value))
			continue;
		s->values[kept] = s->sets[k].value;
		s->sets[kept++] = s->sets[k];
	}
	s->count = kept;
	return 0;
}

/* "qemu 7.2.22 to 8.0.0, kernel ..." between a set and the one before it. */
static void say_versions(const struct series *s, int at, char *buffer, size_t room)
{
	static const char *const kinds[] = { "qemu", "libvirt", "kernel", "version" };
	struct json_object *before = json_object_array_get_idx(s->runs, (size_t)s->sets[at - 1].last);
	struct json_object *after = json_object_array_get_idx(s->runs, (size_t)s->sets[at].first);
	size_t used = 0;
	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && used < room; i++) {
		char pointer[32];
		snprintf(pointer, sizeof(pointer), "/%s", kinds[i]);
		const char *from = json_text_at(before, pointer), *to = json_text_at(after, pointer);
		if (strcmp(from, to) != 0)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s %s to %s", used ? ", " : "",
			                         strcmp(kinds[i], "version") == 0 ? "migmeter" : kinds[i],
			                         *from ? from : "missing", *to ? to : "missing");
	}
}

/* The same of conditions, or NULL when those of a run are not known. */
static struct json_object *conditions_json(const struct series *s, int at)
{
	char buffer[1024] = "";
	size_t used = 0;
	for (int i = s->sets[at - 1].last + 1; i <= s->sets[at].first; i++) {
		struct json_object *row = json_object_array_get_idx(s->runs, (size_t)i), *text;
		if (!json_object_object_get_ex(row, "conditions", &text) || !text)
			return NULL;
		if (json_object_get_string_len(text) && used < sizeof(buffer))
			used += (size_t)snprintf(buffer + used, sizeof(buffer) - used, "%s%s", used ? ", " : "",
			                         json_object_get_string(text));
	}
	return json_of_text(buffer);
}

static const char *verdict_of(const struct change_point *c, enum metric_better better)
{
	double more = c->median_after - c->median_before;
	if (better == BETTER_NONE || !(more < 0 || more > 0))
		return "changed";
	return (more > 0) == (better == BETTER_HIGHER) ? "improved" : "regressed";
}

static int add_changes(struct json_object *trend, struct series *s, const struct metric_definition *metric)
{
	struct change_point found[CHANGE_POINTS_MAX];
	struct json_object *list = json_object_new_array();
	const struct compare_rule *rule = compare_rule_find(metric->name, json_text_at(trend, "/estimator"));
	json_object_object_del(trend, "conditions");
	int count = read_series(s, json_array_at(trend, "/runs"), rule->center);
	if (count == 0)
		count = change_points(s->values, s->count, found);
	for (int i = 0; i < count; i++) {
		struct json_object *row = json_object_new_object();
		char versions[512];
		say_versions(s, found[i].at, versions, sizeof(versions));
		json_object_object_add(row, "at", json_object_new_int(s->sets[found[i].at].first));
		json_object_object_add(row, "p", json_of_number(found[i].p));
		json_object_object_add(row, "before", value_json(found[i].median_before));
		json_object_object_add(row, "after", value_json(found[i].median_after));
		json_object_object_add(row, "verdict", json_of_text(verdict_of(&found[i], metric->better)));
		json_object_object_add(row, "versions", json_of_text(versions));
		json_object_object_add(row, "conditions", conditions_json(s, found[i].at));
		json_object_array_add(list, row);
	}
	json_object_object_add(trend, "changes", list);
	return count < 0 ? -1 : 0;
}

struct json_object *trend_json(struct history *h, const char *metric, const char *name, const char *point,
                               struct err *e)
{
	struct json_object *root = json_object_new_object(), *all = json_object_new_array();
	struct series *series = calloc(1, sizeof(*series));
	struct reading reading = { .trends = all };
	char bare[RUN_NAME_ROOM];
	const char *colon = strchr(metric, ':'), *estimator = colon ? colon + 1 : "";
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(metric, ":"), metric);
	const struct metric_definition *d = metric_find(bare);
	int result = d ? 0 : err_set(e, EXIT_USAGE, "unknown metric '%s'; 'migmeter list metrics' has all", bare);
	if (result == 0 && !series)
		result = err_errno(e, EXIT_CANNOT, "cannot keep a trend");
	if (result == 0)
		result = history_values(h, name, point, bare, estimator, take_run, &reading, e);
	size_t trends = json_object_array_length(all);
	if (result == 0 && trends == 0)
		result = err_set(e, EXIT_USAGE, "no run in the history has '%s'%s", metric,
		                 name || point ? " among those asked for" : "");
	for (size_t i = 0; result == 0 && i < trends; i++)
		if (add_changes(json_object_array_get_idx(all, i), series, d) < 0)
			result = err_errno(e, EXIT_CANNOT, "cannot keep a trend");
	json_object_object_add(root, "format", json_object_new_int(1));
	json_object_object_add(root, "metric", json_of_text(bare));
	json_object_object_add(root, "estimator", json_of_text(estimator));
	json_object_object_add(root, "better", json_of_text(d ? metric_better_name(d->better) : ""));
	json_object_object_add(root, "trends", all);
	free(series);
	trend_sets_free(&reading.sets);
	if (result == 0)
		return root;
	json_object_put(root);
	return NULL;
}
