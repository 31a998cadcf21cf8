#include "bench/placement/monitor_state.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/monitor_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define INTERVAL_NS NS_PER_S
#define KEEP_NS (3600 * NS_PER_S)
#define NODE_GRACE_NS (2 * NS_PER_S)    /* all nodes together */
#define WRITER_GRACE_NS (30 * NS_PER_S) /* a slow disk */

/* ---- the ring ---- */

static struct monitor_answer *place(struct monitored_node *n, int64_t due_ns)
{
	const struct cluster_monitor *m = n->monitor;
	return &n->answers[(due_ns - m->start_ns) / m->interval_ns % MONITOR_RING];
}

struct monitor_answer *monitor_find(struct monitored_node *n, int64_t due_ns)
{
	struct monitor_answer *a = due_ns < n->monitor->start_ns ? NULL : place(n, due_ns);
	return a && a->due_ns == due_ns ? a : NULL;
}

static void answer_clear(struct monitor_answer *a, int64_t due_ns)
{
	a->due_ns = due_ns;
	a->answered = false;
	a->silence[0] = '\0';
	a->vm_count = 0;
	monitor_reading_clear(&a->node, "", NULL);
}

char *monitor_silence(struct monitored_node *n, int64_t due_ns, char *buffer, size_t room)
{
	const struct monitor_answer *a = monitor_find(n, due_ns);
	if (a && a->silence[0])
		snprintf(buffer, room, "%s", a->silence);
	else if (due_ns < n->monitor->start_ns)
		snprintf(buffer, room, "not asked yet");
	else if (n->asked_ns && n->asked_ns <= due_ns)
		snprintf(buffer, room, "no answer after %.1f s",
		         (double)(n->asked_ns < due_ns ? due_ns - n->asked_ns : n->monitor->deadline_ns) / NS_PER_S);
	else
		snprintf(buffer, room, "not asked in time: the monitor's machine is too busy");
	return buffer;
}

bool monitor_second_is_over(const struct cluster_monitor *m, int64_t due_ns, int64_t now_ns)
{
	if (now_ns >= due_ns + m->deadline_ns)
		return true;
	for (int i = 0; i < m->node_count; i++) {
		const struct monitored_node *n = &m->nodes[i];
		if (n->done_ns < due_ns && !(n->asked_ns && n->asked_ns < due_ns))
			return false;
	}
	return true;
}

/* ---- a node's thread ---- */

static void publish_node(struct monitored_node *n, int64_t due_ns)
{
	struct cluster_monitor *m = n->monitor;
	pthread_mutex_lock(&m->lock);
	if (clock_now_ns() <= due_ns + m->deadline_ns) {
		struct monitor_answer *a = place(n, due_ns);
		answer_clear(a, due_ns);
		a->node = n->scratch.node;
	}
	pthread_mutex_unlock(&m->lock);
}

/* The answer is in the scratch, or failed for that reason. */
static void publish_vms(struct monitored_node *n, int64_t due_ns, const char *failure)
{
	struct cluster_monitor *m = n->monitor;
	pthread_mutex_lock(&m->lock);
	struct monitor_answer *a = monitor_find(n, due_ns);
	int64_t took_ns = clock_now_ns() - due_ns;
	bool late = took_ns > m->deadline_ns;
	if (late)
		m->report.answers_late++;
	else if (!failure && took_ns > m->report.longest_answer_ns)
		m->report.longest_answer_ns = took_ns;
	if (a && late) {
		snprintf(a->silence, sizeof(a->silence), "answered too late, after %.1f s",
		         (double)took_ns / NS_PER_S);
	} else if (a && failure) {
		snprintf(a->silence, sizeof(a->silence), "%s", failure);
	} else if (a) {
		/* What is scratch now is written over with the next answer. */
		struct monitor_answer old = *a;
		a->vms = n->scratch.vms;
		a->vm_count = n->scratch.vm_count;
		a->vm_room = n->scratch.vm_room;
		a->answered = true;
		n->scratch.vms = old.vms;
		n->scratch.vm_room = old.vm_room;
	}
	n->asked_ns = 0;
	n->done_ns = due_ns;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static void *node_main(void *argument)
{
	struct monitored_node *n = argument;
	struct cluster_monitor *m = n->monitor;
	for (int64_t due_ns = m->start_ns; !worker_sleep_until(&n->worker, due_ns);
	     due_ns = worker_next_tick(due_ns, m->interval_ns)) {
		struct err e = { 0 };
		int64_t deadline_ns = due_ns + m->deadline_ns;
		pthread_mutex_lock(&m->lock);
		n->asked_ns = due_ns;
		pthread_mutex_unlock(&m->lock);
		answer_clear(&n->scratch, due_ns);
		m->source->read_node(n->source_state, deadline_ns, &n->scratch.node);
		publish_node(n, due_ns);
		int failed = m->source->read_vms(n->source_state, deadline_ns, &n->scratch, &e);
		publish_vms(n, due_ns, failed ? e.text : NULL);
	}
	m->source->close(n->source_state);
	monitor_release(m);
	return NULL;
}

/* ---- beginning and end ---- */

void monitor_release(struct cluster_monitor *m)
{
	pthread_mutex_lock(&m->lock);
	int left = --m->users;
	pthread_mutex_unlock(&m->lock);
	if (left)
		return;
	for (int i = 0; i < m->node_count; i++) {
		struct monitored_node *n = &m->nodes[i];
		for (int k = 0; k < MONITOR_RING; k++)
			free(n->answers[k].vms);
		free(n->scratch.vms);
		free(n->known);
		if (n->started && n->worker.stop_fd >= 0)
			close(n->worker.stop_fd);
	}
	monitor_store_close(m->store);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m->nodes);
	free(m);
}

static int check(const struct cluster_monitor_spec *spec, struct err *e)
{
	if (spec->interval_ns < 0 || spec->deadline_ns < 0 || spec->keep_ns < 0 || spec->node_count < 1)
		return err_set(e, EXIT_USAGE, "a monitor needs a node and an interval above 0");
	if (spec->deadline_ns > (spec->interval_ns ? spec->interval_ns : INTERVAL_NS))
		return err_set(e, EXIT_USAGE, "the monitor's deadline is beyond its interval");
	for (int i = 0; i < spec->node_count; i++) {
		if (strlen(spec->nodes[i].name) >= MONITOR_NAME_ROOM)
			return err_set(e, EXIT_USAGE, "the name of node '%s' is too long", spec->nodes[i].name);
		for (int k = 0; k < i; k++)
			if (strcmp(spec->nodes[i].name, spec->nodes[k].name) == 0)
				return err_set(e, EXIT_USAGE, "two nodes are named '%s'", spec->nodes[i].name);
	}
	return 0;
}

static int start_node(struct monitored_node *n, const struct monitor_node *node, const void *argument, struct err *e)
{
	struct cluster_monitor *m = n->monitor;
	if (m->source->open(node, argument, &n->source_state, e) < 0)
		return -1;
	m->users++; /* under the lock, as its thread would let go of it */
	if (worker_start(&n->worker, "mm-monitor", node_main, n, e) < 0) {
		m->users--;
		m->source->close(n->source_state);
		return -1;
	}
	n->started = true;
	return 0;
}

static int start_threads(struct cluster_monitor *m, const struct cluster_monitor_spec *spec, struct err *e)
{
	int result = 0;
	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < m->node_count && result == 0; i++)
		result = start_node(&m->nodes[i], &spec->nodes[i], spec->argument, e);
	if (result == 0) {
		m->users++;
		result = worker_start(&m->writer, "mm-monitor-db", monitor_writer_main, m, e);
		m->writes = result == 0;
		m->users -= !m->writes;
	}
	pthread_mutex_unlock(&m->lock);
	return result;
}

int cluster_monitor_start(struct cluster_monitor **ret, const struct cluster_monitor_spec *spec, struct err *e)
{
	if (check(spec, e) < 0)
		return -1;
	struct cluster_monitor *m = calloc(1, sizeof(*m));
	if (!m || !(m->nodes = calloc((size_t)spec->node_count, sizeof(*m->nodes)))) {
		free(m);
		return err_errno(e, EXIT_CANNOT, "cannot start the monitor");
	}
	pthread_mutex_init(&m->lock, NULL);
	clock_condition_init(&m->changed);
	m->users = 1;
	m->source = spec->source;
	m->interval_ns = spec->interval_ns ? spec->interval_ns : INTERVAL_NS;
	m->deadline_ns = spec->deadline_ns ? spec->deadline_ns : m->interval_ns * 4 / 5;
	for (; m->node_count < spec->node_count; m->node_count++) {
		struct monitored_node *n = &m->nodes[m->node_count];
		n->monitor = m;
		snprintf(n->name, sizeof(n->name), "%s", spec->nodes[m->node_count].name);
	}
	if (monitor_store_open(&m->store, spec->path, spec->keep_ns ? spec->keep_ns : KEEP_NS, e) < 0) {
		monitor_release(m);
		return -1;
	}
	m->start_ns = m->unwritten_ns = clock_now_ns();
	if (start_threads(m, spec, e) < 0) {
		cluster_monitor_stop(m, NULL, NULL);
		return -1;
	}
	*ret = m;
	return 0;
}

int cluster_monitor_stop(struct cluster_monitor *m, struct cluster_monitor_report *ret_report, struct err *e)
{
	struct cluster_monitor_report report;
	pthread_mutex_lock(&m->lock);
	m->ending = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	for (int i = 0; i < m->node_count; i++)
		if (m->nodes[i].started)
			eventfd_write(m->nodes[i].worker.stop_fd, 1);
	bool stuck = m->writes && worker_stop(&m->writer, WRITER_GRACE_NS) < 0;
	int64_t end_ns = clock_now_ns() + NODE_GRACE_NS;
	for (int i = 0; i < m->node_count; i++) {
		int64_t left_ns = end_ns - clock_now_ns();
		if (m->nodes[i].started)
			worker_stop(&m->nodes[i].worker, left_ns > 0 ? left_ns : 0);
	}
	cluster_monitor_report(m, &report);
	bool lost_end = !stuck && m->lost_end; /* a writer that ended writes it no more */
	monitor_release(m);
	if (ret_report)
		*ret_report = report;
	if (stuck)
		return err_set(e, EXIT_MEASURED_BAD,
		               "the monitor's database takes nothing: its disk does not answer");
	return lost_end ? err_set(e, EXIT_MEASURED_BAD, "%s", report.trouble) : 0;
}

void cluster_monitor_asleep(struct cluster_monitor *m, int node, bool asleep)
{
	struct monitored_node *n = &m->nodes[node];
	pthread_mutex_lock(&m->lock);
	n->asleep_ns = !asleep ? 0 : n->asleep_ns ? n->asleep_ns : clock_now_ns();
	pthread_mutex_unlock(&m->lock);
}

void cluster_monitor_report(struct cluster_monitor *m, struct cluster_monitor_report *ret)
{
	pthread_mutex_lock(&m->lock);
	*ret = m->report;
	pthread_mutex_unlock(&m->lock);
}
