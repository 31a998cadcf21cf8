#include "bench/placement/monitor_state.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a node's or VM's readings of a window add up to. */
struct sums {
	struct monitor_reading last; /* of each quantity the last that was known, and when */
	int64_t last_ns[MONITOR_QUANTITIES];
	double sum[MONITOR_QUANTITIES];     /* increments of a counter; values of the others */
	int64_t weight[MONITOR_QUANTITIES]; /* ns that a counter's increments took; values */
};

static void add_reading(struct sums *s, const struct monitor_reading *r)
{
	for (int q = 0; q < MONITOR_QUANTITIES; q++) {
		int64_t value = r->value[q], before = s->last.value[q];
		if (value == MONITOR_MISSING)
			continue;
		if (!monitor_quantities[q].cumulative) {
			s->sum[q] += (double)value;
			s->weight[q]++;
		} else if (before != MONITOR_MISSING && value >= before && r->head_ns > s->last_ns[q]) {
			/* Over seconds that are missing too: a counter has kept what it counted. */
			s->sum[q] += (double)(value - before);
			s->weight[q] += r->head_ns - s->last_ns[q];
		}
		s->last.value[q] = value;
		s->last_ns[q] = r->head_ns;
	}
}

/* enough_ns: what of the window must be covered. */
static double mean(const struct sums *s, enum monitor_quantity q, int64_t enough_ns)
{
	if (!monitor_quantities[q].cumulative)
		return s->weight[q] ? s->sum[q] / (double)s->weight[q] : NAN;
	return s->weight[q] && s->weight[q] >= enough_ns ? s->sum[q] / (double)s->weight[q] * NS_PER_S : NAN;
}

static struct monitor_means means_of(const struct sums *s, int64_t enough_ns)
{
	return (struct monitor_means){
		.covered_ns = s->weight[MONITOR_CPU_NS],
		.cpu_cores = mean(s, MONITOR_CPU_NS, enough_ns) / NS_PER_S,
		.memory_bytes = mean(s, MONITOR_MEMORY, enough_ns),
		.memory_total_bytes = mean(s, MONITOR_MEMORY_TOTAL, enough_ns),
		.disk_bytes_per_s = mean(s, MONITOR_DISK_READ, enough_ns) + mean(s, MONITOR_DISK_WRITTEN, enough_ns),
		.net_bytes_per_s = mean(s, MONITOR_NET_RECEIVED, enough_ns) + mean(s, MONITOR_NET_SENT, enough_ns),
	};
}

/* A VM in an answer; it mostly stands where it stood in the others. */
static const struct monitor_reading *find_vm(const struct monitor_answer *a, const char *name, int likely)
{
	if (likely < a->vm_count && strcmp(a->vms[likely].vm, name) == 0)
		return &a->vms[likely];
	for (int i = 0; i < a->vm_count; i++)
		if (strcmp(a->vms[i].vm, name) == 0)
			return &a->vms[i];
	return NULL;
}

/* From the second window_ns before due_ns on; vm NULL: the node itself. */
static struct sums sum_up(struct monitored_node *n, int64_t due_ns, int64_t window_ns, const char *vm, int likely)
{
	const struct cluster_monitor *m = n->monitor;
	struct sums s = { 0 };
	int64_t from_ns = due_ns - window_ns / m->interval_ns * m->interval_ns;
	monitor_reading_clear(&s.last, "", NULL);
	for (int64_t at = from_ns < m->start_ns ? m->start_ns : from_ns; at <= due_ns; at += m->interval_ns) {
		const struct monitor_answer *a = monitor_find(n, at);
		const struct monitor_reading *r = !a ? NULL : vm ? find_vm(a, vm, likely) : &a->node;
		if (r)
			add_reading(&s, r);
	}
	return s;
}

/* The last second of the window that was answered; NULL: none was. */
static const struct monitor_answer *last_answer(struct monitored_node *n, int64_t due_ns, int64_t window_ns)
{
	const struct cluster_monitor *m = n->monitor;
	for (int64_t at = due_ns; at >= due_ns - window_ns && at >= m->start_ns; at -= m->interval_ns) {
		const struct monitor_answer *a = monitor_find(n, at);
		if (a && a->answered)
			return a;
	}
	return NULL;
}

static int fill_node(struct monitored_node *n, int64_t due_ns, int64_t window_ns, struct monitor_node_view *v,
                     struct err *e)
{
	const struct monitor_answer *now = monitor_find(n, due_ns), *last = last_answer(n, due_ns, window_ns);
	const int64_t enough_ns = window_ns - n->monitor->interval_ns / 2;
	struct sums s = sum_up(n, due_ns, window_ns, NULL, 0);
	v->name = n->name;
	v->answering = now && now->answered;
	if (v->answering)
		memcpy(v->missing, now->node.missing, sizeof(v->missing));
	else
		monitor_silence(n, due_ns, v->missing, sizeof(v->missing));
	v->cores = mean(&s, MONITOR_CPUS, enough_ns);
	v->mean = means_of(&s, enough_ns);
	v->vm_count = 0;
	if (last && last->vm_count > v->vm_room) {
		void *more = realloc(v->vms, (size_t)last->vm_count * sizeof(*v->vms));
		if (!more)
			return err_errno(e, EXIT_CANNOT, "cannot look at the %d VMs of '%s'", last->vm_count,
			                 n->name);
		v->vms = more;
		v->vm_room = last->vm_count;
	}
	for (int i = 0; last && i < last->vm_count; i++) {
		const struct monitor_reading *r = &last->vms[i];
		struct monitor_vm_view *vm = &v->vms[v->vm_count++];
		memcpy(vm->name, r->vm, sizeof(vm->name));
		vm->state = r->state;
		vm->running = r->state && strcmp(r->state, MONITOR_RUNNING) == 0;
		s = sum_up(n, due_ns, window_ns, r->vm, i);
		vm->mean = means_of(&s, enough_ns);
	}
	return 0;
}

/* The last second that is over; before start_ns: none is. */
static int64_t last_second(const struct cluster_monitor *m)
{
	int64_t now_ns = clock_now_ns();
	int64_t due_ns = m->start_ns + (now_ns - m->start_ns) / m->interval_ns * m->interval_ns;
	while (due_ns >= m->start_ns && !monitor_second_is_over(m, due_ns, now_ns))
		due_ns -= m->interval_ns;
	return due_ns;
}

int64_t cluster_monitor_second(struct cluster_monitor *m)
{
	pthread_mutex_lock(&m->lock);
	int64_t due_ns = last_second(m);
	pthread_mutex_unlock(&m->lock);
	return due_ns < m->start_ns ? 0 : due_ns;
}

int cluster_monitor_view(struct cluster_monitor *m, int64_t window_ns, struct monitor_view *view, struct err *e)
{
	if (window_ns < m->interval_ns || window_ns > (MONITOR_RING - 4) * m->interval_ns)
		return err_set(e, EXIT_USAGE, "a window is %d intervals of the monitor at most, and one at least",
		               MONITOR_RING - 4);
	if (!view->nodes && !(view->nodes = calloc((size_t)m->node_count, sizeof(*view->nodes))))
		return err_errno(e, EXIT_CANNOT, "cannot look at %d nodes", m->node_count);
	view->node_count = m->node_count;
	int result = 0;
	pthread_mutex_lock(&m->lock);
	int64_t due_ns = last_second(m);
	view->due_ns = due_ns < m->start_ns ? 0 : due_ns;
	for (int i = 0; i < m->node_count && result == 0; i++)
		result = fill_node(&m->nodes[i], due_ns, window_ns, &view->nodes[i], e);
	pthread_mutex_unlock(&m->lock);
	return result;
}

void monitor_view_free(struct monitor_view *view)
{
	for (int i = 0; i < view->node_count; i++)
		free(view->nodes[i].vms);
	free(view->nodes);
	*view = (struct monitor_view){ 0 };
}

char *monitor_report_text(const struct cluster_monitor_report *r, char *buffer, size_t room)
{
	int used = snprintf(buffer, room,
	                    "monitor: %" PRId64 " seconds written, %" PRId64 " rows, %" PRId64
	                    " of them incomplete; the longest delay %.3f s to an answer, %.3f s to the database",
	                    r->seconds, r->rows, r->rows_missing, (double)r->longest_answer_ns / NS_PER_S,
	                    (double)r->longest_write_ns / NS_PER_S);
	if (used > 0 && (size_t)used < room && (r->seconds_lost || r->writes_failed))
		snprintf(buffer + used, room - (size_t)used, "; %" PRId64 " writes failed, %" PRId64 " seconds lost",
		         r->writes_failed, r->seconds_lost);
	return buffer;
}
