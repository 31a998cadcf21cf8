/*
 * cluster.h - what a placement policy knows of a cluster: nodes, VMs, distances. The consolidation loop fills it from
 * what was measured on machines, the simulator from its events; a policy only reads it.
 *
 *	cluster_new(&c, &e), cluster_sites_set(...), cluster_node_add(...)	the nodes first, they stay
 *	cluster_vm_add(...), cluster_vm_put(c, vm, node)		a VM waits until it is put on a node
 *	cluster_move_begin(c, vm, to, now), cluster_move_end(c, vm, now, arrived)
 *
 * Nodes and VMs are indices into flat arrays; a change costs O(log nodes) and allocates nothing but when an array has
 * to double. A node or a VM is one cache line, since with many of them most of the time goes by waiting for memory. Each
 * change notes the nodes it concerns, so that a policy need not look at the others again.
 *
 * Units: CPU in cores (1.0 = one core busy), a mean over the policy's window; bytes; ns of the caller's clock, also a
 * simulated one. What was not measured is NAN (CPU, dirty rate, cost) and decides nothing.
 */
#ifndef BENCH_PLACEMENT_CLUSTER_H
#define BENCH_PLACEMENT_CLUSTER_H

#include "bench/placement/max_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum { CLUSTER_NONE = -1 };

enum node_state {
	NODE_ANSWERING,
	NODE_SILENT, /* it should answer and does not: nothing is moved to it, or from it */
	NODE_ASLEEP, /* put to sleep: it can be woken */
};

struct cluster_node {
	double cores;          /* for VMs */
	double cpu;            /* cores busy, whatever with; NAN: not known */
	int64_t memory_bytes;  /* for VMs */
	int64_t taken_bytes;   /* RAM of the VMs that are on it or on their way to it */
	int64_t used_bytes;    /* memory in use by the VMs that it will have when the moves going on have ended */
	int32_t vms, first_vm; /* on it, those moving away included; the others by cluster_vm.next */
	int32_t moves;         /* going on, from it or to it */
	int32_t site;
	uint32_t name;
	enum node_state state : 8;
	bool changed;
};

struct cluster_vm {
	double cpu;             /* cores busy; NAN: not known */
	double dirty_per_s;     /* bytes of memory written a second, counted once each; NAN: not known */
	double cost_s;          /* lost work of one move as measured, in seconds; NAN: not known */
	int64_t memory_bytes;   /* RAM */
	int64_t used_bytes;     /* of it in use: what a move has to send */
	int32_t node;           /* CLUSTER_NONE: it waits */
	int32_t home;           /* node that it was asked to start on; CLUSTER_NONE: any */
	int32_t to;             /* where it is being moved; CLUSTER_NONE: it is not */
	int32_t next, previous; /* on the same node */
	uint32_t name : 31;
	bool there : 1; /* false: the slot is free */
};

struct cluster {
	struct cluster_node *nodes;
	int32_t node_count, node_room;
	struct cluster_vm *vms;
	int32_t vm_count; /* slots, free ones included */
	int32_t vm_room, vm_free;
	int32_t moves;    /* going on */
	int64_t moved_ns; /* when a move began or ended last; INT64_MIN: never */
	/* the rest is reached by functions */
	int32_t sites;
	int64_t *rtt_ns;
	char *names;
	uint32_t names_used, names_room;
	int32_t *changed, changed_count;
	struct max_tree room; /* free bytes of the nodes that answer */
};

/* An empty cluster with one site; cluster_free() it. */
int cluster_new(struct cluster **ret, struct err *e);
void cluster_free(struct cluster *c);

/* sites x sites round-trip times, row by row, from row to column; negative: not known. They are copied. */
int cluster_sites_set(struct cluster *c, int32_t sites, const int64_t *rtt_ns, struct err *e);

/* An answering node with CPU not known. Name NULL: "pm0", "pm1", ... Returns its index, or -1. */
int32_t cluster_node_add(struct cluster *c, const char *name, double cores, int64_t memory_bytes, int32_t site,
                         struct err *e);

/*
 * A VM that waits, all its memory in use, CPU, dirty rate and cost not known; home may be CLUSTER_NONE. Name NULL:
 * "vm0", "vm1", ... Returns its index, that of a VM removed before where there is one, or -1.
 */
int32_t cluster_vm_add(struct cluster *c, const char *name, int64_t memory_bytes, int32_t home, struct err *e);
void cluster_vm_remove(struct cluster *c, int32_t vm);

/* It is on this node now, however it came there; CLUSTER_NONE: it waits. A move of it that goes on is forgotten. */
void cluster_vm_put(struct cluster *c, int32_t vm, int32_t node);

/* A move begins; the destination's memory is taken from now on. */
void cluster_move_begin(struct cluster *c, int32_t vm, int32_t to, int64_t now_ns);
/* It ended: the VM is on the other node, or where it was. */
void cluster_move_end(struct cluster *c, int32_t vm, int64_t now_ns, bool arrived);

/* What was measured. */
void cluster_node_measured(struct cluster *c, int32_t node, enum node_state state, double cpu);
void cluster_vm_measured(struct cluster *c, int32_t vm, double cpu, int64_t used_bytes, double dirty_per_s);
void cluster_vm_cost(struct cluster *c, int32_t vm, double lost_work_s);

/* Round trip between two nodes; negative: not known. */
static inline int64_t cluster_rtt_ns(const struct cluster *c, int32_t from, int32_t to)
{
	return c->rtt_ns[(int64_t)c->nodes[from].site * c->sites + c->nodes[to].site];
}

static inline int64_t cluster_free_bytes(const struct cluster *c, int32_t node)
{
	return c->nodes[node].memory_bytes - c->nodes[node].taken_bytes;
}

/* The first node that answers and has room for so much RAM, or CLUSTER_NONE. */
int32_t cluster_first_with_room(const struct cluster *c, int64_t memory_bytes);

/* Names; buffer is used where none was given. */
enum { CLUSTER_NAME = 24 };
const char *cluster_node_name(const struct cluster *c, int32_t node, char buffer[CLUSTER_NAME]);
const char *cluster_vm_name(const struct cluster *c, int32_t vm, char buffer[CLUSTER_NAME]);

/* Note a node as changed, and take a node that was noted (CLUSTER_NONE: no more): for policy.c. */
void cluster_touch(struct cluster *c, int32_t node);
int32_t cluster_take_changed(struct cluster *c);

#endif
