/*
 * events.h - what libvirt and QEMU say of a VM, with stamps on head time.
 *
 * QEMU stamps its monitor events itself, in microseconds of CLOCK_REALTIME; on one machine they are mapped to head
 * time with a clock pair read on arrival, so that our own lateness does not matter. libvirt's other events have no
 * stamp and get that of their arrival.
 *
 *	stop, resume           QEMU's STOP and RESUME: the vCPUs do not run between them
 *	migration-status       QEMU's MIGRATION, detail = setup, active, postcopy-active, device, completed, failed, ...
 *	iteration              libvirt: a new pass over RAM, detail = its number
 *	lifecycle              libvirt: detail = started/migrated, suspended/..., stopped/migrated, ...
 */
#ifndef BENCH_MIGRATE_EVENTS_H
#define BENCH_MIGRATE_EVENTS_H

#include <libvirt/libvirt.h>
#include <stdint.h>

struct err;
struct events;

typedef void (*event_sink)(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
			   const char *detail);

/* Subscribe for all domains of a connection, those to come included. The sink is called from the event thread until
 * events_close() has returned. node must live as long. */
int events_open(struct events **ret, virConnectPtr connection, const char *node, event_sink sink, void *context,
		struct err *e);

void events_close(struct events *events);

#endif
