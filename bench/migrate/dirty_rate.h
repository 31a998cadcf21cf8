/*
 * dirty_rate.h - how fast a VM that does not move dirties its memory, as its hypervisor says.
 *
 *	dirty_rate_begin(connection, "vm1", 3 * NS_PER_S, &e);
 *	... 3 s and a little ...
 *	bytes_per_s = dirty_rate_read(connection, "vm1");
 *
 * QEMU compares hashes of pages sampled at the begin and the end (QEMU 5.2, 512 pages a GiB; libvirt 7.2): that works under any
 * accelerator and costs next to nothing, but it says whole MiB/s, and of a small VM it samples few pages.
 */
#ifndef BENCH_MIGRATE_DIRTY_RATE_H
#define BENCH_MIGRATE_DIRTY_RATE_H

#include <libvirt/libvirt.h>
#include <stdint.h>

struct err;

/* Measure for so long, whole seconds from 1 to 60. Returns at once. EXIT_CANNOT where the hypervisor does not. */
int dirty_rate_begin(virConnectPtr connection, const char *vm, int64_t length_ns, struct err *e);

/* In bytes/s, the middle of what its whole MiB/s stand for; NAN while it is not measured. */
double dirty_rate_read(virConnectPtr connection, const char *vm);

/* The middle of what "so many MiB/s" stands for, in bytes/s; NAN of a negative one. */
double dirty_rate_of(int64_t mib_per_s);

#endif
