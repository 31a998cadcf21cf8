/*
 * wait_watching.h - what the vCPUs of a VM wait for in post-copy, watched in the destination's QEMU ([migration]
 * page_waits = yes) through a monitor of our own; see bench/migrate/page_waits.h.
 *
 *	wait_watching_begin(&w, x, to, vm, &e);         // a thread looks for the QEMU that is to come
 *	... migration_run(...) ...
 *	wait_watching_end(w, moved, &directory);        // waits-VM.csv, "migration.page_waits" of the manifest
 *
 * waits-VM.csv has a row a wait that ended: head_ns (its begin), vcpu, address (QEMU's own), wait_ns.
 */
#ifndef BENCH_EXPERIMENT_WAIT_WATCHING_H
#define BENCH_EXPERIMENT_WAIT_WATCHING_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct experiment;
struct node;
struct run_directory;
struct wait_watching;

/* The monitor's path as the VM's QEMU sees it on any node. */
char *wait_watching_monitor(const char *vm, char *buffer, size_t room);

/* *ret is NULL, and the rest does nothing, where the experiment does not ask for it. */
int wait_watching_begin(struct wait_watching **ret, const struct experiment *x, const struct node *to, const char *vm,
                        struct err *e);

/* Trouble is told in the manifest. */
void wait_watching_end(struct wait_watching *w, bool moved, struct run_directory *directory);

#endif
