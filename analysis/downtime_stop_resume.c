/* The vCPUs did not run: STOP to RESUME by the hypervisors' own events. Also what all estimators share. */
#include "analysis/downtime.h"

#include <stdio.h>
#include <string.h>

const struct downtime downtime_missing = { MISSING, MISSING, MISSING, MISSING, MISSING, "" };

int downtime_is_no_stop(const char *reason)
{
	return strncmp(reason, NO_STOP_SEEN, strlen(NO_STOP_SEEN)) == 0;
}

int downtime_window(const struct run *run, struct downtime_window *ret, struct downtime *why)
{
	const struct run_phase *baseline = run_phase(run, "baseline");
	*why = downtime_missing;
	if (run->migrate_start_ns == MISSING || run->observed_until_ns == MISSING) {
		snprintf(why->reason, sizeof(why->reason), "no migration or injected stop in events.csv");
		return -1;
	}
	*ret = (struct downtime_window){ .from_ns = run->migrate_start_ns, .to_ns = run->observed_until_ns };
	if (baseline) {
		ret->baseline_from_ns = baseline->start_ns;
		ret->baseline_to_ns = baseline->end_ns;
	}
	return 0;
}

struct pairs {
	int64_t longest_ns, at_ns;
	int count;
	int64_t open_ns; /* a stop that no resume has followed, MISSING: none */
};

/* A second stop before the resume is the other side's, or a repeat: the first counts. */
static struct pairs find_pairs(const struct run *run, const struct run_vm *vm, int64_t from_ns, int64_t to_ns)
{
	struct pairs p = { .longest_ns = MISSING, .at_ns = MISSING, .open_ns = MISSING };
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (event->head_ns < from_ns || event->head_ns > to_ns || strcmp(event->vm, vm->name) != 0)
			continue;
		if (!strcmp(event->event, "stop") && p.open_ns == MISSING) {
			p.open_ns = event->head_ns;
		} else if (!strcmp(event->event, "resume") && p.open_ns != MISSING) {
			p.count++;
			if (p.longest_ns == MISSING || event->head_ns - p.open_ns > p.longest_ns) {
				p.longest_ns = event->head_ns - p.open_ns;
				p.at_ns = p.open_ns;
			}
			p.open_ns = MISSING;
		}
	}
	return p;
}

void downtime_stop_resume(const struct run *run, const struct run_vm *vm, const struct downtime_window *window,
                          struct downtime *ret)
{
	*ret = downtime_missing;
	if (run->event_error_ns == MISSING) {
		snprintf(ret->reason, sizeof(ret->reason),
		         "the nodes' stamps are of other clocks, which are not mapped to this one (clocks.csv)");
		return;
	}
	struct pairs p = find_pairs(run, vm, window->from_ns - run->event_error_ns, window->to_ns);
	if (!p.count) {
		snprintf(ret->reason, sizeof(ret->reason),
		         p.open_ns == MISSING ? "no stop event of the VM"
		                              : "a stop event of the VM, but no resume event after it");
		return;
	}
	ret->value_ns = p.longest_ns;
	ret->at_ns = p.at_ns;
	ret->low_ns = p.longest_ns > run->event_error_ns ? p.longest_ns - run->event_error_ns : 0;
	ret->high_ns = p.longest_ns + run->event_error_ns;
	if (window->baseline_to_ns > window->baseline_from_ns) {
		struct pairs usual = find_pairs(run, vm, window->baseline_from_ns, window->baseline_to_ns);
		ret->floor_ns = usual.count ? usual.longest_ns : 0;
	}
	if (p.count > 1)
		snprintf(ret->reason, sizeof(ret->reason), "the longest of %d stops", p.count);
}

void downtime_sampled_until(const struct run *run, const struct run_vm *vm, const struct downtime_window *window,
                            int64_t last_ns, struct downtime *ret)
{
	for (int i = 0; ret->value_ns != MISSING && i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (event->head_ns <= last_ns || event->head_ns > window->to_ns || strcmp(event->vm, vm->name) != 0 ||
		    (strcmp(event->event, "stop") != 0 && strcmp(event->event, "resume") != 0))
			continue;
		*ret = downtime_missing;
		snprintf(ret->reason, sizeof(ret->reason), "the samples end before the VM's %s", event->event);
	}
}
