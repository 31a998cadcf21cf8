#include "analysis/trend.h"

#include "analysis/change_points.h"
#include "analysis/conditions.h"
#include "analysis/history.h"
#include "analysis/json_field.h"
#include "analysis/metrics.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The values of one trend, in order. */
struct series {
	struct json_object *runs;
	double values[CHANGE_SERIES_MAX]; /* those that are there */
	int places[CHANGE_SERIES_MAX];    /* of each among the runs */
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
	struct json_object *trend = trend_of(context, run), *row = json_object_new_object();
	(void)e;
	const struct {
		const char *key, *text;
	} texts[] = { { "id", run->id },           { "directory", run->directory }, { "qemu", run->qemu },
		      { "libvirt", run->libvirt }, { "kernel", run->kernel },       { "version", run->version } };
	json_object_object_add(row, "wall_ns", json_object_new_int64(run->wall_ns));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_object_object_add(row, texts[i].key, json_of_text(texts[i].text));
	json_object_object_add(row, "value", value_json(run->value));
	json_object_object_add(row, "unseen", json_object_new_boolean(run->unseen));
	json_object_object_add(row, "aborted", json_object_new_boolean(run->aborted));
	add_conditions(trend, row, run->conditions);
	json_object_array_add(json_array_at(trend, "/runs"), row);
	return 0;
}

/* The last ones, when there are more than are looked at. */
static void read_series(struct series *s, struct json_object *runs)
{
	size_t all = json_object_array_length(runs), first = all > CHANGE_SERIES_MAX ? all - CHANGE_SERIES_MAX : 0;
	s->runs = runs;
	s->count = 0;
	for (size_t i = first; i < all; i++) {
		const char *text = json_text_at(json_object_array_get_idx(runs, i), "/value");
		if (!*text)
			continue;
		s->places[s->count] = (int)i;
		s->values[s->count++] = strcmp(text, "never") == 0 ? INFINITY : atof(text);
	}
}

/* "qemu 7.2.22 to 8.0.0, kernel ..." between a run and the one before it that has a value. */
static void say_versions(const struct series *s, int at, char *buffer, size_t room)
{
	static const char *const kinds[] = { "qemu", "libvirt", "kernel", "version" };
	struct json_object *before = json_object_array_get_idx(s->runs, (size_t)s->places[at - 1]);
	struct json_object *after = json_object_array_get_idx(s->runs, (size_t)s->places[at]);
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
	for (int i = s->places[at - 1] + 1; i <= s->places[at]; i++) {
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

static int add_changes(struct json_object *trend, struct series *s, enum metric_better better)
{
	struct change_point found[CHANGE_POINTS_MAX];
	struct json_object *list = json_object_new_array();
	json_object_object_del(trend, "conditions");
	read_series(s, json_array_at(trend, "/runs"));
	int count = change_points(s->values, s->count, found);
	for (int i = 0; i < count; i++) {
		struct json_object *row = json_object_new_object();
		char versions[512];
		say_versions(s, found[i].at, versions, sizeof(versions));
		json_object_object_add(row, "at", json_object_new_int(s->places[found[i].at]));
		json_object_object_add(row, "p", json_of_number(found[i].p));
		json_object_object_add(row, "before", value_json(found[i].median_before));
		json_object_object_add(row, "after", value_json(found[i].median_after));
		json_object_object_add(row, "verdict", json_of_text(verdict_of(&found[i], better)));
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
	char bare[RUN_NAME_ROOM];
	const char *colon = strchr(metric, ':'), *estimator = colon ? colon + 1 : "";
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(metric, ":"), metric);
	const struct metric_definition *d = metric_find(bare);
	int result = d ? 0 : err_set(e, EXIT_USAGE, "unknown metric '%s'; 'migmeter list metrics' has all", bare);
	if (result == 0 && !series)
		result = err_errno(e, EXIT_CANNOT, "cannot keep a trend");
	if (result == 0)
		result = history_values(h, name, point, bare, estimator, take_run, all, e);
	size_t trends = json_object_array_length(all);
	if (result == 0 && trends == 0)
		result = err_set(e, EXIT_USAGE, "no run in the history has '%s'%s", metric,
		                 name || point ? " among those asked for" : "");
	for (size_t i = 0; result == 0 && i < trends; i++)
		if (add_changes(json_object_array_get_idx(all, i), series, d->better) < 0)
			result = err_errno(e, EXIT_CANNOT, "cannot keep a trend");
	json_object_object_add(root, "format", json_object_new_int(1));
	json_object_object_add(root, "metric", json_of_text(bare));
	json_object_object_add(root, "estimator", json_of_text(estimator));
	json_object_object_add(root, "better", json_of_text(d ? metric_better_name(d->better) : ""));
	json_object_object_add(root, "trends", all);
	free(series);
	if (result == 0)
		return root;
	json_object_put(root);
	return NULL;
}
