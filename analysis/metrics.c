#include "analysis/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct metric_definition *metric_find(const char *name)
{
	for (const struct metric_definition *d = metric_definitions; d->name; d++)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

double metric_least(const char *name)
{
	static const char *const signed_ones[] = {
		"captured_difference", "clock_drift",           "cpu_others",
		"cpu_per_gib",         "degradation",           "expected_downtime_error",
		"gather_seen_time",    "group_lost_work",       "learning_time",
		"lost_work",           "overload_resolve_time", "overload_seen_time",
		"remaining_time_error"
	};
	for (size_t i = 0; i < sizeof(signed_ones) / sizeof(*signed_ones); i++)
		if (strcmp(name, signed_ones[i]) == 0)
			return -INFINITY;
	return metric_find(name) ? 0 : -INFINITY;
}

const char *metric_better_name(enum metric_better better)
{
	static const char *const names[] = {
		[BETTER_NONE] = "none", [BETTER_LOWER] = "lower", [BETTER_HIGHER] = "higher"
	};
	return names[better];
}

void metrics_free(struct metrics *m)
{
	free(m->values);
	memset(m, 0, sizeof(*m));
}

struct metric_value *metrics_add(struct metrics *m, const char *name, const struct run_vm *vm, const char *format,
                                 ...)
{
	struct metric_value *v = &m->spare;
	if ((m->count & (m->count - 1)) == 0) {
		size_t room = m->count ? 2 * (size_t)m->count : 1;
		struct metric_value *more = realloc(m->values, room * sizeof(*more));
		if (more)
			m->values = more;
		else
			m->out_of_memory = 1;
	}
	if (!m->out_of_memory)
		v = &m->values[m->count++];
	memset(v, 0, sizeof(*v));
	static const struct metric_definition unknown = { "unknown", "", "", BETTER_NONE, "a metric without a row" };
	const struct metric_definition *d = metric_find(name);
	v->definition = d ? d : &unknown;
	v->value = v->low = v->high = NAN;
	v->n = 1;
	snprintf(v->unit, sizeof(v->unit), "%s", v->definition->unit);
	if (vm) {
		snprintf(v->vm, sizeof(v->vm), "%s", vm->name);
		snprintf(v->role, sizeof(v->role), "%s", vm->role);
	}
	va_list args;
	va_start(args, format);
	vsnprintf(v->variant, sizeof(v->variant), format, args);
	va_end(args);
	return v;
}

void metrics_put(struct metrics *m, const char *name, const struct run_vm *vm, const char *variant, double value,
                 const char *reason)
{
	struct metric_value *v = metrics_add(m, name, vm, "%s", variant);
	v->value = value;
	if (reason)
		snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

double metrics_value(const struct metrics *m, const char *name, const char *variant)
{
	for (int i = 0; i < m->count; i++)
		if (strcmp(m->values[i].definition->name, name) == 0 && strcmp(m->values[i].variant, variant) == 0)
			return m->values[i].value;
	return NAN;
}

void metrics_warn(struct metrics *m, const char *format, ...)
{
	va_list args;
	if (m->warning_count == METRICS_WARNINGS)
		return;
	va_start(args, format);
	vsnprintf(m->warnings[m->warning_count++], sizeof(m->warnings[0]), format, args);
	va_end(args);
}

double metric_of(int64_t value)
{
	return value == MISSING ? NAN : (double)value;
}
