/*
 * cpu_thief.h - take a known share of a core from whoever else runs there, as a neighbour would.
 *
 * A thread of real-time priority, bound to the core, that is busy for the share of each 7 ms (a period which is in step
 * with no sampling interval). It needs no cgroup, and ends with the program, however that ends. What it took is its
 * CPU time, so the truth is measured and not only asked for.
 */
#ifndef BENCH_EXPERIMENT_CPU_THIEF_H
#define BENCH_EXPERIMENT_CPU_THIEF_H

#include <stdint.h>

struct cpu_thief;
struct err;

/* share 0 .. 0.9: more would leave nothing to whoever must end it. It takes from now on. */
int cpu_thief_start(struct cpu_thief **ret, int core, double share, struct err *e);

/* It takes no more. Returns the CPU time that it took, ns; and frees. */
int64_t cpu_thief_stop(struct cpu_thief *t);

#endif
