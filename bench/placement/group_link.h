/*
 * group_link.h - a group's moves in simulated time, as a schedule says (group_schedule.h), over a link that flows: without
 * packets, and the same to the bit for the same seed.
 *
 * Moves share the link evenly, but none gets more than its connection carries: a window in each round trip, from ten
 * segments on twice as many after each (RFC 6928); and after a loss what it keeps then, growing evenly. Pre-copy goes in passes:
 * what a VM dirties while one is sent is the next, until what is left takes no longer than the stop that is allowed. A
 * schedule is told what a hypervisor would say: late, and with what is in the sender's buffers counted as sent.
 */
#ifndef BENCH_PLACEMENT_GROUP_LINK_H
#define BENCH_PLACEMENT_GROUP_LINK_H

#include "bench/placement/group_schedule.h"

#include <signal.h>

struct group_link {
	double rate;         /* bytes/s */
	double rtt_s;        /* 0: a connection takes what it gets */
	double window_bytes; /* of a connection; above 0 where there is a round trip */
	double setup_s;      /* of a move, before it sends */
	double setup_each_s; /* and longer by this for each other one that has not begun to send: they share the host */
	double downtime_s;   /* the stop that is allowed */
	double end_s;        /* from the last byte to the end */
	double stale_s;      /* what is said of a move may be so old */
	/* A connection that has sent so much loses some: it goes on at this rate, which grows by so much a second. 0: none does. */
	double lose_bytes, kept_rate, growth;
	double lose_share; /* of the connections that do; 0: all */
	/* Where this queue grows, those that begin leave slow start (HyStart++, RFC 9406): lose_share of them lose likewise, the
	 * rest goes on evenly from what it has. 0: it holds all. */
	double queue_bytes;
	/* From then on something else takes this much of the link. */
	double taken_from_s, taken;
	const volatile sig_atomic_t *stop; /* above 0: broken off. NULL: never */
};

struct group_outcome {
	/* Until the last one has arrived; INFINITY: not in ten times what one after the other would take, or the destination's
	 * memory does not hold all. */
	double time_s;
	int arrived;
	double sent_bytes;
	int recalled, most; /* moves broken off by the schedule; that went on at a time */
	int turns;          /* of the schedule's K: up after down, or down after up */
};

/* dirty_per_s: bytes, of each VM; vms says what of it the schedule knows beforehand. -1: no memory, or
 * EXIT_INTERRUPTED. */
int group_link_move(const struct group_link *l, const struct group_schedule_options *options,
                    const struct group_vm *vms, const double *dirty_per_s, int count, int64_t free_bytes,
                    int64_t seed, struct group_outcome *ret, struct err *e);

#endif
