/*
 * stretch.h - stretches of seconds in which a cluster was in some state, and what the policy decided in them.
 *
 * STRETCH_LEAST seconds make one; fewer than STRETCH_GAP others within it do not end it, since one second's CPU is a
 * noisy thing. Its ends are those of the seconds, half an interval further out: each is known to half an interval.
 */
#ifndef ANALYSIS_STRETCH_H
#define ANALYSIS_STRETCH_H

#include "analysis/cluster_series.h"

enum { STRETCH_LEAST = 3, STRETCH_GAP = 3, STRETCHES_MAX = 256 };

struct stretch {
	int64_t from_ns, to_ns;
	char node[RUN_NAME_ROOM];        /* "" : of the cluster */
	int ended;                       /* before the last second */
	int64_t in_ns;                   /* of the seconds in the state */
	const struct run_event *decided; /* the first move that was decided in it, from the node; NULL: none */
};

/* A node had `overload` or more of its CPU in use, and two active VMs or more. Returns how many, at most room. */
int stretches_overloaded(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room);

/* Two nodes or more had VMs, and less than `idle` of their CPU in use. */
int stretches_idle(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room);

#endif
