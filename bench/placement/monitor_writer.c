#include "bench/placement/monitor_state.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/monitor_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = MONITOR_RING - 4 }; /* seconds that can wait; the ring's others are being filled */

/* Take a second's answer out of the ring; why there is none, if so, is in copy->silence. */
static int copy_answer(struct monitored_node *n, int64_t due_ns, struct monitor_answer *copy, bool *ret_asleep)
{
	struct cluster_monitor *m = n->monitor;
	bool fits = true;
	pthread_mutex_lock(&m->lock);
	const struct monitor_answer *a = monitor_find(n, due_ns);
	copy->answered = a && a->answered;
	copy->vm_count = 0;
	*ret_asleep = n->asleep_ns && due_ns >= n->asleep_ns;
	if (a)
		copy->node = a->node;
	else
		monitor_reading_clear(&copy->node, "", NULL);
	for (int i = 0; copy->answered && i < a->vm_count && fits; i++) {
		struct monitor_reading *r = monitor_answer_add(copy, "");
		fits = r != NULL;
		if (fits)
			*r = a->vms[i];
	}
	if (!copy->answered)
		monitor_silence(n, due_ns, copy->silence, sizeof(copy->silence));
	pthread_mutex_unlock(&m->lock);
	return fits ? 0 : -1;
}

/* Which VMs there are, for when the node is silent. */
static int know(struct monitored_node *n, const struct monitor_answer *a)
{
	if (a->vm_count > n->known_room) {
		void *more = realloc(n->known, (size_t)a->vm_count * sizeof(*n->known));
		if (!more)
			return -1;
		n->known = more;
		n->known_room = a->vm_count;
	}
	for (int i = 0; i < a->vm_count; i++)
		memcpy(n->known[i], a->vms[i].vm, sizeof(n->known[i]));
	n->known_count = a->vm_count;
	return 0;
}

/* A node's rows of one second: what was answered, or why nothing was. */
static int write_answer(struct monitored_node *n, int64_t due_ns, struct monitor_answer *a,
                        struct cluster_monitor_report *written, struct err *e)
{
	struct monitor_store *store = n->monitor->store;
	bool asleep = false;
	if (copy_answer(n, due_ns, a, &asleep) < 0 || (a->answered && know(n, a) < 0))
		return err_set(e, EXIT_CANNOT, "no memory for what node '%s' answered", n->name);
	a->node.state = a->answered ? MONITOR_ANSWERING : asleep ? MONITOR_ASLEEP : MONITOR_SILENT;
	if (!a->answered) {
		snprintf(a->node.missing, sizeof(a->node.missing), "%s", a->silence);
		for (int i = 0; i < n->known_count; i++) {
			struct monitor_reading *r = monitor_answer_add(a, n->known[i]);
			if (!r)
				return err_set(e, EXIT_CANNOT, "no memory for the rows of node '%s'", n->name);
			snprintf(r->missing, sizeof(r->missing), "%s", a->silence);
		}
	}
	for (int i = -1; i < a->vm_count; i++) {
		const struct monitor_reading *r = i < 0 ? &a->node : &a->vms[i];
		if (monitor_store_add(store, due_ns, n->name, r, e) < 0)
			return -1;
		written->rows++;
		written->rows_missing += r->missing[0] != '\0';
	}
	return 0;
}

static int write_seconds(struct cluster_monitor *m, int64_t from_ns, int64_t to_ns, struct monitor_answer *scratch,
                         struct cluster_monitor_report *written, struct err *e)
{
	if (monitor_store_begin(m->store, e) < 0)
		return -1;
	for (int64_t due_ns = from_ns; due_ns <= to_ns; due_ns += m->interval_ns, written->seconds++)
		for (int i = 0; i < m->node_count; i++)
			if (write_answer(&m->nodes[i], due_ns, scratch, written, e) < 0)
				return -1;
	return monitor_store_commit(m->store, to_ns, e);
}

/* All that is not in the database yet, up to that second. */
static void write_up_to(struct cluster_monitor *m, int64_t due_ns, struct monitor_answer *scratch)
{
	struct cluster_monitor_report written = { 0 };
	struct err e = { 0 };
	int64_t oldest_ns = due_ns - BACKLOG * m->interval_ns, lost = 0;
	if (m->unwritten_ns > due_ns)
		return;
	for (; m->unwritten_ns < oldest_ns; m->unwritten_ns += m->interval_ns)
		lost++;
	int failed = write_seconds(m, m->unwritten_ns, due_ns, scratch, &written, &e);
	int64_t took_ns = clock_now_ns() - m->unwritten_ns;
	pthread_mutex_lock(&m->lock);
	m->report.seconds_lost += lost;
	if (failed) {
		m->report.writes_failed++;
		snprintf(m->report.trouble, sizeof(m->report.trouble), "%s", e.text);
	} else {
		m->report.seconds += written.seconds;
		m->report.rows += written.rows;
		m->report.rows_missing += written.rows_missing;
		if (took_ns > m->report.longest_write_ns)
			m->report.longest_write_ns = took_ns;
		m->unwritten_ns = due_ns + m->interval_ns;
	}
	pthread_mutex_unlock(&m->lock);
}

/* Until a second is over. false: the monitor ends before. */
static bool wait_for_second(struct cluster_monitor *m, int64_t due_ns)
{
	pthread_mutex_lock(&m->lock);
	while (!m->ending && !monitor_second_is_over(m, due_ns, clock_now_ns())) {
		struct timespec until = clock_to_timespec(due_ns + m->deadline_ns);
		pthread_cond_timedwait(&m->changed, &m->lock, &until);
	}
	bool over = !m->ending || monitor_second_is_over(m, due_ns, clock_now_ns());
	pthread_mutex_unlock(&m->lock);
	return over;
}

void *monitor_writer_main(void *monitor)
{
	struct cluster_monitor *m = monitor;
	struct monitor_answer scratch = { 0 };
	int64_t due_ns = m->start_ns;
	for (; wait_for_second(m, due_ns); due_ns += m->interval_ns)
		write_up_to(m, due_ns, &scratch);
	/* What could not be written before is tried once more. */
	write_up_to(m, due_ns - m->interval_ns, &scratch);
	m->lost_end = m->unwritten_ns < due_ns;
	free(scratch.vms);
	monitor_release(m);
	return NULL;
}
