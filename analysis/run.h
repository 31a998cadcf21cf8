/*
 * run.h - what a run directory says of itself: manifest.json and events.csv, read tolerantly.
 *
 * What is not there is MISSING or "", never an invented value. The caller frees with run_free().
 */
#ifndef ANALYSIS_RUN_H
#define ANALYSIS_RUN_H

#include "analysis/series_read.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;

enum { RUN_NAME_ROOM = 64, RUN_WORKLOADS_MAX = 4 };

struct run_workload {
	char name[RUN_NAME_ROOM];
	char unit[RUN_NAME_ROOM];
	char schedule[256];        /* of a duty cycle, "PERCENT:TIME,..."; "" none */
	double share;              /* of a duty cycle without one, 0 .. 1; NAN: none */
	int64_t delay_ns;          /* its job begins so long after its first sample; 0: with it */
	int repeats;               /* it goes on after its schedule or its job */
	int64_t job_done_guest_ns; /* when its fixed job ended, MISSING: none, or not ended */
	int64_t samples_kept;      /* those that came; MISSING: not said */
	int64_t samples_taken;     /* by the guest, as its agent said at last; MISSING: not said */
};

struct run_vm {
	char name[RUN_NAME_ROOM];
	char role[RUN_NAME_ROOM]; /* migrating, source-neighbour, destination-neighbour, bystander, roaming */
	char node[RUN_NAME_ROOM];
	int64_t memory_bytes;
	int64_t sample_interval_ns; /* 10 ms when not said */
	int64_t slots_missed;       /* sampling deadlines the guest says it dropped, MISSING: not said */
	int64_t last_packet_ns;     /* of its packets, as the collector said at last, head time; MISSING: not said */
	struct run_workload workloads[RUN_WORKLOADS_MAX];
	int workload_count;
};

struct run_phase {
	char name[RUN_NAME_ROOM];
	int64_t start_ns, end_ns;
};

struct run_event {
	int64_t head_ns;
	char vm[RUN_NAME_ROOM];
	char node[RUN_NAME_ROOM];
	char event[RUN_NAME_ROOM];
	char detail[128];
};

struct run {
	char directory[4096];
	struct json_object *manifest; /* whole, for run_fact() */
	char status[RUN_NAME_ROOM];   /* complete, failed, running */
	char reason[512];
	char id[RUN_NAME_ROOM];
	char mode[RUN_NAME_ROOM];  /* precopy, postcopy */
	char moved[RUN_NAME_ROOM]; /* the VM that migrates, "" none */
	char source[RUN_NAME_ROOM], destination[RUN_NAME_ROOM], link[RUN_NAME_ROOM];
	/* Of a hypervisor's event stamp on head time: 0.1 ms on one machine; of remote nodes the sum of their mappings' errors
	 * (host_clocks.h), which the time between two of their stamps may be off by; MISSING: a stamp could not be mapped. */
	int64_t event_error_ns;
	struct run_vm *vms;
	int vm_count;
	struct run_phase *phases;
	int phase_count;
	struct run_event *events; /* by time; lifecycle-* and job-* ones are left out */
	int event_count;
	int64_t migrate_start_ns;  /* the API call, else the injected stop, else the migration phase; MISSING: none */
	int64_t migrate_done_ns;   /* the API's success, MISSING: none */
	int converged;             /* 1, or 0: it was aborted at its timeout; -1: it failed, or nothing moved */
	int64_t migrate_end_ns;    /* migrate-done, else the end of the migration phase; MISSING: neither */
	int64_t observed_until_ns; /* end of the settle phase, else the last event */
};

/*
 * Read directory. -1 when there is no readable manifest, or events.csv is bad; a missing events.csv leaves the
 * events empty.
 */
int run_read(struct run *ret, const char *directory, struct err *e);
void run_free(struct run *run);

/* The phase called name (the longest, should there be several), or NULL. */
const struct run_phase *run_phase(const struct run *run, const char *name);

/* First event of this kind for the VM (vm NULL: any; an event without a VM matches all) at or after from_ns. */
const struct run_event *run_event(const struct run *run, const char *event, const char *vm, int64_t from_ns);

/* An integer of the manifest by JSON pointer, such as "/migration/completed/downtime_ns"; MISSING when it is not there. */
int64_t run_fact(const struct run *run, const char *path);

const struct run_vm *run_vm(const struct run *run, const char *name);

/* Whether its nodes were other machines, each with a clock of its own and not divided by cores. */
int run_is_remote(const struct run *run);

/* How many of a node's cores are watched: all of a remote one, 1 of another. At least 1. */
int run_node_cores(const struct run *run, const char *node);

/* Payload that TCP carries at most on the link, bit/s. NAN: it has no rate of its own, or was not measured. */
double run_ideal_goodput(const struct run *run);

#endif
