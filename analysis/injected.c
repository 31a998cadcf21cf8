#include "analysis/injected.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half of the least pause between two, so that windows do not overlap. */
static const int64_t before_ns = 250 * NS_PER_MS, after_ns = 450 * NS_PER_MS;

/* "KIND LENGTH_NS CALL_NS", and maybe CPU_NS: 1 when it is that. */
static int read_detail(const char *detail, struct injected *ret, int64_t *ret_call_ns, double *ret_cpu_ns)
{
	int64_t cpu_ns = 0;
	int read = sscanf(detail, "%15s %" SCNd64 " %" SCNd64 " %" SCNd64, ret->kind, &ret->asked_ns, ret_call_ns,
	                  &cpu_ns);
	*ret_cpu_ns = (double)cpu_ns;
	return read >= 3 && ret->asked_ns >= 0 && *ret_call_ns >= 0 && *ret_call_ns < SERIES_LIMIT;
}

static int64_t clock_stood_ns(const struct run *run, const struct run_vm *vm, const struct downtime_window *window)
{
	const struct run_event *stop = run_event(run, "clock-stop", vm->name, window->from_ns);
	const struct run_event *start = stop ? run_event(run, "clock-start", vm->name, stop->head_ns) : NULL;
	return start && start->head_ns < window->to_ns ? start->head_ns - stop->head_ns : MISSING;
}

static int complete(const struct run *run, const struct run_vm *vm, const struct run_event *begin,
                    const struct run_event *end, struct injected *ret)
{
	int64_t begin_call_ns, end_call_ns, length_ns = end->head_ns - begin->head_ns;
	double asked_cpu_ns, taken_cpu_ns;
	struct downtime by_events, why;
	if (!read_detail(begin->detail, ret, &begin_call_ns, &asked_cpu_ns) ||
	    !read_detail(end->detail, ret, &end_call_ns, &taken_cpu_ns) || length_ns <= 0 ||
	    downtime_window(run, &ret->window, &why) < 0)
		return 0;
	int64_t call_ns = (begin_call_ns + end_call_ns) / 2;
	ret->least_ns = length_ns > call_ns ? length_ns - call_ns : 0;
	ret->most_ns = length_ns + call_ns;
	ret->window.from_ns = begin->head_ns - begin_call_ns / 2 - before_ns;
	ret->window.to_ns = end->head_ns + end_call_ns / 2 + after_ns;
	ret->begin_ns = begin->head_ns;
	ret->end_ns = end->head_ns;
	ret->asked_share = ret->asked_ns ? asked_cpu_ns / (double)ret->asked_ns : 0;
	ret->taken_share = taken_cpu_ns / (double)length_ns;
	ret->truth_ns = length_ns;
	ret->clock_ns = MISSING;
	if (strcmp(ret->kind, "stop") != 0)
		return 1;
	ret->clock_ns = clock_stood_ns(run, vm, &ret->window);
	downtime_stop_resume(run, vm, &ret->window, &by_events);
	ret->truth_ns = by_events.value_ns;
	return ret->truth_ns != MISSING;
}

int injected_read(struct injected_list *ret, const struct run *run, enum injected_what what, struct err *e)
{
	const struct run_event *begin = NULL;
	*ret = (struct injected_list){ 0 };
	ret->list = calloc((size_t)run->event_count + 1, sizeof(*ret->list));
	if (!ret->list)
		return err_errno(e, EXIT_CANNOT, "cannot keep the injections");
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		int takes_cpu = !strncmp(event->detail, "cpu ", 4);
		if (takes_cpu != (what == INJECTED_CPU))
			continue;
		if (!strcmp(event->event, "inject-begin")) {
			begin = event;
			if (!ret->vm)
				ret->vm = run_vm(run, event->vm);
		} else if (!strcmp(event->event, "inject-end") && begin && ret->vm &&
		           !strcmp(event->vm, ret->vm->name)) {
			ret->count += complete(run, ret->vm, begin, event, &ret->list[ret->count]);
			begin = NULL;
		}
	}
	return 0;
}

void injected_free(struct injected_list *l)
{
	free(l->list);
	*l = (struct injected_list){ 0 };
}
