/*
 * monitor_source.h - where the monitor's readings come from, behind one table of operations.
 *
 * To add a source: write monitor_NAME.c that ends with its `const struct monitor_source_ops monitor_NAME`, and declare
 * it below. All calls for a node come from that node's thread, one after the other.
 */
#ifndef BENCH_PLACEMENT_MONITOR_SOURCE_H
#define BENCH_PLACEMENT_MONITOR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct err;

#define MONITOR_MISSING INT64_MIN /* a value that is not known; never 0 */
enum { MONITOR_NAME_ROOM = 64, MONITOR_REASON_ROOM = 160 };

/* What is read of a node and of a VM; names, and which of them only grow, are in monitor_quantities[]. */
enum monitor_quantity {
	MONITOR_CPUS,   /* cores of the node; vCPUs of the VM */
	MONITOR_CPU_NS, /* CPU time, cumulative */
	MONITOR_MEMORY, /* bytes in use: of the node what is not available to anybody else; of the VM its QEMU's */
	MONITOR_MEMORY_TOTAL, /* bytes of the node; bytes that the VM was given */
	MONITOR_DISK_READ,    /* bytes, cumulative, as the four that follow */
	MONITOR_DISK_WRITTEN,
	MONITOR_NET_RECEIVED,
	MONITOR_NET_SENT,
	MONITOR_QUANTITIES
};

/* In this order, and with these names, the columns of the database (monitor_store.h). */
extern const struct monitor_quantity_row {
	const char *name;
	bool cumulative; /* counts from an arbitrary origin; falls only when what counts begins anew */
} monitor_quantities[MONITOR_QUANTITIES];

/* A node's or VM's counters at one instant. */
struct monitor_reading {
	char vm[MONITOR_NAME_ROOM]; /* "": the node itself */
	const char *state;          /* static text; NULL: not known. Node: MONITOR_ANSWERING, ... */
	int64_t head_ns;            /* when they were read, or MONITOR_MISSING */
	int64_t value[MONITOR_QUANTITIES];
	char missing[MONITOR_REASON_ROOM]; /* why something is missing; "" when nothing is */
};

#define MONITOR_ANSWERING "answering" /* the node's hypervisor said in time which VMs are there */
#define MONITOR_SILENT "silent"
#define MONITOR_ASLEEP "asleep"   /* it does not answer, and was put to sleep */
#define MONITOR_RUNNING "running" /* a VM's vCPUs run; other states are in libvirt's words */

/* A node and what is on it, of one second. */
struct monitor_answer {
	int64_t due_ns; /* the second's beginning */
	struct monitor_reading node;
	bool answered;                     /* vms are known */
	char silence[MONITOR_REASON_ROOM]; /* why not; "": not known yet */
	struct monitor_reading *vms;
	int vm_count, vm_room;
};

/* A node as sources know it; pointers need to live until cluster_monitor_start() returns. */
struct monitor_node {
	const char *name;
	const char *libvirt_uri;
	/* Of a node on this machine, otherwise zero: */
	const char *netns; /* path of its network namespace; NULL: the machine's own */
	const char *const
		*devices; /* what leads out of the node, NULL ends; those that are not there count nothing */
	int core;         /* 1 + its core; 0: all cores of the machine are the node's */
};

struct monitor_source_ops {
	const char *name;
	/* Copy what is needed; connect to nothing yet. argument is the one of the monitor's specification. */
	int (*open)(const struct monitor_node *node, const void *argument, void **ret_state, struct err *e);
	/* The node's own counters into *ret, which holds MONITOR_MISSING everywhere; for those that stay missing, why.
	 * It should be back by the deadline, but the monitor does not rely on it. */
	void (*read_node)(void *state, int64_t deadline_ns, struct monitor_reading *ret);
	/* All VMs that are active on the node, with monitor_answer_add(). -1: the hypervisor did not say, *e says why. */
	int (*read_vms)(void *state, int64_t deadline_ns, struct monitor_answer *ret, struct err *e);
	void (*close)(void *state);
};

extern const struct monitor_source_ops monitor_libvirt; /* virConnectGetAllDomainStats and the node's counters */
extern const struct monitor_source_ops monitor_replay;  /* a table: monitor_replay.h */

/* Everything missing, for that reason (NULL: none yet). */
void monitor_reading_clear(struct monitor_reading *r, const char *vm, const char *reason);

/* The reason of what is missing in r, if anything is: "WHO does not tell disk_read_bytes, ..."; one given before stays. */
void monitor_reading_explain(struct monitor_reading *r, const char *who);

/* A cleared reading at the end of answer->vms; NULL without memory. */
struct monitor_reading *monitor_answer_add(struct monitor_answer *answer, const char *vm);

#endif
