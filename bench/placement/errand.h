/*
 * errand.h - for mover.c and errand.c: one entry of a plan, from waiting to its end, and the mover that it belongs to.
 */
#ifndef BENCH_PLACEMENT_ERRAND_H
#define BENCH_PLACEMENT_ERRAND_H

#include "bench/base/err.h"
#include "bench/placement/mover.h"

#include <pthread.h>
#include <stdatomic.h>

enum errand_state { TO_COME, GOING_ON, DONE };

/* An entry of the plan. */
struct errand {
	struct mover *mover;
	enum plan_kind kind;
	int32_t vm, from, to, stage, relocation;
	char why[240]; /* of a wake: the plan's reason */
	enum errand_state state;
	bool to_woken;    /* of a move: the plan wakes its node */
	int64_t woken_ns; /* and it has been awake since then; 0: it is not yet */
	int record;
	pthread_t thread;
	char vm_name[CLUSTER_NAME + 64];
	struct migration_result result;
	struct err e;
	int status;
	volatile sig_atomic_t broken_off; /* what the thread looks at: enum migration_interrupt */
	bool recalled;
	atomic_bool over; /* the thread has done its work */
};

struct mover {
	struct mover_spec spec;
	struct errand *errands; /* of the plan */
	int32_t count, stage;   /* the stage that goes on */
	struct move_record *records;
	int record_count, record_room;
	bool aborted;
};

const char *errand_node_name(const struct mover *m, int32_t node);

/* An event of its VM on that node. */
void errand_say(const struct errand *r, int32_t node, const char *event, const char *detail);

/* It is not begun, and why. */
void errand_drop(struct errand *r, const char *why);

/* All that have not begun, of later stages: they may stand on something that has failed. */
void errands_drop_later(struct mover *m, int32_t stage, const char *why);

/* Begin it when it can begin, notice when it has ended. */
void errand_step(struct errand *r);

/* Wait for its thread, record what came of it. */
void errand_move_end(struct errand *r);

/* Its move is to end that way; never a milder one than before. */
void errand_interrupt(struct errand *r, enum migration_interrupt how);

#endif
