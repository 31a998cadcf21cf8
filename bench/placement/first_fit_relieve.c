/* first-fit-decreasing: what leaves the nodes that are too busy. Declared in first_fit.h. */
#include "bench/placement/first_fit.h"

#include <math.h>
#include <stdio.h>

/* Of VMs that free less or more than what is too much: the one to leave. */
static int better(const struct policy *p, const struct cluster_vm *a, const struct cluster_vm *b, double excess)
{
	double cost_a = first_fit_cost_s(p, a), cost_b = first_fit_cost_s(p, b);
	if ((a->cpu >= excess) != (b->cpu >= excess))
		return a->cpu >= excess;
	if (a->cpu < excess)
		return a->cpu * cost_b > b->cpu * cost_a;
	return cost_a < cost_b || (cost_a == cost_b && a->cpu < b->cpu);
}

/* VMs of a node with a known CPU and a place elsewhere, by index, into f->choices. */
static int32_t choose_movable(struct first_fit *f, const struct cluster *c, struct plan *plan, int32_t node)
{
	int32_t count = 0;
	if (!vm_choices_room(&f->choices, &f->choice_room, c->nodes[node].vms)) {
		plan->failed = true;
		return 0;
	}
	for (int32_t i = c->nodes[node].first_vm; i != CLUSTER_NONE; i = c->vms[i].next)
		if (c->vms[i].cpu > 0 && first_fit_find(f, c->vms[i].cpu, c->vms[i].memory_bytes) != CLUSTER_NONE)
			f->choices[count++] = (struct vm_choice){ -i, i };
	vm_choices_sort(f->choices, count);
	return count;
}

/* What the node's smallest VM needs, of each. */
static void least_needed(const struct cluster *c, int32_t node, double *ret_cores, double *ret_bytes)
{
	*ret_cores = *ret_bytes = INFINITY;
	for (int32_t i = c->nodes[node].first_vm; i != CLUSTER_NONE; i = c->vms[i].next)
		if (c->vms[i].cpu > 0) {
			*ret_cores = fmin(*ret_cores, c->vms[i].cpu);
			*ret_bytes = fmin(*ret_bytes, (double)c->vms[i].memory_bytes);
		}
}

/* Of a loaded node's VMs those that are to leave it, into f->leaving. Returns whether there are any. */
static bool choose_leaving(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	const struct first_fit_options *o = p->options;
	const struct cluster_node *n = &c->nodes[node];
	struct first_fit *f = p->state;
	int32_t count = choose_movable(f, c, plan, node), stay = count < n->vms ? 0 : 1;
	double excess = cpu_round(n->cpu - o->cpu_limit * n->cores);
	if (!vm_choices_room(&f->leaving, &f->leaving_room, f->leaving_count + count)) {
		plan->failed = true;
		return false;
	}
	if (count <= stay) {
		plan_stay(plan, node, CLUSTER_NONE);
		if (plan->explain)
			plan_say(plan,
			         "%s %.4g %% > %.4g %%, but no VM that could leave has room elsewhere below %.4g %%",
			         NODE_NAME(c, node), PERCENT(policy_cpu_share(c, plan, node)), PERCENT(o->cpu_limit),
			         PERCENT(o->cpu_fill));
		return false;
	}
	while (count > stay && excess > 0) {
		int32_t best = 0;
		for (int32_t i = 1; i < count; i++)
			if (better(p, &c->vms[f->choices[i].vm], &c->vms[f->choices[best].vm], excess))
				best = i;
		const struct cluster_vm *v = &c->vms[f->choices[best].vm];
		f->leaving[f->leaving_count++] = (struct vm_choice){ first_fit_size_on(n, v), f->choices[best].vm };
		excess = cpu_round(excess - v->cpu);
		f->choices[best] = f->choices[--count];
	}
	return true;
}

static void relieve_one(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	struct first_fit *f = p->state;
	double cores, bytes;
	if (choose_leaving(p, c, plan, node)) {
		aside_refuse(&f->loaded, node); /* until one of its VMs moves */
		return;
	}
	least_needed(c, node, &cores, &bytes);
	aside_put(&f->loaded, node, cores, bytes);
}

void first_fit_relieve(struct policy *p, const struct cluster *c, struct plan *plan)
{
	const struct first_fit_options *o = p->options;
	struct first_fit *f = p->state;
	int64_t left;
	int32_t node;
	f->leaving_count = 0;
	aside_begin(&f->loaded, o->turns, fmax(max_tree_highest(&f->open, 0), max_tree_highest(&f->asleep, 0)),
	            fmax(max_tree_highest(&f->open, 1), max_tree_highest(&f->asleep, 1)));
	for (node = 0, left = o->turns; plan->explain && node < c->node_count && left > 0; node++)
		if (aside_has(&f->loaded, node) && left--)
			choose_leaving(p, c, plan, node);
	while ((node = aside_next(&f->loaded)) != CLUSTER_NONE)
		relieve_one(p, c, plan, node);
	vm_choices_sort(f->leaving, f->leaving_count);
	for (int32_t i = 0; i < f->leaving_count; i++) {
		int32_t vm = f->leaving[i].vm, from = c->vms[vm].node;
		int32_t to = first_fit_find(f, c->vms[vm].cpu, c->vms[vm].memory_bytes);
		double before = to == CLUSTER_NONE ? 0 : policy_cpu_share(c, plan, to);
		if (to == CLUSTER_NONE)
			plan_stay(plan, from, vm);
		else
			policy_move(p, c, plan, vm, to);
		char because[BECAUSE] = "";
		if (plan->explain)
			snprintf(because, BECAUSE, "%s %.4g %% > %.4g %%, a move loses %.3g s%s", NODE_NAME(c, from),
			         PERCENT(policy_cpu_share(c, NULL, from)), PERCENT(o->cpu_limit),
			         first_fit_cost_s(p, &c->vms[vm]), first_fit_dirty_words(o, &c->vms[vm]));
		first_fit_say(o, c, plan, because, vm, to, before);
	}
	aside_end(&f->loaded);
}
