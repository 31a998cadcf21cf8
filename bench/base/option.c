#include "bench/base/option.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

union value {
	int64_t number;
	double fraction;
	bool boolean;
	int choice;
};

static size_t edit_distance(const char *a, const char *b)
{
	enum { ROOM = 64 };
	size_t rows = strlen(a), columns = strlen(b), line[ROOM + 1];
	if (rows > ROOM || columns > ROOM)
		return ROOM;
	for (size_t j = 0; j <= columns; j++)
		line[j] = j;
	for (size_t i = 1; i <= rows; i++) {
		size_t diagonal = line[0];
		line[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (line[j] + 1 < best)
				best = line[j] + 1;
			if (line[j - 1] + 1 < best)
				best = line[j - 1] + 1;
			diagonal = line[j];
			line[j] = best;
		}
	}
	return line[columns];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 2 + 1;
	for (size_t i = 0; i < count; i++) {
		size_t distance = edit_distance(name, names[i]);
		if (distance < best_distance) {
			best = names[i];
			best_distance = distance;
		}
	}
	return best;
}

const struct option_row *option_find(const struct option_row *rows, const char *name)
{
	for (; rows->name; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

char *option_choice_name(const struct option_row *row, int index, char *buffer, size_t room)
{
	const char *start = row->minimum;
	for (; index > 0 && start; index--) {
		start = strchr(start, '|');
		start = start ? start + 1 : NULL;
	}
	if (!start)
		snprintf(buffer, room, "?");
	else
		snprintf(buffer, room, "%.*s", (int)strcspn(start, "|"), start);
	return buffer;
}

static int choice_parse(const struct option_row *row, const char *text, int *ret, struct err *e)
{
	int index = 0;
	for (const char *start = row->minimum;; index++) {
		size_t length = strcspn(start, "|");
		if (strlen(text) == length && strncmp(start, text, length) == 0) {
			*ret = index;
			return 0;
		}
		if (!start[length])
			break;
		start += length + 1;
	}
	return err_set(e, EXIT_USAGE, "'%s' is not one of %s", text, row->minimum);
}

static int boolean_parse(const char *text, bool *ret, struct err *e)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off", "0" };
	for (size_t i = 0; i < 4; i++)
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	return err_set(e, EXIT_USAGE, "'%s' is neither yes nor no", text);
}

static int number_parse(enum option_type type, const char *text, int64_t *ret, struct err *e)
{
	switch (type) {
	case OPTION_SIZE:
		return size_parse(text, ret, e);
	case OPTION_RATE:
		return rate_parse(text, ret, e);
	case OPTION_DURATION:
		return duration_parse(text, ret, e);
	default:
		return integer_parse(text, ret, e);
	}
}

/* -1, 0 or 1: below the minimum, within, above the maximum. */
static int outside(const struct option_row *row, const union value *v, struct err *e)
{
	int64_t bound;
	double fraction;
	if (row->type == OPTION_FRACTION) {
		if (row->minimum && fraction_parse(row->minimum, &fraction, e) == 0 && v->fraction < fraction)
			return -1;
		return row->maximum && fraction_parse(row->maximum, &fraction, e) == 0 && v->fraction > fraction;
	}
	if (row->minimum && number_parse(row->type, row->minimum, &bound, e) == 0 && v->number < bound)
		return -1;
	return row->maximum && number_parse(row->type, row->maximum, &bound, e) == 0 && v->number > bound;
}

static int row_set(const struct option_row *row, void *target, const char *text, struct err *e)
{
	char *member = (char *)target + row->offset;
	size_t room = row->type == OPTION_LONG ? OPTION_LONG_ROOM : OPTION_STRING_ROOM;
	union value v = { 0 };
	switch (row->type) {
	case OPTION_STRING:
	case OPTION_LONG:
		if (strlen(text) >= room)
			return err_set(e, EXIT_USAGE, "value is longer than %zu bytes", room - 1);
		memmove(member, text, strlen(text) + 1);
		return 0;
	case OPTION_CHOICE:
		if (choice_parse(row, text, &v.choice, e) < 0)
			return -1;
		memcpy(member, &v.choice, sizeof(v.choice));
		return 0;
	case OPTION_BOOLEAN:
		if (boolean_parse(text, &v.boolean, e) < 0)
			return -1;
		memcpy(member, &v.boolean, sizeof(v.boolean));
		return 0;
	case OPTION_FRACTION:
		if (fraction_parse(text, &v.fraction, e) < 0)
			return -1;
		break;
	default:
		if (number_parse(row->type, text, &v.number, e) < 0)
			return -1;
	}
	int where = outside(row, &v, e);
	if (where)
		return err_set(e, EXIT_USAGE, "'%s' is %s the limit of %s", text, where < 0 ? "below" : "above",
		               where < 0 ? row->minimum : row->maximum);
	memcpy(member, &v, sizeof(int64_t));
	return 0;
}

int option_set(const struct option_row *rows, void *target, const char *name, const char *value, struct err *e)
{
	const struct option_row *row = option_find(rows, name);
	if (row) {
		if (row_set(row, target, value, e) < 0)
			return err_prefix(e, "key '%s'", name);
		return 0;
	}
	const char *names[128];
	size_t count = 0;
	for (const struct option_row *r = rows; r->name && count < 128; r++)
		names[count++] = r->name;
	const char *near = nearest_name(name, names, count);
	return err_set(e, EXIT_USAGE, "unknown key '%s'%s%s%s", name, near ? ", did you mean '" : "",
	               near ? near : "", near ? "'?" : "");
}

int option_defaults(const struct option_row *rows, void *target, struct err *e)
{
	for (; rows->name; rows++)
		if (rows->initial && row_set(rows, target, rows->initial, e) < 0)
			return err_prefix(e, "default of '%s'", rows->name);
	return 0;
}

char *option_get(const struct option_row *row, const void *target, char *buffer, size_t room)
{
	static const char *const units[] = {
		[OPTION_SIZE] = "B", [OPTION_RATE] = "bit/s", [OPTION_DURATION] = "ns", [OPTION_INTEGER] = ""
	};
	const char *member = (const char *)target + row->offset;
	union value v = { 0 };
	switch (row->type) {
	case OPTION_STRING:
	case OPTION_LONG:
		snprintf(buffer, room, "%s", member);
		break;
	case OPTION_CHOICE:
		memcpy(&v.choice, member, sizeof(v.choice));
		option_choice_name(row, v.choice, buffer, room);
		break;
	case OPTION_BOOLEAN:
		memcpy(&v.boolean, member, sizeof(v.boolean));
		snprintf(buffer, room, "%s", v.boolean ? "yes" : "no");
		break;
	case OPTION_FRACTION:
		memcpy(&v.fraction, member, sizeof(v.fraction));
		snprintf(buffer, room, "%.17g", v.fraction);
		break;
	default:
		memcpy(&v.number, member, sizeof(v.number));
		snprintf(buffer, room, "%lld%s", (long long)v.number, units[row->type]);
	}
	return buffer;
}

const char *option_type_name(enum option_type type)
{
	static const char *const names[] = { "size",   "rate",   "duration", "integer", "fraction",
		                             "yes|no", "choice", "text",     "text" };
	return names[type];
}
