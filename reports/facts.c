/* Facts of a manifest, whatever their shape; declared in html.h. */
#include "bench/base/clock.h"
#include "reports/html.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEPTH = 6 };

/* An array of plain values is one fact. */
static int is_list_of_things(struct json_object *object)
{
	if (!json_object_is_type(object, json_type_array))
		return 0;
	struct json_object *first = json_object_array_length(object) ? json_object_array_get_idx(object, 0) : NULL;
	return json_object_is_type(first, json_type_object) || json_object_is_type(first, json_type_array);
}

static void walk(struct json_object *object, const char *path, int depth, facts_fn *leaf, void *context)
{
	char below[512];
	if (depth < DEPTH && json_object_is_type(object, json_type_object)) {
		json_object_object_foreach(object, key, value)
		{
			snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
			walk(value, below, depth + 1, leaf, context);
		}
	} else if (depth < DEPTH && is_list_of_things(object)) {
		for (size_t i = 0; i < json_object_array_length(object); i++) {
			struct json_object *value = json_object_array_get_idx(object, i);
			const char *name = json_text(value, "name");
			name = *name ? name : json_text(value, "vm");
			name = *name ? name : json_text(value, "workload");
			/* A named thing is called by its name, another by its number. */
			if (*name)
				snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", name);
			else
				snprintf(below, sizeof(below), "%s%s%zu", path, *path ? "." : "", i + 1);
			walk(value, below, depth + 1, leaf, context);
		}
	} else {
		leaf(context, path, object);
	}
}

void facts_walk(struct json_object *object, facts_fn *leaf, void *context)
{
	if (object)
		walk(object, "", 0, leaf, context);
}

/* "100000000bit/s" and "2000000000ns", as options are written, to people's units; 0 when text is not one. */
static int quantity_format(const char *text, char *buffer, size_t room)
{
	static const char *const units[][2] = { { "ns", "ns" }, { "B", "bytes" }, { "bit/s", "bit/s" } };
	char *end;
	double value = strtod(text, &end);
	for (size_t i = 0; end != text && i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i][0]) == 0) {
			value_format(value, units[i][1], buffer, room);
			return 1;
		}
	}
	return 0;
}

static void join(struct json_object *list, char *buffer, size_t room)
{
	size_t used = 0;
	buffer[0] = '\0';
	for (size_t i = 0; i < json_object_array_length(list) && used < room; i++)
		used += (size_t)snprintf(buffer + used, room - used, "%s%s", i ? ", " : "",
		                         json_text(json_object_array_get_idx(list, i), ""));
}

char *fact_format(const char *path, struct json_object *leaf, char *buffer, size_t room)
{
	static const struct {
		const char *ending, *unit;
	} units[] = {
		{ "_bit_per_s", "bit/s" },
		{ "_bits_per_s", "bit/s" },
		{ "_bytes_per_s", "bytes/s" },
		{ "_bytes", "bytes" },
		{ "_ns", "ns" },
		{ "_us", "us" },
		{ "_ms", "ms" },
		{ "_s", "s" },
		{ "_percent", "%" },
	};
	size_t length = strlen(path);
	enum json_type type = json_object_get_type(leaf);
	const char *text = leaf ? json_object_get_string(leaf) : "missing";
	if (type == json_type_array)
		join(leaf, buffer, room);
	else if (type != json_type_string || !quantity_format(text, buffer, room))
		snprintf(buffer, room, "%s",
		         type == json_type_boolean ? (json_object_get_boolean(leaf) ? "yes" : "no") : text);
	if (type != json_type_int && type != json_type_double)
		return buffer;
	if (length >= 7 && strcmp(path + length - 7, "wall_ns") == 0) {
		time_t second = (time_t)(json_object_get_int64(leaf) / NS_PER_S);
		struct tm utc;
		if (gmtime_r(&second, &utc) && strftime(buffer, room, "%Y-%m-%d %H:%M:%S UTC", &utc))
			return buffer;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t ending = strlen(units[i].ending);
		if (length > ending && strcmp(path + length - ending, units[i].ending) == 0)
			return value_format(json_object_get_double(leaf), units[i].unit, buffer, room);
	}
	return buffer;
}

struct facts_table {
	FILE *out;
	int rows;
};

static void put_row(void *context, const char *path, struct json_object *leaf)
{
	struct facts_table *t = context;
	char value[2048], name[512];
	size_t last = 0, path_length = strlen(path);
	/* A named thing is called so in the paths of the others. */
	static const char *const names[] = { ".name", ".vm", ".workload" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (path_length > strlen(names[i]) && strcmp(path + path_length - strlen(names[i]), names[i]) == 0)
			return;
	name_format(path, name, sizeof(name));
	for (size_t i = 0; name[i]; i++)
		last = name[i] == '.' ? i : last;
	/* The unit is with the value. */
	static const char *const endings[] = { " bit per s", " bits per s", " bytes per s", " bytes",
		                               " ns",        " us",         " ms",          NULL };
	enum json_type type = json_object_get_type(leaf);
	for (int i = 0; endings[i] && (type == json_type_int || type == json_type_double); i++) {
		size_t length = strlen(name), ending = strlen(endings[i]);
		if (length > last + ending + 1 && strcmp(name + length - ending, endings[i]) == 0)
			name[length - ending] = '\0';
	}
	fputs("<tr><th scope=\"row\">", t->out);
	for (const char *part = *name ? name : "on"; *part; part += strspn(part, ".")) {
		size_t length_part = strcspn(part, ".");
		html_textf(t->out, "%s%.*s", part == name || !*name ? "" : " / ", (int)length_part, part);
		part += length_part;
	}
	fputs("</th><td>", t->out);
	fact_format(path, leaf, value, sizeof(value));
	html_text(t->out, *value ? value : "none");
	fputs("</td></tr>\n", t->out);
	t->rows++;
}

int html_facts(FILE *out, struct json_object *object)
{
	struct facts_table t = { .out = out };
	facts_walk(object, put_row, &t);
	return t.rows;
}
