/*
 * continuity_metrics.h - what a client that talked to a VM all the time noticed of its migration (continuity-VM.csv,
 * collectors/continuity.h), what the silence in which it stopped consisted of, and whether the switches counted it all
 * (flows.csv).
 */
#ifndef ANALYSIS_CONTINUITY_METRICS_H
#define ANALYSIS_CONTINUITY_METRICS_H

#include "analysis/metrics.h"

struct err;
struct vm_samples;

/* Nothing for a VM that nobody talked to. samples: the VM's, empty where it has none. */
int continuity_metrics(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                       struct metrics *metrics, struct err *e);

/* flow_counted, from flows.csv: nothing where there is none. sent and received: all that the client counted of the UDP
 * stream; MISSING. */
int flow_metrics(const struct run *run, const struct run_vm *vm, int64_t sent, int64_t received,
                 struct metrics *metrics, struct err *e);

/* Of flows.csv: the first LAN's switch, where the client is; the guest's port of the streams; what a duration is short of. */
#define FLOWS_FIRST_SWITCH "src"
#define FLOWS_STREAM_PORT "7707"
#define FLOWS_DURATION_NS 1000000

/* The VM's address there, "": the manifest does not say. */
const char *flow_guest_address(const struct run *run, const struct run_vm *vm);

#endif
