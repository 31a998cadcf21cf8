#include "analysis/cluster_metrics.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char no_database[] = "there is no monitor.sqlite", undecided[] = "no move was decided meanwhile";

static void put(struct metrics *metrics, const char *name, const char *variant, double value_ns, double error_ns,
                const char *reason)
{
	struct metric_value *v = metrics_add(metrics, name, NULL, "%s", variant);
	v->value = value_ns;
	if (isnan(value_ns)) {
		snprintf(v->reason, sizeof(v->reason), "%s", reason);
		return;
	}
	v->low = fmax(value_ns - error_ns, 0);
	v->high = value_ns + error_ns;
}

/* The last VM that ran on another node instead, in this time. */
static const struct run_event *left(const struct run *run, const char *node, int64_t from_ns, int64_t to_ns)
{
	const struct run_event *last = NULL;
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (event->head_ns >= from_ns && event->head_ns <= to_ns && strcmp(event->event, "resume") == 0 &&
		    strcmp(event->node, node) != 0)
			last = event;
	}
	return last;
}

/* How soon the overload was over once it was seen: that is when the VM ran elsewhere without which there was none. */
static void put_resolved(struct metrics *metrics, const struct run *run, const struct stretch *o, const char *variant,
                         int64_t interval_ns)
{
	int64_t until_ns = o->to_ns + STRETCH_GAP * interval_ns;
	const struct run_event *over = o->decided ? left(run, o->node, o->decided->head_ns, until_ns) : NULL;
	const char *reason = !o->decided ? undecided
	                     : !o->ended ? "the loop ended before the overload did"
	                     : !over     ? "it was over before a VM ran elsewhere"
	                                 : NULL;
	put(metrics, "overload_resolve_time", variant, reason ? NAN : (double)(over->head_ns - o->decided->head_ns),
	    (double)run->event_error_ns, reason);
}

static void put_overloads(struct metrics *metrics, const struct run *run, const struct cluster_series *s,
                          const struct stretch *overloads, int count)
{
	char variant[RUN_NAME_ROOM + 16];
	int number = 0;
	for (int i = 0; i < count; i++) {
		const struct stretch *o = &overloads[i];
		number = i && strcmp(o->node, overloads[i - 1].node) == 0 ? number + 1 : 1;
		snprintf(variant, sizeof(variant), "%d:%s", number, o->node);
		put(metrics, "overload_seen_time", variant,
		    o->decided ? (double)(o->decided->head_ns - o->from_ns) : NAN, (double)s->interval_ns / 2,
		    undecided);
		put_resolved(metrics, run, o, variant, s->interval_ns);
	}
}

/* Of each node that had a VM. */
static void put_overload_times(struct metrics *metrics, const struct cluster_series *s,
                               const struct stretch *overloads, int count)
{
	for (int n = 0; n < s->second_count; n++) {
		const char *node = s->seconds[n].node;
		int seen = 0, hosts = 0, stretches = 0;
		double sum_ns = 0;
		for (int i = 0; i < n && !seen; i++)
			seen = strcmp(s->seconds[i].node, node) == 0;
		if (seen)
			continue;
		for (int i = n; i < s->second_count && !hosts; i++)
			hosts = s->seconds[i].running > 0 && strcmp(s->seconds[i].node, node) == 0;
		for (int i = 0; i < count; i++)
			if (strcmp(overloads[i].node, node) == 0) {
				sum_ns += (double)overloads[i].in_ns;
				stretches++;
			}
		if (hosts)
			put(metrics, "overload_time", node, sum_ns, stretches * (double)s->interval_ns, NULL);
	}
}

static void put_gathers(struct metrics *metrics, const struct cluster_series *s, const struct stretch *idle,
                        int count)
{
	char variant[16];
	for (int i = 0; i < count; i++) {
		snprintf(variant, sizeof(variant), "%d", i + 1);
		put(metrics, "gather_seen_time", variant,
		    idle[i].decided ? (double)(idle[i].decided->head_ns - idle[i].from_ns) : NAN,
		    (double)s->interval_ns / 2, undecided);
	}
}

int cluster_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	struct stretch overloads[STRETCHES_MAX], idle[STRETCHES_MAX];
	struct cluster_series s;
	if (cluster_begin_ns(run) == MISSING)
		return 0;
	int result = cluster_series_read(&s, run, e);
	if (result == 1) {
		put(metrics, "overload_time", "", NAN, 0, no_database);
		result = 0;
	} else if (result == 0) {
		int overload_count = stretches_overloaded(&s, run, overloads, STRETCHES_MAX);
		int idle_count = stretches_idle(&s, run, idle, STRETCHES_MAX);
		put_overload_times(metrics, &s, overloads, overload_count);
		put_overloads(metrics, run, &s, overloads, overload_count);
		put_gathers(metrics, &s, idle, idle_count);
		result = cluster_plot_write(run, &s, overloads, overload_count, e);
	}
	cluster_series_free(&s);
	return result;
}
