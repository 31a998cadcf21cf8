/*
 * page_watching.h - the pages of a run's migrations, watched on their way ([migration] stream = yes).
 *
 *	page_watching_open(&w, x, &testbed, &directory, &e);            // before the warm-up: reads disk images
 *	page_passage_begin(&p, w, vm, NODE_SRC, NODE_DST, &spec, &e);   // sets spec->uri, spec->listen_ip
 *	... migration_run(&spec, ...) ...
 *	page_passage_end(p, moved);
 *	page_watching_close(w, &e);                                     // "stream.vms.VM" of the manifest
 *
 * A relay in the destination's namespace takes the place of its QEMU, which listens at the loopback there, and passes
 * the bytes on; collectors/stream/page_watch.h counts them in pages.csv. A stream that is not understood passes all the
 * same. Each node has a pool of pages: those of disk images that it can read, those that VMs left there (in this run, or
 * in an earlier one that kept them in [migration] stream_kept; by leaving, or when they were called back on their way), and
 * those that arrived.
 *
 * "stream.vms.VM" says as away_ns how long before the VM had left the node to which it moves; nothing where it had not been.
 *
 * The VMs of a group have a passage each, with a relay and its thread, begun and ended by the thread that moves the VM; all
 * share the pool of their destination. A VM that was called back and moves again has more than one, like one that moved before
 * the measured migration: "stream.vms.VM" is the last, and those before it are in its list "before".
 */
#ifndef BENCH_EXPERIMENT_PAGE_WATCHING_H
#define BENCH_EXPERIMENT_PAGE_WATCHING_H

#include <stdbool.h>

struct err;
struct experiment;
struct migration_spec;
struct page_passage;
struct page_watching;
struct run_directory;
struct testbed;

/* *ret is NULL, and all the rest does nothing, where the experiment does not ask for it. */
int page_watching_open(struct page_watching **ret, const struct experiment *x, const struct testbed *t,
                       struct run_directory *d, struct err *e);

/* A migration of VM number vm between two nodes (NODE_SRC, NODE_DST) is about to begin; spec->uri and listen_ip are good
 * until the passage ends. Any thread. */
int page_passage_begin(struct page_passage **ret, struct page_watching *w, int vm, int from, int to,
                       struct migration_spec *spec, struct err *e);

/* It has ended; moved: the VM is on the other node. p may be NULL. Where its relay does not end, it is left to itself. */
void page_passage_end(struct page_passage *p, bool moved);

/* -1 also when a relay did not end. */
int page_watching_close(struct page_watching *w, struct err *e);

#endif
