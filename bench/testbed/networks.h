/*
 * networks.h - the networks of a testbed, made between nodes that are there: management, the guests' LAN with its uplinks
 * or across two sites (two_lans.h), the migration link. For testbed.c; the parts below are for two_lans.c.
 */
#ifndef BENCH_TESTBED_NETWORKS_H
#define BENCH_TESTBED_NETWORKS_H

#include "bench/testbed/testbed.h"

int networks_make(struct testbed *t, struct err *e);

/* A locally administered MAC address that is this IPv4 address's own, "02:00:0a:4d:02:03". Returns buffer. */
char *network_mac(const char *ip, char buffer[18]);

/* A bridge with this address (/24), up at once. */
int network_bridge(const struct node *n, const char *bridge, const char *ip, struct err *e);

/* Make a device of the node a port of its bridge. */
int network_join(const struct node *n, const char *device, const char *bridge, struct err *e);

/* Join two nodes, b on the side called `far`, by a shaped link and remember it for the collectors. */
int network_link(struct testbed *t, const char *name, const struct node *a, const char *a_device, const char *near,
                 const struct node *b, const char *b_device, const char *far, struct err *e);

/* The same between node `index` and the head's LAN: NAME-uplink, devices up0 and lan-NAME, of which the first is no port
 * of anything yet. */
int network_uplink(struct testbed *t, int index, struct err *e);

#endif
