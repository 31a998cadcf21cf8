/*
 * node_events.h - the events of all VMs of a node for as long as they are wanted: when its daemon goes away and comes again,
 * they are subscribed to again. The connection is its own.
 *
 *	node_events_open(&n, "qemu+unix:///system?socket=...", "dst", NULL, sink, context, &e);
 *	node_events_close(n);
 *
 * Besides those of events.h, of no VM:
 *	events-lost    nothing is heard any more; detail = why
 *	events-again   it is; detail = "missed those of 3.2 s": from the last look at a connection that lived
 * A daemon of this machine that ends is noticed within 0.2 s; one elsewhere that falls silent as hypervisor_open() says.
 */
#ifndef BENCH_MIGRATE_NODE_EVENTS_H
#define BENCH_MIGRATE_NODE_EVENTS_H

#include "bench/migrate/events.h"

#include <stdbool.h>

struct node_events;

/* How a node is listened to; another for tests. All calls come from one thread at a time. */
struct node_listening {
	/* Connect and subscribe; it may take some seconds. EXIT_CANNOT when it fails. */
	int (*open)(void **ret, const char *uri, const char *node, event_sink sink, void *context, struct err *e);
	bool (*is_alive)(void *listening);
	void (*close)(void *listening);
};

/* how NULL: through libvirt. uri and node live as long. -1: the node does not answer now. */
int node_events_open(struct node_events **ret, const char *uri, const char *node, const struct node_listening *how,
                     event_sink sink, void *context, struct err *e);

/* The sink is called no more. n may be NULL. */
void node_events_close(struct node_events *n);

#endif
