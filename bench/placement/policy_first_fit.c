/*
 * policy first-fit-decreasing: VMs that must go, the largest first, each to the first node with room in CPU and memory;
 * and a price on every move.
 *
 * - A node whose CPU is above `cpu_limit` is relieved: the VM goes whose move loses least of those that alone bring it
 *   back to the limit, of equals the one with the least CPU; where none does, first the one that frees most CPU for
 *   what its move loses. A VM for which there is no place is not chosen, and one VM stays.
 * - A node with VMs is emptied, the least loaded first, when all its VMs fit on other nodes with VMs and their moves
 *   lose no more than `node_worth`.
 * - A node has room as long as its CPU does not come above `cpu_fill`. The gap to `cpu_limit` keeps small changes from
 *   undoing a move. Size is the larger share, of CPU or of memory, of the node that the VM is on.
 * - A VM that starts goes to the first node with room too.
 *
 * A node that could not be helped is set aside (aside.h); a plan that is explained says of such nodes too why they stay.
 *
 * What a move loses, in seconds of the VM's undisturbed work, is its measured cost where the cluster has one; else what the model
 * `cost_model` says that was fitted to the lost work of measured runs (`migmeter model fit`, transfer.h), for moves over
 * `cost_rate` and `cost_rtt`; else, without a model,
 *
 *	cost_fixed + cost_memory * (memory in use, GiB) + cost_dirty * (dirtied a second, 100 MiB)
 *
 * whose defaults are two papers' figures for 1 Gbit/s: half of the work lost (Kuno) for the 8.6 s that a GiB takes, and a
 * stop of up to 1 s (Hirofuchi). On machines the dirty rate is measured before the loop, and told anew by each move's statistics;
 * one that is not known adds nothing, and the plan says so.
 */
#include "bench/placement/first_fit.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/placement/transfer_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COST_RATE INT64_C(1000000000) /* bit/s */

#define ROW(member) offsetof(struct first_fit_options, member)
static const struct option_row rows[] = {
	POLICY_WINDOW_ROW(first_fit_options),
	{ "cpu_limit", OPTION_FRACTION, ROW(cpu_limit), "90%", "0", "1000",
	  "a node's CPU, of its cores; above it VMs leave" },
	{ "cpu_fill", OPTION_FRACTION, ROW(cpu_fill), "70%", "0", "1000", "nodes are filled up to this" },
	{ "node_worth", OPTION_DURATION, ROW(node_worth_ns), "60s", "0s", "24h",
	  "a node is emptied when that loses no more work than this" },
	{ "cost_fixed", OPTION_DURATION, ROW(cost_fixed_ns), "1s", "0s", "24h", "work that any move loses" },
	{ "cost_memory", OPTION_DURATION, ROW(cost_memory_ns), "4.3s", "0s", "24h",
	  "and for each GiB of memory in use" },
	{ "cost_dirty", OPTION_DURATION, ROW(cost_dirty_ns), "0s", "0s", "24h",
	  "and for each 100 MiB dirtied a second" },
	{ "cost_model", OPTION_STRING, ROW(cost_model), "", NULL, NULL,
	  "file that 'migmeter model fit' wrote: the lost work of measured runs, in place of the three" },
	{ "cost_rate", OPTION_RATE, ROW(cost_rate_bits_per_s), "0", "0", "100T",
	  "of the link, for cost_model; 0: link.rate, and where there is none 1G" },
	{ "cost_rtt", OPTION_DURATION, ROW(cost_rtt_ns), "0s", "0s", "10s",
	  "of the link, for cost_model; 0: link.rtt" },
	POLICY_QUIET_ROW(first_fit_options, "10s"),
	POLICY_AT_ONCE_ROW(first_fit_options),
	POLICY_WAKE_ROW(first_fit_options),
	POLICY_TURNS_ROW(first_fit_options),
	OPTION_END
};

static int first_fit_check(const void *options, struct err *e)
{
	const struct first_fit_options *o = options;
	if (o->cpu_fill > o->cpu_limit)
		return err_set(e, EXIT_USAGE, "cpu_fill = %g %% is above cpu_limit = %g %%", PERCENT(o->cpu_fill),
		               PERCENT(o->cpu_limit));
	return 0;
}

static void first_fit_end(struct policy *p)
{
	struct first_fit *f = p->state;
	aside_free(&f->loaded);
	aside_free(&f->low);
	max_tree_free(&f->open);
	max_tree_free(&f->hosts);
	max_tree_free(&f->asleep);
	free(f->choices);
	free(f->leaving);
	free(f->places);
	free(f);
}

static int first_fit_init(struct policy *p, const struct cluster *c, struct err *e)
{
	const struct first_fit_options *o = p->options;
	struct first_fit *f = calloc(1, sizeof(*f));
	if (!f)
		return err_errno(e, EXIT_CANNOT, "no memory");
	p->state = f;
	p->window_ns = o->window_ns;
	p->quiet_ns = o->quiet_ns;
	p->at_once = o->at_once;
	f->costs.rate_bits_per_s = o->cost_rate_bits_per_s ? o->cost_rate_bits_per_s : COST_RATE;
	if (o->cost_model[0] && transfer_file_read(o->cost_model, &f->costs, e) < 0) {
		err_prefix(e, "cost_model");
		first_fit_end(p);
		return -1;
	}
	if (aside_init(&f->loaded, c->node_count, e) < 0 || aside_init(&f->low, c->node_count, e) < 0 ||
	    max_tree_init(&f->open, c->node_count, 2, e) < 0 || max_tree_init(&f->hosts, c->node_count, 2, e) < 0 ||
	    max_tree_init(&f->asleep, c->node_count, 2, e) < 0) {
		first_fit_end(p);
		return -1;
	}
	return 0;
}

void first_fit_room_set(struct max_tree *t, int32_t node, bool in, double cores, double bytes)
{
	max_tree_set(t, node, in ? cpu_round(cores) : MAX_TREE_OUT, in ? bytes : MAX_TREE_OUT);
}

static bool is_awake(const struct cluster_node *n, const struct plan_delta *d, double cpu)
{
	return n->moves == 0 && !isnan(cpu) && (n->state == NODE_ANSWERING || d->woken);
}

void first_fit_room_look(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node)
{
	const struct first_fit_options *o = p->options;
	const struct plan_delta *d = plan_delta(plan, node);
	const struct cluster_node *n = &c->nodes[node];
	struct first_fit *f = p->state;
	double cpu = policy_cpu_share(c, plan, node), bytes = (double)plan_free_bytes(plan, c, node);
	double cores = (o->cpu_fill - cpu) * n->cores;
	bool awake = is_awake(n, d, cpu);
	bool open = awake && d->vms >= 0;
	bool asleep = o->wake && n->moves == 0 && n->state == NODE_ASLEEP && !d->woken;
	first_fit_room_set(&f->open, node, open, cores, bytes);
	first_fit_room_set(&f->hosts, node, open && n->vms + d->vms > 0, cores, bytes);
	first_fit_room_set(&f->asleep, node, asleep, cores, bytes);
}

static void first_fit_look(struct policy *p, const struct cluster *c, const struct plan *plan, int32_t node)
{
	const struct first_fit_options *o = p->options;
	const struct plan_delta *d = plan_delta(plan, node);
	const struct cluster_node *n = &c->nodes[node];
	struct first_fit *f = p->state;
	double cpu = policy_cpu_share(c, plan, node);
	bool mine = is_awake(n, d, cpu) && !d->touched;
	first_fit_room_look(p, c, plan, node);
	aside_set(&f->loaded, node, mine && n->vms >= 2 && cpu > o->cpu_limit ? cpu : MAX_TREE_OUT);
	aside_set(&f->low, node, mine && n->vms >= 1 && cpu <= o->cpu_limit ? -cpu : MAX_TREE_OUT);
}

double first_fit_cost_s(const struct policy *p, const struct cluster_vm *v)
{
	const struct first_fit_options *o = p->options;
	const struct first_fit *f = p->state;
	if (!isnan(v->cost_s))
		return v->cost_s;
	if (f->costs.fitted)
		return transfer_cost(&f->costs, v->used_bytes, v->dirty_per_s, o->cost_rtt_ns).lost / NS_PER_S;
	double dirty = isnan(v->dirty_per_s) ? 0 : v->dirty_per_s / (100 * 0x1p20);
	double ns = (double)o->cost_fixed_ns + (double)o->cost_memory_ns * ((double)v->used_bytes / 0x1p30) +
	            (double)o->cost_dirty_ns * dirty;
	return ns / NS_PER_S;
}

static bool first_fit_wants_dirty_rate(const void *options)
{
	const struct first_fit_options *o = options;
	return o->cost_dirty_ns > 0 || o->cost_model[0];
}

const char *first_fit_dirty_words(const struct first_fit_options *o, const struct cluster_vm *v)
{
	return first_fit_wants_dirty_rate(o) && isnan(v->cost_s) && isnan(v->dirty_per_s)
	               ? " (a dirty rate is not known)"
	               : "";
}

double first_fit_size_on(const struct cluster_node *n, const struct cluster_vm *v)
{
	double memory = (double)v->memory_bytes / (double)n->memory_bytes;
	return fmax(v->cpu / n->cores, memory);
}

int32_t first_fit_find(const struct first_fit *f, double cores, int64_t bytes)
{
	int32_t node = max_tree_first(&f->open, cores, (double)bytes);
	return node != CLUSTER_NONE ? node : max_tree_first(&f->asleep, cores, (double)bytes);
}

static int32_t first_fit_place(struct policy *p, const struct cluster *c, int32_t vm)
{
	const struct cluster_vm *v = &c->vms[vm];
	return first_fit_find(p->state, isnan(v->cpu) ? 0 : v->cpu, v->memory_bytes);
}

void first_fit_say(const struct first_fit_options *o, const struct cluster *c, struct plan *plan, const char *because,
                   int32_t vm, int32_t to, double before)
{
	const struct cluster_vm *v = &c->vms[vm];
	char memory[32];
	if (!plan->explain)
		return;
	size_format(v->memory_bytes, memory, sizeof(memory));
	if (to == CLUSTER_NONE)
		plan_say(plan, "%s; %s %.4g %%, %s stays: no node has room below %.4g %%", because, VM_NAME(c, vm),
		         PERCENT(v->cpu), memory, PERCENT(o->cpu_fill));
	else
		plan_say(plan, "%s; %s %.4g %%, %s moves to %s, the first with room (%.4g %% + %.4g %% <= %.4g %%)",
		         because, VM_NAME(c, vm), PERCENT(v->cpu), memory, NODE_NAME(c, to), PERCENT(before),
		         PERCENT(v->cpu / c->nodes[to].cores), PERCENT(o->cpu_fill));
}

static void first_fit_plan(struct policy *p, const struct cluster *c, struct plan *plan)
{
	const struct first_fit_options *o = p->options;
	struct first_fit *f = p->state;
	double cores, bytes;
	int64_t left;
	int32_t node;
	first_fit_relieve(p, c, plan);
	aside_begin(&f->low, o->turns, max_tree_highest(&f->hosts, 0), max_tree_highest(&f->hosts, 1));
	for (node = 0, left = o->turns; plan->explain && node < c->node_count && left > 0; node++)
		if (aside_has(&f->low, node) && left--)
			first_fit_empty(p, c, plan, node, &cores, &bytes);
	while ((node = aside_next(&f->low)) != CLUSTER_NONE)
		if (!first_fit_empty(p, c, plan, node, &cores, &bytes))
			aside_put(&f->low, node, cores, bytes);
	aside_end(&f->low);
	plan->turns = 2 * o->turns - f->loaded.left - f->low.left;
	plan->more = f->loaded.waiting || f->low.waiting;
}

const struct policy_ops first_fit_policy = {
	.name = "first-fit-decreasing",
	.help = "VMs of loaded nodes and of nodes worth emptying, the largest first, to the first node with room",
	.options = rows,
	.options_size = sizeof(struct first_fit_options),
	.check = first_fit_check,
	.wants_dirty_rate = first_fit_wants_dirty_rate,
	.init = first_fit_init,
	.look = first_fit_look,
	.place = first_fit_place,
	.plan = first_fit_plan,
	.end = first_fit_end,
};
