/*
 * page_waits.h - which pages the vCPUs of a VM wait for in post-copy, and how long, as the destination's QEMU says.
 *
 * It counts how long each vCPU waited where its capability postcopy-blocktime is on (QEMU 3.0), and traces when a
 * vCPU begins to wait for a page ("mark_postcopy_blocktime_begin") and when each page is in its place ("..._end"), in
 * microseconds of CLOCK_REALTIME. QEMU 10.1 and later also say latencies themselves.
 *
 *	page_waits_begin(monitor, log, &e);         // on the destination, before the switch
 *	... the migration ...
 *	page_waits_end(monitor, &facts, &e);        // the facts are QEMU's own sums
 *	page_waits_read(log, on_wait, context, &e); // each wait
 */
#ifndef BENCH_MIGRATE_PAGE_WAITS_H
#define BENCH_MIGRATE_PAGE_WAITS_H

#include <stdint.h>

struct err;
struct json_object;
struct qmp;

enum { PAGE_WAITS_VCPUS = 256 }; /* more are not told apart from none */

/* Have it count, and write its log to a path without blanks and quotes. *ret_traced 0: it counts, but has no such traces. */
int page_waits_begin(struct qmp *m, const char *log, int *ret_traced, struct err *e);

/*
 * What it counted, json_object_put() it: {"all_ns":..,"vcpu_ns":[..]}: the time in which all vCPUs waited at once, and that
 * of each; of newer ones "latency_ns" and "vcpu_latency_ns", means of a page. What it does not say is not there.
 */
int page_waits_end(struct qmp *m, struct json_object **ret, struct err *e);

/* A vCPU waited from begin_ns (head time) on for the page at this address of QEMU's own. */
typedef void page_wait_fn(void *context, int vcpu, uint64_t address, int64_t begin_ns, int64_t wait_ns);

/* Every wait that ended, in that order. Call it soon: stamps are mapped with a clock pair read now. */
int page_waits_read(const char *log, page_wait_fn *wait, void *context, struct err *e);

#endif
