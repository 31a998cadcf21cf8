#include "bench/placement/cluster_view.h"

#include <math.h>
#include <string.h>

/* A VM that is coming, or was left behind by a move, has a QEMU there, but it does not run. */
static double guests_cpu(const struct monitor_node_view *node)
{
	double sum = 0;
	for (int i = 0; i < node->vm_count; i++)
		if (node->vms[i].running)
			sum += node->vms[i].mean.cpu_cores;
	return sum;
}

static void node_apply(struct cluster *c, const struct monitor_view *view, const struct cluster_view_rules *rules,
                       int32_t node)
{
	const struct monitor_node_view *n = &view->nodes[node];
	enum node_state state = rules->left_alone && rules->left_alone[node] ? NODE_SILENT
	                        : rules->asleep[node]                        ? NODE_ASLEEP
	                        : n->answering                               ? NODE_ANSWERING
	                                                                     : NODE_SILENT;
	double cpu = state != NODE_ANSWERING ? NAN : rules->guests_only ? guests_cpu(n) : n->mean.cpu_cores;
	cluster_node_measured(c, node, state, cpu);
}

static const struct monitor_vm_view *running_on(const struct monitor_node_view *node, const char *vm)
{
	for (int i = 0; node->answering && i < node->vm_count; i++)
		if (node->vms[i].running && strcmp(node->vms[i].name, vm) == 0)
			return &node->vms[i];
	return NULL;
}

static void vm_apply(struct cluster *c, const struct monitor_view *view, int32_t vm)
{
	const struct cluster_vm *v = &c->vms[vm];
	const struct monitor_vm_view *seen = NULL;
	char buffer[CLUSTER_NAME];
	const char *name = cluster_vm_name(c, vm, buffer);
	int32_t at = CLUSTER_NONE;
	for (int32_t i = 0; i < view->node_count; i++) {
		const struct monitor_vm_view *one = running_on(&view->nodes[i], name);
		if (one && (!seen || i == v->node)) {
			seen = one;
			at = i;
		}
	}
	bool unseen = at == CLUSTER_NONE && v->node != CLUSTER_NONE && !view->nodes[v->node].answering;
	if (v->to == CLUSTER_NONE && !unseen && cluster_view_is_current(c, view))
		cluster_vm_put(c, vm, at);
	int64_t used_bytes = v->memory_bytes;
	if (seen && seen->mean.memory_bytes < (double)used_bytes) /* not where it is not known */
		used_bytes = (int64_t)seen->mean.memory_bytes;
	cluster_vm_measured(c, vm, seen ? seen->mean.cpu_cores : NAN, used_bytes, v->dirty_per_s);
}

void cluster_view_apply(struct cluster *c, const struct monitor_view *view, const struct cluster_view_rules *rules)
{
	for (int32_t i = 0; i < c->node_count; i++)
		node_apply(c, view, rules, i);
	for (int32_t i = 0; i < c->vm_count; i++)
		if (c->vms[i].there)
			vm_apply(c, view, i);
}

bool cluster_view_is_current(const struct cluster *c, const struct monitor_view *view)
{
	return view->due_ns > 0 && view->due_ns >= c->moved_ns;
}

bool cluster_view_is_empty(const struct monitor_view *view, int32_t node)
{
	return view->nodes[node].vm_count == 0;
}
