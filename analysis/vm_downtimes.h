/*
 * vm_downtimes.h - the downtimes of one VM by every estimator, as rows of the metrics.
 *
 * They are looked for from migrate-start to the end of settle; in a consolidation loop in each of the VM's own moves and
 * up to 2 s behind it, and the longest is given.
 *
 *	struct vm_downtimes d = { .run = run, .metrics = &metrics, .cited = &cited, .never = "", .came_ns = MISSING };
 *	vm_downtimes_begin(&d, vm, &e);
 *	vm_downtimes_events(&d, &samples, NULL, &e);
 *	... the work estimator fills d.found[d.count] ...
 *	vm_downtimes_put(&d, "work");
 *	vm_downtimes_free(&d);
 */
#ifndef ANALYSIS_VM_DOWNTIMES_H
#define ANALYSIS_VM_DOWNTIMES_H

#include "analysis/downtime.h"
#include "analysis/metrics.h"
#include "analysis/vm_samples.h"

#include <stdio.h>

struct cited;
struct err;

struct vm_downtimes {
	const struct run *run;
	struct metrics *metrics;
	const struct cited *cited; /* the calibration */
	const char *never;         /* why a migration that never converged has none; "" of any other */
	FILE *plot;                /* a table of all VMs; NULL: none */
	int64_t came_ns; /* that of the VM that moved, which forecasts are held against; MISSING: not known */
	/* by vm_downtimes_begin(): */
	const struct run_vm *vm;
	struct downtime_window *windows; /* in order of time, not overlapping; where the VM did not move, the run's */
	struct downtime *found;          /* for an estimator to fill in, one for each window; room for one at least */
	int count;                       /* 0: there is nothing to look for, and why says so */
	struct downtime why;
};

/* Where to look with this VM. Frees what was there of another one. */
int vm_downtimes_begin(struct vm_downtimes *d, const struct run_vm *vm, struct err *e);

/* stop_resume, guest_clock, network, reported. no_clock: why there are no samples to take a clock from; NULL: there are. */
int vm_downtimes_events(struct vm_downtimes *d, const struct vm_samples *samples, const char *no_clock,
                        struct err *e);

/* The longest of what was found, and what it is worth: its floor and its calibrated error. */
void vm_downtimes_put(struct vm_downtimes *d, const char *estimator);

/* Instead of that: it is missing, and why. */
void vm_downtimes_put_missing(struct vm_downtimes *d, const char *estimator, const char *reason);

void vm_downtimes_free(struct vm_downtimes *d);

#endif
