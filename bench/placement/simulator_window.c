/* CPU as a monitor of machines has it: the mean over the policy's window, not known before that has passed. */
#include "bench/placement/simulator_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool sim_watch_begin(struct sim *m)
{
	if (!m->s->cpu_means || m->policy->window_ns == 0)
		return true;
	m->watch = calloc((size_t)m->c->node_count, sizeof(*m->watch));
	return m->watch;
}

void sim_watch_free(struct sim *m)
{
	for (int32_t i = 0; m->watch && i < m->c->node_count; i++)
		free(m->watch[i].changes);
	free(m->watch);
	free(m->since_ns);
}

/* What was before the window is forgotten, but for the last of it. */
static void forget(struct sim_watch *w, double from_ns)
{
	int32_t over = 0;
	while (over + 1 < w->count && w->changes[over + 1].at_ns <= from_ns)
		over++;
	w->count -= over;
	memmove(w->changes, w->changes + over, (size_t)w->count * sizeof(*w->changes));
}

bool sim_watch_change(struct sim *m, int32_t node, double rate, double cores)
{
	struct sim_watch *w = &m->watch[node];
	if (w->count)
		forget(w, m->now_ns - (double)m->policy->window_ns);
	if (w->count && w->changes[w->count - 1].at_ns == m->now_ns)
		w->count--;
	if (w->count == w->room) {
		int32_t room = w->room ? 2 * w->room : 8;
		struct sim_change *more = realloc(w->changes, (size_t)room * sizeof(*more));
		if (!more)
			return false;
		w->changes = more;
		w->room = room;
	}
	w->changes[w->count++] = (struct sim_change){ m->now_ns, rate, cores };
	return true;
}

/* Of the node in cores, and of each VM that was there all the time. */
static void means_of(const struct sim *m, int32_t node, double from_ns, double *cores, double *rate)
{
	const struct sim_watch *w = &m->watch[node];
	*cores = *rate = 0;
	for (int32_t i = 0; i < w->count; i++) {
		double begin_ns = fmax(w->changes[i].at_ns, from_ns);
		double end_ns = i + 1 < w->count ? w->changes[i + 1].at_ns : m->now_ns;
		double share = fmax(end_ns - begin_ns, 0) / (double)m->policy->window_ns;
		*cores += share * w->changes[i].cores;
		*rate += share * w->changes[i].rate;
	}
}

/* As long as the window has a change in it, or is not full, the node is looked at again. */
void sim_watch_measure(struct sim *m)
{
	double from_ns = m->now_ns - (double)m->policy->window_ns, cores, rate;
	bool known = from_ns >= (double)m->s->baseline_ns;
	int32_t kept = 0;
	for (int32_t k = 0; k < m->stale_count; k++) {
		int32_t node = m->stale[k];
		const struct sim_watch *w = &m->watch[node];
		means_of(m, node, from_ns, &cores, &rate);
		for (int32_t i = m->c->nodes[node].first_vm; i != CLUSTER_NONE; i = m->c->vms[i].next)
			cluster_vm_measured(m->c, i, known && m->since_ns[i] <= from_ns ? rate : NAN,
			                    m->c->vms[i].used_bytes, m->c->vms[i].dirty_per_s);
		cluster_node_measured(m->c, node, NODE_ANSWERING, known ? cores : NAN);
		m->nodes[node].stale = !known || (w->count && w->changes[w->count - 1].at_ns > from_ns);
		if (m->nodes[node].stale)
			m->stale[kept++] = node;
	}
	m->stale_count = kept;
}
