#include "analysis/move_metrics.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int is_of(const struct run_event *event, const char *name, const char *vm)
{
	return !strcmp(event->event, name) && !strcmp(event->vm, vm);
}

/* The move that begins with this event. */
static void put_move(const struct run *run, int begin, int number, struct metrics *metrics)
{
	const struct run_event *from = &run->events[begin], *end = NULL, *resumed = NULL;
	const struct run_vm *vm = run_vm(run, from->vm);
	char to[RUN_NAME_ROOM] = "", variant[3 * RUN_NAME_ROOM];
	for (int i = begin + 1; i < run->event_count && !end; i++) {
		const struct run_event *event = &run->events[i];
		if (is_of(event, "move-end", from->vm))
			end = event;
		else if (!resumed && is_of(event, "resume", from->vm) && strcmp(event->node, from->node) != 0)
			resumed = event;
	}
	if (sscanf(from->detail, "to %63s", to) != 1)
		return;
	int arrived = end && !strncmp(end->detail, "arrived", 7);
	const char *why = arrived ? NULL : end ? "the move failed" : "the move did not end";
	snprintf(variant, sizeof(variant), "%d:%s-to-%s", number, from->node, to);
	metrics_put(metrics, "move_time", vm, variant, arrived ? (double)(end->head_ns - from->head_ns) : NAN, why);
	metrics_put(metrics, "move_switch_time", vm, variant,
	            arrived && resumed ? (double)(resumed->head_ns - from->head_ns) : NAN,
	            arrived && !resumed ? "no resume event on the other node" : why);
}

void move_metrics(const struct run *run, struct metrics *metrics)
{
	struct json_object *active;
	for (int i = 0; i < run->event_count; i++) {
		int number = 1;
		if (strcmp(run->events[i].event, "move-begin") != 0)
			continue;
		for (int k = 0; k < i; k++)
			number += is_of(&run->events[k], "move-begin", run->events[i].vm);
		put_move(run, i, number, metrics);
	}
	if (json_pointer_get(run->manifest, "/consolidate/active_ns", &active) != 0 ||
	    !json_object_is_type(active, json_type_object))
		return;
	json_object_object_foreach(active, node, ns)
	{
		metrics_put(metrics, "node_active", NULL, node, (double)json_object_get_int64(ns), NULL);
	}
}
