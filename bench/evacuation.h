/*
 * evacuation.h - a simulation of a group that moves ([evacuation] of a simulation's config): every point of its sweep, so
 * many runs each, on all cores. What is left to chance, the VMs' sizes and dirty rates, is drawn from the seed and the
 * number of the run: the schedules are compared on the same groups.
 *
 *	config.conf, manifest.json	as of simulation.h
 *	evacuations.csv			a row a run: point,label,run,vms,time_ns,bound_ns,sent_bytes,memory_bytes,recalled,most
 */
#ifndef BENCH_EVACUATION_H
#define BENCH_EVACUATION_H

#include "bench/simulation.h"

/* Whether that is what the config asks for. EXIT_USAGE where only some points do. */
int evacuation_is_asked(const struct simulation_study *s, bool *ret, struct err *e);

int evacuation_run(struct simulation_study *s, struct err *e);

#endif
