/*
 * monitor.h - the cluster's monitor: every second, for every node and every VM on it, CPU, memory, disk and network,
 * from the host side, into a database (monitor_store.h), and in memory for whoever plans.
 *
 *	struct cluster_monitor_spec spec = { .source = &monitor_libvirt, .nodes = nodes, .node_count = 2,
 *	                                     .path = "results/x/monitor.sqlite" };
 *	cluster_monitor_start(&m, &spec, &e);
 *	struct monitor_view view = { 0 };
 *	while (...)
 *		cluster_monitor_view(m, 10 * NS_PER_S, &view, &e);      // means over the last 10 s
 *	monitor_view_free(&view);
 *	cluster_monitor_stop(m, &report, &e);
 *
 * One thread a node asks it, so that one that hangs delays nobody; what did not come by the deadline is a row that says
 * so. One more thread writes a second in one transaction as soon as all have answered, at the latest at the deadline.
 * While the database is locked or its disk is slow, up to a minute of seconds wait in memory.
 */
#ifndef BENCH_PLACEMENT_MONITOR_H
#define BENCH_PLACEMENT_MONITOR_H

#include "bench/placement/monitor_source.h"

#include <stddef.h>

struct err;
struct cluster_monitor;

struct cluster_monitor_spec {
	const struct monitor_source_ops *source;
	const void *argument; /* of the source; must live until no node hangs any more */
	const struct monitor_node *nodes;
	int node_count;
	const char *path;    /* of the database */
	int64_t interval_ns; /* 0: 1 s */
	int64_t deadline_ns; /* for an answer, from the second's beginning; 0: 0.8 of the interval */
	int64_t keep_ns;     /* age at which rows are deleted; 0: 1 h */
};

/* How well it keeps its second, so far. */
struct cluster_monitor_report {
	int64_t seconds;            /* written */
	int64_t seconds_lost;       /* that waited in memory for too long */
	int64_t rows, rows_missing; /* written; of them those that lack something */
	int64_t answers_late;       /* that came after the deadline, and count as missing */
	int64_t writes_failed;      /* transactions; tried again with the next second */
	int64_t longest_answer_ns;  /* from a second's beginning to a node's answer, of those in time */
	int64_t longest_write_ns;   /* from a second's beginning until it was in the database */
	char trouble[512];          /* the last write that failed; "" */
};

/*
 * Means over a window. NAN: not known, since not the whole window is covered (half an interval may lack, since readings do
 * not come on the dot; a second that is missing within it does not, a counter has kept what it counted).
 */
struct monitor_means {
	int64_t covered_ns;        /* of the window, by readings of the CPU time */
	double cpu_cores;          /* 1: one core busy all the time */
	double memory_bytes;       /* in use */
	double memory_total_bytes; /* of the node; given to the VM */
	double disk_bytes_per_s;   /* read and written */
	double net_bytes_per_s;    /* received and sent */
};

struct monitor_vm_view {
	char name[MONITOR_NAME_ROOM];
	const char *state;         /* as in struct monitor_reading; NULL: not known */
	bool running;              /* a VM that is on two nodes while it moves runs on one at most */
	struct monitor_means mean; /* of what it did on this node */
};

struct monitor_node_view {
	const char *name;                  /* lives as long as the monitor */
	double cores;                      /* NAN: not known */
	bool answering;                    /* it answered for the last second: nothing goes to a node that did not */
	char missing[MONITOR_REASON_ROOM]; /* why it did not, or why something is not known; "" */
	struct monitor_means mean;
	struct monitor_vm_view *vms; /* those of its last answer in the window */
	int vm_count, vm_room;
};

struct monitor_view {
	int64_t due_ns; /* beginning of the last second that is over, head time; 0: none yet */
	struct monitor_node_view *nodes;
	int node_count;
};

/* Open the database and begin; the first second begins at once. Nodes that do not answer yet are no error. */
int cluster_monitor_start(struct cluster_monitor **ret, const struct cluster_monitor_spec *spec, struct err *e);

/* How the nodes and VMs did in the last window_ns (a minute at most), from memory. *view is all zero or was filled
 * before, then its memory is used again. May be called from any thread. */
int cluster_monitor_view(struct cluster_monitor *m, int64_t window_ns, struct monitor_view *view, struct err *e);
void monitor_view_free(struct monitor_view *view);

/* The last second that is over, which a view would be of; 0: none is. For little. */
int64_t cluster_monitor_second(struct cluster_monitor *m);

/* The node, by its index, was put to sleep, or no more: while it does not answer its rows say MONITOR_ASLEEP. */
void cluster_monitor_asleep(struct cluster_monitor *m, int node, bool asleep);

void cluster_monitor_report(struct cluster_monitor *m, struct cluster_monitor_report *ret);

/* "1200 seconds of 220 rows written, the longest delay 0.21 s; ...", for people. Returns buffer. */
char *monitor_report_text(const struct cluster_monitor_report *r, char *buffer, size_t room);

/* Write what is there, end and free. A node that hangs is waited for 2 s and then left to itself. ret_report may be
 * NULL. -1: the last seconds could not be written. */
int cluster_monitor_stop(struct cluster_monitor *m, struct cluster_monitor_report *ret_report, struct err *e);

#endif
