#include "analysis/switch_over.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is(const struct run_event *event, const struct run_vm *vm, const char *what, int64_t from_ns)
{
	return event->head_ns >= from_ns && strcmp(event->event, what) == 0 && strcmp(event->vm, vm->name) == 0;
}

/* Of a resume, the stop before it on another node. */
static const struct run_event *stop_before(const struct run *run, const struct run_vm *vm, int64_t from_ns,
                                           int resume)
{
	const struct run_event *stop = NULL;
	for (int i = 0; i < resume; i++) {
		const struct run_event *event = &run->events[i];
		if (strcmp(event->node, run->events[resume].node) == 0)
			continue;
		if (!stop && is(event, vm, "stop", from_ns))
			stop = event;
		else if (stop && is(event, vm, "resume", from_ns) && strcmp(event->node, stop->node) == 0)
			stop = NULL;
	}
	return stop;
}

struct switch_over switch_over_find(const struct run *run, const struct run_vm *vm, int64_t from_ns)
{
	bool said = run->destination[0] && strcmp(vm->name, run->moved) == 0;
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *resume = &run->events[i];
		if (!is(resume, vm, "resume", from_ns) || (said && strcmp(resume->node, run->destination) != 0))
			continue;
		const struct run_event *stop = stop_before(run, vm, from_ns, i);
		if (said || stop)
			return (struct switch_over){ stop, resume };
	}
	return (struct switch_over){ NULL, NULL };
}
