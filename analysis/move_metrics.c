#include "analysis/move_metrics.h"

#include "analysis/cluster_series.h"

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
	const struct run_event *from = &run->events[begin];
	const struct run_event *end = run_event(run, "move-end", from->vm, from->head_ns);
	const struct run_event *resumed = run_event(run, "resume", from->vm, from->head_ns);
	const struct run_vm *vm = run_vm(run, from->vm);
	char to[RUN_NAME_ROOM] = "", variant[3 * RUN_NAME_ROOM];
	while (resumed && !strcmp(resumed->node, from->node))
		resumed = run_event(run, "resume", from->vm, resumed->head_ns + 1);
	if (resumed && end && resumed->head_ns > end->head_ns)
		resumed = NULL;
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

/* Moves that brought the VM to another node. */
static void put_moves(const struct run *run, const struct run_vm *vm, struct metrics *metrics)
{
	int moves = 0;
	for (int i = 0; i < run->event_count; i++)
		moves += is_of(&run->events[i], "move-end", vm->name) &&
		         strncmp(run->events[i].detail, "arrived", 7) == 0;
	metrics_put(metrics, "moves", vm, "", moves, NULL);
}

/* Where the move goes that begins with this event, "" for another event. */
static void target_of(const struct run_event *begin, char *to)
{
	if (strcmp(begin->event, "move-begin") != 0 || sscanf(begin->detail, "to %63s", to) != 1)
		to[0] = '\0';
}

/* By how many more the node is in use from this event on: at its begin a move takes its target too, at its end it leaves
 * one side. */
static int use_change(const struct run *run, int index, const char *node)
{
	const struct run_event *event = &run->events[index];
	char to[RUN_NAME_ROOM];
	target_of(event, to);
	if (to[0])
		return strcmp(to, node) == 0;
	for (int i = index - 1; i >= 0 && strcmp(event->event, "move-end") == 0; i--)
		if (is_of(&run->events[i], "move-begin", event->vm)) {
			target_of(&run->events[i], to);
			int arrived = strncmp(event->detail, "arrived", 7) == 0;
			return -(strcmp(arrived ? run->events[i].node : to, node) == 0);
		}
	return 0;
}

/* While a VM is on the node, comes to it or leaves it. */
static void put_in_use(const struct run *run, const char *node, struct metrics *metrics)
{
	int64_t begin_ns = cluster_begin_ns(run), end_ns = cluster_end_ns(run), since_ns = begin_ns, sum_ns = 0;
	int users = 0;
	if (begin_ns == MISSING || end_ns == MISSING)
		return;
	for (int i = 0; i < run->vm_count; i++)
		users += strcmp(run->vms[i].node, node) == 0;
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (event->head_ns < begin_ns || event->head_ns > end_ns)
			continue;
		int change = use_change(run, i, node);
		if (change && users > 0)
			sum_ns += event->head_ns - since_ns;
		since_ns = change ? event->head_ns : since_ns;
		users += change;
	}
	metrics_put(metrics, "node_in_use", NULL, node, (double)(sum_ns + (users > 0 ? end_ns - since_ns : 0)), NULL);
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
	for (int i = 0; i < run->vm_count; i++)
		put_moves(run, &run->vms[i], metrics);
	json_object_object_foreach(active, node, ns)
	{
		metrics_put(metrics, "node_active", NULL, node, (double)json_object_get_int64(ns), NULL);
		put_in_use(run, node, metrics);
	}
}
