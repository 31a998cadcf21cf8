#include "bench/experiment/sweep.h"

#include "bench/base/err.h"
#include "bench/experiment/experiment.h"

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
	return experiment_key_sweeps(entry) ? list_element(entry->value, -1, unused, sizeof(unused)) : 1;
}

long sweep_count(const struct config_file *c, struct err *e)
{
	long total = 1;
	for (size_t i = 0; i < c->count; i++) {
		long points = entry_points(&c->entries[i]);
		for (long k = 0; points > 1 && k < points; k++) {
			char value[1024];
			list_element(c->entries[i].value, k, value, sizeof(value));
			if (!value[0])
				return err_set(e, EXIT_USAGE, "%s: key '%s': the list has an empty element",
				               c->entries[i].where, c->entries[i].key);
		}
		total *= points;
		if (total > SWEEP_POINTS_MAX)
			return err_set(
				e, EXIT_USAGE,
				"the lists of '%s' and the keys before it make more than %d points: split the sweep",
				c->entries[i].key, SWEEP_POINTS_MAX);
	}
	return total;
}

int sweep_point(const struct config_file *c, long index, struct config_file *ret, char *label, size_t room,
                struct err *e)
{
	size_t used = 0;
	if (config_file_copy(ret, c, e) < 0)
		return -1;
	label[0] = '\0';
	/* The last list varies fastest. */
	for (size_t i = c->count; i-- > 0;) {
		long points = entry_points(&c->entries[i]);
		if (points > 1) {
			list_element(c->entries[i].value, index % points, ret->entries[i].value,
			             sizeof(ret->entries[i].value));
			index /= points;
		}
	}
	for (size_t i = 0; i < c->count; i++)
		if (entry_points(&c->entries[i]) > 1 && used < room)
			used += (size_t)snprintf(label + used, room - used, "%s%s=%s", used ? " " : "",
			                         c->entries[i].key, ret->entries[i].value);
	return 0;
}
