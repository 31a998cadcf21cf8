/*
 * stretch.h - stretches of seconds in which a cluster was in some state, and what the policy decided in them.
 *
 * STRETCH_LEAST seconds make one, or fewer in which the policy decided on it; fewer than STRETCH_GAP others within it do
 * not end it, since one second's CPU is a noisy thing. Its ends are those of the seconds, half an interval further out:
 * each is known to half an interval. Seconds of which it is not known end nothing, and count for nothing.
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
	int seconds;                     /* how many those are; 0: only the policy saw it */
	int64_t unknown_ns;              /* right before it, of seconds of which it is not known */
	const struct run_event *decided; /* the first move that was decided on for it; NULL: none */
};

/* A node had two active VMs or more, and `overload` or more of its CPU in use; then it is until that falls by a quarter of
 * the way to `idle`. What is decided on for it is a move away (loop_moves.h), and within it any move, off the node.
 * Returns how many, at most room, each node's in order of time. */
int stretches_overloaded(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room);

/* Two nodes or more had VMs, and less than `idle` of their CPU in use. What is decided on for it is to gather VMs. */
int stretches_idle(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room);

/* How long the node may have been overloaded beside the stretches: in seconds of which it is not known, and in fewer than
 * make one. */
int64_t stretches_beside_ns(const struct cluster_series *s, const struct run *run, const char *node,
                            const struct stretch *overloads, int count);

#endif
