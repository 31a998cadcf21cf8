/* first-fit-decreasing: a node whose VMs all have room elsewhere. Declared in first_fit.h. */
#include "bench/placement/first_fit.h"

#include "bench/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Find places for all VMs of f->choices, into f->places. Returns the first that has none, or CLUSTER_NONE. */
static int32_t find_places(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node, int32_t count)
{
	struct first_fit *f = p->state;
	int32_t found = 0;
	first_fit_room_set(&f->hosts, node, false, 0, 0);
	for (; found < count; found++) {
		const struct cluster_vm *v = &c->vms[f->choices[found].vm];
		int32_t to = max_tree_first(&f->hosts, v->cpu, (double)v->memory_bytes);
		if (to == CLUSTER_NONE)
			break;
		f->places[found] = to;
		first_fit_room_set(&f->hosts, to, true, max_tree_key(&f->hosts, to, 0) - v->cpu,
		                   max_tree_key(&f->hosts, to, 1) - (double)v->memory_bytes);
	}
	for (int32_t i = 0; i < found; i++)
		first_fit_room_look(p, c, plan, f->places[i]);
	first_fit_room_look(p, c, plan, node);
	return found < count ? f->choices[found].vm : CLUSTER_NONE;
}

/* Its VMs by falling size into f->choices. The work lost by moving all, in seconds; NAN: one of them cannot. */
static double choose_all(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	const struct cluster_node *n = &c->nodes[node];
	struct first_fit *f = p->state;
	double sum = 0;
	int32_t count = 0;
	if (!vm_choices_room(&f->choices, &f->choice_room, n->vms)) {
		plan->failed = true;
		return NAN;
	}
	if (f->choice_room > f->place_room) {
		int32_t *larger = realloc(f->places, (size_t)f->choice_room * sizeof(*larger));
		plan->failed |= !larger;
		if (!larger)
			return NAN;
		f->places = larger;
		f->place_room = f->choice_room;
	}
	for (int32_t i = n->first_vm; i != CLUSTER_NONE; i = c->vms[i].next) {
		sum += isnan(c->vms[i].cpu) ? NAN : first_fit_cost_s(p, &c->vms[i]);
		f->choices[count++] = (struct vm_choice){ first_fit_size_on(n, &c->vms[i]), i };
	}
	vm_choices_sort(f->choices, count);
	return sum;
}

/* What the node's largest VM needs, of each. */
static void most_needed(const struct first_fit *f, const struct cluster *c, int32_t count, double *ret_cores,
                        double *ret_bytes)
{
	*ret_cores = *ret_bytes = 0;
	for (int32_t i = 0; i < count; i++) {
		*ret_cores = fmax(*ret_cores, c->vms[f->choices[i].vm].cpu);
		*ret_bytes = fmax(*ret_bytes, (double)c->vms[f->choices[i].vm].memory_bytes);
	}
}

bool first_fit_empty(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node, double *ret_cores,
                     double *ret_bytes)
{
	const struct first_fit_options *o = p->options;
	struct first_fit *f = p->state;
	int32_t count = c->nodes[node].vms;
	const char *unknown = "";
	double cost = choose_all(p, c, plan, node), worth = (double)o->node_worth_ns / NS_PER_S;
	bool is_worth = cost <= worth;
	int32_t without = is_worth ? find_places(p, c, plan, node, count) : CLUSTER_NONE;
	char because[BECAUSE] = "";
	*ret_cores = *ret_bytes = INFINITY;
	if (plan->explain && isnan(cost))
		snprintf(because, BECAUSE, "%s cannot be emptied: CPU of one of its VMs is not known",
		         NODE_NAME(c, node));
	for (int32_t i = 0; plan->explain && !isnan(cost) && !unknown[0] && i < count; i++)
		unknown = first_fit_dirty_words(o, &c->vms[f->choices[i].vm]);
	if (plan->explain && !isnan(cost))
		snprintf(because, BECAUSE, "%s %.4g %%, to empty it loses %.3g s%s %s %.3g s", NODE_NAME(c, node),
		         PERCENT(policy_cpu_share(c, plan, node)), cost, unknown, is_worth ? "<=" : ">", worth);
	if (without != CLUSTER_NONE) {
		most_needed(f, c, count, ret_cores, ret_bytes);
		plan_stay(plan, node, without);
		first_fit_say(o, c, plan, because, without, CLUSTER_NONE, 0);
		return false;
	}
	if (!is_worth) {
		plan_stay(plan, node, CLUSTER_NONE);
		plan_say(plan, "%s", because);
		return false;
	}
	for (int32_t i = 0; i < count; i++) {
		int32_t to = f->places[i];
		double before = policy_cpu_share(c, plan, to);
		policy_move(p, c, plan, f->choices[i].vm, to);
		if (i > 0)
			plan_same(plan); /* emptied as a whole */
		first_fit_say(o, c, plan, because, f->choices[i].vm, to, before);
	}
	return true;
}
