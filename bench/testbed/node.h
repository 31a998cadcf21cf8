/*
 * node.h - a local node: network, mount and UTS namespace, its own directories, optionally its own libvirtd.
 *
 * The mount and UTS namespaces belong to a holder process that does nothing else; they vanish with it. In them the
 * node sees its own /run, /etc/libvirt, /var/lib/libvirt, /var/cache/libvirt and /var/log/libvirt (bind mounts of
 * directories below state_directory) and a sysfs of its own network namespace.
 */
#ifndef BENCH_TESTBED_NODE_H
#define BENCH_TESTBED_NODE_H

#include "bench/base/process.h"

#include <stdint.h>
#include <sys/types.h>

struct err;
struct undo;

/* Where a node's libvirt keeps what belongs to its QEMUs, as seen on the node. */
#define NODE_QEMU_DIRECTORY "/run/libvirt/qemu"

struct node {
	char name[16];       /* "src" */
	char netns[24];      /* "mm-src" */
	char netns_path[64]; /* "/run/netns/mm-src" */
	char state_directory[200];
	char mntns_path[64]; /* of the holder; "" when the node has no mount namespace of its own */
	char utsns_path[64];
	char libvirt_uri[320]; /* "" when it runs no libvirtd */
	char peer_uri[64];     /* how other nodes' daemons reach it, over the migration link; "": they cannot */
	char qemu_pid_directory[300]; /* as seen from outside */
	char flow_socket[300];  /* where its switch speaks OpenFlow, as seen from outside; "" when it has none */
	char management_ip[16]; /* "" when not on that network */
	char lan_ip[16];
	char migration_ip[16]; /* the address migrations are sent to */
	int core;              /* core of a compute node; -1: none */
	pid_t holder;
	pid_t keeper; /* parent of the node's libvirtd and QEMUs */
};

/* Where to run a program so that it is on this node (pinned to its core). */
struct process_place node_place(const struct node *node);

/* Make the network namespace (loopback up, IPv6 off); with own_mounts also the mount and UTS namespaces. */
int node_create(struct node *node, int own_mounts, struct undo *undo, struct err *e);

/* Path of the daemon that a node runs, and its socket's name; NULL when there is none on this machine. */
const char *node_daemon_program(const char **ret_socket);

/* Start the node's libvirtd (libvirtd, or virtqemud where only that exists) and wait until it answers, at most 20 s. */
int node_start_libvirtd(struct node *node, struct undo *undo, struct err *e);

#endif
