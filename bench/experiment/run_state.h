/*
 * run_state.h - a run under way, shared by the files that carry it out: run.c (stages and end), run_wait.c, run_warmup.c,
 * run_before.c, run_measure.c, run_consolidate.c, run_group.c, run_domains.c.
 */
#ifndef BENCH_EXPERIMENT_RUN_STATE_H
#define BENCH_EXPERIMENT_RUN_STATE_H

#include "bench/experiment/guests.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/watching.h"
#include "bench/migrate/events.h"
#include "bench/migrate/exec_driver.h"
#include "bench/testbed/testbed.h"

#include <libvirt/libvirt.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fault;
struct page_watching;
struct migration_spec;
struct node_events;
struct reuse_relays;

/* A run under way. What is zero was not reached; run_execute() ends it from any state. */
struct run {
	const struct run_order *order;
	const struct experiment *x;
	uint64_t run_id;
	struct run_directory directory;
	struct testbed testbed;
	bool testbed_open, guests_running;
	int64_t rtt_ns; /* of the migration link (link_measured_round_trip()); negative: not known. Set with the testbed */
	struct guest_boot boot;
	virConnectPtr connections[2]; /* of NODE_SRC and NODE_DST */
	char uris[2][64];             /* where their QEMUs listen for migrations */
	char monitors[2][400];        /* of the VM that moves, at either node (experiment_rescues()) */
	struct node_events *events[2];
	struct watching watching;
	struct fault *fault;         /* while the migration runs */
	struct page_watching *pages; /* NULL: not asked for */
	struct reuse_relays *relays; /* likewise */
	bool watching_on;
	atomic_bool before; /* the moves before the measured one go on */
	char config_directory[PATH_MAX];
	struct exec_commands commands;  /* of migration.driver = exec */
	volatile sig_atomic_t injected; /* a migration beside injections has gone on for long enough */
	atomic_bool ending;             /* from here on guests may end */
	atomic_int at[VMS_MAX];         /* the node on which each VM runs: NODE_SRC, NODE_DST */
	atomic_bool vm_lost;            /* a guest ended that should not have; lost_words says how */
	char lost_words[200], lost_vm[64];
};

/* Every event is recorded here; context is the run, any thread. */
void run_on_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                  const char *detail);

/* Those that the nodes' daemons send, in the event thread: recorded unless collect.events is off, and followed. */
void run_on_hypervisor_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                             const char *detail);

/* A phase begins: an event, and progress. */
void run_begin_phase(struct run *r, const char *name, int64_t planned_ns);

/* -1 once a signal came, or a guest or the testbed was lost. */
int run_interrupted_or_lost(struct run *r, struct err *e);

/* Whether a domain of the user's runs where it is to be; it is left as it is. */
int run_domain_check(const struct run *r, int vm, int node, struct err *e);

/* The agents in domains of the user's end; whoever started them starts them anew, for the next run. */
void run_agents_end(struct run *r);

/* Move the user's domains back to where they were; nothing of it is recorded. After the events are closed. */
void run_domains_return(struct run *r);

/* What the guests of remote nodes have said on their consoles so far, into the run directory. */
void run_fetch_consoles(struct run *r);

/* Let time pass, with progress; ends early like run_interrupted_or_lost(). The second says something besides; its context
 * is the run. */
int run_pause(struct run *r, int64_t duration_ns, struct err *e);
int run_pause_saying(void *context, int64_t duration_ns, const char *detail, struct err *e);

/* Until every agent is in `state`; in slices, so that a signal or a lost guest ends the wait. */
int run_wait_agents(struct run *r, enum agent_state state, int64_t timeout_ns, struct err *e);

/* Of "src" or "dst". */
int run_node_index(const char *name);

/* The node on which a VM starts: its own, or the other one where the moves before the measured one then lead there. */
int run_start_node(const struct run *r, int vm);

/* How [migration] has VMs moved; which, and from where to where, is the caller's. */
struct migration_spec run_migration_spec(struct run *r);

/* The same for one VM, with its relays, between two nodes: NODE_SRC, NODE_DST. */
struct migration_spec run_one_spec(struct run *r, const struct experiment_vm *vm, int from, int to);

/* The migration phase where a policy decides what moves: the consolidation loop. */
int run_consolidate(struct run *r, struct err *e);

/* Before a group, or a policy that wants to know: measure how fast its VMs dirty their memory. What cannot be is told. */
void run_dirty_watch(struct run *r);

/* The migration phase where a group moves. */
int run_group(struct run *r, struct err *e);

/* The moves before the measured one, where any are asked for. */
int run_before(struct run *r, struct err *e);

/* The warm-up phase, if there is one. It goes on up to its limit while a work rate still rises or falls; whether that came
 * to an end, and when, is in the manifest (warmup). */
int run_warmup(struct run *r, struct err *e);

/* All phases, from warm-up to settle, with what happens in them. */
int run_measure(struct run *r, struct err *e);

#endif
