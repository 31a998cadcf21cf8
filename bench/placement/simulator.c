#include "bench/placement/simulator_state.h"

#include "bench/base/err.h"
#include "bench/base/line_array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LIMIT_NS 0x1p62
enum { STOP_EVENTS = 4096 }; /* from one look at whether to stop to the next */

/* ---- what is said ---- */

static void note(struct sim *m, enum simulated_event event, int32_t vm, int32_t node, const char *detail)
{
	const struct simulated_note n = { .now_ns = (int64_t)m->now_ns,
		                          .event = event,
		                          .job = vm == CLUSTER_NONE ? NULL : &m->jobs[vm],
		                          .vm = vm == CLUSTER_NONE ? "" : VM_NAME(m->c, vm),
		                          .node = node == CLUSTER_NONE ? "" : NODE_NAME(m->c, node),
		                          .detail = detail };
	m->s->note(m->s->notes, &n);
}

void sim_note_to(struct sim *m, enum simulated_event event, int32_t vm, int32_t to)
{
	char detail[CLUSTER_NAME + 8];
	snprintf(detail, sizeof(detail), "to %s", NODE_NAME(m->c, to));
	note(m, event, vm, m->c->vms[vm].node, detail);
}

/* ---- planning comes at whole intervals ---- */

static void plan_later(struct sim *m, bool arrival)
{
	double from_ns = m->now_ns, interval_ns = (double)m->s->interval_ns;
	m->vain = 0;
	m->owed |= arrival;
	if (!m->policy->ops->plan || m->c->moves > 0 || (m->s->plan_arrivals && !m->owed))
		return; /* the plan that is carried out comes first */
	from_ns = fmax(from_ns, (double)m->s->baseline_ns);
	if (m->policy->quiet_ns > 0 && m->c->moved_ns != INT64_MIN)
		from_ns = fmax(from_ns, (double)m->c->moved_ns + (double)m->policy->quiet_ns);
	m->plan_ns = fmin(m->plan_ns, ceil(from_ns / interval_ns) * interval_ns);
}

/* ---- VMs ---- */

static bool grow(struct sim *m)
{
	int32_t room = m->c->vm_room;
	if (room <= m->vm_room)
		return true;
	size_t had = (size_t)m->vm_room;
	struct simulated_job *jobs = line_array_grow(m->jobs, had * sizeof(*jobs), (size_t)room * sizeof(*jobs));
	m->jobs = jobs ? jobs : m->jobs;
	int32_t *move_at = line_array_grow(m->move_at, had * sizeof(*move_at), (size_t)room * sizeof(*move_at));
	m->move_at = move_at ? move_at : m->move_at;
	double *since_ns = NULL;
	if (m->watch)
		since_ns = line_array_grow(m->since_ns, had * sizeof(*since_ns), (size_t)room * sizeof(*since_ns));
	m->since_ns = since_ns ? since_ns : m->since_ns;
	if (!jobs || !move_at || (m->watch && !since_ns))
		return false;
	for (int32_t i = m->vm_room; i < room; i++)
		m->move_at[i] = HEAP_OUT;
	m->vm_room = room;
	return true;
}

static void start(struct sim *m, int32_t vm, int32_t node)
{
	const struct simulated_job *j = &m->jobs[vm];
	double wait_ns = m->now_ns - (double)j->arrival_ns;
	if (m->sums->first_ns < 0)
		m->sums->first_ns = (int64_t)m->now_ns;
	m->sums->wait_ns += wait_ns;
	m->sums->longest_ns = fmax(m->sums->longest_ns, wait_ns);
	m->sums->waited += wait_ns > 0;
	if (m->held)
		m->held_ns += (int64_t)wait_ns;
	m->held = false;
	cluster_vm_put(m->c, vm, node);
	sim_job_add(m, vm, node, j->work_ns);
	if (m->s->note)
		note(m, SIMULATED_STARTS, vm, node, "");
}

static int32_t place(struct sim *m, int32_t vm)
{
	if (!m->by_home)
		sim_measure(m);
	return policy_place(m->policy, vm);
}

/* Start those at the head of a queue that find room. */
static void serve(struct sim *m, struct queue *q)
{
	while (q->first != CLUSTER_NONE) {
		int32_t vm = q->first, node = place(m, vm);
		if (node == CLUSTER_NONE)
			return;
		q->first = m->jobs[vm].next;
		start(m, vm, node);
	}
}

/* Memory has become free on a node. */
static void serve_node(struct sim *m, int32_t node)
{
	if (m->by_home)
		serve(m, &m->nodes[node].queue);
	serve(m, &m->queue);
}

static int arrive(struct sim *m, struct err *e)
{
	const struct simulated_vm v = m->ahead[m->ahead_first];
	int64_t arrival_ns = v.arrival_ns + m->held_ns;
	char name[CLUSTER_NAME];
	if (m->s->note) /* where slots are used again a slot's name is not the VM's */
		snprintf(name, sizeof(name), "vm%d", m->serial);
	int32_t vm = cluster_vm_add(m->c, m->s->note ? name : NULL, v.memory_bytes, v.home, e);
	if (vm < 0)
		return -1;
	if (!grow(m))
		return err_set(e, EXIT_CANNOT, "no memory to simulate %d VMs", m->c->vm_room);
	/* It asks for a core. */
	cluster_vm_measured(m->c, vm, m->policy->window_ns ? 1 : NAN, v.used_bytes, v.dirty_per_s);
	m->jobs[vm] = (struct simulated_job){ .arrival_ns = arrival_ns,
		                              .work_ns = v.work_ns,
		                              .serial = m->serial++,
		                              .next = CLUSTER_NONE,
		                              .kind = (int8_t)v.kind };
	m->vms++;
	m->sums->highest_vms = m->vms > m->sums->highest_vms ? m->vms : m->sums->highest_vms;
	m->ahead_first = (m->ahead_first + 1) % SIM_AHEAD;
	m->ahead_count--;
	sim_look_ahead(m);
	struct queue *q = m->by_home && v.home != CLUSTER_NONE ? &m->nodes[v.home].queue : &m->queue;
	int32_t node = q->first == CLUSTER_NONE ? place(m, vm) : CLUSTER_NONE;
	if (node != CLUSTER_NONE) {
		start(m, vm, node);
		return 0;
	}
	if (q->first == CLUSTER_NONE)
		q->first = vm;
	else
		m->jobs[q->last].next = vm;
	q->last = vm;
	m->held = m->s->in_turn;
	if (m->s->note)
		note(m, SIMULATED_WAITS, vm, v.home, "");
	return 0;
}

/* ---- ends ---- */

static void move_step(struct sim *m)
{
	int32_t from = sim_move_step(m);
	if (from == CLUSTER_NONE)
		return;
	sim_stage_begin(m);
	serve_node(m, from);
	plan_later(m, false);
}

static void job_end(struct sim *m)
{
	int32_t node = m->done.items[0].thing, vm = m->done.items[0].mark, to = m->c->vms[vm].to;
	const struct simulated_job *j = &m->jobs[vm];
	sim_job_take(m, node, 0);
	m->sums->vms++;
	m->sums->sojourn_ns += m->now_ns - (double)j->arrival_ns;
	m->sums->last_ns = (int64_t)m->now_ns;
	m->vms--;
	if (to != CLUSTER_NONE) {
		sim_move_break(m, vm);
		if (m->s->note)
			sim_note_to(m, SIMULATED_MOVE_DROPPED, vm, to);
	}
	if (m->s->note)
		note(m, SIMULATED_ENDS, vm, node, "");
	cluster_vm_remove(m->c, vm);
	if (to != CLUSTER_NONE)
		sim_stage_begin(m);
	serve_node(m, node);
	if (to != CLUSTER_NONE)
		serve_node(m, to);
	plan_later(m, false);
}

/* ---- plans ---- */

static void plan_note(struct sim *m)
{
	static const char *const words[] = { [PLAN_MOVE] = "move", [PLAN_WAKE] = "wake", [PLAN_STAY] = "stay" };
	char detail[400], to[CLUSTER_NAME + 8];
	for (int32_t i = 0; i < m->plan.count; i++) {
		const struct plan_entry *p = &m->plan.entries[i];
		to[0] = '\0';
		if (p->kind == PLAN_MOVE)
			snprintf(to, sizeof(to), " to %s", NODE_NAME(m->c, p->to));
		snprintf(detail, sizeof(detail), "%s%s: %s", words[p->kind], to, plan_why(&m->plan, i));
		note(m, SIMULATED_PLAN, p->vm, p->from, detail);
	}
}

static int plan_now(struct sim *m, struct err *e)
{
	m->plan_ns = INFINITY;
	m->owed = false;
	sim_measure(m);
	if (m->watch)
		serve(m, &m->queue); /* a node may have room now that more is known of it */
	if (policy_plan(m->policy, (int64_t)m->now_ns, &m->plan, e) < 0)
		return -1;
	if (m->s->note)
		plan_note(m);
	/* Nodes that had no turn have theirs with the next interval, until all came round. */
	m->vain += m->plan.turns + 1;
	double next_ns = m->now_ns + (double)m->s->interval_ns;
	if (m->plan.moves == 0) {
		bool unsettled = m->watch && m->stale_count > 0;
		m->plan_ns = unsettled || (m->plan.more && m->vain < m->c->node_count) ? next_ns : INFINITY;
		return 0;
	}
	if (!sim_moves_room(m))
		return err_set(e, EXIT_CANNOT, "no memory to simulate %d moves", m->plan.count);
	m->sums->plans++;
	sim_plan_begin(m);
	if (m->c->moves == 0)
		m->plan_ns = next_ns; /* all were dropped */
	return 0;
}

/* ---- one run ---- */

static double top(const struct heap *h)
{
	return h->count ? h->items[0].key : INFINITY;
}

static bool is_to_stop(const struct sim *m)
{
	return m->sums->events % STOP_EVENTS == 0 && m->s->stop && *m->s->stop > 0;
}

/* At the same time: what ends first, then what comes, then plans. False: nothing happens any more. */
static int step(struct sim *m, struct err *e)
{
	double done_ns = top(&m->done), move_ns = top(&m->due);
	double arrival_ns =
		m->ahead_count && !m->held ? (double)(m->ahead[m->ahead_first].arrival_ns + m->held_ns) : INFINITY;
	double now_ns = fmin(fmin(done_ns, move_ns), fmin(arrival_ns, m->plan_ns));
	if (isinf(now_ns))
		return 0;
	if (now_ns >= TIME_LIMIT_NS)
		return err_set(e, EXIT_MEASURED_BAD, "the simulated time is more than 146 years: shorten the jobs");
	m->now_ns = now_ns;
	m->sums->events++;
	if (is_to_stop(m))
		return err_set(e, EXIT_INTERRUPTED, "interrupted");
	sim_prefetch(m);
	if (done_ns <= now_ns) {
		job_end(m);
	} else if (move_ns <= now_ns) {
		move_step(m);
	} else if (arrival_ns <= now_ns) {
		if (arrive(m, e) < 0)
			return -1;
		plan_later(m, true);
	} else if (plan_now(m, e) < 0) {
		return -1;
	}
	return m->short_of_memory ? err_set(e, EXIT_CANNOT, "no memory to simulate %d VMs", m->vms) : 1;
}

static int cluster_make(struct sim *m, struct err *e)
{
	const struct simulation *s = m->s;
	if (cluster_new(&m->c, e) < 0 || cluster_sites_set(m->c, s->sites, s->rtt_ns, e) < 0)
		return -1;
	for (int32_t site = 0; site < s->sites; site++)
		for (int32_t i = 0; i < s->nodes_per_site; i++)
			if (cluster_node_add(m->c, NULL, s->node_cores, s->node_memory_bytes, site, e) < 0)
				return -1;
	m->policy = policy_new(s->policy, s->policy_options, m->c, e);
	m->plan_made = m->policy && plan_init(&m->plan, m->c, s->note != NULL, e) == 0;
	return m->plan_made ? 0 : -1;
}

static int begin(struct sim *m, struct err *e)
{
	if (cluster_make(m, e) < 0)
		return -1;
	size_t nodes = (size_t)m->c->node_count;
	m->nodes = line_array(nodes * sizeof(*m->nodes));
	m->done_at = line_array(nodes * sizeof(*m->done_at));
	m->stale = malloc(nodes * sizeof(*m->stale));
	m->node_jobs = line_array(nodes * SIM_NODE_JOBS * sizeof(*m->node_jobs));
	if (!m->nodes || !m->node_jobs || !m->done_at || !m->stale || !sim_watch_begin(m))
		return err_set(e, EXIT_CANNOT, "no memory to simulate %zu nodes", nodes);
	m->queue = (struct queue){ CLUSTER_NONE, CLUSTER_NONE };
	memset(m->nodes, 0, nodes * sizeof(*m->nodes));
	m->by_home = !m->s->policy->place;
	for (int32_t i = 0; i < m->c->node_count; i++) {
		heap_lend(&m->nodes[i].share.jobs, m->node_jobs + (size_t)i * SIM_NODE_JOBS, SIM_NODE_JOBS);
		m->nodes[i].queue = m->queue;
		m->done_at[i] = HEAP_OUT;
		sim_stale(m, i);
	}
	m->begun = true;
	sim_look_ahead(m);
	return 0;
}

static void end(struct sim *m)
{
	for (int32_t i = 0; m->begun && i < m->c->node_count; i++)
		heap_free(&m->nodes[i].share.jobs);
	if (m->plan_made)
		plan_free(&m->plan);
	sim_moves_free(m);
	if (m->c)
		sim_watch_free(m);
	policy_free(m->policy);
	cluster_free(m->c);
	heap_free(&m->done);
	free(m->nodes);
	free(m->node_jobs);
	free(m->done_at);
	free(m->stale);
	free(m->jobs);
	free(m->move_at);
}

int simulate(const struct simulation *s, struct simulated *ret, struct err *e)
{
	struct sim m = { .s = s, .sums = ret, .plan_ns = INFINITY };
	*ret = (struct simulated){ .first_ns = -1 };
	int result = begin(&m, e);
	while (result == 0 && (result = step(&m, e)) > 0)
		result = 0;
	ret->unplaced = m.vms;
	end(&m);
	return result;
}
