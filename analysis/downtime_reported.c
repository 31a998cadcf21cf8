/* What the hypervisor says: libvirt's completed job statistics, in whole milliseconds. */
#include "analysis/downtime.h"

#include "bench/base/clock.h"

#include <stdio.h>
#include <string.h>

void downtime_reported(const struct run *run, const struct run_vm *vm, struct downtime *ret)
{
	*ret = downtime_missing;
	if (strcmp(run->moved, vm->name) != 0) {
		snprintf(ret->reason, sizeof(ret->reason), "the VM did not migrate");
		return;
	}
	int64_t value_ns = run_fact(run, "/migration/completed/downtime_ns");
	if (value_ns < 0 || value_ns >= SERIES_LIMIT) {
		snprintf(ret->reason, sizeof(ret->reason), "no downtime_ns in the hypervisor's completed statistics");
		return;
	}
	ret->value_ns = value_ns;
	ret->low_ns = value_ns > NS_PER_MS ? value_ns - NS_PER_MS : 0;
	ret->high_ns = value_ns + NS_PER_MS;
	const struct run_event *stop = run_event(run, "stop", vm->name, run->migrate_start_ns);
	if (stop)
		ret->at_ns = stop->head_ns;
	if (run_is_remote(run))
		snprintf(
			ret->reason, sizeof(ret->reason),
			"the hypervisors reckon it from two machines' clocks: it is off by as much as those are apart");
	else if (!strcmp(run->mode, "postcopy"))
		snprintf(ret->reason, sizeof(ret->reason),
		         "in post-copy this is the switch-over only, not the waiting for pages after it");
}
