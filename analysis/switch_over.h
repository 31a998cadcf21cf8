/*
 * switch_over.h - when a VM stood still to go on elsewhere: its stop on the source and its resume on the destination.
 */
#ifndef ANALYSIS_SWITCH_OVER_H
#define ANALYSIS_SWITCH_OVER_H

#include "analysis/run.h"

struct switch_over {
	const struct run_event *stop, *resume; /* of the run; NULL: there is none */
};

/*
 * The first at or after from_ns. resume: on the run's destination, of the VM that it names; of another, or where it names
 * none, on a node other than that of the stop. stop: the first on another node before that, since which the VM did not go
 * on there: a stop that was taken back is none, and what else either side says is none.
 */
struct switch_over switch_over_find(const struct run *run, const struct run_vm *vm, int64_t from_ns);

#endif
