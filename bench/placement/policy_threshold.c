/*
 * policy threshold: Hirofuchi, Nakada, Itoh, Sekiguchi, "Virtual machine packing with post-copy live migration"
 * (2010), section 5. Every number of it is a key, the paper's the default:
 *
 * - A node is overloaded when its CPU is at `overload` or above and two or more of its VMs are active, at `active` or
 *   above. The active VM with the highest CPU stays, the other active ones move to idle nodes.
 * - A node is idle when its CPU is below `idle`. Where two or more idle nodes have VMs, those are gathered on the idle
 *   node with the highest CPU.
 * - CPU is the mean over `window`. Nothing is planned within `quiet` after a move.
 *
 * What the paper leaves open: among idle nodes the first one with room for the VM's memory is taken, one that is
 * asleep when no other will do, and it counts as idle as long as what is coming leaves it below `idle`; the VMs with
 * the least CPU move first (the paper's reason to keep the busiest is that its move costs most). A node is emptied as
 * a whole or not at all, and gathering stops below `gather_limit`, so that it does not make the next overload: with
 * two nodes, as in the paper, that cannot come into play.
 */
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/placement/policy.h"

#include <stdio.h>
#include <stdlib.h>

struct threshold_options {
	int64_t window_ns, quiet_ns, at_once, turns;
	double overload, active, idle, gather_limit;
	bool wake;
};

#define ROW(member) offsetof(struct threshold_options, member)
static const struct option_row rows[] = {
	POLICY_WINDOW_ROW(threshold_options),
	{ "overload", OPTION_FRACTION, ROW(overload), "90%", "0", "1000",
	  "a node's CPU, of its cores, from here on" },
	{ "active", OPTION_FRACTION, ROW(active), "5%", "0", "1000", "a VM's CPU, of one core, from here on" },
	{ "idle", OPTION_FRACTION, ROW(idle), "30%", "0", "1000", "a node's CPU, of its cores, below this" },
	{ "gather_limit", OPTION_FRACTION, ROW(gather_limit), "90%", "0", "1000",
	  "VMs are gathered on a node as long as its CPU stays below this" },
	POLICY_QUIET_ROW(threshold_options, "10s"),
	POLICY_AT_ONCE_ROW(threshold_options),
	POLICY_WAKE_ROW(threshold_options),
	POLICY_TURNS_ROW(threshold_options),
	OPTION_END
};

struct threshold {
	struct turns overloaded; /* by CPU */
	struct turns targets;    /* idle with VMs, the highest CPU first */
	struct turns sources;    /* the same nodes, the lowest first */
	struct max_tree idle;    /* idle and awake: free bytes */
	struct max_tree asleep;  /* free bytes */
	struct vm_choice *choices;
	int32_t choice_room;
};

static int threshold_check(const void *options, struct err *e)
{
	const struct threshold_options *o = options;
	if (o->idle > o->overload)
		return err_set(e, EXIT_USAGE, "idle = %g %% is above overload = %g %%", PERCENT(o->idle),
		               PERCENT(o->overload));
	return 0;
}

static void threshold_end(struct policy *p)
{
	struct threshold *t = p->state;
	turns_free(&t->overloaded);
	turns_free(&t->targets);
	turns_free(&t->sources);
	max_tree_free(&t->idle);
	max_tree_free(&t->asleep);
	free(t->choices);
	free(t);
}

static int threshold_init(struct policy *p, const struct cluster *c, struct err *e)
{
	const struct threshold_options *o = p->options;
	struct threshold *t = calloc(1, sizeof(*t));
	if (!t)
		return err_errno(e, EXIT_CANNOT, "no memory");
	p->state = t;
	p->window_ns = o->window_ns;
	p->quiet_ns = o->quiet_ns;
	p->at_once = o->at_once;
	if (turns_init(&t->overloaded, c->node_count, e) < 0 || turns_init(&t->targets, c->node_count, e) < 0 ||
	    turns_init(&t->sources, c->node_count, e) < 0 || max_tree_init(&t->idle, c->node_count, 1, e) < 0 ||
	    max_tree_init(&t->asleep, c->node_count, 1, e) < 0) {
		threshold_end(p);
		return -1;
	}
	return 0;
}

static bool is_active(const struct threshold_options *o, const struct cluster_vm *v)
{
	return v->cpu >= o->active && v->to == CLUSTER_NONE;
}

static int32_t active_count(const struct threshold_options *o, const struct cluster *c, int32_t node)
{
	int32_t count = 0;
	for (int32_t i = c->nodes[node].first_vm; i != CLUSTER_NONE; i = c->vms[i].next)
		count += is_active(o, &c->vms[i]);
	return count;
}

static void threshold_look(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node)
{
	const struct threshold_options *o = p->options;
	const struct plan_delta *d = plan_delta(plan, node);
	const struct cluster_node *n = &c->nodes[node];
	struct threshold *t = p->state;
	double cpu = policy_cpu_share(c, plan, node), room = (double)plan_free_bytes(plan, c, node);
	bool awake = n->state == NODE_ANSWERING || d->woken;
	bool idle = awake && cpu < o->idle && d->vms >= 0, hosting = idle && n->vms > 0 && !d->touched;
	bool overloaded = awake && !d->touched && cpu >= o->overload && active_count(o, c, node) >= 2;
	turns_set(&t->overloaded, node, overloaded ? cpu : MAX_TREE_OUT);
	turns_set(&t->targets, node, hosting ? cpu : MAX_TREE_OUT);
	turns_set(&t->sources, node, hosting ? -cpu : MAX_TREE_OUT);
	max_tree_set(&t->idle, node, idle ? room : MAX_TREE_OUT, 0);
	bool asleep = o->wake && n->state == NODE_ASLEEP && !d->woken;
	max_tree_set(&t->asleep, node, asleep ? room : MAX_TREE_OUT, 0);
}

static int32_t idle_with_room(const struct threshold *t, int64_t memory_bytes)
{
	int32_t node = max_tree_first(&t->idle, (double)memory_bytes, 0);
	return node != CLUSTER_NONE ? node : max_tree_first(&t->asleep, (double)memory_bytes, 0);
}

/* Why an overloaded node's VM moves; of `to` what it was before. */
static void say_spread(struct policy *p, const struct cluster *c, struct plan *plan, int32_t vm, int32_t active,
                       int32_t to, double to_share)
{
	const struct threshold_options *o = p->options;
	int32_t from = c->vms[vm].node;
	char where[96];
	if (!plan->explain)
		return;
	if (to == CLUSTER_NONE)
		snprintf(where, sizeof(where), "stays: no idle node (< %.4g %%) with room for its memory",
		         PERCENT(o->idle));
	else
		snprintf(where, sizeof(where), "moves to %s (%.4g %% < %.4g %%)", NODE_NAME(c, to), PERCENT(to_share),
		         PERCENT(o->idle));
	plan_say(plan, "%s %.4g %% >= %.4g %%, %d active; %s %.4g %% %s", NODE_NAME(c, from),
	         PERCENT(c->nodes[from].cpu / c->nodes[from].cores), PERCENT(o->overload), active, VM_NAME(c, vm),
	         PERCENT(c->vms[vm].cpu), where);
}

/* VMs of a node by falling CPU, the active ones or all. Returns how many; they are in t->choices. */
static int32_t choose(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node, bool only_active)
{
	struct threshold *t = p->state;
	int32_t count = 0;
	if (!vm_choices_room(&t->choices, &t->choice_room, c->nodes[node].vms)) {
		plan->failed = true;
		return 0;
	}
	for (int32_t i = c->nodes[node].first_vm; i != CLUSTER_NONE; i = c->vms[i].next)
		if (!only_active || is_active(p->options, &c->vms[i]))
			t->choices[count++] = (struct vm_choice){ c->vms[i].cpu, i };
	vm_choices_sort(t->choices, count);
	return count;
}

/* The active VMs of an overloaded node to idle nodes, but for the busiest. */
static void spread(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	struct threshold *t = p->state;
	int32_t count = choose(p, c, plan, node, true);
	bool helped = false;
	for (int32_t i = count - 1; i > 0; i--) {
		int32_t vm = t->choices[i].vm, to = idle_with_room(t, c->vms[vm].memory_bytes);
		double before = to == CLUSTER_NONE ? 0 : policy_cpu_share(c, plan, to);
		if (to == CLUSTER_NONE)
			plan_stay(plan, node, vm);
		else
			policy_move(p, c, plan, vm, to);
		say_spread(p, c, plan, vm, count, to, before);
		helped |= to != CLUSTER_NONE;
	}
	if (!helped)
		turns_refuse(&t->overloaded, node);
}

/* Whether all VMs of a node can be moved to the target. */
static bool fits(const struct threshold_options *o, const struct cluster *c, const struct plan *plan, int32_t source,
                 int32_t target)
{
	double cpu = 0;
	int64_t bytes = 0;
	for (int32_t i = c->nodes[source].first_vm; i != CLUSTER_NONE; i = c->vms[i].next) {
		cpu += c->vms[i].cpu;
		bytes += c->vms[i].memory_bytes;
	}
	double sum = policy_cpu_share(c, plan, target) + cpu / c->nodes[target].cores;
	return bytes <= plan_free_bytes(plan, c, target) && cpu_round(sum) < o->gather_limit;
}

static void gather_from(struct policy *p, const struct cluster *c, struct plan *plan, int32_t source, int32_t target,
                        double target_share)
{
	const struct threshold_options *o = p->options;
	struct threshold *t = p->state;
	double cpu = policy_cpu_share(c, plan, source);
	int32_t count = choose(p, c, plan, source, false);
	for (int32_t i = 0; i < count; i++) {
		int32_t vm = t->choices[i].vm;
		policy_move(p, c, plan, vm, target);
		if (i > 0)
			plan_same(plan); /* emptied as a whole */
		if (plan->explain)
			plan_say(plan,
			         "%s %.4g %% and %s %.4g %% < %.4g %%; %s %.4g %% moves to %s, the busiest idle node",
			         NODE_NAME(c, source), PERCENT(cpu), NODE_NAME(c, target), PERCENT(target_share),
			         PERCENT(o->idle), VM_NAME(c, vm), PERCENT(c->vms[vm].cpu), NODE_NAME(c, target));
	}
}

static void say_full(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	const struct threshold_options *o = p->options;
	char room[32];
	if (plan->explain)
		plan_say(plan,
		         "%s %.4g %% < %.4g %%, with %s free, can take the VMs of no other idle node below %.4g %%",
		         NODE_NAME(c, node), PERCENT(policy_cpu_share(c, plan, node)), PERCENT(o->idle),
		         size_format(plan_free_bytes(plan, c, node), room, sizeof(room)), PERCENT(o->gather_limit));
}

/* The VMs of other idle nodes to this one, as many nodes as fit; at most *budget nodes are looked at. */
static void gather_on(struct policy *p, const struct cluster *c, struct plan *plan, int32_t target, int64_t *budget)
{
	const struct threshold_options *o = p->options;
	struct threshold *t = p->state;
	double before = policy_cpu_share(c, plan, target);
	int32_t source;
	turns_set(&t->sources, target, MAX_TREE_OUT);
	turns_begin(&t->sources);
	for (; *budget > 0 && (source = turns_next(&t->sources)) != CLUSTER_NONE; --*budget)
		if (fits(o, c, plan, source, target))
			gather_from(p, c, plan, source, target, before);
		else
			turns_refuse(&t->sources, source);
	turns_end(&t->sources);
	if (!plan_delta(plan, target)->touched)
		turns_set(&t->sources, target, -before);
}

/* The VMs of idle nodes to the busiest of them that can take any. */
static void gather(struct policy *p, const struct cluster *c, struct plan *plan)
{
	const struct threshold_options *o = p->options;
	struct threshold *t = p->state;
	int32_t target, moves = plan->moves;
	int64_t budget = o->turns;
	turns_begin(&t->targets);
	while (budget > 0 && plan->moves == moves && (target = turns_next(&t->targets)) != CLUSTER_NONE) {
		int64_t left = budget--;
		gather_on(p, c, plan, target, &budget);
		if (plan->moves > moves)
			break;
		turns_refuse(&t->targets, target);
		if (budget + 1 == left)
			continue; /* it is the only one */
		plan_stay(plan, target, CLUSTER_NONE);
		say_full(p, c, plan, target);
	}
	plan->turns += o->turns - budget;
	plan->more |= budget <= 0;
	turns_end(&t->targets);
}

static void threshold_plan(struct policy *p, const struct cluster *c, struct plan *plan)
{
	const struct threshold_options *o = p->options;
	struct threshold *t = p->state;
	int32_t node;
	turns_begin(&t->overloaded);
	for (int64_t i = 0; i < o->turns && (node = turns_next(&t->overloaded)) != CLUSTER_NONE; i++, plan->turns++)
		spread(p, c, plan, node);
	plan->more = turns_next(&t->overloaded) != CLUSTER_NONE;
	turns_end(&t->overloaded);
	gather(p, c, plan);
}

const struct policy_ops threshold_policy = {
	.name = "threshold",
	.help = "overloaded nodes spread their active VMs over idle ones, idle nodes gather theirs on the busiest of them",
	.options = rows,
	.options_size = sizeof(struct threshold_options),
	.check = threshold_check,
	.init = threshold_init,
	.look = threshold_look,
	.plan = threshold_plan,
	.end = threshold_end,
};
