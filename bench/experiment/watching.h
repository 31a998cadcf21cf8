/*
 * watching.h - the collectors of a run: what they are told to watch, their start, their end and their facts.
 */
#ifndef BENCH_EXPERIMENT_WATCHING_H
#define BENCH_EXPERIMENT_WATCHING_H

#include "bench/experiment/experiment.h"
#include "collectors/collector.h"
#include "collectors/samples.h"

struct watching {
	struct watch watch;
	struct watched_node nodes[NODE_COUNT];
	struct watched_vm vms[VMS_MAX];
	struct watched_link links[LINK_ROOM];
	char management_ips[VMS_MAX][16], data_ips[VMS_MAX][16], data_macs[VMS_MAX][20];
	void *states[COLLECTORS]; /* by enum collector; NULL: not running */
	struct samples *samples;
	void *job;        /* for job_last() and job_expect(); NULL: not collected */
	void *web;        /* for web_sessions_begin(); NULL: there are none */
	void *continuity; /* for continuity_begin() and its like; the same */
};

/* What a collector sees that belongs in events.csv, as in struct watch. */
typedef void watching_sink(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                           const char *detail);

/* Fill the watch and start every collector that is on. On failure none is left running. */
int watching_start(struct watching *w, const struct experiment *x, const struct testbed *t, uint64_t run_id,
                   const char *run_directory, watching_sink *sink, void *context, struct err *e);

/* Stop them; facts of each go to facts.NAME. All are stopped even after a failure; the first is returned. */
int watching_stop(struct watching *w, struct json_object *facts, struct err *e);

#endif
