#include "bench/placement/policy.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct policy_ops *const policies[] = {
	&none_policy, &threshold_policy, &first_fit_policy, &rtt_aware_policy, NULL,
};

const struct policy_ops *policy_find(const char *name, struct err *e)
{
	const char *names[sizeof(policies) / sizeof(*policies)];
	size_t count = 0;
	for (; policies[count]; count++) {
		if (strcmp(policies[count]->name, name) == 0)
			return policies[count];
		names[count] = policies[count]->name;
	}
	const char *near = nearest_name(name, names, count);
	err_set(e, EXIT_USAGE, "unknown policy '%s'%s%s%s", name, near ? ", did you mean '" : "", near ? near : "",
	        near ? "'?" : "");
	return NULL;
}

void *policy_options_new(const struct policy_ops *ops, struct err *e)
{
	void *options = calloc(1, ops->options_size ? ops->options_size : 1);
	if (!options) {
		err_errno(e, EXIT_CANNOT, "options of policy '%s'", ops->name);
		return NULL;
	}
	if (ops->options && option_defaults(ops->options, options, e) < 0) {
		free(options);
		return NULL;
	}
	return options;
}

int policy_key_set(const struct policy_ops *chosen, void *options, const char *key, const char *value, struct err *e)
{
	static const struct option_row none[] = { OPTION_END };
	char name[64];
	size_t length = strcspn(key, ".");
	snprintf(name, sizeof(name), "%.*s", (int)length, key);
	const struct policy_ops *ops = policy_find(name, e);
	if (!ops)
		return -1;
	void *unused = ops == chosen ? NULL : policy_options_new(ops, e), *target = ops == chosen ? options : unused;
	int result = target ? option_set(ops->options ? ops->options : none, target, key + length + 1, value, e) : -1;
	free(unused);
	return result;
}

struct policy *policy_new(const struct policy_ops *ops, const void *options, struct cluster *c, struct err *e)
{
	if (ops->check && ops->check(options, e) < 0) {
		err_prefix(e, "policy '%s'", ops->name);
		return NULL;
	}
	struct policy *p = calloc(1, sizeof(*p));
	if (!p) {
		err_errno(e, EXIT_CANNOT, "policy '%s'", ops->name);
		return NULL;
	}
	*p = (struct policy){ .ops = ops, .options = options, .cluster = c };
	if (ops->init && ops->init(p, c, e) < 0) {
		err_prefix(e, "policy '%s'", ops->name);
		free(p);
		return NULL;
	}
	for (int32_t i = 0; i < c->node_count; i++)
		cluster_touch(c, i);
	return p;
}

/* RATE and DURATION are int64_t. */
static void set_if_zero(const struct policy_ops *ops, void *options, const char *name, int64_t value)
{
	const struct option_row *row = ops->options ? option_find(ops->options, name) : NULL;
	int64_t now;
	if (!row)
		return;
	memcpy(&now, (char *)options + row->offset, sizeof(now));
	if (now == 0)
		memcpy((char *)options + row->offset, &value, sizeof(value));
}

void policy_link_set(const struct policy_ops *ops, void *options, int64_t rate_bits_per_s, int64_t rtt_ns)
{
	set_if_zero(ops, options, "cost_rate", rate_bits_per_s);
	set_if_zero(ops, options, "cost_rtt", rtt_ns);
}

void policy_free(struct policy *p)
{
	if (p && p->ops->end)
		p->ops->end(p);
	free(p);
}

static void look_again(struct policy *p)
{
	for (int32_t node; (node = cluster_take_changed(p->cluster)) != CLUSTER_NONE;)
		if (p->ops->look)
			p->ops->look(p, p->cluster, NULL, node);
}

int32_t policy_place_home(const struct cluster *c, int32_t vm)
{
	const struct cluster_vm *v = &c->vms[vm];
	if (v->home == CLUSTER_NONE)
		return cluster_first_with_room(c, v->memory_bytes);
	bool can = c->nodes[v->home].state != NODE_SILENT && cluster_free_bytes(c, v->home) >= v->memory_bytes;
	return can ? v->home : CLUSTER_NONE;
}

int32_t policy_place(struct policy *p, int32_t vm)
{
	look_again(p);
	return p->ops->place ? p->ops->place(p, p->cluster, vm) : policy_place_home(p->cluster, vm);
}

double cpu_round(double cpu)
{
	return round(cpu * 1e9) / 1e9;
}

double policy_cpu_share(const struct cluster *c, const struct plan *plan, int32_t node)
{
	const struct cluster_node *n = &c->nodes[node];
	double now = n->state == NODE_ASLEEP ? 0 : n->cpu;
	return cpu_round((now + plan_delta(plan, node)->cpu) / n->cores);
}

/* What was missing: the least CPU and the most memory free on nodes that are awake. */
static void say_wake(const struct cluster *c, struct plan *plan, int32_t vm, int32_t to)
{
	const struct cluster_vm *v = &c->vms[vm];
	int32_t calm = CLUSTER_NONE, roomy = CLUSTER_NONE;
	char needs[32], room[32], others[200] = "no other node is awake";
	for (int32_t i = 0; i < c->node_count; i++) {
		if (i == v->node || i == to || (c->nodes[i].state != NODE_ANSWERING && !plan_delta(plan, i)->woken))
			continue;
		if (calm == CLUSTER_NONE || policy_cpu_share(c, plan, i) < policy_cpu_share(c, plan, calm))
			calm = i;
		if (roomy == CLUSTER_NONE || plan_free_bytes(plan, c, i) > plan_free_bytes(plan, c, roomy))
			roomy = i;
	}
	if (calm != CLUSTER_NONE)
		snprintf(others, sizeof(others),
		         "of the others %s has the least CPU, %.4g %%, and %s the most free, %s", NODE_NAME(c, calm),
		         PERCENT(policy_cpu_share(c, plan, calm)), NODE_NAME(c, roomy),
		         size_format(plan_free_bytes(plan, c, roomy), room, sizeof(room)));
	plan_say(plan, "no node awake will do for %s (%.4g %%, %s): %s; %s is woken", VM_NAME(c, vm), PERCENT(v->cpu),
	         size_format(v->memory_bytes, needs, sizeof(needs)), others, NODE_NAME(c, to));
}

void policy_move(struct policy *p, const struct cluster *c, struct plan *plan, int32_t vm, int32_t to)
{
	int32_t from = c->vms[vm].node;
	if (c->nodes[to].state == NODE_ASLEEP && !plan_delta(plan, to)->woken) {
		plan_wake(plan, to, vm);
		if (plan->explain)
			say_wake(c, plan, vm, to);
	}
	plan_move(plan, c, vm, to);
	p->ops->look(p, c, plan, from);
	p->ops->look(p, c, plan, to);
}

/* What is wrong with a move, after those that were looked at before it; NULL: nothing. */
static const char *wrong(const struct cluster *c, const struct plan *plan, const struct plan_entry *m)
{
	if (m->vm < 0 || m->vm >= c->vm_count || !c->vms[m->vm].there || c->vms[m->vm].node != m->from)
		return "the VM is not there";
	if (m->to < 0 || m->to >= c->node_count || m->to == m->from)
		return "that is no other node";
	if (c->nodes[m->from].state != NODE_ANSWERING)
		return "the VM's node does not answer";
	if (c->nodes[m->to].state == NODE_SILENT)
		return "the node does not answer";
	if (c->nodes[m->to].state == NODE_ASLEEP && !plan_delta(plan, m->to)->woken)
		return "the node is asleep and is not woken";
	if (plan_free_bytes(plan, c, m->to) < 0)
		return "the node has no room for its memory";
	return NULL;
}

static int check(const struct policy *p, struct plan *plan, struct err *e)
{
	const struct cluster *c = p->cluster;
	if (plan->failed)
		return err_set(e, EXIT_CANNOT, "policy '%s': no memory for a plan of %d entries", p->ops->name,
		               plan->count);
	for (int32_t i = 0; i < plan->count; i++) {
		const struct plan_entry *m = &plan->entries[i];
		const char *what = m->kind == PLAN_MOVE ? wrong(c, plan, m) : NULL;
		if (what)
			return err_set(e, EXIT_MEASURED_BAD, "policy '%s' wants to move VM %d to node %d: %s",
			               p->ops->name, m->vm, m->to, what);
	}
	return 0;
}

int policy_plan(struct policy *p, int64_t now_ns, struct plan *plan, struct err *e)
{
	struct cluster *c = p->cluster;
	if (plan->node_count != c->node_count)
		return err_set(e, EXIT_MEASURED_BAD, "a plan for %d nodes, and the cluster has %d", plan->node_count,
		               c->node_count);
	plan_begin(plan, p->at_once);
	look_again(p);
	if (!p->ops->plan)
		return 0;
	/* For all policies: what goes on is carried out before more is planned. So no node has more moves than at_once. */
	if (c->moves > 0 || (c->moved_ns != INT64_MIN && now_ns - c->moved_ns < p->quiet_ns))
		return 0;
	p->ops->plan(p, c, plan);
	/* The policy's indices have the plan in them; the cluster has not. */
	for (int32_t i = 0; i < plan->touched_count; i++)
		cluster_touch(c, plan->touched[i]);
	int status = check(p, plan, e);
	if (status < 0)
		plan_begin(plan, p->at_once);
	return status;
}

static int by_order(const void *a, const void *b)
{
	const struct vm_choice *x = a, *y = b;
	if (x->order != y->order)
		return x->order > y->order ? -1 : 1;
	return (x->vm > y->vm) - (x->vm < y->vm);
}

void vm_choices_sort(struct vm_choice *choices, int32_t count)
{
	if (count > 1)
		qsort(choices, (size_t)count, sizeof(*choices), by_order);
}

bool vm_choices_room(struct vm_choice **list, int32_t *room, int32_t count)
{
	if (count <= *room)
		return true;
	struct vm_choice *larger = realloc(*list, (size_t)count * 2 * sizeof(*larger));
	if (!larger)
		return false;
	*list = larger;
	*room = 2 * count;
	return true;
}
