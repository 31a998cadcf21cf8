/*
 * cluster_line.h - a cluster in one line, for people who look on: CPU of the nodes and their VMs, and what moves.
 */
#ifndef BENCH_PLACEMENT_CLUSTER_LINE_H
#define BENCH_PLACEMENT_CLUSTER_LINE_H

#include "bench/placement/cluster.h"

/* "vm0 > dst; src 96 % (vm0 20 %, vm1 76 %); dst asleep": what moves is first, since a terminal may be narrow; ? is not known.
 * Cut to room. Returns buffer. */
char *cluster_line(const struct cluster *c, char *buffer, size_t room);

#endif
