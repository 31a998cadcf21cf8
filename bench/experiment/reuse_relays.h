/*
 * reuse_relays.h - a pair of relays for a run's migrations ([migration] reuse = yes): a process on either node.
 *
 *	reuse_relays_open(&p, x, &testbed, &directory, run_on_event, run, &e);
 *	reuse_relays_route(p, vm, &spec);               // sets spec->uri, listen_ip, disks_uri, carried
 *	... migration_run(&spec, ...) ...
 *	reuse_relays_close(p, &directory);
 *
 * The source's QEMU goes to the relay of its own node, the destination's listens at its loopback; a VM has a lane of its own,
 * which is the same for either direction, and another for the disk that it takes along.
 * bench/migrate/reuse/reuse_relay.h says what the relays write into the run directory. Each has an event `reuse-relay` with
 * its pid, also when it is started again.
 *
 * A node's store of pages is in memory, or the file NODE.pages in [migration] reuse_store, which outlives the run.
 */
#ifndef BENCH_EXPERIMENT_REUSE_RELAYS_H
#define BENCH_EXPERIMENT_REUSE_RELAYS_H

#include "bench/migrate/events.h"

struct err;
struct experiment;
struct migration_spec;
struct reuse_relays;
struct run_directory;
struct testbed;

/* *ret is NULL, and all the rest does nothing, where the experiment does not ask for it. */
int reuse_relays_open(struct reuse_relays **ret, const struct experiment *x, const struct testbed *t,
                      const struct run_directory *d, event_sink sink, void *context, struct err *e);

/* A migration of VM number vm to spec->destination_node; what is set lives as long as the relays. A relay that has ended is started
 * again. */
void reuse_relays_route(struct reuse_relays *p, int vm, struct migration_spec *spec);

/* Start again one that has ended: post-copy can then recover. What it had in memory is lost, what it had on disk is not. Any thread. */
void reuse_relays_revive(struct reuse_relays *p);

/* End them; "reuse" of the manifest says whether one had ended before. p may be NULL. */
void reuse_relays_close(struct reuse_relays *p, struct run_directory *d);

#endif
