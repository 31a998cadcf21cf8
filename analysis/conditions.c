#include "analysis/conditions.h"

#include "bench/base/json_file.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 6 };

/* Where a manifest says it. */
static const struct {
	const char *path, *kind;
} conditions[] = {
	{ "scale", "scale" },
	{ "link.asked", "link" },
	{ "host.machine", "machine" },
	{ "host.cpu", "machine" },
	{ "host.cores", "machine" },
	{ "nodes.src.cpu", "machine" },
	{ "nodes.src.cores", "machine" },
	{ "nodes.dst.cpu", "machine" },
	{ "nodes.dst.cores", "machine" },
	{ "accelerator", "machine" },
	{ "vms", "load" },
	{ "hypervisor.qemu", NULL },
	{ "hypervisor.libvirt", NULL },
	{ "host.kernel", NULL },
	{ "guest.kernel", NULL },
	{ "version", NULL },
	{ "revision", NULL },
	{ "migration.mode", NULL },
	{ "features.asked", NULL },
	{ "config.migration", NULL },
	{ "config.experiment.warmup", NULL },
	{ "config.experiment.baseline", NULL },
	{ "config.experiment.settle", NULL },
	{ "config.hosts", NULL },
	{ "config.storage", NULL },
	{ "config.collect", NULL },
	{ "config.fault", NULL },
	{ "config.consolidate", NULL },
	{ "consolidate.policy_options", NULL },
	{ "config.sessions", "load" },
	{ "link.backend", NULL },
	{ "link.tcp", NULL },
	{ "nodes.src.kernel", NULL },
	{ "nodes.src.tcp", NULL },
	{ "nodes.dst.kernel", NULL },
	{ "nodes.dst.tcp", NULL },
};

static struct json_object *at(struct json_object *object, const char *path)
{
	char part[64];
	while (object && *path) {
		size_t length = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)length, path);
		if (!json_object_is_type(object, json_type_object) ||
		    !json_object_object_get_ex(object, part, &object))
			return NULL;
		path += length + (path[length] == '.');
	}
	return object;
}

/* A number with as many digits as a person wrote: 0.54, not 0.54000000000000004. */
static void say(struct json_object *value, char *buffer, size_t room)
{
	const char *text = value ? json_object_get_string(value) : "missing";
	char *end;
	double number = strtod(text, &end);
	if (json_object_is_type(value, json_type_array))
		snprintf(buffer, room, "%zu of them", json_object_array_length(value));
	else if (end != text && !*end && strchr(text, '.'))
		snprintf(buffer, room, "%.12g", number);
	else
		snprintf(buffer, room, "%s", text);
}

/* NULL: all forbid. */
static struct condition_change *last_told(struct condition_changes *c)
{
	for (int i = c->count - 1; i >= 0; i--)
		if (!c->list[i].kind)
			return &c->list[i];
	return NULL;
}

/* One change; where there is no room for all, one that forbids takes the place of one that is only told. */
static void add(struct condition_changes *c, const char *path, const char *kind, struct json_object *base,
                struct json_object *new)
{
	bool room = c->count < CONDITION_CHANGES_MAX;
	struct condition_change *change = room ? &c->list[c->count++] : kind ? last_told(c) : NULL;
	c->left_out += !room;
	if (!change)
		return;
	change->kind = kind;
	snprintf(change->what, sizeof(change->what), "%s", path);
	say(base, change->base, sizeof(change->base));
	say(new, change->new, sizeof(change->new));
}

static void walk(struct condition_changes *c, const char *path, const char *kind, struct json_object *base,
                 struct json_object *new, int depth);

static void walk_members(struct condition_changes *c, const char *path, const char *kind, struct json_object *base,
                         struct json_object *new, int depth)
{
	char below[128];
	json_object_object_foreach(base, key, value)
	{
		struct json_object *other = NULL;
		snprintf(below, sizeof(below), "%.60s.%.60s", path, key);
		json_object_object_get_ex(new, key, &other);
		walk(c, below, kind, value, other, depth + 1);
	}
	json_object_object_foreach(new, added, added_value)
	{
		snprintf(below, sizeof(below), "%.60s.%.60s", path, added);
		if (!json_object_object_get_ex(base, added, NULL))
			add(c, below, NULL, NULL, added_value);
	}
}

/* Down to what differs. What only one of them says forbids nothing: it may be of an older format. */
static void walk(struct condition_changes *c, const char *path, const char *kind, struct json_object *base,
                 struct json_object *new, int depth)
{
	char below[128];
	if (json_object_equal(base, new))
		return;
	enum json_type type = json_object_get_type(base);
	if (depth < DEPTH_MAX && type == json_type_object && json_object_is_type(new, type)) {
		walk_members(c, path, kind, base, new, depth);
	} else if (depth < DEPTH_MAX && type == json_type_array && json_object_is_type(new, type) &&
	           json_object_array_length(base) == json_object_array_length(new)) {
		for (size_t i = 0; i < json_object_array_length(base); i++) {
			snprintf(below, sizeof(below), "%.100s.%zu", path, i + 1);
			walk(c, below, kind, json_object_array_get_idx(base, i), json_object_array_get_idx(new, i),
			     depth + 1);
		}
	} else {
		add(c, path, base && new ? kind : NULL, base, new);
	}
}

struct json_object *conditions_of(struct json_object *manifest)
{
	struct json_object *all = json_object_new_object();
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		struct json_object *value = at(manifest, conditions[i].path);
		if (value)
			json_object_object_add(all, conditions[i].path, json_object_get(value));
	}
	return all;
}

void conditions_changes(struct condition_changes *ret, struct json_object *base, struct json_object *new)
{
	*ret = (struct condition_changes){ 0 };
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		struct json_object *from = NULL, *to = NULL;
		json_object_object_get_ex(base, conditions[i].path, &from);
		json_object_object_get_ex(new, conditions[i].path, &to);
		if (from && to)
			walk(ret, conditions[i].path, conditions[i].kind, from, to, 0);
		else if (from || to)
			add(ret, conditions[i].path, NULL, from, to);
	}
}

static struct json_object *conditions_read(const struct study_run *run)
{
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	struct json_object *all = conditions_of(manifest);
	json_object_put(manifest);
	return all;
}

void conditions_compare(struct condition_changes *ret, const struct study_run *base, const struct study_run *new)
{
	struct json_object *a = conditions_read(base), *b = conditions_read(new);
	conditions_changes(ret, a, b);
	json_object_put(a);
	json_object_put(b);
}

static int has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *w = words; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL)
		if (strcspn(w, "|") == length && strncmp(w, word, length) == 0)
			return 1;
	return 0;
}

const struct condition_change *conditions_forbid(const struct condition_changes *c, const char *despite)
{
	for (int i = 0; i < c->count; i++)
		if (c->list[i].kind && !has_word(despite, c->list[i].kind))
			return &c->list[i];
	return NULL;
}
