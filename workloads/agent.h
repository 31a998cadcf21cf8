/*
 * agent.h - runs the workloads of a guest, samples them and talks to the head (bench/base/sample_wire.h).
 *
 *	BOOTING    the sockets are open
 *	PREPARING  memory_fill, then the workloads' own preparation; HELLO's detail says how far
 *	READY      waits for START
 *	RUNNING    workloads and sampling go on, also after a fixed-size job is complete, until STOP
 *	DONE       stopped; every sample is still there for FETCH
 *	FAILED     detail says why; what was sampled can be fetched, POWEROFF works
 *
 * Samples have absolute deadlines. Whoever comes by first behind one takes it, of all workloads: a workload between two
 * operations, or the sampler's thread (nice -20) when none did for 3/10 of an interval. So a guest that computes is not
 * interrupted for its samples. A deadline that has passed by a whole interval is dropped and counted. SAMPLES go out
 * every 120 ms (with an interval below 10 ms more often, as one datagram holds no more), per workload one datagram with
 * what is new and as many older ones, so single lost datagrams heal; the head asks for the rest at the end. Heartbeats (workloads/heartbeat.h) go with
 * the sample that is due with them.
 */
#ifndef WORKLOADS_AGENT_H
#define WORKLOADS_AGENT_H

#include "bench/base/sample_wire.h"

#include <stdint.h>

struct agent;
struct err;
struct guest_settings;

/* What the surroundings do for the agent; called from any of its threads. */
struct agent_hooks {
	void (*log)(const char *line); /* a line, without newline, for each change of state */
	void (*power_off)(void);       /* does not return */
};

/* Open the sockets and begin to send HELLO. Settings must outlive the agent; a head address is all it needs of them
 * to be able to say what is wrong with the rest. */
int agent_start(struct agent **ret, const struct guest_settings *settings, const struct agent_hooks *hooks,
                struct err *e);

/* Prepare, run and sample until STOP, or fail. Returns 0, or -1 after it has set AGENT_FAILED. */
int agent_work(struct agent *a, struct err *e);

/* Set AGENT_FAILED with e's text. */
void agent_fail(struct agent *a, const struct err *e);

/* Say HELLO and answer FETCH until POWEROFF. */
_Noreturn void agent_serve(struct agent *a);

/* Say a last HELLO, stop talking and free everything; after agent_work() only. */
void agent_end(struct agent *a);

#endif
