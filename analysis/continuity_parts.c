#include "analysis/continuity_parts.h"

#include "analysis/series_read.h"

#include <math.h>
#include <stdio.h>

void continuity_put_between(const struct run_vm *vm, const char *metric, const char *variant, double value,
                            double low, double high, const char *reason, struct metrics *metrics)
{
	struct metric_value *v = metrics_add(metrics, metric, vm, "%s", variant);
	snprintf(v->reason, sizeof(v->reason), "%s", reason ? reason : "");
	if (reason)
		return;
	v->value = value;
	v->low = low;
	v->high = high;
}

/* What of a..b lies between two moments, which are widened by `wider` times their errors. */
static double overlap(int64_t a, int64_t b, const struct moment *from, const struct moment *to, int wider)
{
	if (wider && (from->error_ns == MISSING || to->error_ns == MISSING))
		return NAN;
	int64_t from_ns = from->ns - wider * from->error_ns, to_ns = to->ns + wider * to->error_ns;
	int64_t begin = a > from_ns ? a : from_ns, end = b < to_ns ? b : to_ns;
	return end > begin ? (double)(end - begin) : 0;
}

/* What was so before the moment that it waited for held nothing up: it counts from then. */
static struct moment not_before(struct moment m, const struct moment *first)
{
	if (m.ns == MISSING || first->ns == MISSING || m.ns >= first->ns)
		return m;
	int64_t late_ns = m.error_ns == MISSING ? MISSING : m.ns + m.error_ns - first->ns;
	return (struct moment){ first->ns, late_ns > first->error_ns ? late_ns : first->error_ns, NULL };
}

void continuity_parts_put(const struct run_vm *vm, enum continuity_way way, int64_t a_ns, int64_t b_ns,
                          const struct moments *m, struct metrics *metrics)
{
	enum { BOUNDS = 6 };
	static const char *const names[WAYS][BOUNDS - 1] = {
		[WAY_FROM_GUEST] = { "before", "stopped", "starting", "unreachable", "returning" },
		[WAY_TO_GUEST] = { "before", "stopped", "unreachable", "starting", "returning" },
	};
	static const char *const ways[WAYS] = { "from-guest", "to-guest" };
	const int out = way == WAY_FROM_GUEST;
	const struct moment second = not_before(out ? m->turn : m->passes[way], &m->resume);
	const struct moment third = not_before(not_before(out ? m->passes[way] : m->turn, &m->resume), &second);
	const struct moment bounds[BOUNDS] = {
		{ a_ns, 0, NULL }, m->stop, m->resume, second, third, { b_ns, 0, NULL }
	};
	for (int i = 0; i + 1 < BOUNDS; i++) {
		const struct moment *from = &bounds[i], *to = &bounds[i + 1];
		const char *reason = from->ns == MISSING ? from->reason : to->ns == MISSING ? to->reason : NULL;
		char variant[64];
		snprintf(variant, sizeof(variant), "%s:%s", ways[way], names[way][i]);
		if (reason)
			continuity_put_between(vm, "stream_gap_part", variant, NAN, NAN, NAN, reason, metrics);
		else
			continuity_put_between(vm, "stream_gap_part", variant, overlap(a_ns, b_ns, from, to, 0),
			                       overlap(a_ns, b_ns, from, to, -1), overlap(a_ns, b_ns, from, to, 1),
			                       NULL, metrics);
	}
}
