/*
 * awake.h - keep the machine's cores from sleeping: a thread on each that spins when nothing else wants to run
 * (SCHED_IDLE). On a machine that is itself virtual, waking a core takes milliseconds, which would count as the error of
 * whatever is stamped meanwhile.
 */
#ifndef BENCH_EXPERIMENT_AWAKE_H
#define BENCH_EXPERIMENT_AWAKE_H

/* As well as it can be had; awake_end() it. NULL: no memory, nothing is kept awake. */
struct awake *awake_begin(void);
void awake_end(struct awake *a); /* NULL is fine */

#endif
