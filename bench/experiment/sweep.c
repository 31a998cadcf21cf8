#include "bench/experiment/sweep.h"

#include "bench/base/err.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/simulated.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Element `index` of "a, b, c" without blanks around it; the number of elements is returned. */
static long list_element(const char *list, long index, char *buffer, size_t room)
{
	long count = 0;
	for (const char *start = list;; count++) {
		size_t length = strcspn(start, ",");
		if (count == index) {
			size_t skip = strspn(start, " \t");
			size_t end = length;
			while (end > skip && (start[end - 1] == ' ' || start[end - 1] == '\t'))
				end--;
			snprintf(buffer, room, "%.*s", (int)(end > skip ? end - skip : 0), start + skip);
		}
		if (!start[length])
			return count + 1;
		start += length + 1;
	}
}

static long entry_points(const struct config_entry *entry)
{
	char unused[1];
	return experiment_list_row(entry) ? list_element(entry->value, -1, unused, sizeof(unused)) : 1;
}

/* Whether both texts set the key to the same value: 1G and 1000M. */
static bool same_value(const struct option_row *row, const char *one, const char *other)
{
	const struct option_row alone[] = { { row->name, row->type, 0, NULL, row->minimum, row->maximum, NULL },
		                            OPTION_END };
	_Alignas(max_align_t) char values[2][OPTION_STRING_ROOM] = { 0 };
	return option_set(alone, values[0], row->name, one, NULL) == 0 &&
	       option_set(alone, values[1], row->name, other, NULL) == 0 &&
	       memcmp(values[0], values[1], sizeof(values[0])) == 0;
}

/* Of a list every element is there, and none twice. */
static int list_check(const struct config_entry *entry, long count, struct err *e)
{
	const char *again = simulated_section_rows(entry->section) ? "simulate.runs" : "experiment.repeat";
	char value[sizeof(entry->value)], before[sizeof(entry->value)];
	for (long k = 0; k < count; k++) {
		list_element(entry->value, k, value, sizeof(value));
		if (!value[0])
			return err_set(e, EXIT_USAGE, "%s: key '%s': the list has an empty element", entry->where,
			               entry->key);
		for (long i = 0; i < k; i++) {
			list_element(entry->value, i, before, sizeof(before));
			if (same_value(experiment_list_row(entry), before, value))
				return err_set(e, EXIT_USAGE,
				               "%s: key '%s': the list has one value twice, '%.60s' and '%.60s': "
				               "leave one out (%s runs every point again)",
				               entry->where, entry->key, before, value, again);
		}
	}
	return 0;
}

/* ---- cases ---- */

static bool is_case(const struct config_entry *entry)
{
	return strcmp(entry->section, "case") == 0;
}

static bool is_preset(const struct config_entry *entry)
{
	return strcmp(entry->section, "preset") == 0;
}

/* "load light" -> "load" and "light"; "light" -> "case" and "light". */
static void case_split(const char *subject, char *group, char *name, size_t room)
{
	size_t length = strcspn(subject, " \t");
	const char *rest = subject + length + strspn(subject + length, " \t");
	snprintf(group, room, "%.*s", rest[0] ? (int)length : 4, rest[0] ? subject : "case");
	snprintf(name, room, "%s", rest[0] ? rest : subject);
}

static bool is_of_group(const struct config_entry *entry, const char *group)
{
	char own[64], name[64];
	if (!is_case(entry))
		return false;
	case_split(entry->subject, own, name, sizeof(own));
	return strcmp(own, group) == 0;
}

/* How many cases the group has; the subject of case `index` into ret_subject. */
static long group_cases(const struct config_file *c, const char *group, long index, const char **ret_subject)
{
	long count = 0;
	for (size_t i = 0; i < c->count; i++) {
		bool first = is_of_group(&c->entries[i], group);
		for (size_t k = 0; first && k < i; k++)
			first = !is_case(&c->entries[k]) || strcmp(c->entries[k].subject, c->entries[i].subject) != 0;
		if (first && count++ == index)
			*ret_subject = c->entries[i].subject;
	}
	return count;
}

/* Whether this entry is the first of its group. */
static bool begins_group(const struct config_file *c, size_t index, char *group, size_t room)
{
	char name[64];
	if (!is_case(&c->entries[index]))
		return false;
	case_split(c->entries[index].subject, group, name, room);
	for (size_t k = 0; k < index; k++)
		if (is_of_group(&c->entries[k], group))
			return false;
	return true;
}

/* ---- both ---- */

/* How many alternatives this entry opens: elements of its list, or cases of the group that it begins; else 1. */
static long alternatives(const struct config_file *c, size_t index)
{
	char group[64];
	const char *unused;
	if (is_case(&c->entries[index]))
		return begins_group(c, index, group, sizeof(group)) ? group_cases(c, group, -1, &unused) : 1;
	if (is_preset(&c->entries[index]))
		return 1;
	return entry_points(&c->entries[index]);
}

long sweep_count(const struct config_file *c, struct err *e)
{
	long total = 1;
	for (size_t i = 0; i < c->count; i++) {
		long points = alternatives(c, i);
		total *= points;
		if (total > SWEEP_POINTS_MAX)
			return err_set(
				e, EXIT_USAGE,
				"the lists of '%s' and the keys before it make more than %d points: split the sweep",
				c->entries[i].key, SWEEP_POINTS_MAX);
		if (points > 1 && !is_case(&c->entries[i]) && list_check(&c->entries[i], points, e) < 0)
			return -1;
	}
	return total;
}

static int preset_apply(struct config_file *point, const struct config_file *c, const struct config_entry *by,
                        struct err *e)
{
	bool found = false;
	for (size_t i = 0; i < c->count; i++) {
		const struct config_entry *entry = &c->entries[i];
		if (!is_preset(entry) || strcmp(entry->subject, by->value) != 0)
			continue;
		found = true;
		if (config_assign(point, entry->key, entry->value, entry->where, e) < 0)
			return -1;
	}
	return found ? 0 : err_set(e, EXIT_USAGE, "%s: there is no section [preset %s]", by->where, by->value);
}

/* Apply the chosen case to the point. */
static int case_apply(struct config_file *point, const struct config_file *c, const char *subject, struct err *e)
{
	int result = 0;
	for (size_t i = 0; i < c->count && result == 0; i++) {
		const struct config_entry *entry = &c->entries[i];
		if (!is_case(entry) || strcmp(entry->subject, subject) != 0)
			continue;
		result = strcmp(entry->key, "preset") == 0
		                 ? preset_apply(point, c, entry, e)
		                 : config_assign(point, entry->key, entry->value, entry->where, e);
	}
	return result;
}

static void cases_drop(struct config_file *point)
{
	size_t kept = 0;
	for (size_t i = 0; i < point->count; i++)
		if (!is_case(&point->entries[i]) && !is_preset(&point->entries[i]))
			point->entries[kept++] = point->entries[i];
	point->count = kept;
}

int sweep_point(const struct config_file *c, long index, struct config_file *ret, char *label, size_t room,
                struct err *e)
{
	size_t used = 0;
	long after = 1, choice;
	if (config_file_copy(ret, c, e) < 0)
		return -1;
	if (label)
		label[0] = '\0';
	for (size_t i = 0; i < c->count; i++)
		after *= alternatives(c, i);
	/* The last one varies fastest. */
	for (size_t i = 0; i < c->count; i++) {
		long points = alternatives(c, i);
		char group[64], name[64], list_value[1024];
		const char *subject = NULL, *shown = list_value;
		bool opens_group = begins_group(c, i, group, sizeof(group));
		if (points == 1 && !opens_group)
			continue;
		after /= points;
		choice = index / after % points;
		if (opens_group) {
			group_cases(c, group, choice, &subject);
			case_split(subject, group, name, sizeof(group));
			shown = name;
			if (case_apply(ret, c, subject, e) < 0) {
				config_file_free(ret);
				return -1;
			}
		} else {
			list_element(c->entries[i].value, choice, list_value, sizeof(list_value));
			snprintf(ret->entries[i].value, sizeof(ret->entries[i].value), "%s", list_value);
		}
		if (points > 1 && label && used < room)
			used += (size_t)snprintf(label + used, room - used, "%s%s=%s", used ? " " : "",
			                         opens_group ? group : c->entries[i].key, shown);
	}
	cases_drop(ret);
	return 0;
}
