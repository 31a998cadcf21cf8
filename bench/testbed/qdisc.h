/*
 * qdisc.h - what tc is told so that a device sends in a wanted shape, and so that what was there before is put back. Words
 * only: they run here (link_veth.c) or on another machine (remote_host.c).
 */
#ifndef BENCH_TESTBED_QDISC_H
#define BENCH_TESTBED_QDISC_H

#include "bench/testbed/link.h"

#include <stddef.h>

enum { QDISC_LINES = 3, QDISC_ROOM = 320 };

/* The words after "tc", a line a call, on a device that has no root qdisc of its own; LINK_NETEM or LINK_HTB. Returns how
 * many: none where there is nothing to shape. */
int qdisc_shape(enum link_backend backend, const struct link_shape *shape, const char *device,
                char lines[QDISC_LINES][QDISC_ROOM]);

/*
 * How the root qdisc that `tc qdisc show dev DEVICE` tells of in `shown` is put back: the words after "tc". The kernel's own
 * (handle 0:) comes back by itself when another one is deleted; *ret_own is then 0, else 1. EXIT_CANNOT for one that has
 * classes or filters, or whose words tc does not take back.
 */
int qdisc_restore(const char *shown, const char *device, char line[QDISC_ROOM], int *ret_own, struct err *e);

#endif
