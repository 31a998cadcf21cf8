/*
 * two_lans.h - network kind `ovs`: the two compute nodes in two LANs with a router and the shaped link between them, and
 * the guests' LAN stretched over both by an Open vSwitch on each node and a tunnel between the switches.
 *
 *	LAN 1  10.77.4.0/24                                 LAN 2  10.77.5.0/24
 *	head .1   src .2 ---- router (mm-router) .254 ==== shaped link ==== dst .3
 *
 *	head, sto -- up0 [br-lan of src] tun0 ...... tunnel ...... tun0 [br-lan of dst]      10.77.2.0/24, one layer 2
 *	                  guests' taps                                  guests' taps
 *
 * Each node has two bridges: br-phy, an ordinary switch that holds the node's own address and port, through which tunnelled
 * frames go; and br-lan, which does what the controller says and nothing without it. The controller (learning_switch.py, run
 * by os-ken's manager) is in LAN 1, on the head; dst talks to it across the link, as it would.
 *
 * Of dst all traffic but management goes through the tunnel: guests' data, what they read of a disk on sto, migrations.
 * A tunnelled frame is up to 50 bytes longer, so the LANs' MTU is 1600.
 */
#ifndef BENCH_TESTBED_TWO_LANS_H
#define BENCH_TESTBED_TWO_LANS_H

#include "bench/testbed/testbed.h"

#define TWO_LANS_LINK "between-lans"

/* Make it all. EXIT_CANNOT where Open vSwitch or the controller is not installed or does not start. */
int two_lans_make(struct testbed *t, struct err *e);

/* Bytes that the tunnel adds to each frame: outer Ethernet (14) and IP (20) headers and its own. */
int tunnel_overhead(enum tunnel tunnel);

/* "gre", "vxlan", "geneve" */
const char *tunnel_name(enum tunnel tunnel);

#endif
