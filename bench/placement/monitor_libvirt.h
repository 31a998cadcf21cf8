/*
 * monitor_libvirt.h - nodes of the testbed for the monitor, and what one VM's bulk statistics say; the source itself is
 * monitor_libvirt in monitor_source.h.
 */
#ifndef BENCH_PLACEMENT_MONITOR_LIBVIRT_H
#define BENCH_PLACEMENT_MONITOR_LIBVIRT_H

#include "bench/placement/monitor_source.h"

#include <libvirt/libvirt.h>

struct node;

/* A compute node of the testbed; points into *node. */
struct monitor_node monitor_local_node(const struct node *node);

/* Fill a cleared reading, after hypervisor_init(); disks and network devices are summed up. */
void monitor_libvirt_vm(virTypedParameterPtr params, int count, int64_t head_ns, struct monitor_reading *ret);

#endif
