/*
 * hypervisor.h - connections to the nodes' libvirt daemons, facts, and guests that exist only while they run.
 *
 *	hypervisor_init(&e);                           // once a process: silent errors, one event loop thread
 *	virConnectPtr src;
 *	hypervisor_open(&src, uri, &e);
 *	hypervisor_start_domain(src, xml, &e);
 *	...
 *	virConnectClose(src);
 *	hypervisor_end();
 *
 * A connection may be used from several threads at once. Whatever fails carries libvirt's own words.
 */
#ifndef BENCH_MIGRATE_HYPERVISOR_H
#define BENCH_MIGRATE_HYPERVISOR_H

#include <libvirt/libvirt.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;

/* Once a process, before any connection: the library, one event-loop thread, errors kept instead of printed. More
 * calls do nothing. */
int hypervisor_init(struct err *e);

/* End the event-loop thread, after all connections are closed; hypervisor_init() may be called again. Optional. */
void hypervisor_end(void);

/* Open a connection; close it with virConnectClose(). Gives up after 20 s. A peer that dies later is noticed within
 * about 20 s, and calls that wait for it fail. */
int hypervisor_open(virConnectPtr *ret, const char *uri, struct err *e);

/* The same, trying again until timeout_ns is over while the daemon is not there yet; one that accepts and never
 * answers is given up at the same time. EXIT_CANNOT when it fails. */
int hypervisor_open_within(virConnectPtr *ret, const char *uri, int64_t timeout_ns, struct err *e);

/* One attempt, which takes as long as the daemon lets it wait: for a thread that may hang. EXIT_CANNOT when it fails. */
int hypervisor_open_once(virConnectPtr *ret, const char *uri, struct err *e);

/* Whether its QEMUs stamp with this machine's clock: the URI names no host. */
bool hypervisor_is_local(virConnectPtr connection);
bool hypervisor_uri_is_local(const char *uri);

/* Memory of its machine, in bytes: all of it, and what is free or holds only caches. 0, or -1: it does not say. */
int hypervisor_memory(virConnectPtr connection, int64_t *ret_total_bytes, int64_t *ret_available_bytes);

/* Fill *e with "FORMAT: libvirt's last message"; returns -1. */
int hypervisor_error(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What its QEMU returns to a command ({"execute":..}) of its monitor, past libvirt, which taints the domain; NULL with *e (which
 * may be NULL) when it refuses; json_object_put() it. */
struct json_object *hypervisor_ask(virDomainPtr domain, const char *command, struct err *e);

/* Start a transient domain from XML. */
int hypervisor_start_domain(virConnectPtr connection, const char *xml, struct err *e);

/* End a domain at once if it is there, and forget it. Returns 0 also when it is not. */
int hypervisor_destroy_domain(virConnectPtr connection, const char *name, struct err *e);

/* Stop its vCPUs, let them run again. */
int hypervisor_suspend_domain(virConnectPtr connection, const char *name, struct err *e);
int hypervisor_resume_domain(virConnectPtr connection, const char *name, struct err *e);

/* 1 while a domain of that name runs or is paused here, 0 when not, -1 when that cannot be told. */
int hypervisor_domain_active(virConnectPtr connection, const char *name, struct err *e);

/* Where its vCPUs and its emulator may run, and what taints it, as libvirt says:
 * {"vcpu_cores":[[0]],"emulator_cores":[0],"tainted":["tainted: custom command line ..."]}; json_object_put() it. */
int hypervisor_domain_facts(virConnectPtr connection, const char *name, struct json_object **ret, struct err *e);

/* The running domain's XML as a destination wants it, with all that libvirt filled in (machine version, CPU, addresses);
 * the caller frees. */
int hypervisor_domain_document(virConnectPtr connection, const char *name, char **ret, struct err *e);

/* {"uri":..,"hostname":..,"libvirt":"9.0.0","qemu":"7.2.22","kvm_offered":true,"cpu":..,"cpus":2,"memory_bytes":..};
 * what cannot be read is left out. kvm_offered says nothing of whether guests run under it. */
struct json_object *hypervisor_facts(virConnectPtr connection);

/* Versions of the daemon and of its QEMU, major * 1000000 + minor * 1000 + release. */
int hypervisor_versions(virConnectPtr connection, unsigned long *ret_libvirt, unsigned long *ret_qemu, struct err *e);

/* "9.0.0" of 9000000. */
char *libvirt_version_format(unsigned long version, char *buffer, size_t room);

#endif
