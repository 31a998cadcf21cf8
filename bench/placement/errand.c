#include "bench/placement/errand.h"

#include "bench/base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *errand_node_name(const struct mover *m, int32_t node)
{
	return m->spec.nodes[node].name;
}

void errand_say(const struct errand *r, int32_t node, const char *event, const char *detail)
{
	const struct migration_spec *spec = &r->mover->spec.migration;
	spec->sink(spec->context, clock_now_ns(), r->vm_name, errand_node_name(r->mover, node), event, detail);
}

void errand_drop(struct errand *r, const char *why)
{
	char detail[300];
	snprintf(detail, sizeof(detail), "to %s: %s", errand_node_name(r->mover, r->to), why);
	r->state = DONE;
	if (r->kind == PLAN_MOVE)
		errand_say(r, r->from, "move-dropped", detail);
}

void errands_drop_later(struct mover *m, int32_t stage, const char *why)
{
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].state == TO_COME && m->errands[i].stage > stage)
			errand_drop(&m->errands[i], why);
}

static void *move_main(void *argument)
{
	struct errand *r = argument;
	const struct mover_spec *spec = &r->mover->spec;
	struct migration_spec migration = spec->migration;
	migration.vm = r->vm_name;
	migration.source_node = spec->nodes[r->from].name;
	migration.destination_node = spec->nodes[r->to].name;
	migration.source_uri = spec->nodes[r->from].libvirt_uri;
	migration.destination_uri = spec->nodes[r->to].libvirt_uri;
	migration.uri = spec->nodes[r->to].migration_uri;
	migration.peer_uri = spec->nodes[r->to].peer_uri;
	migration.destination_core = spec->nodes[r->to].core;
	migration.interrupted = &r->broken_off;
	r->status = spec->migrate(&spec->nodes[r->from], &spec->nodes[r->to], &migration, &r->result, &r->e);
	atomic_store(&r->over, true);
	return NULL;
}

/* One more record; false: memory is short. */
static bool record_add(struct mover *m, const struct move_record *record)
{
	if (m->record_count == m->record_room) {
		int room = m->record_room ? 2 * m->record_room : 16;
		struct move_record *more = realloc(m->records, (size_t)room * sizeof(*more));
		if (!more)
			return false;
		m->records = more;
		m->record_room = room;
	}
	m->records[m->record_count++] = *record;
	return true;
}

static void move_begin(struct errand *r)
{
	struct mover *m = r->mover;
	char detail[80];
	snprintf(detail, sizeof(detail), "to %s", errand_node_name(m, r->to));
	int64_t now_ns = clock_now_ns();
	const struct move_record record = { .vm = r->vm, .from = r->from, .to = r->to, .begin_ns = now_ns };
	if (!record_add(m, &record)) {
		errand_drop(r, "there is no memory to keep a record of it");
		return;
	}
	r->record = m->record_count - 1;
	errand_say(r, r->from, "move-begin", detail);
	cluster_move_begin(m->spec.cluster, r->vm, r->to, now_ns);
	r->state = GOING_ON;
	errno = pthread_create(&r->thread, NULL, move_main, r);
	if (errno) {
		r->status = err_errno(&r->e, EXIT_CANNOT, "cannot start a thread");
		r->thread = pthread_self();
		atomic_store(&r->over, true);
	}
}

/* As if it had not been begun. */
static void wait_again(struct errand *r)
{
	r->state = TO_COME;
	r->recalled = false;
	r->broken_off = INTERRUPT_NONE;
	r->status = 0;
	r->e = (struct err){ 0 };
	atomic_store(&r->over, false);
}

/* What the move's statistics say of how fast the VM dirties its memory: bytes a second, NAN: nothing. */
static double dirtied(const struct migration_result *result)
{
	unsigned long long pages_per_s = 0, page_bytes = 0;
	if (!result->completed)
		return NAN;
	virTypedParamsGetULLong(result->completed, result->completed_count, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE,
	                        &pages_per_s);
	virTypedParamsGetULLong(result->completed, result->completed_count, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE,
	                        &page_bytes);
	/* 0: it was over before there was a second pass to count in. */
	return pages_per_s && page_bytes ? (double)pages_per_s * (double)page_bytes : NAN;
}

void errand_move_end(struct errand *r)
{
	struct mover *m = r->mover;
	struct move_record *record = &m->records[r->record];
	char detail[300];
	if (!pthread_equal(r->thread, pthread_self()))
		pthread_join(r->thread, NULL);
	r->state = DONE;
	record->end_ns = clock_now_ns();
	record->arrived = r->status == 0;
	record->recalled = !record->arrived && r->recalled && !r->result.lost;
	record->lost = r->result.lost;
	record->postcopy_start_ns = r->result.postcopy_start_ns;
	double took_s = (double)(record->end_ns - record->begin_ns) / NS_PER_S;
	if (!record->arrived)
		snprintf(record->words, sizeof(record->words), "%s", record->recalled ? "recalled" : r->e.text);
	if (record->arrived || record->recalled)
		snprintf(detail, sizeof(detail), record->arrived ? "arrived, took %.3g s" : "recalled after %.3g s",
		         took_s);
	else
		snprintf(detail, sizeof(detail), "failed after %.3g s: %s", took_s, record->words);
	const struct cluster_vm *v = &m->spec.cluster->vms[r->vm];
	double dirty_per_s = dirtied(&r->result);
	if (!isnan(dirty_per_s))
		cluster_vm_measured(m->spec.cluster, r->vm, v->cpu, v->used_bytes, dirty_per_s);
	cluster_move_end(m->spec.cluster, r->vm, record->end_ns, record->arrived);
	errand_say(r, record->arrived ? r->to : r->from, "move-end", detail);
	migration_result_free(&r->result);
	if (record->recalled && !m->aborted)
		wait_again(r);
	else if (!record->arrived)
		errands_drop_later(m, r->stage, "a move before it failed");
}

/* Why it cannot be begun at all; NULL: it can, now or, with *ret_wait, later. */
static const char *hindrance(struct errand *r, bool *ret_wait)
{
	const struct mover *m = r->mover;
	const struct cluster *c = m->spec.cluster;
	*ret_wait = false;
	if (c->vms[r->vm].node != r->from || c->vms[r->vm].to != CLUSTER_NONE)
		return "the VM is elsewhere by now";
	if (c->nodes[r->from].state != NODE_ANSWERING)
		return "the VM's node does not answer";
	if (!node_power_is_awake(m->spec.power, r->to)) {
		*ret_wait = node_power_is_waking(m->spec.power, r->to);
		return *ret_wait ? NULL : "the node is asleep";
	}
	if (c->nodes[r->to].state == NODE_ANSWERING) {
		*ret_wait = m->spec.due && !m->spec.due(m->spec.due_context, r->vm);
		return NULL;
	}
	if (r->to_woken && !r->woken_ns)
		r->woken_ns = clock_now_ns();
	*ret_wait = r->to_woken && clock_now_ns() - r->woken_ns < m->spec.patience_ns;
	return *ret_wait ? NULL : "the node does not answer";
}

void errand_step(struct errand *r)
{
	bool wait;
	if (r->state == GOING_ON && atomic_load(&r->over))
		errand_move_end(r);
	if (r->state != TO_COME)
		return;
	if (r->kind == PLAN_WAKE) {
		node_power_wake(r->mover->spec.power, r->to, r->why);
		r->state = DONE;
		return;
	}
	const char *why = hindrance(r, &wait);
	if (why) {
		errand_drop(r, why);
		errands_drop_later(r->mover, r->stage, "a move before it was dropped");
	} else if (!wait) {
		move_begin(r);
	}
}

void errand_interrupt(struct errand *r, enum migration_interrupt how)
{
	if (r->broken_off < (int)how)
		r->broken_off = how;
}
