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
 * The sampler is a thread of nice -20 on absolute deadlines, with slack to join the kernel's tick: half an interval, at
 * most 4 ms (measured: sampling every 10 ms then costs a computing TCG guest 3.8 % instead of 5.4 %). A deadline that
 * has passed by a whole interval is dropped and counted. SAMPLES go out each interval, or every 5 ms when the interval is
 * shorter, per workload one datagram with what is new and twice as many older ones and one more, so 3 lost datagrams in
 * a row (2 at 1 ms) heal. One each 50 ms would save about another point, but blur where a stop began.
 *
 * Heartbeat, one each interval to the head's data address: "MMHB", number u32, guest CLOCK_MONOTONIC ns i64, little
 * endian, 16 bytes.
 */
#ifndef WORKLOADS_AGENT_H
#define WORKLOADS_AGENT_H

#include "bench/base/sample_wire.h"

#include <stdint.h>

struct agent;
struct err;
struct guest_settings;

#define HEARTBEAT_BYTES 16

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
