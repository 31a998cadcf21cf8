/*
 * port.h - a port of a bridge that can be closed and opened at once: a cut of the network without a stop of a VM.
 *
 * A closed port drops every frame, both ways, and no device notices: neither carrier nor addresses change, so nothing
 * has to come up again when it is opened. It takes the kernel some microseconds.
 */
#ifndef BENCH_TESTBED_PORT_H
#define BENCH_TESTBED_PORT_H

#include <stdbool.h>

struct err;

struct port {
	int fd; /* netlink, in the bridge's namespace */
	int index;
	char device[16];
};

/* device is a port of a bridge without spanning tree in namespace `netns` (a path). */
int port_find(struct port *ret, const char *netns, const char *device, struct err *e);
int port_set(const struct port *port, bool open, struct err *e);

/* Opens nothing: a closed port stays closed. */
void port_forget(struct port *port);

#endif
