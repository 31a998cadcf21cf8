/*
 * services.h - CPU time of what serves a run on its nodes' cores: neither a guest nor the work of somebody else.
 *
 * Services are
 *	the processes in the network namespaces of the nodes, whichever node's core they run on: tgtd, ovs-vswitchd,
 *	libvirtd, link emulators, the OpenFlow controller, ... They are looked for again now and then. QEMUs that run
 *	guests are none: those of the run have rows of their own, another's is other work
 *	this process, with all collectors and clients
 *	ksoftirqd of the nodes' cores
 *
 * A thread's time is counted for the core on which it ran last when it is read. That is exact for one that is
 * pinned; one that is not may have used some of it elsewhere. Time before a process was found, and between the last
 * reading and the end of a thread, is not counted.
 *
 * Interrupts and softirqs: where the kernel does not account for them apart (no CONFIG_IRQ_TIME_ACCOUNTING), what
 * interrupts a thread is in the time of that thread, guest, service or other, and what interrupts an idle core is in
 * nobody's. Where it does, all of it is in nobody's. The columns irq and softirq of /proc/stat are sampled in the
 * first case and would count the same time twice, so that they are not read.
 */
#ifndef COLLECTORS_SERVICES_H
#define COLLECTORS_SERVICES_H

#include <stdint.h>

struct err;
struct json_object;
struct services;
struct watched_node;

/* What the services of one name have used of a node's core since they were found. Never falls. */
struct service_use {
	char name[16]; /* of the process, such as "tgtd"; control characters are "?"; never empty */
	int node;
	int64_t cpu_ns;
};

/* The nodes must stay. NULL: no memory. */
struct services *services_open(const struct watched_node *nodes, int node_count);

/* Read now. Returns how many there are in *ret, which is good until the next call; a service is there as soon as it
 * has used something. */
int services_read(struct services *s, const struct service_use **ret);

/* How many there were, and what looking for them costs. */
void services_facts(const struct services *s, struct json_object *facts);

void services_close(struct services *s);

#endif
