/*
 * loop_moves.h - the moves of a run by events.csv, and what each was for in a consolidation loop.
 *
 * What a move was for is told by what was decided together, between two moves: when all VMs that are on a node are to
 * leave it, they are gathered elsewhere and it is free; else it is relieved, and they move away.
 */
#ifndef ANALYSIS_LOOP_MOVES_H
#define ANALYSIS_LOOP_MOVES_H

#include "analysis/run.h"

enum loop_role { ROLE_AWAY, ROLE_GATHER, LOOP_ROLES };

/* "away", "gather" */
const char *loop_role_name(enum loop_role role);

struct loop_move {
	const struct run_event *begin, *end; /* end NULL: it did not end */
	const struct run_event *resumed;     /* the VM's first resume on the other node until the end; NULL: none */
	char to[RUN_NAME_ROOM];
	int arrived;
	enum loop_role role;
	int number;         /* of the VM's moves, from 1 */
	int number_of_role; /* of all moves with the role, from 1 */
};

/* Whether the run was a consolidation loop, in which VMs move now and then, or never. */
int loop_is(const struct run *run);

/* In the order in which they began, in an array that the caller frees; *ret_count of them. NULL: no memory, or none. */
struct loop_move *loop_moves(const struct run *run, int *ret_count);

/* When the hypervisor was asked for it and when that was over; for what is not known, its begin and end, else last_ns. */
void loop_move_span(const struct run *run, const struct loop_move *move, int64_t last_ns, int64_t *ret_from_ns,
                    int64_t *ret_to_ns);

/* Why a move has no time; NULL: it arrived. */
const char *loop_move_why(const struct loop_move *move);

/* What a decision to move a VM (an event "plan" or "move-begin") was for. */
enum loop_role loop_role_of(const struct run *run, const struct run_event *decision);

/* Whether the event decides on a move: a "plan", "move to NODE". */
int loop_is_decision(const struct run_event *event);

#endif
