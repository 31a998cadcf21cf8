/*
 * events.h - what libvirt and QEMU say of a VM, with stamps on head time.
 *
 * QEMU stamps its monitor events itself, in microseconds of CLOCK_REALTIME; on one machine they are mapped to head
 * time with a clock pair read on arrival, so that our own lateness does not matter. On a node with another clock they
 * get the stamp of their arrival, as libvirt's own events do, which have none.
 *
 *	stop, resume           QEMU's STOP and RESUME: the vCPUs do not run between them; on a node with another clock
 *	                       detail = "wall_ns " and that clock's stamp, for analysis to map (host_clocks.h)
 *	migration-status       QEMU's MIGRATION, detail = setup, active, postcopy-active, device, completed, failed, ...
 *	iteration              QEMU's MIGRATION_PASS: a new pass over RAM, detail = its number (libvirt's iteration event
 *	                       is the same without the stamp)
 *	qemu                   what else may explain a run, detail = SHUTDOWN, RESET, GUEST_PANICKED, BLOCK_IO_ERROR
 *	lifecycle              libvirt: detail = started/migrated, suspended/..., stopped/migrated, ...
 *	job-completed          libvirt: detail = ok or its error; what the job was like is in migration_result
 */
#ifndef BENCH_MIGRATE_EVENTS_H
#define BENCH_MIGRATE_EVENTS_H

#include <libvirt/libvirt.h>
#include <stdint.h>

struct err;
struct events;

typedef void (*event_sink)(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                           const char *detail);

/*
 * Subscribe for all domains of a connection, those to come included; once a connection. The sink is called from the
 * event thread until events_close() has returned; it must not call events_close(). node must live as long.
 */
int events_open(struct events **ret, virConnectPtr connection, const char *node, event_sink sink, void *context,
                struct err *e);

/* Statistics of a completed job, on the event thread; params are libvirt's. */
typedef void (*event_job_sink)(void *context, virTypedParameterPtr params, int count);

/* The same for one domain that is there; once a domain and connection. job_sink may be NULL. */
int events_open_domain(struct events **ret, virDomainPtr domain, const char *node, event_sink sink,
                       event_job_sink job_sink, void *context, struct err *e);

/* events may be NULL. Close it before its connection. */
void events_close(struct events *events);

#endif
