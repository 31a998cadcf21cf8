/*
 * simulator_state.h - one simulation that goes on, for the files of the simulator only: what there is, the nodes that jobs
 * share (simulator_node.c), and the moves that share links (simulator_move.c).
 */
#ifndef BENCH_PLACEMENT_SIMULATOR_STATE_H
#define BENCH_PLACEMENT_SIMULATOR_STATE_H

#include "bench/placement/fair_share.h"
#include "bench/placement/simulator.h"

/* Arrivals are drawn so many ahead, so that what they will need can be fetched. */
enum { SIM_AHEAD = 4 };

struct queue {
	int32_t first, last;
};

/* A move that goes on: since when, how long it takes alone, what of that is on the link, which share of its work the VM does
 * meanwhile, and where it is now. */
struct sim_move {
	double begin_ns, alone_ns, link_ns, kept;
	int32_t path;
};

/* What moves share: the rate of a link, or nothing; and how many of them it carries as if each were alone. */
struct sim_path {
	struct fair_share moves; /* VMs */
	double servers;
};

enum { SIM_NODE_JOBS = 16 }; /* that a node has room for from the start */

/* A cache line each. */
struct sim_node {
	_Alignas(64) struct fair_share share; /* of its cores, by its VMs */
	double busy_from_ns;                  /* since when it has VMs */
	struct queue queue;                   /* of the VMs that wait for it */
	bool stale;                           /* its CPU is not as the cluster has it */
};

/* Since when each of a node's jobs gets `rate` of a core, and all together so many cores. */
struct sim_change {
	double at_ns, rate, cores;
};

/* What of it is in the policy's window. */
struct sim_watch {
	struct sim_change *changes;
	int32_t count, room;
};

struct sim {
	const struct simulation *s;
	struct simulated *sums;
	struct cluster *c;
	struct policy *policy;
	struct plan plan;
	bool plan_made, begun, by_home;
	double now_ns;
	struct sim_node *nodes;
	struct heap_item *node_jobs; /* lent to the nodes */
	struct queue queue;          /* of VMs that wait for any */
	struct heap done;            /* nodes by the time at which their next job is done; mark: its VM */
	struct sim_path *paths;      /* see simulator_move.c */
	struct heap due;             /* paths by the time at which the next move there is through */
	int32_t *due_at;             /* a path each */
	struct sim_move *moving;     /* an entry of the plan each */
	int32_t moving_room;
	bool *relocation_begun; /* of the plan, by number */
	int32_t *done_at;       /* a node each */
	struct simulated_job *jobs;
	int32_t *move_at; /* a VM each, in the path of its move */
	int32_t vm_room;
	int32_t *stale, stale_count;
	struct sim_watch *watch;              /* a node each; NULL: CPU is that of the moment */
	double *since_ns;                     /* a VM each: when it came to its node; only where there is `watch` */
	struct simulated_vm ahead[SIM_AHEAD]; /* that come next, from ahead_first on, round */
	int32_t ahead_first, ahead_count;
	int32_t serial, vms;
	bool held;         /* the VM that came last waits, and those after it for its start */
	int64_t held_ns;   /* what such waits have delayed arrivals by */
	double plan_ns;    /* INFINITY: nothing to plan */
	bool owed;         /* a VM has come since the last plan */
	int32_t stage;     /* of the plan, whose moves go on */
	int64_t vain;      /* turns that nodes had since the cluster changed last, and nothing moved */
	double planned_ns; /* when the plan that is carried out was made */
	bool short_of_memory;
};

/* A job comes to a node with so much left to do. */
void sim_job_add(struct sim *m, int32_t vm, int32_t node, double left_ns);

/* The job at this place of the node's heap leaves; place 0 is the one that is done first. What it has left to do is
 * returned. */
double sim_job_take(struct sim *m, int32_t node, int32_t place);

/* Bring a node's attained service to now; and say when its next job is done, after its jobs have changed. */
void sim_attain(struct sim *m, struct sim_node *n);
void sim_expect(struct sim *m, int32_t node);

/* Have the memory ready that the next events will probably look at: at many VMs most of the time goes by waiting for it. */
void sim_prefetch(const struct sim *m);

/* Draw arrivals until enough are ahead. */
void sim_look_ahead(struct sim *m);

/* CPU of nodes and VMs into the cluster, where it has changed; a node is marked by sim_stale(). */
void sim_measure(struct sim *m);
void sim_stale(struct sim *m, int32_t node);

/* ---- means over a window (simulator_window.c) ---- */

/* False: memory is short. What it holds is freed in any case. */
bool sim_watch_begin(struct sim *m);
void sim_watch_free(struct sim *m);

/* From now on; false: memory is short. */
bool sim_watch_change(struct sim *m, int32_t node, double rate, double cores);

/* sim_measure() where there is `watch`. */
void sim_watch_measure(struct sim *m);

/* ---- moves ---- */

/* Room for those of the plan; false: memory is short. What it holds is freed in any case. */
bool sim_moves_room(struct sim *m);
void sim_moves_free(struct sim *m);

/* Begin the moves of a new plan; and when those of a stage are over, what of a later one is not left to the next plan. */
void sim_plan_begin(struct sim *m);
void sim_stage_begin(struct sim *m);

/* The first of `due`: the move goes on to its link (CLUSTER_NONE), or it arrives: the node it came from. */
int32_t sim_move_step(struct sim *m);

/* It goes on no more, since its VM's job is done. */
void sim_move_break(struct sim *m, int32_t vm);

/* Say it; only where there is simulation.note. */
void sim_note_to(struct sim *m, enum simulated_event event, int32_t vm, int32_t to);

#endif
