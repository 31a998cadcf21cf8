#include "analysis/cluster_metrics.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char no_database[] = "there is no monitor.sqlite", undecided[] = "no move was decided meanwhile",
		  no_overload[] = "no overload of the node was seen",
		  never_idle[] = "at no time did two nodes with VMs have too little to do";

static void put(struct metrics *metrics, const char *name, const char *variant, double value_ns, double below_ns,
                double above_ns, const char *reason)
{
	struct metric_value *v = metrics_add(metrics, name, NULL, "%s", variant);
	v->value = value_ns;
	if (isnan(value_ns)) {
		snprintf(v->reason, sizeof(v->reason), "%s", reason);
		return;
	}
	v->low = fmax(value_ns - below_ns, 0);
	v->high = value_ns + above_ns;
}

/* From the begin of a stretch to what was decided on for it. The begin is known to half an interval; it may lie in seconds
 * before of which nothing is known, and of a stretch too short to be one, in what is missing of it. */
static void put_seen(struct metrics *metrics, const char *name, const char *variant, const struct cluster_series *s,
                     const struct stretch *stretch)
{
	int less = stretch->seconds < STRETCH_LEAST ? STRETCH_LEAST - stretch->seconds : 0;
	double half_ns = (double)s->interval_ns / 2;
	put(metrics, name, variant, (double)(stretch->decided->head_ns - stretch->from_ns), half_ns,
	    half_ns + (double)stretch->unknown_ns + less * (double)s->interval_ns, NULL);
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
	const struct run_event *over = left(run, o->node, o->decided->head_ns, until_ns);
	const char *reason = !o->ended ? "the loop ended before the overload did"
	                     : !over   ? "it was over before a VM ran elsewhere"
	                               : NULL;
	put(metrics, "overload_resolve_time", variant, reason ? NAN : (double)(over->head_ns - o->decided->head_ns),
	    (double)run->event_error_ns, (double)run->event_error_ns, reason);
}

/* Those of a node that the policy answered, numbered; where it answered none, that. */
static void put_overloads(struct metrics *metrics, const struct run *run, const struct cluster_series *s,
                          const char *node, const struct stretch *overloads, int count)
{
	char variant[RUN_NAME_ROOM + 16];
	int number = 0, seen = 0, begins = 0;
	for (int i = 0; i < count; i++) {
		const struct stretch *o = &overloads[i];
		seen |= strcmp(o->node, node) == 0;
		if (!o->decided || strcmp(o->node, node) != 0)
			continue;
		snprintf(variant, sizeof(variant), "%d:%s", ++number, node);
		put_seen(metrics, "overload_seen_time", variant, s, o);
		put_resolved(metrics, run, o, variant, s->interval_ns);
	}
	for (int i = 0; i < run->vm_count; i++)
		begins |= strcmp(run->vms[i].node, node) == 0;
	if (number || (!seen && !begins))
		return;
	snprintf(variant, sizeof(variant), "1:%s", node);
	put(metrics, "overload_seen_time", variant, NAN, 0, 0, seen ? undecided : no_overload);
	put(metrics, "overload_resolve_time", variant, NAN, 0, 0, seen ? undecided : no_overload);
}

/* Its ends are known to half an interval each, and an overload may have been missed. */
static void put_overload_time(struct metrics *metrics, const struct run *run, const struct cluster_series *s,
                              const char *node, const struct stretch *overloads, int count)
{
	double interval_ns = (double)s->interval_ns, sum_ns = 0,
	       beside_ns = (double)stretches_beside_ns(s, run, node, overloads, count);
	int stretches = 0;
	for (int i = 0; i < count; i++)
		if (strcmp(overloads[i].node, node) == 0) {
			sum_ns += (double)overloads[i].in_ns;
			stretches++;
		}
	put(metrics, "overload_time", node, sum_ns, stretches * interval_ns,
	    (stretches ? stretches : 1) * interval_ns + beside_ns, NULL);
}

/* Each node that had a VM. */
static void put_nodes(struct metrics *metrics, const struct run *run, const struct cluster_series *s,
                      const struct stretch *overloads, int count)
{
	for (int n = 0; n < s->second_count; n++) {
		const char *node = s->seconds[n].node;
		int seen = 0, hosts = 0;
		for (int i = 0; i < n && !seen; i++)
			seen = strcmp(s->seconds[i].node, node) == 0;
		for (int i = n; i < s->second_count && !seen && !hosts; i++)
			hosts = s->seconds[i].running > 0 && strcmp(s->seconds[i].node, node) == 0;
		if (hosts) {
			put_overload_time(metrics, run, s, node, overloads, count);
			put_overloads(metrics, run, s, node, overloads, count);
		}
	}
}

static void put_gathers(struct metrics *metrics, const struct cluster_series *s, const struct stretch *idle,
                        int count)
{
	char variant[16];
	int number = 0;
	for (int i = 0; i < count; i++)
		if (idle[i].decided) {
			snprintf(variant, sizeof(variant), "%d", ++number);
			put_seen(metrics, "gather_seen_time", variant, s, &idle[i]);
		}
	if (!number)
		put(metrics, "gather_seen_time", "1", NAN, 0, 0, count ? undecided : never_idle);
}

int cluster_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	struct stretch overloads[STRETCHES_MAX], idle[STRETCHES_MAX];
	struct cluster_series s;
	if (cluster_begin_ns(run) == MISSING)
		return 0;
	int result = cluster_series_read(&s, run, e);
	if (result == 1) {
		put(metrics, "overload_time", "", NAN, 0, 0, no_database);
		result = 0;
	} else if (result == 0) {
		int overload_count = stretches_overloaded(&s, run, overloads, STRETCHES_MAX);
		int idle_count = stretches_idle(&s, run, idle, STRETCHES_MAX);
		put_nodes(metrics, run, &s, overloads, overload_count);
		put_gathers(metrics, &s, idle, idle_count);
		result = cluster_plot_write(run, &s, overloads, overload_count, e);
	}
	cluster_series_free(&s);
	return result;
}
