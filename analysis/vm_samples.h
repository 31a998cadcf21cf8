/*
 * vm_samples.h - samples-VM.csv: each workload's samples sorted, and the guest's clock mapped to the head's.
 */
#ifndef ANALYSIS_VM_SAMPLES_H
#define ANALYSIS_VM_SAMPLES_H

#include "analysis/clock_map.h"
#include "analysis/run.h"
#include "analysis/sample_store.h"

#include <stdint.h>

struct err;

struct workload_samples {
	char name[RUN_NAME_ROOM];
	struct sample_store *store;
	int64_t got;                           /* samples, twins not counted */
	int64_t fetched;                       /* of them, those without an arrival stamp */
	int64_t last_seq;                      /* highest seen, -1: none */
	int64_t first_guest_ns, last_guest_ns; /* those with false stamps left out (clock_map_is_leap()) */
};

struct vm_samples {
	struct workload_samples workloads[RUN_WORKLOADS_MAX];
	int count;
	int64_t lines_dropped;
	struct clock_map *map; /* NULL: no clock mapping, see clock_reason */
	char clock_reason[256];
};

/*
 * Read the VM's samples; `run`, NULL if there is none, tells when the hypervisor stopped the VM. 0; 1 when there is no file; -1 on error: bad content names file:line, stamps and counters
 * must be 0 .. 2^60 and sequence numbers below 2^32. Free with vm_samples_free() after 0 only.
 */
int vm_samples_read(struct vm_samples *ret, const char *directory, const struct run *run, const char *vm,
                    struct err *e);
void vm_samples_free(struct vm_samples *samples);

/* One stretch of head time in which work advanced evenly, as far as is known. */
struct work_span {
	int64_t start_ns, end_ns;
	double work;
	const struct stored_sample *sample; /* the sample at its end; NULL where it ends at a stop's edge */
};

typedef int work_span_fn(void *context, const struct work_span *span, struct err *e);

/*
 * The work of a workload over head time, span by span, ascending and without holes. Between two samples it is even in
 * guest time, so that a stop between them is a span of its own without work. Samples whose clock or counter goes
 * backwards are left out. Needs the map.
 */
int work_curve_each(const struct vm_samples *samples, const struct workload_samples *workload, work_span_fn *fn,
                    void *context, struct err *e);

#endif
