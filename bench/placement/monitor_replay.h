/*
 * monitor_replay.h - a source that plays a table instead of asking hypervisors: for tests and benchmarks.
 *
 *	static const struct monitor_replay_row rows[] = {
 *		{ .node = "n0", .vm = "", .rate = { [MONITOR_CPUS] = 1, [MONITOR_CPU_NS] = 0.5e9, ... } },
 *		{ .node = "n0", .vm = "a", .state = MONITOR_RUNNING, .rate = { [MONITOR_CPUS] = 1, ... } },
 *		{ 10 * NS_PER_S, .node = "n0", .vm = "a" },        // gone after 10 s
 *	};
 *	monitor_replay_create(&replay, rows, 3, &e);
 *	spec.source = &monitor_replay; spec.argument = replay;
 *	...
 *	monitor_replay_release(replay);                            // before cluster_monitor_stop(), if a node hangs
 *	monitor_replay_free(replay);                               // after it
 */
#ifndef BENCH_PLACEMENT_MONITOR_REPLAY_H
#define BENCH_PLACEMENT_MONITOR_REPLAY_H

#include "bench/placement/monitor_source.h"

struct err;
struct monitor_replay;

#define MONITOR_REPLAY_HANG INT64_MAX

/* How a node or VM does from an instant on, until its next row; rows of the same node and VM in order of time. */
struct monitor_replay_row {
	int64_t from_ns;       /* since monitor_replay_create() */
	const char *node, *vm; /* vm "": the node itself */
	const char *state;     /* of a VM; NULL: it is not (any more) on that node */
	double rate
		[MONITOR_QUANTITIES]; /* of cumulative quantities per second; of the others the value. NAN: missing */
	const char *failure;          /* of a node: its hypervisor does not answer, for that reason; NULL: it does */
	int64_t delay_ns; /* of a node: its hypervisor takes so long to answer, MONITOR_REPLAY_HANG: for ever */
};

/* The rows must live as long. */
int monitor_replay_create(struct monitor_replay **ret, const struct monitor_replay_row *rows, int count,
                          struct err *e);

/* Nobody hangs or is slow any more. */
void monitor_replay_release(struct monitor_replay *r);

void monitor_replay_free(struct monitor_replay *r);

#endif
