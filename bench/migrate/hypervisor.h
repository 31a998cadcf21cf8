/*
 * hypervisor.h - connections to the nodes' libvirt daemons, and their words when something fails.
 */
#ifndef BENCH_MIGRATE_HYPERVISOR_H
#define BENCH_MIGRATE_HYPERVISOR_H

#include <libvirt/libvirt.h>

struct err;
struct json_object;

/* Once a process, before any connection: the library, one event-loop thread, errors kept instead of printed. */
int hypervisor_init(struct err *e);

/* Open a connection; close it with virConnectClose(). */
int hypervisor_open(virConnectPtr *ret, const char *uri, struct err *e);

/* Fill *e with "FORMAT: libvirt's last message"; returns -1. */
int hypervisor_error(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Start a transient domain from XML. */
int hypervisor_start_domain(virConnectPtr connection, const char *xml, struct err *e);

/* End a domain if it is there. Returns 0 also when it is not. */
int hypervisor_destroy_domain(virConnectPtr connection, const char *name, struct err *e);

/* {"libvirt":"9.0.0","qemu":"7.2.22"} of a node. */
struct json_object *hypervisor_facts(virConnectPtr connection);

#endif
