/*
 * mover.h - carries out a plan on machines: wakes nodes, moves VMs, one thread a move, all of a stage at the same time.
 * It keeps the cluster's moves up to date, and what their statistics say of dirty rates, and says what it does; the one who plans gives it one plan after the other.
 *
 *	mover_new(&m, &spec, &e);
 *	if (!mover_is_busy(m))
 *		mover_take(m, plan, &e);
 *	mover_step(m);				often, also while it is not busy
 *	mover_abort(m); mover_free(m);		at the end, waits for the threads
 *
 * A move to a node that does not answer is not begun; to one that the plan wakes, when it answers. When a move or wake
 * fails, what the plan has in later stages is dropped: it may stand on it. Moves that have begun go on. With stage_by_stage a
 * later stage holds only what completes a relocation that has begun; the rest is for the next plan (plan.h).
 *
 * Events (of the node where the VM is):
 *	move-begin      detail = "to pm1"
 *	move-end        detail = "arrived, took 4.31 s", "recalled after 0.52 s", or "failed after 4.31 s: ..." with libvirt's
 *			words
 *	move-dropped    it was not begun, detail = "to pm1: ..." and why
 *	move-postponed  the same, since it is planned again after the stage before it
 */
#ifndef BENCH_PLACEMENT_MOVER_H
#define BENCH_PLACEMENT_MOVER_H

#include "bench/migrate/migration.h"
#include "bench/placement/node_power.h"
#include "bench/placement/plan.h"

struct mover;

struct mover_node {
	const char *name;
	const char *libvirt_uri;
	const char *migration_uri; /* where its QEMU listens: "tcp://10.77.3.3" */
	const char *peer_uri;      /* see struct migration_spec; may be NULL */
	int core;                  /* that its VMs are pinned to; -1: they are not */
};

struct mover_spec {
	struct cluster *cluster;
	struct node_power *power;
	const struct mover_node *nodes; /* as in the cluster */
	int64_t patience_ns;            /* so long a woken node may take to answer */
	bool stage_by_stage;            /* what began no relocation is planned again between stages */
	/* Whether a move that could begin may: asked with every step until it says yes. NULL: at once. */
	bool (*due)(void *context, int32_t vm);
	void *due_context;
	/*
	 * How every VM is moved, and where events go. Connections, VM, nodes, URIs, core and interrupted are filled in for
	 * each move, which has connections of its own: one that broke before does it no harm. INTERRUPT_BREAK_OFF in the
	 * *interrupted of this one breaks off what goes on, with the next step; what is less is for the caller to heed.
	 */
	struct migration_spec migration;
	/* migration_run() between two nodes; another for tests. NULL: mover_migrate(). */
	int (*migrate)(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
	               struct migration_result *ret, struct err *e);
};

/* A move that was begun. */
struct move_record {
	int32_t vm, from, to;
	int64_t begin_ns, end_ns;  /* end_ns 0: it goes on */
	int64_t postcopy_start_ns; /* 0: it did not switch to post-copy */
	bool arrived;
	bool recalled;   /* it is one of several of its VM */
	bool lost;       /* it failed after the switch: the VM runs nowhere */
	char words[200]; /* why it failed; "" */
};

int mover_new(struct mover **ret, const struct mover_spec *spec, struct err *e);

/* Carry out this plan, which is copied. Not while it is busy. */
int mover_take(struct mover *m, const struct plan *plan, struct err *e);

/* It has a plan that is not carried out yet. */
bool mover_is_busy(const struct mover *m);

/* Begin what can begin, notice what has ended. */
void mover_step(struct mover *m);

/*
 * Break off the move of this VM, if it goes on: it waits to be begun again, as if it had not been. One that was too far to
 * be broken off (in post-copy) arrives all the same.
 */
void mover_recall(struct mover *m, int32_t vm);

/* Begin nothing more. */
void mover_drop(struct mover *m, const char *why);
/* The same, and abort what goes on, but for what is in post-copy already: that ends first. */
void mover_abort(struct mover *m);

/* Step until nothing is left to be done. pulse (may be NULL) is called with each step and a line that says what is waited
 * for; what it returns does not matter. */
void mover_finish(struct mover *m, int (*pulse)(void *context, const char *line, struct err *e), void *context);

/* All moves so far, by their begin; valid until the next mover_step(). */
const struct move_record *mover_records(const struct mover *m, int *ret_count);

/* Wait for the threads and free. m may be NULL. */
void mover_free(struct mover *m);

int mover_migrate(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
                  struct migration_result *ret, struct err *e);

#endif
