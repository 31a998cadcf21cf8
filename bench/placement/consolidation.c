#include "bench/placement/consolidation.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/cluster_line.h"
#include "bench/placement/cluster_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PULSE_NS (50 * NS_PER_MS)
#define WINDOW_NS (10 * NS_PER_S)         /* of a policy that uses none, for the live line */
#define WINDOW_HIGHEST_NS (60 * NS_PER_S) /* as cluster_monitor_view() takes it, at the interval of 1 s */
#define PATIENCE_NS (60 * NS_PER_S)       /* unless the spec says another */

/* What was said of the plan before: an entry without its numbers. */
struct said {
	enum plan_kind kind;
	int32_t vm, from, to;
};

struct consolidation {
	const struct consolidation_spec *spec;
	struct cluster *cluster;
	struct policy *policy;
	struct plan plan;
	bool plan_made;
	struct cluster_monitor *monitor;
	struct monitor_view view;
	struct node_power *power;
	struct mover *mover;
	const char **names;      /* of the nodes */
	bool *asleep;            /* a node each */
	bool *left_alone;        /* a node each */
	int64_t *empty_since_ns; /* a node each; 0: it is not */
	int64_t begin_ns, seen_ns, patience_ns;
	struct said *said;
	int said_count, said_room;
	int plans;
};

int consolidation_check(const struct policy_ops *policy, const void *options, struct err *e)
{
	struct cluster *c;
	struct policy *p = NULL;
	if (cluster_new(&c, e) < 0)
		return -1;
	if (cluster_node_add(c, NULL, 1, 1, 0, e) >= 0)
		p = policy_new(policy, options, c, e);
	int result = p ? 0 : -1;
	if (p && p->window_ns > WINDOW_HIGHEST_NS)
		result =
			err_set(e, EXIT_USAGE,
		                "a window of %.3g s is more than the monitor remembers: set consolidate.%s.window to "
		                "%.3gs or less",
		                (double)p->window_ns / NS_PER_S, policy->name, (double)WINDOW_HIGHEST_NS / NS_PER_S);
	policy_free(p);
	cluster_free(c);
	return result;
}

/* ---- beginning ---- */

/* Each node is a site of its own. */
static int distances_set(struct consolidation *k, struct err *e)
{
	const struct consolidation_spec *spec = k->spec;
	int nodes = spec->node_count;
	int64_t *rtt_ns = calloc((size_t)nodes * (size_t)nodes + 1, sizeof(*rtt_ns));
	if (!rtt_ns)
		return err_errno(e, EXIT_CANNOT, "no memory for the distances of %d nodes", nodes);
	for (int i = 0; i < nodes * nodes; i++)
		rtt_ns[i] = i % (nodes + 1) == 0 ? 0 : spec->rtt_ns ? spec->rtt_ns[i] : -1;
	int result = cluster_sites_set(k->cluster, nodes, rtt_ns, e);
	free(rtt_ns);
	return result;
}

static int cluster_make(struct consolidation *k, struct err *e)
{
	const struct consolidation_spec *spec = k->spec;
	if (cluster_new(&k->cluster, e) < 0 || distances_set(k, e) < 0)
		return -1;
	for (int i = 0; i < spec->node_count; i++) {
		const struct consolidation_node *n = &spec->nodes[i];
		k->names[i] = n->to.name;
		if (cluster_node_add(k->cluster, n->to.name, n->cores, n->memory_bytes, i, e) < 0)
			return -1;
	}
	for (int i = 0; i < spec->vm_count; i++) {
		const struct consolidation_vm *v = &spec->vms[i];
		int32_t vm = cluster_vm_add(k->cluster, v->name, v->memory_bytes, v->node, e);
		if (vm < 0)
			return -1;
		cluster_vm_put(k->cluster, vm, v->node);
		cluster_vm_measured(k->cluster, vm, NAN, v->memory_bytes, v->dirty_per_s > 0 ? v->dirty_per_s : NAN);
	}
	k->policy = policy_new(spec->policy, spec->policy_options, k->cluster, e);
	k->plan_made = k->policy && plan_init(&k->plan, k->cluster, true, e) == 0;
	return k->plan_made ? 0 : -1;
}

static int monitor_start(struct consolidation *k, struct err *e)
{
	const struct consolidation_spec *spec = k->spec;
	struct cluster_monitor_spec monitor = { .source = spec->source,
		                                .argument = spec->source_argument,
		                                .node_count = spec->node_count,
		                                .path = spec->database,
		                                .keep_ns = spec->keep_ns,
		                                .interval_ns = spec->interval_ns };
	struct monitor_node *nodes = calloc((size_t)spec->node_count + 1, sizeof(*nodes));
	if (!nodes)
		return err_errno(e, EXIT_CANNOT, "cannot watch %d nodes", spec->node_count);
	for (int i = 0; i < spec->node_count; i++)
		nodes[i] = spec->nodes[i].watched;
	monitor.nodes = nodes;
	int result = cluster_monitor_start(&k->monitor, &monitor, e);
	free(nodes);
	return result;
}

/* For people: a line that stays, with the time of the loop. */
static void tell(void *context, const char *words)
{
	const struct consolidation *k = context;
	char line[500];
	snprintf(line, sizeof(line), "%.1f s: %s", (double)(clock_now_ns() - k->begin_ns) / NS_PER_S, words);
	k->spec->note(k->spec->pulse_context, line);
}

static int controller_start(struct consolidation *k, struct mover_node *nodes, struct err *e)
{
	const struct consolidation_spec *spec = k->spec;
	struct node_power_spec power = spec->power;
	power.names = k->names;
	power.node_count = spec->node_count;
	power.sink = spec->migration.sink;
	power.context = spec->migration.context;
	power.deadline_ns = k->patience_ns;
	power.tell = tell;
	power.tell_context = k;
	if (node_power_new(&k->power, &power, e) < 0)
		return -1;
	for (int i = 0; i < spec->node_count; i++)
		nodes[i] = spec->nodes[i].to;
	const struct mover_spec mover = {
		.cluster = k->cluster,
		.power = k->power,
		.nodes = nodes,
		.patience_ns = k->patience_ns,
		.stage_by_stage = true,
		.migration = spec->migration,
		.migrate = spec->migrate,
	};
	return mover_new(&k->mover, &mover, e);
}

/* ---- what is said ---- */

static void event(struct consolidation *k, int32_t vm, int32_t node, const char *name, const char *detail)
{
	const struct migration_spec *to = &k->spec->migration;
	to->sink(to->context, clock_now_ns(), vm == CLUSTER_NONE ? "" : VM_NAME(k->cluster, vm),
	         node == CLUSTER_NONE ? "" : k->names[node], name, detail);
}

static bool was_said(const struct consolidation *k, int32_t entry)
{
	const struct plan_entry *p = &k->plan.entries[entry];
	if (entry >= k->said_count)
		return false;
	const struct said *s = &k->said[entry];
	return s->kind == p->kind && s->vm == p->vm && s->from == p->from && s->to == p->to;
}

static void remember(struct consolidation *k)
{
	if (k->plan.count > k->said_room) {
		struct said *more = realloc(k->said, (size_t)k->plan.count * 2 * sizeof(*more));
		if (!more) {
			k->said_count = 0; /* then it is said again */
			return;
		}
		k->said = more;
		k->said_room = k->plan.count * 2;
	}
	k->said_count = k->plan.count;
	for (int32_t i = 0; i < k->plan.count; i++) {
		const struct plan_entry *p = &k->plan.entries[i];
		k->said[i] = (struct said){ p->kind, p->vm, p->from, p->to };
	}
}

static void say_entry(struct consolidation *k, int32_t index)
{
	const struct plan_entry *p = &k->plan.entries[index];
	static const char *const done[] = { [PLAN_MOVE] = "move", [PLAN_WAKE] = "wake", [PLAN_STAY] = "stay" };
	char line[480], detail[400];
	bool stays = p->kind == PLAN_STAY;
	snprintf(detail, sizeof(detail), "%s%s%s%s: %s", k->spec->dry_run && !stays ? "would " : "", done[p->kind],
	         p->kind == PLAN_MOVE ? " to " : "", p->kind == PLAN_MOVE ? k->names[p->to] : "",
	         plan_why(&k->plan, index));
	int32_t node = p->kind == PLAN_WAKE ? p->to : p->from;
	event(k, p->vm, node, "plan", detail);
	snprintf(line, sizeof(line), "%s: %s", p->vm == CLUSTER_NONE ? k->names[node] : VM_NAME(k->cluster, p->vm),
	         detail);
	tell(k, line);
}

/* All of it when any of it is new, which is returned. */
static bool say_plan(struct consolidation *k)
{
	bool same = k->plan.count == k->said_count;
	for (int32_t i = 0; i < k->plan.count && same; i++)
		same = was_said(k, i);
	for (int32_t i = 0; i < k->plan.count && !same; i++)
		say_entry(k, i);
	if (!same)
		remember(k);
	return !same;
}

/* ---- each second ---- */

/* An empty node, from which and to which nothing moves, sleeps after a while; one node stays awake. */
static void sleep_the_empty(struct consolidation *k)
{
	const struct cluster *c = k->cluster;
	int awake = 0;
	for (int32_t i = 0; i < c->node_count; i++)
		awake += node_power_is_awake(k->power, i);
	for (int32_t i = 0; i < c->node_count; i++) {
		const struct cluster_node *n = &c->nodes[i];
		bool empty = n->state == NODE_ANSWERING && n->vms == 0 && n->moves == 0 &&
		             cluster_view_is_empty(&k->view, i);
		if (!empty)
			k->empty_since_ns[i] = 0;
		else if (!k->empty_since_ns[i])
			k->empty_since_ns[i] = k->view.due_ns;
		if (!empty || awake < 2 || k->view.due_ns - k->empty_since_ns[i] < k->spec->sleep_after_ns)
			continue;
		char why[120];
		snprintf(why, sizeof(why), "empty for %.3g s >= %.3g s (sleep_after), %d nodes awake",
		         (double)(k->view.due_ns - k->empty_since_ns[i]) / NS_PER_S,
		         (double)k->spec->sleep_after_ns / NS_PER_S, awake);
		k->empty_since_ns[i] = 0;
		node_power_sleep(k->power, i, why);
		awake -= !node_power_is_awake(k->power, i);
	}
}

static int look(struct consolidation *k, struct err *e)
{
	int64_t interval_ns = k->spec->interval_ns ? k->spec->interval_ns : NS_PER_S;
	int64_t longest_ns = WINDOW_HIGHEST_NS / NS_PER_S * interval_ns; /* that the monitor takes */
	int64_t window_ns = k->policy->window_ns     ? k->policy->window_ns
	                    : longest_ns < WINDOW_NS ? longest_ns
	                                             : WINDOW_NS;
	if (cluster_monitor_second(k->monitor) == k->seen_ns)
		return 0;
	if (cluster_monitor_view(k->monitor, window_ns, &k->view, e) < 0)
		return -1;
	const struct cluster_view_rules rules = { .guests_only = k->spec->guests_only,
		                                  .asleep = k->asleep,
		                                  .left_alone = k->left_alone };
	k->seen_ns = k->view.due_ns;
	for (int32_t i = 0; i < k->cluster->node_count; i++) {
		k->asleep[i] = !node_power_is_awake(k->power, i);
		k->left_alone[i] = node_power_is_left_alone(k->power, i);
		cluster_monitor_asleep(k->monitor, i, k->asleep[i]);
	}
	cluster_view_apply(k->cluster, &k->view, &rules);
	return 1;
}

/* A policy that breaks a rule is an error of the program's, not of the machines'. */
static int plan_once(struct consolidation *k, struct err *e)
{
	if (mover_is_busy(k->mover) || !cluster_view_is_current(k->cluster, &k->view))
		return 0;
	if (policy_plan(k->policy, clock_now_ns(), &k->plan, e) < 0)
		return -1;
	bool is_new = say_plan(k), wants = false;
	for (int32_t i = 0; i < k->plan.count; i++)
		wants |= k->plan.entries[i].kind != PLAN_STAY;
	if (!wants) {
		if (!k->spec->dry_run)
			sleep_the_empty(k);
		return 0;
	}
	k->plans += is_new || !k->spec->dry_run; /* one that is not carried out is made again each second */
	return k->spec->dry_run ? 0 : mover_take(k->mover, &k->plan, e);
}

/* Whether nothing is left to be gathered. */
static bool is_together(const struct consolidation *k)
{
	const struct cluster *c = k->cluster;
	int hosts = 0;
	for (int32_t i = 0; i < c->node_count; i++)
		hosts += c->nodes[i].vms > 0;
	return hosts <= 1;
}

static bool is_over(const struct consolidation *k)
{
	const struct consolidation_spec *spec = k->spec;
	return spec->is_over && !mover_is_busy(k->mover) && (!spec->gather || is_together(k)) &&
	       spec->is_over(spec->pulse_context);
}

/* Until there is no time left and nothing moves; a loop that is broken off is so at once. */
static int loop(struct consolidation *k, struct err *e)
{
	const struct consolidation_spec *spec = k->spec;
	int64_t end_ns = k->begin_ns + spec->duration_ns;
	for (;;) {
		char line[1000];
		bool time_left = clock_now_ns() < end_ns && !is_over(k);
		int seen = look(k, e);
		if (seen < 0 || (seen > 0 && time_left && plan_once(k, e) < 0))
			return -1;
		mover_step(k->mover);
		if (!time_left) {
			mover_drop(k->mover, "the time of the loop is over");
			if (!mover_is_busy(k->mover))
				return 0;
		}
		if (spec->pulse(spec->pulse_context, cluster_line(k->cluster, line, sizeof(line)), e) < 0)
			return -1;
		clock_sleep(PULSE_NS);
	}
}

/* ---- the end ---- */

static int result_fill(struct consolidation *k, struct consolidation_result *ret, struct err *e)
{
	int count = 0;
	const struct move_record *records = k->mover ? mover_records(k->mover, &count) : NULL;
	ret->length_ns = clock_now_ns() - k->begin_ns;
	ret->plans = k->plans;
	ret->moves = calloc((size_t)count + 1, sizeof(*ret->moves));
	ret->active_ns = calloc((size_t)k->spec->node_count + 1, sizeof(*ret->active_ns));
	if (!ret->moves || !ret->active_ns)
		return err_errno(e, EXIT_CANNOT, "no memory to keep %d moves", count);
	if (count)
		memcpy(ret->moves, records, (size_t)count * sizeof(*records));
	ret->move_count = count;
	for (int i = 0; k->power && i < k->spec->node_count; i++)
		ret->active_ns[i] = node_power_active_ns(k->power, i);
	return 0;
}

/* Wait for moves that a loop broken off has left behind. */
static void settle(struct consolidation *k)
{
	if (!k->mover)
		return;
	mover_abort(k->mover);
	mover_finish(k->mover, k->spec->pulse, k->spec->pulse_context);
}

static int end(struct consolidation *k, struct consolidation_result *ret, int result, struct err *e)
{
	struct err one = { 0 };
	settle(k);
	if (result_fill(k, ret, &one) < 0 && result == 0)
		result = err_set(e, one.status, "%s", one.text);
	mover_free(k->mover);
	node_power_free(k->power);
	one = (struct err){ 0 };
	if (k->monitor && cluster_monitor_stop(k->monitor, &ret->monitor, &one) < 0 && result == 0)
		result = err_set(e, one.status, "%s", one.text);
	monitor_view_free(&k->view);
	if (k->plan_made)
		plan_free(&k->plan);
	policy_free(k->policy);
	cluster_free(k->cluster);
	free(k->names);
	free(k->asleep);
	free(k->left_alone);
	free(k->empty_since_ns);
	free(k->said);
	return result;
}

int consolidation_run(const struct consolidation_spec *spec, struct consolidation_result *ret, struct err *e)
{
	size_t nodes = (size_t)spec->node_count + 1;
	struct consolidation k = { .spec = spec,
		                   .begin_ns = clock_now_ns(),
		                   .patience_ns = spec->patience_ns ? spec->patience_ns : PATIENCE_NS };
	struct mover_node *to = calloc(nodes, sizeof(*to));
	*ret = (struct consolidation_result){ 0 };
	k.names = calloc(nodes, sizeof(*k.names));
	k.asleep = calloc(nodes, sizeof(*k.asleep));
	k.left_alone = calloc(nodes, sizeof(*k.left_alone));
	k.empty_since_ns = calloc(nodes, sizeof(*k.empty_since_ns));
	int result = to && k.names && k.asleep && k.left_alone && k.empty_since_ns
	                     ? 0
	                     : err_errno(e, EXIT_CANNOT, "no memory for %d nodes", spec->node_count);
	if (result == 0 && (cluster_make(&k, e) < 0 || controller_start(&k, to, e) < 0 || monitor_start(&k, e) < 0))
		result = -1;
	if (result == 0) {
		event(&k, CLUSTER_NONE, CLUSTER_NONE, "consolidation", spec->policy->name);
		result = loop(&k, e);
	}
	result = end(&k, ret, result, e);
	free(to);
	return result;
}

void consolidation_result_free(struct consolidation_result *result)
{
	free(result->moves);
	free(result->active_ns);
	*result = (struct consolidation_result){ 0 };
}
