/* Nodes whose cores are shared fairly by their jobs. */
#include "bench/placement/simulator_state.h"

#include <math.h>

static double rate(const struct sim *m, const struct sim_node *n)
{
	return fair_share_rate(&n->share, m->s->node_cores);
}

void sim_attain(struct sim *m, struct sim_node *n)
{
	fair_share_attain(&n->share, m->s->node_cores, m->now_ns);
}

void sim_expect(struct sim *m, int32_t node)
{
	const struct fair_share *f = &m->nodes[node].share;
	if (!f->jobs.count)
		heap_remove(&m->done, m->done_at, node);
	else if (heap_set(&m->done, m->done_at, node, fair_share_next_ns(f, m->s->node_cores)))
		m->done.items[m->done_at[node]].mark = f->jobs.items[0].thing;
	else
		m->short_of_memory = true;
}

enum { SOON = 5 }; /* the first of a heap and its children */

static void prefetch(const void *object, size_t size)
{
	__builtin_prefetch(object, 1);
	if (size > 64)
		__builtin_prefetch((const char *)object + size - 1, 1);
}

/* Of the cluster's index of free memory what a change of the node goes through. */
static void prefetch_room(const struct sim *m, int64_t node)
{
	const struct max_tree *room = &m->c->room;
	for (int32_t level = 0; level < room->levels; level++, node /= 8)
		prefetch(&room->max[room->level[level] + node], sizeof(*room->max));
}

static void prefetch_node(const struct sim *m, int32_t node)
{
	prefetch(&m->nodes[node], sizeof(*m->nodes));
	prefetch(&m->c->nodes[node], sizeof(*m->c->nodes));
}

void sim_prefetch(const struct sim *m)
{
	const struct heap_item *soon = m->done.items;
	for (int32_t i = 0; i < SOON && i < m->done.count; i++) {
		prefetch_node(m, soon[i].thing);
		prefetch(&m->c->vms[soon[i].mark], sizeof(*m->c->vms));
		prefetch(&m->jobs[soon[i].mark], sizeof(*m->jobs));
	}
	if (m->done.count) { /* what is looked at here was fetched before, mostly */
		const struct cluster_vm *v = &m->c->vms[soon[0].mark];
		prefetch(m->nodes[soon[0].thing].share.jobs.items, 2 * sizeof(*soon));
		prefetch_room(m, soon[0].thing);
		if (v->next != CLUSTER_NONE)
			prefetch(&m->c->vms[v->next], sizeof(*v));
		if (v->previous != CLUSTER_NONE)
			prefetch(&m->c->vms[v->previous], sizeof(*v));
	}
	if (m->ahead_count && m->ahead[m->ahead_first].home != CLUSTER_NONE) {
		int32_t home = m->ahead[m->ahead_first].home, first = m->c->nodes[home].first_vm;
		const struct heap *jobs = &m->nodes[home].share.jobs;
		prefetch_room(m, home);
		prefetch(jobs->items, sizeof(*soon));
		prefetch(jobs->items + jobs->count, sizeof(*soon));
		if (first != CLUSTER_NONE)
			prefetch(&m->c->vms[first], sizeof(*m->c->vms));
	}
	if (m->c->vm_free != CLUSTER_NONE)
		prefetch(&m->c->vms[m->c->vm_free], sizeof(*m->c->vms));
}

void sim_look_ahead(struct sim *m)
{
	while (m->ahead_count < SIM_AHEAD) {
		struct simulated_vm *next = &m->ahead[(m->ahead_first + m->ahead_count) % SIM_AHEAD];
		if (!m->s->arrival(m->s->arrivals, next))
			return;
		m->ahead_count++;
		if (next->home != CLUSTER_NONE)
			prefetch_node(m, next->home);
	}
}

static double cores_used(const struct sim *m, const struct sim_node *n)
{
	return fmin(n->share.jobs.count, m->s->node_cores);
}

void sim_stale(struct sim *m, int32_t node)
{
	const struct sim_node *n = &m->nodes[node];
	if (m->watch)
		m->short_of_memory |= !sim_watch_change(m, node, rate(m, n), cores_used(m, n));
	if (m->policy->window_ns == 0 || m->nodes[node].stale)
		return;
	m->nodes[node].stale = true;
	m->stale[m->stale_count++] = node;
}

void sim_job_add(struct sim *m, int32_t vm, int32_t node, double left_ns)
{
	struct sim_node *n = &m->nodes[node];
	sim_attain(m, n);
	if (!n->share.jobs.count)
		n->busy_from_ns = m->now_ns;
	m->short_of_memory |= !fair_share_add(&n->share, NULL, vm, left_ns);
	if (m->watch)
		m->since_ns[vm] = m->now_ns;
	sim_expect(m, node);
	sim_stale(m, node);
}

double sim_job_take(struct sim *m, int32_t node, int32_t place)
{
	struct sim_node *n = &m->nodes[node];
	sim_attain(m, n);
	double left_ns = fair_share_take(&n->share, NULL, place);
	if (!n->share.jobs.count)
		m->sums->node_ns += m->now_ns - n->busy_from_ns;
	sim_expect(m, node);
	sim_stale(m, node);
	return left_ns;
}

void sim_measure(struct sim *m)
{
	if (m->watch) {
		sim_watch_measure(m);
		return;
	}
	while (m->stale_count > 0) {
		int32_t node = m->stale[--m->stale_count];
		struct sim_node *n = &m->nodes[node];
		n->stale = false;
		for (int32_t i = m->c->nodes[node].first_vm; i != CLUSTER_NONE; i = m->c->vms[i].next)
			cluster_vm_measured(m->c, i, rate(m, n), m->c->vms[i].used_bytes, m->c->vms[i].dirty_per_s);
		cluster_node_measured(m->c, node, NODE_ANSWERING, cores_used(m, n));
	}
}
