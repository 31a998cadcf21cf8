/*
 * dirty_rate.h - how fast a VM that does not move dirties its memory, as its QEMU says.
 *
 *	dirty_rate_begin(connection, "vm1", 2 * NS_PER_S, &e);
 *	... 2 s and a little ...
 *	bytes_per_s = dirty_rate_read(connection, "vm1");
 *
 * It compares hashes of pages sampled at the begin and the end (calc-dirty-rate, QEMU 5.2), which works under any accelerator and
 * costs little. libvirt's own call takes 512 pages a GiB, 64 of a VM of 128 MiB; asked directly QEMU takes 16384. It says
 * whole MiB/s.
 */
#ifndef BENCH_MIGRATE_DIRTY_RATE_H
#define BENCH_MIGRATE_DIRTY_RATE_H

#include <libvirt/libvirt.h>
#include <stdint.h>

struct err;

/* Measure for so long, whole seconds from 1 to 60. Returns at once. -1: QEMU does not. */
int dirty_rate_begin(virConnectPtr connection, const char *vm, int64_t length_ns, struct err *e);

/* In bytes/s, the middle of what its whole MiB/s stand for; NAN while it is not measured. */
double dirty_rate_read(virConnectPtr connection, const char *vm);

/* What query-dirty-rate returned, in the same way. */
struct json_object;
double dirty_rate_of(struct json_object *answer);

#endif
