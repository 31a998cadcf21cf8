/*
 * qdisc.h - what tc is told so that a device sends in a wanted shape, and so that what was there before is put back. Words
 * only: they run here (link_veth.c) or on another machine (remote_host.c).
 */
#ifndef BENCH_TESTBED_QDISC_H
#define BENCH_TESTBED_QDISC_H

#include "bench/testbed/link.h"

#include <stddef.h>

enum { QDISC_LINES = 3, QDISC_ROOM = 320, QDISC_UNDO_ROOM = 1024 };

/* The words after "tc", a line a call, on a device that has no root qdisc of its own; LINK_NETEM or LINK_HTB. Returns how
 * many: none where there is nothing to shape. */
int qdisc_shape(enum link_backend backend, const struct link_shape *shape, const char *device,
                char lines[QDISC_LINES][QDISC_ROOM]);

/*
 * How the root qdisc that is told of in `shown` (`tc qdisc show dev DEVICE; tc filter show dev DEVICE`) comes back once
 * another one is deleted: the words after "tc" that add it; "" for the kernel's own (handle 0:), which comes by itself.
 * EXIT_CANNOT for one that has classes or filters, or whose words tc does not take back.
 */
int qdisc_restore(const char *shown, const char *device, char line[QDISC_ROOM], struct err *e);

/* What puts it back on a device, as lines of a lease's undo (lease.h). Whatever is there is deleted first: another kind cannot
 * be put in its place while one, or one below it, has the same handle. */
char *qdisc_undo_script(const char *line, const char *device, char script[QDISC_UNDO_ROOM]);

#endif
