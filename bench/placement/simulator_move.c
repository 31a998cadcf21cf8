/*
 * Moves. Each goes along paths: path 0 for what does not grow with their number, where they are beside each other, and then
 * its link, whose rate it shares: that from its site to the other, or within a site what its node sends.
 */
#include "bench/placement/simulator_state.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_KEPT 1e-9 /* of its work by a VM that loses all of it: so what it had to do is not forgotten */

enum { PATH_FIXED, PATH_LINKS };

static int32_t link_between(const struct sim *m, int32_t from, int32_t to)
{
	int32_t sites = m->s->sites, here = m->c->nodes[from].site, there = m->c->nodes[to].site;
	return PATH_LINKS + (here != there ? here * sites + there : sites * sites + from);
}

static int32_t path_count(const struct sim *m)
{
	return PATH_LINKS + m->s->sites * m->s->sites + m->c->node_count;
}

static bool paths_room(struct sim *m)
{
	size_t count = (size_t)path_count(m);
	if (m->paths)
		return true;
	m->due_at = malloc(count * sizeof(*m->due_at));
	m->paths = calloc(count, sizeof(*m->paths)); /* most are never touched */
	if (!m->paths || !m->due_at)
		return false;
	memset(m->due_at, HEAP_OUT, count * sizeof(*m->due_at)); /* all bits set */
	m->paths[PATH_FIXED].servers = INFINITY;
	return true;
}

bool sim_moves_room(struct sim *m)
{
	if (!paths_room(m))
		return false;
	if (m->plan.count <= m->moving_room)
		return true;
	size_t room = 2 * (size_t)m->plan.count;
	struct sim_move *moving = realloc(m->moving, room * sizeof(*moving));
	if (!moving)
		return false;
	m->moving = moving;
	bool *begun = realloc(m->relocation_begun, (room + 1) * sizeof(*begun));
	if (!begun)
		return false;
	m->relocation_begun = begun;
	m->moving_room = (int32_t)room;
	return true;
}

void sim_moves_free(struct sim *m)
{
	for (int32_t i = 0; m->paths && i < path_count(m); i++)
		heap_free(&m->paths[i].moves.jobs);
	heap_free(&m->due);
	free(m->paths);
	free(m->due_at);
	free(m->moving);
	free(m->relocation_begun);
}

static struct sim_move *move_of(struct sim *m, int32_t vm)
{
	return &m->moving[m->jobs[vm].move];
}

/* When its next move is through, after those on it have changed. */
static void path_expect(struct sim *m, int32_t path)
{
	const struct sim_path *p = &m->paths[path];
	if (!p->moves.jobs.count)
		heap_remove(&m->due, m->due_at, path);
	else if (!heap_set(&m->due, m->due_at, path, fair_share_next_ns(&p->moves, p->servers)))
		m->short_of_memory = true;
}

static void path_enter(struct sim *m, int32_t vm, int32_t path, double left_ns)
{
	struct sim_path *p = &m->paths[path];
	fair_share_attain(&p->moves, p->servers, m->now_ns);
	m->short_of_memory |= !fair_share_add(&p->moves, m->move_at, vm, left_ns);
	move_of(m, vm)->path = path;
	path_expect(m, path);
}

static void path_leave(struct sim *m, int32_t vm)
{
	int32_t path = move_of(m, vm)->path;
	struct sim_path *p = &m->paths[path];
	fair_share_attain(&p->moves, p->servers, m->now_ns);
	heap_remove(&p->moves.jobs, m->move_at, vm);
	path_expect(m, path);
}

static void link_enter(struct sim *m, int32_t vm)
{
	int32_t from = m->c->vms[vm].node, to = m->c->vms[vm].to, path = link_between(m, from, to);
	m->paths[path].servers = transfer_at_once(&m->s->transfer, cluster_rtt_ns(m->c, from, to));
	path_enter(m, vm, path, move_of(m, vm)->link_ns);
}

/* Do so much less each second that by the end of the move as much is lost as it loses alone; more, when it takes longer. */
static void vm_slow(struct sim *m, int32_t vm, double kept)
{
	int32_t node = m->c->vms[vm].node;
	struct sim_node *n = &m->nodes[node];
	sim_attain(m, n);
	int32_t place = heap_find(&n->share.jobs, vm);
	heap_change(&n->share.jobs, NULL, place, n->share.attained_ns + fair_share_left_ns(&n->share, place) / kept);
	sim_expect(m, node);
}

static void move_begin(struct sim *m, int32_t entry)
{
	const struct transfer_model *model = &m->s->transfer;
	int32_t vm = m->plan.entries[entry].vm, to = m->plan.entries[entry].to;
	struct cluster_vm *v = &m->c->vms[vm];
	int64_t rtt_ns = cluster_rtt_ns(m->c, v->node, to);
	unsigned beyond = transfer_beyond(model, v->used_bytes, v->dirty_per_s, rtt_ns);
	m->sums->beyond += beyond != 0;
	m->sums->beyond_of |= beyond;
	if (m->s->note)
		sim_note_to(m, SIMULATED_MOVE_BEGINS, vm, to);
	cluster_move_begin(m->c, vm, to, (int64_t)m->now_ns);
	struct transfer_cost cost = transfer_cost(model, v->used_bytes, v->dirty_per_s, rtt_ns);
	double alone_ns = cost.fixed + cost.link, link_ns = model->shared ? cost.link : 0;
	double kept = alone_ns > 0 ? fmax(1 - cost.lost / alone_ns, LEAST_KEPT) : 1;
	vm_slow(m, vm, kept);
	m->jobs[vm].move = entry;
	m->moving[entry] =
		(struct sim_move){ .begin_ns = m->now_ns, .alone_ns = alone_ns, .link_ns = link_ns, .kept = kept };
	if (link_ns < alone_ns || link_ns <= 0)
		path_enter(m, vm, PATH_FIXED, alone_ns - link_ns);
	else
		link_enter(m, vm);
}

/* Whether what was planned can still be done: the VM is the one it was about, and there is room. */
static bool is_possible(const struct sim *m, const struct plan_entry *p)
{
	const struct cluster_vm *v = &m->c->vms[p->vm];
	return v->there && (double)m->jobs[p->vm].arrival_ns <= m->planned_ns && v->node == p->from &&
	       v->to == CLUSTER_NONE && cluster_free_bytes(m->c, p->to) >= v->memory_bytes;
}

/* A later stage was decided before moves that have ended since: the next plan decides it anew, unless half of a relocation is
 * done. Where plans come with VMs only there may be no next one, and this one is carried out whole. */
static bool is_postponed(const struct sim *m, const struct plan_entry *p)
{
	return p->stage > 0 && !m->s->plan_arrivals && !m->relocation_begun[p->relocation];
}

static void entry_begin(struct sim *m, int32_t entry)
{
	const struct plan_entry *p = &m->plan.entries[entry];
	if (is_postponed(m, p)) {
		if (m->s->note)
			sim_note_to(m, SIMULATED_MOVE_POSTPONED, p->vm, p->to);
	} else if (is_possible(m, p)) {
		m->relocation_begun[p->relocation] = true;
		move_begin(m, entry);
	} else {
		m->sums->dropped++;
	}
}

void sim_plan_begin(struct sim *m)
{
	memset(m->relocation_begun, 0, ((size_t)m->plan.relocation + 1) * sizeof(*m->relocation_begun));
	m->planned_ns = m->now_ns;
	m->stage = -1;
	sim_stage_begin(m);
}

void sim_stage_begin(struct sim *m)
{
	int32_t last = 0;
	if (m->c->moves > 0)
		return;
	for (int32_t i = 0; i < m->plan.count; i++)
		last = m->plan.entries[i].stage > last ? m->plan.entries[i].stage : last;
	while (m->c->moves == 0 && ++m->stage <= last)
		for (int32_t i = 0; i < m->plan.count; i++)
			if (m->plan.entries[i].kind == PLAN_MOVE && m->plan.entries[i].stage == m->stage)
				entry_begin(m, i);
}

/* Of no path any more. */
static void move_over(struct sim *m, int32_t vm, double *time_ns)
{
	const struct sim_move *is = move_of(m, vm);
	double length_ns = m->now_ns - is->begin_ns;
	path_leave(m, vm);
	*time_ns += length_ns;
	m->sums->lost_ns += length_ns * (1 - is->kept);
}

void sim_move_break(struct sim *m, int32_t vm)
{
	move_over(m, vm, &m->sums->broken_ns);
	m->sums->broken++;
}

int32_t sim_move_step(struct sim *m)
{
	int32_t path = m->due.items[0].thing, vm = m->paths[path].moves.jobs.items[0].thing;
	int32_t from = m->c->vms[vm].node, to = m->c->vms[vm].to;
	const struct sim_move *is = move_of(m, vm);
	if (path == PATH_FIXED && is->link_ns > 0) {
		path_leave(m, vm);
		link_enter(m, vm);
		return CLUSTER_NONE;
	}
	move_over(m, vm, &m->sums->moving_ns);
	m->sums->alone_ns += is->alone_ns;
	if (m->s->note)
		sim_note_to(m, SIMULATED_MOVE_ENDS, vm, to);
	double left_ns = is->kept * sim_job_take(m, from, heap_find(&m->nodes[from].share.jobs, vm));
	cluster_move_end(m->c, vm, (int64_t)m->now_ns, true);
	sim_job_add(m, vm, to, left_ns);
	m->jobs[vm].moves++;
	m->sums->moves++;
	return from;
}
