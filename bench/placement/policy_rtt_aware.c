/*
 * policy rtt-aware: Sakurai, Sano, Ishii, "A proposal on live migration method for optimised virtual machine
 * deployment", figure 5, the revised flow chart, and figure 4, the one before, which has no step 6 (`target`):
 *
 *	step 3	the load of a node is the memory in use by its VMs
 *	step 4	a node whose load is above a threshold is loaded
 *	step 5	of its VMs the one with the least memory in use is to move
 *	step 6	to the node with the least load
 *	step 7	if the round trip to there is not above a threshold
 *	step 8	it is migrated
 *
 * Load is a share of the node's memory here; on equal nodes, as in the paper, that is the same order. The paper does
 * not print its thresholds: of RTT it says that nothing moves at 30 ms, the next lower of its values being 20 ms.
 *
 * Added: the VM's memory must fit; and the move must not make the other node loaded in turn, since VMs would go to and
 * fro between nodes that all are (`may_overload` leaves this out, as the chart does). Of equally loaded nodes the chart says
 * nothing: `ties` does. Without step 6 nothing says which node is meant: the first, or the nearest, to which a move is
 * allowed.
 */
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/placement/policy.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIES_FIRST, TIES_NEAREST };
enum { TARGET_LEAST_LOADED, TARGET_FIRST, TARGET_NEAREST };

struct rtt_aware_options {
	int target, ties;
	int64_t quiet_ns, at_once, turns, rtt_threshold_ns;
	double memory_threshold;
	bool may_overload, wake;
};

#define ROW(member) offsetof(struct rtt_aware_options, member)
static const struct option_row rows[] = {
	{ "memory_threshold", OPTION_FRACTION, ROW(memory_threshold), "80%", "0", "1",
	  "memory in use by a node's VMs, of its memory; above it the node is loaded" },
	{ "rtt_threshold", OPTION_DURATION, ROW(rtt_threshold_ns), "20ms", "0ms", "10s",
	  "nothing moves over a longer round trip (on machines: than measured)" },
	{ "may_overload", OPTION_BOOLEAN, ROW(may_overload), "no", NULL, NULL,
	  "move also when that makes the other node loaded" },
	{ "target", OPTION_CHOICE, ROW(target), "least-loaded", "least-loaded|first|nearest", NULL,
	  "which node is to take the VM; first, nearest: of those that may, all nodes are looked at for it" },
	{ "ties", OPTION_CHOICE, ROW(ties), "first", "first|nearest", NULL,
	  "which of equally loaded nodes: the first, or the nearest" },
	POLICY_QUIET_ROW(rtt_aware_options, "0s"),
	POLICY_AT_ONCE_ROW(rtt_aware_options),
	POLICY_WAKE_ROW(rtt_aware_options),
	POLICY_TURNS_ROW(rtt_aware_options),
	OPTION_END
};

struct rtt_aware {
	struct turns loaded;   /* the highest load first */
	struct max_tree least; /* the negative load of nodes that VMs can move to, each at its place */
	/* With ties = nearest the nodes of a site have places one behind the other; else a node's place is its index. */
	int32_t *place, *node_at; /* of a node, and at a place */
	int32_t *site_end;        /* the place behind the last of a site */
};

static void rtt_aware_end(struct policy *p)
{
	struct rtt_aware *r = p->state;
	turns_free(&r->loaded);
	max_tree_free(&r->least);
	free(r->place);
	free(r->node_at);
	free(r->site_end);
	free(r);
}

static int places_make(struct rtt_aware *r, const struct cluster *c, bool by_site, struct err *e)
{
	int32_t sites = by_site ? c->sites : 1;
	r->place = calloc((size_t)c->node_count + 1, sizeof(*r->place));
	r->node_at = calloc((size_t)c->node_count + 1, sizeof(*r->node_at));
	r->site_end = calloc((size_t)sites + 1, sizeof(*r->site_end));
	if (!r->place || !r->node_at || !r->site_end)
		return err_errno(e, EXIT_CANNOT, "no memory for %d nodes", c->node_count);
	/* Where each site begins; taken up by its nodes one after the other. */
	for (int32_t i = 0; by_site && i < c->node_count; i++)
		r->site_end[c->nodes[i].site + 1]++;
	for (int32_t site = 1; site <= sites; site++)
		r->site_end[site] += r->site_end[site - 1];
	for (int32_t i = 0; i < c->node_count; i++) {
		r->place[i] = r->site_end[by_site ? c->nodes[i].site : 0]++;
		r->node_at[r->place[i]] = i;
	}
	return 0;
}

static int rtt_aware_init(struct policy *p, const struct cluster *c, struct err *e)
{
	const struct rtt_aware_options *o = p->options;
	struct rtt_aware *r = calloc(1, sizeof(*r));
	if (!r)
		return err_errno(e, EXIT_CANNOT, "no memory");
	p->state = r;
	p->quiet_ns = o->quiet_ns;
	p->at_once = o->at_once;
	if (turns_init(&r->loaded, c->node_count, e) < 0 || max_tree_init(&r->least, c->node_count, 1, e) < 0 ||
	    places_make(r, c, o->ties == TIES_NEAREST, e) < 0) {
		rtt_aware_end(p);
		return -1;
	}
	return 0;
}

/* As it will be with the plan and so many bytes more. */
static double load(const struct cluster *c, const struct plan *plan, int32_t node, int64_t more_bytes)
{
	const struct cluster_node *n = &c->nodes[node];
	return (double)(n->used_bytes + plan_delta(plan, node)->used_bytes + more_bytes) / (double)n->memory_bytes;
}

static void rtt_aware_look(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node)
{
	const struct rtt_aware_options *o = p->options;
	const struct plan_delta *d = plan_delta(plan, node);
	const struct cluster_node *n = &c->nodes[node];
	struct rtt_aware *r = p->state;
	double is = load(c, plan, node, 0);
	bool awake = n->state == NODE_ANSWERING || d->woken, can_wake = o->wake && n->state == NODE_ASLEEP;
	bool loaded = awake && !d->touched && is > o->memory_threshold;
	turns_set(&r->loaded, node, loaded ? is : MAX_TREE_OUT);
	max_tree_set(&r->least, r->place[node], awake || can_wake ? -is : MAX_TREE_OUT, 0);
}

/* Step 5. */
static int32_t least_vm(const struct cluster *c, int32_t node)
{
	int32_t least = CLUSTER_NONE;
	for (int32_t i = c->nodes[node].first_vm; i != CLUSTER_NONE; i = c->vms[i].next) {
		const struct cluster_vm *v = &c->vms[i];
		if (least == CLUSTER_NONE || v->used_bytes < c->vms[least].used_bytes ||
		    (v->used_bytes == c->vms[least].used_bytes && i < least))
			least = i;
	}
	return least;
}

/* Of the least loaded nodes the nearest one to `from`, among equals the first; a distance that is not known is the longest. */
static int32_t nearest_of_least(const struct rtt_aware *r, const struct cluster *c, int32_t from)
{
	double least = max_tree_highest(&r->least, 0);
	int32_t nearest = CLUSTER_NONE, after;
	uint64_t nearest_ns = UINT64_MAX;
	for (int32_t at = 0; (at = max_tree_first_from(&r->least, at, least, 0)) >= 0; at = after) {
		int32_t node = r->node_at[at];
		uint64_t rtt_ns = (uint64_t)cluster_rtt_ns(c, from, node);
		/* The others of the site are as far away, and come later. */
		after = node == from ? at + 1 : r->site_end[c->nodes[node].site];
		if (node != from &&
		    (nearest == CLUSTER_NONE || rtt_ns < nearest_ns || (rtt_ns == nearest_ns && node < nearest))) {
			nearest = node;
			nearest_ns = rtt_ns;
		}
	}
	return nearest;
}

/* Step 6. The node itself where there is no other with as little. */
static int32_t least_loaded(const struct policy *p, const struct cluster *c, int32_t from)
{
	const struct rtt_aware_options *o = p->options;
	const struct rtt_aware *r = p->state;
	int32_t top = max_tree_top(&r->least), nearest;
	if (top == CLUSTER_NONE)
		return CLUSTER_NONE;
	nearest = o->ties == TIES_NEAREST ? nearest_of_least(r, c, from) : CLUSTER_NONE;
	return nearest != CLUSTER_NONE ? nearest : r->node_at[top];
}

enum obstacle { NO_OBSTACLE, NONE_MAY, NO_OTHER_NODE, RTT_NOT_KNOWN, TOO_FAR, NO_ROOM, TOO_LOADED };

/* Step 7, for any VM of the node. */
static enum obstacle obstacle_between(const struct rtt_aware_options *o, const struct cluster *c, int32_t from,
                                      int32_t to)
{
	int64_t rtt_ns = cluster_rtt_ns(c, from, to);
	return to == from                     ? NO_OTHER_NODE
	       : rtt_ns < 0                   ? RTT_NOT_KNOWN
	       : rtt_ns > o->rtt_threshold_ns ? TOO_FAR
	                                      : NO_OBSTACLE;
}

/* And what was added to it. */
static enum obstacle obstacle_for(const struct rtt_aware_options *o, const struct cluster *c, const struct plan *plan,
                                  int32_t vm, int32_t to)
{
	const struct cluster_vm *v = &c->vms[vm];
	enum obstacle is = obstacle_between(o, c, v->node, to);
	if (is != NO_OBSTACLE)
		return is;
	if (v->memory_bytes > plan_free_bytes(plan, c, to))
		return NO_ROOM;
	return !o->may_overload && load(c, plan, to, v->used_bytes) > o->memory_threshold ? TOO_LOADED : NO_OBSTACLE;
}

/* The first or the nearest node to which this VM may go; a chart without step 6 tries one after the other. */
static int32_t permitted(const struct policy *p, const struct cluster *c, const struct plan *plan, int32_t vm)
{
	const struct rtt_aware_options *o = p->options;
	const struct max_tree *least = &((const struct rtt_aware *)p->state)->least;
	int32_t from = c->vms[vm].node, best = CLUSTER_NONE;
	for (int32_t i = 0; i < c->node_count; i++) {
		if (max_tree_key(least, i, 0) == MAX_TREE_OUT || obstacle_for(o, c, plan, vm, i) != NO_OBSTACLE)
			continue;
		if (best == CLUSTER_NONE || cluster_rtt_ns(c, from, i) < cluster_rtt_ns(c, from, best))
			best = i;
		if (o->target == TARGET_FIRST)
			break;
	}
	return best;
}

enum { WHY_NOT = 160 };

static void say_obstacle(const struct rtt_aware_options *o, const struct cluster *c, const struct plan *plan,
                         int32_t vm, int32_t to, enum obstacle is, char *why_not)
{
	const struct cluster_vm *v = &c->vms[vm];
	char text[32], limit[32];
	const char *name = to == CLUSTER_NONE ? "" : NODE_NAME(c, to);
	switch (is) {
	case NONE_MAY:
		snprintf(why_not, WHY_NOT, "%s stays: no node at an RTT of %s or less can take its %s%s",
		         VM_NAME(c, vm), duration_format(o->rtt_threshold_ns, limit, sizeof(limit)),
		         size_format(v->memory_bytes, text, sizeof(text)),
		         o->may_overload ? "" : " and not be loaded then");
		break;
	case NO_OTHER_NODE:
		snprintf(why_not, WHY_NOT, "%s stays: no other node has less", VM_NAME(c, vm));
		break;
	case RTT_NOT_KNOWN:
		snprintf(why_not, WHY_NOT, "%s stays: the RTT to %s is not known", VM_NAME(c, vm), name);
		break;
	case TOO_FAR:
		snprintf(why_not, WHY_NOT, "%s stays: %s has the least, and the RTT to it is %s > %s", VM_NAME(c, vm),
		         name, duration_format(cluster_rtt_ns(c, v->node, to), text, sizeof(text)),
		         duration_format(o->rtt_threshold_ns, limit, sizeof(limit)));
		break;
	case NO_ROOM:
		snprintf(why_not, WHY_NOT, "%s stays: its memory of %s does not fit on %s, which has the least",
		         VM_NAME(c, vm), size_format(v->memory_bytes, text, sizeof(text)), name);
		break;
	default:
		snprintf(why_not, WHY_NOT, "%s stays: %s has the least, and would have %.4g %% > %.4g %%",
		         VM_NAME(c, vm), name, PERCENT(load(c, plan, to, v->used_bytes)),
		         PERCENT(o->memory_threshold));
	}
}

static const char *const words[] = { [TARGET_LEAST_LOADED] = "least loaded",
	                             [TARGET_FIRST] = "first that may",
	                             [TARGET_NEAREST] = "nearest that may" };

/* Steps 5 to 8 for a loaded node. */
static bool relieve(struct policy *p, const struct cluster *c, struct plan *plan, int32_t node)
{
	const struct rtt_aware_options *o = p->options;
	bool least = o->target == TARGET_LEAST_LOADED;
	int32_t to = least ? least_loaded(p, c, node) : CLUSTER_NONE;
	/* Who would have moved is looked for only where it is told. */
	if (least && !plan->explain && obstacle_between(o, c, node, to) != NO_OBSTACLE)
		return false;
	int32_t vm = least_vm(c, node);
	if (!least)
		to = permitted(p, c, plan, vm);
	enum obstacle is = to == CLUSTER_NONE ? NONE_MAY : obstacle_for(o, c, plan, vm, to);
	char why_not[WHY_NOT], used[32];
	double share = load(c, plan, node, 0), before = to == CLUSTER_NONE ? 0 : load(c, plan, to, 0);
	if (is != NO_OBSTACLE) {
		if (plan->explain)
			say_obstacle(o, c, plan, vm, to, is, why_not);
		plan_stay(plan, node, vm);
		if (plan->explain)
			plan_say(plan, "%s has %.4g %% > %.4g %% of its memory in use; %s", NODE_NAME(c, node),
			         PERCENT(share), PERCENT(o->memory_threshold), why_not);
		return false;
	}
	policy_move(p, c, plan, vm, to);
	if (plan->explain)
		plan_say(plan,
		         "%s has %.4g %% > %.4g %% of its memory in use; %s, the least with %s, moves to %s, the %s "
		         "with %.4g %%, RTT %.4g ms <= %.4g ms",
		         NODE_NAME(c, node), PERCENT(share), PERCENT(o->memory_threshold), VM_NAME(c, vm),
		         size_format(c->vms[vm].used_bytes, used, sizeof(used)), NODE_NAME(c, to), words[o->target],
		         PERCENT(before), (double)cluster_rtt_ns(c, node, to) / 1e6,
		         (double)o->rtt_threshold_ns / 1e6);
	return true;
}

static void rtt_aware_plan(struct policy *p, const struct cluster *c, struct plan *plan)
{
	const struct rtt_aware_options *o = p->options;
	struct rtt_aware *r = p->state;
	int32_t node;
	turns_begin(&r->loaded);
	for (; plan->turns < o->turns && (node = turns_next(&r->loaded)) != CLUSTER_NONE; plan->turns++)
		if (!relieve(p, c, plan, node))
			turns_refuse(&r->loaded, node);
	plan->more = turns_next(&r->loaded) != CLUSTER_NONE;
	turns_end(&r->loaded);
}

const struct policy_ops rtt_aware_policy = {
	.name = "rtt-aware",
	.help = "a node short of memory sends its smallest VM to the least loaded node, unless that is too far away",
	.options = rows,
	.options_size = sizeof(struct rtt_aware_options),
	.init = rtt_aware_init,
	.look = rtt_aware_look,
	.plan = rtt_aware_plan,
	.end = rtt_aware_end,
};
