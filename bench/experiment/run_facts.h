/*
 * run_facts.h - what the manifest says of a run before anything is measured: what was asked, and of what machine.
 */
#ifndef BENCH_EXPERIMENT_RUN_FACTS_H
#define BENCH_EXPERIMENT_RUN_FACTS_H

#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"

/* What was looked for and is not here, such as KVM, is put below `capabilities_missing` with the reason. */

struct guest_boot;
struct link_measured;
struct testbed;

void run_facts_experiment(struct run_directory *d, const struct run_order *order, uint64_t run_id);
void run_facts_host(struct run_directory *d);

/* How busy all cores were, guests included, from one reading of the kernel's counters to another: host.busy_share. */
struct host_load {
	long long busy, all; /* ticks; 0: they could not be read */
};
struct host_load host_load_now(void);
void run_facts_load(struct run_directory *d, struct host_load since);
void run_facts_guest(struct run_directory *d, const struct guest_boot *boot, int accelerator);
void run_facts_link(struct run_directory *d, const struct testbed *t, const struct link_measured *measured);

/* Of remote nodes: kernel, CPU, TCP, as they are; nothing of it was changed. */
void run_facts_remote(struct run_directory *d, const struct testbed *t);

#endif
