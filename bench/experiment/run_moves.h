/*
 * run_moves.h - for run_*.c: a run that makes several moves through bench/placement/mover.h: a consolidation loop, a group.
 */
#ifndef BENCH_EXPERIMENT_RUN_MOVES_H
#define BENCH_EXPERIMENT_RUN_MOVES_H

#include "bench/experiment/run_state.h"
#include "bench/placement/mover.h"

struct json_object;

/* The sink for them, context is the run: job collector, progress, then run_on_event(). */
void run_on_move_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                       const char *detail);

/* What run_dirty_watch() has measured of a VM, in bytes a second; NAN: nothing. */
double run_dirty_rate(const struct run *r, int vm);

/* The moves as the manifest has them: their `vm` is an index into the experiment's VMs, nodes are the testbed's. */
struct json_object *run_moves_json(const struct run *r, const struct move_record *moves, int count);

/* What the mover needs of one of the testbed's nodes; uri is written for it, and lives as long. */
struct mover_node run_mover_node(const struct run *r, int node, char uri[64]);

/* mover_migrate() through the run's relays, or watched on its way; spec->context is the run. */
int run_moves_migrate(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
                      struct migration_result *ret, struct err *e);

/* run_interrupted_or_lost() with a line of progress; context is the run. */
int run_moves_pulse(void *context, const char *line, struct err *e);

#endif
