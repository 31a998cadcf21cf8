/*
 * guest_threads.h - the threads of guests' QEMUs on the local testbed: on which cores they run, and how urgently.
 *
 * While guests boot and fill their memory nothing is measured: they share the cores of both compute nodes, which with many
 * emulated guests halves that time. Before the warm-up each is pinned to its node's core.
 */
#ifndef BENCH_EXPERIMENT_GUEST_THREADS_H
#define BENCH_EXPERIMENT_GUEST_THREADS_H

#include <libvirt/libvirt.h>
#include <stddef.h>

struct err;
struct node;
struct testbed;

/* Where guests boot: "0,1"; NULL where nothing is pinned, else buffer. */
const char *guest_threads_boot_cores(const struct testbed *t, char *buffer, size_t room);

/* Pin all threads of a running VM to its node's core, those to come too; libvirt knows it, and says so when it moves. Nothing
 * is done where nodes have no core of their own. */
int guest_threads_pin(const struct node *node, virConnectPtr connection, const char *vm, struct err *e);

/* Have them run before all others (hosts.urgent), those to come too. */
int guest_threads_urge(const struct node *node, const char *vm, struct err *e);

#endif
