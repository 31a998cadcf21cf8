/*
 * clock_trace.h - when QEMU stopped and started its guest's clock, by QEMU's own stamps.
 *
 * To stop a VM, QEMU stops the guest's clock, then has its vCPUs end, and only then stamps the STOP; to go on, it
 * stamps the RESUME, then starts the clock, then the vCPUs (7.2: softmmu/cpus.c, do_vm_stop() and vm_prepare_start()).
 * In between threads wait for each other to wake up, which takes up to some milliseconds where cores sleep when idle.
 * But it also traces its changes of state ("runstate_set"), just before it stops the clock and just after it starts
 * it, in microseconds of CLOCK_REALTIME: some 10 us from the truth.
 *
 *	clock_trace_open(&trace, monitor, path, &e);
 *	... stop, cont ...
 *	while (clock_trace_next(trace, &head_ns, &runs)) ...
 */
#ifndef BENCH_MIGRATE_CLOCK_TRACE_H
#define BENCH_MIGRATE_CLOCK_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct clock_trace;
struct err;
struct qmp;

/* Have QEMU write its log to path, which must have neither blanks nor quotes. EXIT_CANNOT where it was built without. */
int clock_trace_open(struct clock_trace **ret, struct qmp *m, const char *path, struct err *e);

/* The next change since the last call: 1, or 0 when there was none. Call it soon: stamps are mapped with a clock
 * pair read now. */
int clock_trace_next(struct clock_trace *t, int64_t *ret_head_ns, bool *ret_runs);

/* The log stays with QEMU. NULL is fine. */
void clock_trace_close(struct clock_trace *t);

#endif
