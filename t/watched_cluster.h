/* watched_cluster.h - for tests: a cluster's monitor that runs, its view as it changes, and what it has recorded. */
#ifndef T_WATCHED_CLUSTER_H
#define T_WATCHED_CLUSTER_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/monitor.h"
#include "bench/placement/monitor_replay.h"
#include "t/scratch_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INTERVAL_NS (20 * NS_PER_MS)
#define WINDOW_NS (10 * INTERVAL_NS)
#define PATIENCE_NS (60 * NS_PER_S) /* for what comes after a few intervals, unless it never does */

struct fixture {
	struct scratch_database database;
	struct monitor_replay *replay;
	struct cluster_monitor *monitor;
	struct monitor_view view;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	scratch_database_make(&f->database);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	monitor_view_free(&f->view);
	monitor_replay_free(f->replay);
	scratch_database_remove(&f->database);
	free(f);
	return 0;
}

static void watch(struct fixture *f, const struct cluster_monitor_spec *spec)
{
	struct err e = { 0 };
	if (cluster_monitor_start(&f->monitor, spec, &e) < 0)
		fail_msg("%s", e.text);
}

static struct cluster_monitor_report stop(struct fixture *f)
{
	struct cluster_monitor_report report;
	struct err e = { 0 };
	if (cluster_monitor_stop(f->monitor, &report, &e) < 0)
		fail_msg("%s", e.text);
	return report;
}

static const struct monitor_node_view *look(struct fixture *f, const char *node)
{
	struct err e = { 0 };
	if (cluster_monitor_view(f->monitor, WINDOW_NS, &f->view, &e) < 0)
		fail_msg("%s", e.text);
	for (int i = 0; i < f->view.node_count; i++)
		if (strcmp(f->view.nodes[i].name, node) == 0)
			return &f->view.nodes[i];
	fail_msg("no node '%s'", node);
	return NULL;
}

/* Until `holds` of the node's view. */
static const struct monitor_node_view *wait_for(struct fixture *f, const char *node,
                                                bool (*holds)(const struct monitor_node_view *))
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	const struct monitor_node_view *v;
	while (!holds(v = look(f, node))) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS / 4);
	}
	return v;
}

static bool is_covered(const struct monitor_node_view *n)
{
	return n->mean.covered_ns >= WINDOW_NS - INTERVAL_NS / 2;
}

static bool is_silent(const struct monitor_node_view *n)
{
	return !n->answering && n->missing[0] && strcmp(n->missing, "not asked yet") != 0;
}

static const char *recorded(const struct fixture *f, const char *sql)
{
	return ask_file(&f->database, sql);
}

static int count_seconds(const struct fixture *f, const char *node, const char *state)
{
	char sql[160];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM sample WHERE node = '%s' AND vm = '' AND state = '%s'", node,
	         state);
	return atoi(recorded(f, sql));
}

#endif
