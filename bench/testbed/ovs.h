/*
 * ovs.h - an Open vSwitch of a node's own: database and daemon, seen in the node at /run/openvswitch, so that ovs-vsctl and
 * ovs-ofctl there (`migmeter testbed exec src ovs-ofctl dump-flows br-lan`) and the node's libvirt talk to it.
 */
#ifndef BENCH_TESTBED_OVS_H
#define BENCH_TESTBED_OVS_H

#include "bench/testbed/daemons.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether this kernel has the datapath of Open vSwitch (else it is the daemon's own, in user space); words: which, why. */
bool ovs_kernel_datapath(char *words, size_t room);

/* Start both on the node, as two of its daemons, and wait until they answer. The node has a /run of its own. */
int ovs_start(const struct node *node, struct daemons *daemons, struct undo *undo, struct err *e);

/* ovs-vsctl on the node: waits until the daemon has done it, at most 20 s. */
int ovs_vsctl(const struct node *node, struct err *e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The socket on which the switch answers OpenFlow, as seen from outside of the node. Returns buffer. */
char *ovs_flow_socket(const struct node *node, const char *bridge, char *buffer, size_t room);

#endif
