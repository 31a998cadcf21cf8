/*
 * continuity_moments.h - when a VM that moved could be heard again: its stop and resume, when the program that talks to its
 * client (workload `stream`) went on, and when the switches carried the conversation to its new place.
 */
#ifndef ANALYSIS_CONTINUITY_MOMENTS_H
#define ANALYSIS_CONTINUITY_MOMENTS_H

#include "analysis/run.h"

#include <stdint.h>

struct err;
struct vm_samples;

enum continuity_way { WAY_FROM_GUEST, WAY_TO_GUEST, WAYS };

/* Head time, to either side; MISSING ns: not known, and why; MISSING error_ns: not known how well. */
struct moment {
	int64_t ns, error_ns;
	const char *reason;
};

struct moments {
	struct moment stop, resume; /* on the source and on the destination; both are known, or none is */
	/* The stream's first turn that ended after the resume: only then it has sent, and has taken what came. Between two of
	 * its samples. */
	struct moment turn;
	/* The conversation over UDP has flows in force at each switch on its way: the last `flow-made` or `learned` since
	 * the stop. Of a run without such events, from the guest: when its flow at the first LAN's switch, the last on the way, was made, by flows.csv. */
	struct moment passes[WAYS];
};

/* -1 when samples or flows.csv cannot be read. */
int moments_find(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                 struct moments *ret, struct err *e);

/* Of the switches' first `learned` after the stop the next one after event `at`, -1 to begin with; -1: there is none. */
int moments_next_learned(const struct run *run, const struct run_vm *vm, int64_t stop_ns, int at);

/* When such an event was: its detail says "error_ns 1200000", half of the barrier's round trip. */
struct moment moment_of_event(const struct run_event *event);

#endif
