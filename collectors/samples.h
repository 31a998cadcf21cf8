/*
 * samples.h - talk to the guests' agents through the running samples collector.
 *
 * The collector owns the only socket the agents know, so whoever starts, follows and ends the workloads does it
 * here. A `struct samples` is what samples_collector.start() returned in *ret_state; it is valid until stop(). All
 * calls may come from any thread. `vm` is a position in watch->vms (0..vm_count-1), not the index on the wire.
 *
 *	samples_wait_state(s, SAMPLES_ALL_VMS, AGENT_READY, clock_now_ns() + 30 * NS_PER_S, &e);
 *	samples_start_agents(s);
 *	samples_wait_state(s, SAMPLES_ALL_VMS, AGENT_RUNNING, clock_now_ns() + 5 * NS_PER_S, &e);
 *	... baseline, migration, recovery ...
 *	samples_stop_agents(s);
 *	samples_fetch_missing(s, clock_now_ns() + 10 * NS_PER_S, &e);
 *	samples_power_off(s);
 */
#ifndef COLLECTORS_SAMPLES_H
#define COLLECTORS_SAMPLES_H

#include "bench/base/sample_wire.h"

#include <stdint.h>

#define SAMPLES_ALL_VMS (-1)

struct err;
struct samples;

/* What the last HELLO of a VM said. */
struct samples_agent {
	int heard; /* 0: no HELLO came yet, all else is then meaningless */
	enum agent_state state;
	int64_t age_ns;         /* since that HELLO arrived */
	int64_t first_hello_ns; /* head time of the first HELLO: the guest's system was up */
	int workloads;
	uint32_t next_seq[WORKLOADS_PER_GUEST];         /* samples taken in the guest so far */
	int64_t job_done_guest_ns[WORKLOADS_PER_GUEST]; /* when a fixed-size job ended; -1: none, or still running */
	uint64_t slots_missed;
	char detail[128];
};

/* The newest sample of a workload, for a progress line. */
struct samples_progress {
	int64_t samples; /* distinct samples received so far; 0: none, all else is then meaningless */
	uint32_t seq;
	int64_t work; /* cumulative, the workload's unit */
	int64_t guest_ns;
	int64_t head_ns; /* arrival; INT64_MIN when it came by FETCH */
};

void samples_agent_state(struct samples *s, int vm, struct samples_agent *ret);

void samples_last_work(struct samples *s, int vm, int workload, struct samples_progress *ret);

/* Send START to every agent, again every 50 ms until its HELLO says that it runs. Returns at once. */
void samples_start_agents(struct samples *s);

/* Send STOP to every agent, again every 50 ms until its HELLO says that it is done. Returns at once. */
void samples_stop_agents(struct samples *s);

/* Ask every guest to power itself off; sent a few times, not waited for. */
void samples_power_off(struct samples *s);

/*
 * Have every running agent sample at another interval (0: not at all, until the next call); sent a few times, not waited
 * for. An agent takes a sample when it begins to sample and one when it ends.
 */
void samples_pace(struct samples *s, int64_t interval_ns);

/*
 * Wait until the agent of `vm` (or of every VM: SAMPLES_ALL_VMS) has come to `state` or beyond it (order of enum
 * agent_state). Returns 0; or -1 with VM, last state and its detail, when the deadline (head time) passes or an
 * agent says AGENT_FAILED; or -1 with EXIT_INTERRUPTED after samples_interrupt().
 */
int samples_wait_state(struct samples *s, int vm, enum agent_state state, int64_t deadline_ns, struct err *e);

/*
 * FETCH every sample below next_seq (and below the highest one seen) that did not come, until none is missing or the
 * deadline (head time) passes. Call it after samples_stop_agents() and a wait for AGENT_DONE, when next_seq is final.
 * Returns how many samples are still missing, 0 at best, with `e` then naming the first VM and workload that misses
 * some; -1 after samples_interrupt().
 */
int64_t samples_fetch_missing(struct samples *s, int64_t deadline_ns, struct err *e);

/* End waits of other threads at once. Takes a lock: not for use in a signal handler. */
void samples_interrupt(struct samples *s);

#endif
