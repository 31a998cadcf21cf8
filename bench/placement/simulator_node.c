/* Nodes that share their cores fairly: each job is done when the node's attained service has come to its own. */
#include "bench/placement/simulator_state.h"

#include <math.h>

#define ROUNDING_NS 1e-3 /* what a time may come out too high by because 2/3 is no double */

static double rate(const struct sim *m, const struct sim_node *n)
{
	return n->jobs.count <= m->s->node_cores ? 1 : m->s->node_cores / n->jobs.count;
}

void sim_attain(struct sim *m, struct sim_node *n)
{
	if (n->jobs.count)
		n->attained_ns += (m->now_ns - n->at_ns) * rate(m, n);
	else
		n->attained_ns = 0;
	n->at_ns = m->now_ns;
}

void sim_expect(struct sim *m, int32_t node)
{
	struct sim_node *n = &m->nodes[node];
	if (!n->jobs.count) {
		heap_remove(&m->done, m->done_at, node);
		return;
	}
	double left = fmax(n->jobs.items[0].key - n->attained_ns, 0);
	m->short_of_memory |=
		!heap_set(&m->done, m->done_at, node, m->now_ns + ceil(left / rate(m, n) - ROUNDING_NS));
}

void sim_stale(struct sim *m, int32_t node)
{
	if (m->policy->window_ns == 0 || m->nodes[node].stale)
		return;
	m->nodes[node].stale = true;
	m->stale[m->stale_count++] = node;
}

void sim_job_add(struct sim *m, int32_t vm, int32_t node, double left_ns)
{
	struct sim_node *n = &m->nodes[node];
	sim_attain(m, n);
	if (!n->jobs.count)
		n->busy_from_ns = m->now_ns;
	m->short_of_memory |= !heap_set(&n->jobs, m->job_at, vm, n->attained_ns + left_ns);
	sim_expect(m, node);
	sim_stale(m, node);
}

double sim_job_take(struct sim *m, int32_t vm, int32_t node)
{
	struct sim_node *n = &m->nodes[node];
	sim_attain(m, n);
	double left_ns = n->jobs.items[m->job_at[vm]].key - n->attained_ns;
	heap_remove(&n->jobs, m->job_at, vm);
	if (!n->jobs.count)
		m->sums->node_ns += m->now_ns - n->busy_from_ns;
	sim_expect(m, node);
	sim_stale(m, node);
	return fmax(left_ns, 0);
}

void sim_measure(struct sim *m)
{
	while (m->stale_count > 0) {
		int32_t node = m->stale[--m->stale_count];
		struct sim_node *n = &m->nodes[node];
		n->stale = false;
		for (int32_t i = m->c->nodes[node].first_vm; i != CLUSTER_NONE; i = m->c->vms[i].next)
			cluster_vm_measured(m->c, i, rate(m, n), m->c->vms[i].used_bytes, m->c->vms[i].dirty_per_s);
		cluster_node_measured(m->c, node, NODE_ANSWERING, fmin(n->jobs.count, m->s->node_cores));
	}
}
