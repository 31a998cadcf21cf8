/*
 * monitor_state.h - what the monitor's threads share: the last minute of answers of each node, as a ring.
 *
 * Everything is under the lock, but what is marked as a thread's own. A node's thread that its hypervisor holds may
 * outlive the monitor: the last one out frees.
 */
#ifndef BENCH_PLACEMENT_MONITOR_STATE_H
#define BENCH_PLACEMENT_MONITOR_STATE_H

#include "bench/placement/monitor.h"
#include "collectors/worker.h"

#include <pthread.h>

enum { MONITOR_RING = 64 }; /* seconds */

struct monitored_node {
	struct cluster_monitor *monitor;
	char name[MONITOR_NAME_ROOM];
	struct worker worker;
	bool started;
	void *source_state;                          /* the thread's own */
	struct monitor_answer scratch;               /* the thread's own: the answer that it is making */
	struct monitor_answer answers[MONITOR_RING]; /* at due_ns / interval_ns */
	int64_t asked_ns;                            /* the second whose question is on its way; 0: none */
	int64_t done_ns;                             /* the last second whose question came back; 0: none */
	int64_t asleep_ns;                           /* put to sleep then; 0: it is awake */
	char (*known)[MONITOR_NAME_ROOM];            /* the writer's own: VMs of the last answer */
	int known_count, known_room;
};

struct cluster_monitor {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* an answer came, or `ending` */
	int users;              /* threads, and who started it */
	bool ending;
	const struct monitor_source_ops *source;
	int64_t interval_ns, deadline_ns, start_ns; /* do not change; seconds begin at start_ns + k * interval_ns */
	struct monitored_node *nodes;
	int node_count;
	struct monitor_store *store; /* the writer's own */
	int64_t unwritten_ns;        /* the writer's own: the first second that is not in the database */
	struct worker writer;
	bool writes;   /* there is a writer */
	bool lost_end; /* the writer's own: the last seconds are not in the database */
	struct cluster_monitor_report report;
};

/* What the ring holds of a second; NULL: nothing. */
struct monitor_answer *monitor_find(struct monitored_node *n, int64_t due_ns);

/* Why the node did not answer for a second that is over. */
char *monitor_silence(struct monitored_node *n, int64_t due_ns, char *buffer, size_t room);

/* Nothing more can come of a second: all have answered or are held by an older question, or its deadline is over. */
bool monitor_second_is_over(const struct cluster_monitor *m, int64_t due_ns, int64_t now_ns);

/* The writer's thread, and its last words: monitor_writer.c. */
void *monitor_writer_main(void *monitor);

/* One user less; the last one frees. */
void monitor_release(struct cluster_monitor *m);

#endif
