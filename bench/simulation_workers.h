/*
 * simulation_workers.h - the runs of a simulated study, one after the other or on all cores: a thread each takes the next
 * run that nobody has. Progress is told meanwhile, and a signal ends it (run.h).
 */
#ifndef BENCH_SIMULATION_WORKERS_H
#define BENCH_SIMULATION_WORKERS_H

#include "bench/simulation.h"

struct err;

/* Run `index`, from 0 on, which no other thread has: what it writes must be its own. -1: the study ends with that error. */
typedef int simulation_one(void *context, long index, struct err *e);

/* All runs of the study. -1: one failed; EXIT_INTERRUPTED: a signal came; or no thread can be started. */
int simulation_workers_run(const struct simulation_study *s, simulation_one *one, void *context, struct err *e);

#endif
