/*
 * group.h - a group of VMs is moved from one node to another, as many at a time as a schedule says (group_schedule.h).
 *
 * One that fails, or never converges and is aborted at its timeout, stays where it is; the others go on.
 *
 * Events besides those of mover.h and migration.h:
 *	group		it begins; detail = the schedule
 *	group-limit	another number may move at a time; detail = the number, and why
 */
#ifndef BENCH_PLACEMENT_GROUP_H
#define BENCH_PLACEMENT_GROUP_H

#include "bench/placement/group_schedule.h"
#include "bench/placement/mover.h"

struct group_spec {
	struct group_schedule_options schedule;
	struct mover_node from, to;
	const char *const *names; /* of the VMs; live as long as the call */
	const struct group_vm *vms;
	int count;
	int64_t free_bytes;              /* of the destination's memory */
	struct migration_spec migration; /* see struct mover_spec; sink and context are used for all events */
	int (*migrate)(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
	               struct migration_result *ret, struct err *e); /* as there */
	/* How far a VM's move is. */
	void (*progress)(void *context, int vm, struct group_progress *ret);
	/* About 20 times a second, with a line that says how far it is. -1 ends it. */
	int (*pulse)(void *context, const char *line, struct err *e);
	void *pulse_context; /* of both */
};

struct group_result {
	struct move_record *moves; /* in the order of their begin, recalled ones too; owned */
	int move_count;
	int64_t begin_ns, end_ns;
};

/*
 * Blocks until the last move is over, or pulse() says no: then moves going on are aborted. A move that fails is no failure
 * of the group; nor are VMs that do not fit: there is no record of them. *ret is to be freed in any case.
 */
int group_run(const struct group_spec *spec, struct group_result *ret, struct err *e);
void group_result_free(struct group_result *result);

#endif
