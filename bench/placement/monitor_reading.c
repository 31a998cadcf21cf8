#include "bench/placement/monitor_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct monitor_quantity_row monitor_quantities[MONITOR_QUANTITIES] = {
	[MONITOR_CPUS] = { "cpus", false },
	[MONITOR_CPU_NS] = { "cpu_ns", true },
	[MONITOR_MEMORY] = { "memory_bytes", false },
	[MONITOR_MEMORY_TOTAL] = { "memory_total_bytes", false },
	[MONITOR_DISK_READ] = { "disk_read_bytes", true },
	[MONITOR_DISK_WRITTEN] = { "disk_written_bytes", true },
	[MONITOR_NET_RECEIVED] = { "net_received_bytes", true },
	[MONITOR_NET_SENT] = { "net_sent_bytes", true },
};

void monitor_reading_clear(struct monitor_reading *r, const char *vm, const char *reason)
{
	snprintf(r->vm, sizeof(r->vm), "%s", vm);
	snprintf(r->missing, sizeof(r->missing), "%s", reason ? reason : "");
	r->state = NULL;
	r->head_ns = MONITOR_MISSING;
	for (int q = 0; q < MONITOR_QUANTITIES; q++)
		r->value[q] = MONITOR_MISSING;
}

void monitor_reading_explain(struct monitor_reading *r, const char *who)
{
	size_t used = 0;
	if (r->missing[0])
		return;
	for (int q = 0; q < MONITOR_QUANTITIES && used < sizeof(r->missing); q++) {
		if (r->value[q] != MONITOR_MISSING)
			continue;
		char *end = r->missing + used;
		size_t room = sizeof(r->missing) - used;
		const char *name = monitor_quantities[q].name;
		used += (size_t)(used ? snprintf(end, room, ", %s", name)
		                      : snprintf(end, room, "%s does not tell %s", who, name));
	}
}

struct monitor_reading *monitor_answer_add(struct monitor_answer *answer, const char *vm)
{
	if (answer->vm_count == answer->vm_room) {
		int room = answer->vm_room ? 2 * answer->vm_room : 16;
		struct monitor_reading *more = realloc(answer->vms, (size_t)room * sizeof(*more));
		if (!more)
			return NULL;
		answer->vms = more;
		answer->vm_room = room;
	}
	struct monitor_reading *r = &answer->vms[answer->vm_count++];
	monitor_reading_clear(r, vm, NULL);
	return r;
}
