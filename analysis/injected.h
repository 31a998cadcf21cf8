/*
 * injected.h - what was done to a VM on purpose (bench/experiment/injection.h), from the run's events: the truth that
 * estimators are held against.
 */
#ifndef ANALYSIS_INJECTED_H
#define ANALYSIS_INJECTED_H

#include "analysis/downtime.h"
#include "analysis/run.h"

#include <stdint.h>

struct err;

struct injected {
	char kind[16]; /* "stop", "cut", "cpu" */
	int64_t asked_ns;
	int64_t begin_ns, end_ns;        /* the middles of the calls */
	double asked_share, taken_share; /* cpu: of the core */
	/* What it can have lasted at least and at most, by the head's stamps before and after the calls. */
	int64_t least_ns, most_ns;
	/* How long it was: of a stop between QEMU's own stamps, of a cut between the middles of the calls. */
	int64_t truth_ns;
	/* How long QEMU had the guest's clock stopped (clock-stop to clock-start), MISSING: it did not say. */
	int64_t clock_ns;
	struct downtime_window window; /* round it; the baseline is the run's */
};

struct injected_list {
	const struct run_vm *vm;
	struct injected *list; /* by time; their windows do not overlap */
	int count;
};

enum injected_what { INJECTED_LENGTHS, INJECTED_CPU }; /* stops and cuts, or what took CPU */

/* Those that came to their end, of the VM of the first. count 0 when there are none. Free with injected_free(). */
int injected_read(struct injected_list *ret, const struct run *run, enum injected_what what, struct err *e);
void injected_free(struct injected_list *l);

#endif
