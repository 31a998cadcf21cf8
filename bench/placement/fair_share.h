/*
 * fair_share.h - jobs that share servers fairly: n of them on c servers run at min(1, c / n) each, as VMs do on the cores of
 * a node, and moves on a link. Kept is the service that every job has attained that was there all the time (the virtual time
 * of generalized processor sharing: Parekh, Gallager, IEEE/ACM Transactions on Networking 1(3), 1993). A job is done when that
 * has come to its own, so jobs keep their order while their number changes, and a change costs O(log n).
 *
 *	fair_share_attain(f, servers, now)	before any change and any look
 *	fair_share_add(f, at, job, left), fair_share_take(f, at, place)
 *	fair_share_next_ns(f, servers)		then, when the next job is done
 *
 * {0} has no jobs. `at` is as in heap.h; the number of servers, above 0 and INFINITY where none waits, is the caller's.
 */
#ifndef BENCH_PLACEMENT_FAIR_SHARE_H
#define BENCH_PLACEMENT_FAIR_SHARE_H

#include "bench/placement/heap.h"

#include <math.h>

#define FAIR_SHARE_ROUNDING_NS 1e-3 /* what a time may come out too high by because 2/3 is no double */

struct fair_share {
	struct heap jobs;   /* by the attained service at which they are done */
	double attained_ns; /* since there was none, by each job that was there all the time */
	double at_ns;       /* when that was */
};

/* Of its time alone that a job gets done. */
static inline double fair_share_rate(const struct fair_share *f, double servers)
{
	return f->jobs.count <= servers ? 1 : servers / f->jobs.count;
}

static inline void fair_share_attain(struct fair_share *f, double servers, double now_ns)
{
	if (f->jobs.count)
		f->attained_ns += (now_ns - f->at_ns) * fair_share_rate(f, servers);
	else
		f->attained_ns = 0;
	f->at_ns = now_ns;
}

/* When the job at place 0 is done, in whole ns; INFINITY: there is none. */
static inline double fair_share_next_ns(const struct fair_share *f, double servers)
{
	if (!f->jobs.count)
		return INFINITY;
	double left_ns = fmax(f->jobs.items[0].key - f->attained_ns, 0);
	return f->at_ns + ceil(left_ns / fair_share_rate(f, servers) - FAIR_SHARE_ROUNDING_NS);
}

/* A job with so much left to do. False: memory is short. */
static inline bool fair_share_add(struct fair_share *f, int32_t *at, int32_t job, double left_ns)
{
	return heap_push(&f->jobs, at, job, f->attained_ns + left_ns);
}

/* What the job at this place has left to do; and take it out with that. */
static inline double fair_share_left_ns(const struct fair_share *f, int32_t place)
{
	return fmax(f->jobs.items[place].key - f->attained_ns, 0);
}

static inline double fair_share_take(struct fair_share *f, int32_t *at, int32_t place)
{
	double left_ns = fair_share_left_ns(f, place);
	heap_take(&f->jobs, at, place);
	return left_ns;
}

#endif
