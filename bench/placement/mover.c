#include "bench/placement/mover.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_NS (50 * NS_PER_MS)

enum errand_state { TO_COME, GOING_ON, DONE };

/* An entry of the plan. */
struct errand {
	struct mover *mover;
	enum plan_kind kind;
	int32_t vm, from, to, stage, relocation;
	char why[240]; /* of a wake: the plan's reason */
	enum errand_state state;
	bool to_woken;    /* of a move: the plan wakes its node */
	int64_t woken_ns; /* and it has been awake since then; 0: it is not yet */
	int record;
	pthread_t thread;
	char vm_name[CLUSTER_NAME + 64];
	struct migration_result result;
	struct err e;
	int status;
	volatile sig_atomic_t broken_off; /* what the thread looks at: enum migration_interrupt */
	bool recalled;
	atomic_bool over; /* the thread has done its work */
};

struct mover {
	struct mover_spec spec;
	struct errand *errands; /* of the plan */
	int32_t count, stage;   /* the stage that goes on */
	struct move_record *records;
	int record_count, record_room;
	bool aborted;
};

int mover_migrate(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
                  struct migration_result *ret, struct err *e)
{
	int result = -1;
	*ret = (struct migration_result){ 0 };
	if (hypervisor_open(&spec->source, from->libvirt_uri, e) < 0)
		return -1;
	if (hypervisor_open(&spec->destination, to->libvirt_uri, e) == 0) {
		result = migration_run(spec, ret, e);
		virConnectClose(spec->destination);
	}
	virConnectClose(spec->source);
	return result;
}

int mover_new(struct mover **ret, const struct mover_spec *spec, struct err *e)
{
	struct mover *m = calloc(1, sizeof(*m));
	if (!m)
		return err_errno(e, EXIT_CANNOT, "no memory to move VMs");
	m->spec = *spec;
	if (!m->spec.migrate)
		m->spec.migrate = mover_migrate;
	*ret = m;
	return 0;
}

static const char *node_name(const struct mover *m, int32_t node)
{
	return m->spec.nodes[node].name;
}

static void say(const struct errand *r, int32_t node, const char *event, const char *detail)
{
	const struct migration_spec *spec = &r->mover->spec.migration;
	spec->sink(spec->context, clock_now_ns(), r->vm_name, node_name(r->mover, node), event, detail);
}

static void drop(struct errand *r, const char *why)
{
	char detail[300];
	snprintf(detail, sizeof(detail), "to %s: %s", node_name(r->mover, r->to), why);
	r->state = DONE;
	if (r->kind == PLAN_MOVE)
		say(r, r->from, "move-dropped", detail);
}

/* What may stand on something that has failed. */
static void drop_later(struct mover *m, int32_t stage, const char *why)
{
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].state == TO_COME && m->errands[i].stage > stage)
			drop(&m->errands[i], why);
}

static void plan_clear(struct mover *m)
{
	free(m->errands);
	m->errands = NULL;
	m->count = 0;
}

/* A node is woken for its first move, not for what may never come. */
static void wake_with_its_move(struct mover *m, struct errand *wake)
{
	const struct errand *first = NULL;
	for (int32_t i = 0; i < m->count; i++) {
		const struct errand *r = &m->errands[i];
		if (r->kind == PLAN_MOVE && r->to == wake->to && (!first || r->stage < first->stage))
			first = r;
	}
	if (first) {
		wake->stage = first->stage;
		wake->relocation = first->relocation;
	}
}

static bool wakes(const struct plan *plan, int32_t node)
{
	for (int32_t i = 0; i < plan->count; i++)
		if (plan->entries[i].kind == PLAN_WAKE && plan->entries[i].to == node)
			return true;
	return false;
}

int mover_take(struct mover *m, const struct plan *plan, struct err *e)
{
	plan_clear(m);
	m->errands = calloc((size_t)plan->count + 1, sizeof(*m->errands));
	if (!m->errands)
		return err_errno(e, EXIT_CANNOT, "no memory for a plan of %d entries", plan->count);
	for (int32_t i = 0; i < plan->count; i++) {
		const struct plan_entry *entry = &plan->entries[i];
		struct errand *r = &m->errands[m->count];
		char buffer[CLUSTER_NAME];
		if (entry->kind == PLAN_STAY)
			continue;
		*r = (struct errand){ .mover = m, .kind = entry->kind, .vm = entry->vm };
		r->from = entry->from;
		r->to = entry->to;
		r->stage = entry->stage;
		r->relocation = entry->relocation;
		r->to_woken = entry->kind == PLAN_MOVE && wakes(plan, entry->to);
		if (r->kind == PLAN_MOVE)
			snprintf(r->vm_name, sizeof(r->vm_name), "%s",
			         cluster_vm_name(m->spec.cluster, r->vm, buffer));
		else
			snprintf(r->why, sizeof(r->why), "%s", plan->explain ? plan_why(plan, i) : "a plan needs it");
		m->count++;
	}
	m->stage = 0;
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].kind == PLAN_WAKE)
			wake_with_its_move(m, &m->errands[i]);
	return 0;
}

bool mover_is_busy(const struct mover *m)
{
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].state != DONE)
			return true;
	return false;
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
	snprintf(detail, sizeof(detail), "to %s", node_name(m, r->to));
	int64_t now_ns = clock_now_ns();
	const struct move_record record = { .vm = r->vm, .from = r->from, .to = r->to, .begin_ns = now_ns };
	if (!record_add(m, &record)) {
		drop(r, "there is no memory to keep a record of it");
		return;
	}
	r->record = m->record_count - 1;
	say(r, r->from, "move-begin", detail);
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

static void move_end(struct errand *r)
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
	say(r, record->arrived ? r->to : r->from, "move-end", detail);
	migration_result_free(&r->result);
	if (record->recalled && !m->aborted)
		wait_again(r);
	else if (!record->arrived)
		drop_later(m, r->stage, "a move before it failed");
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

static void errand_step(struct errand *r)
{
	bool wait;
	if (r->state == GOING_ON && atomic_load(&r->over))
		move_end(r);
	if (r->state != TO_COME)
		return;
	if (r->kind == PLAN_WAKE) {
		node_power_wake(r->mover->spec.power, r->to, r->why);
		r->state = DONE;
		return;
	}
	const char *why = hindrance(r, &wait);
	if (why) {
		drop(r, why);
		drop_later(r->mover, r->stage, "a move before it was dropped");
	} else if (!wait) {
		move_begin(r);
	}
}

static bool relocation_begun(const struct mover *m, int32_t relocation)
{
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].relocation == relocation && m->errands[i].state == DONE)
			return true;
	return false;
}

/* What was decided before moves that have ended since then; true: there was any. */
static bool postpone(struct mover *m)
{
	bool any = false;
	for (int32_t i = 0; i < m->count; i++) {
		struct errand *r = &m->errands[i];
		char detail[300];
		if (r->state != TO_COME || relocation_begun(m, r->relocation))
			continue;
		snprintf(detail, sizeof(detail), "to %s: it is planned again after the moves before it",
		         node_name(m, r->to));
		r->state = DONE;
		r->relocation = CLUSTER_NONE; /* it has begun nothing */
		any = true;
		if (r->kind == PLAN_MOVE)
			say(r, r->from, "move-postponed", detail);
	}
	return any;
}

/* The first stage that has something left; INT32_MAX: none has. */
static int32_t stage_left(const struct mover *m)
{
	int32_t stage = INT32_MAX;
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].state != DONE && m->errands[i].stage < stage)
			stage = m->errands[i].stage;
	return stage;
}

/* Never less than before. */
static void interrupt(struct errand *r, enum migration_interrupt how)
{
	if (r->broken_off < (int)how)
		r->broken_off = how;
}

void mover_step(struct mover *m)
{
	const volatile sig_atomic_t *asked = m->spec.migration.interrupted;
	node_power_step(m->spec.power);
	for (int32_t i = 0; asked && *asked >= INTERRUPT_BREAK_OFF && i < m->count; i++)
		interrupt(&m->errands[i], INTERRUPT_BREAK_OFF);
	int32_t stage = stage_left(m);
	if (m->spec.stage_by_stage && stage > m->stage && stage != INT32_MAX && postpone(m))
		stage = stage_left(m);
	m->stage = stage;
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].stage == stage)
			errand_step(&m->errands[i]);
}

void mover_recall(struct mover *m, int32_t vm)
{
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].vm == vm && m->errands[i].kind == PLAN_MOVE && m->errands[i].state == GOING_ON) {
			m->errands[i].recalled = true;
			interrupt(&m->errands[i], INTERRUPT_END);
		}
}

void mover_drop(struct mover *m, const char *why)
{
	drop_later(m, INT32_MIN, why);
}

void mover_abort(struct mover *m)
{
	mover_drop(m, "interrupted");
	m->aborted = true;
	for (int32_t i = 0; i < m->count; i++)
		interrupt(&m->errands[i], INTERRUPT_END);
}

static char *waiting_line(const struct mover *m, char *buffer, size_t room)
{
	size_t used = 0;
	buffer[0] = '\0';
	for (int32_t i = 0; i < m->count && used < room; i++) {
		const struct errand *r = &m->errands[i];
		if (r->state == GOING_ON)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s > %s (%.0f s)",
			                         used ? ", " : "waiting for ", r->vm_name, node_name(m, r->to),
			                         (double)(clock_now_ns() - m->records[r->record].begin_ns) /
			                                 NS_PER_S);
	}
	return buffer;
}

void mover_finish(struct mover *m, int (*pulse)(void *context, const char *line, struct err *e), void *context)
{
	while (mover_is_busy(m)) {
		char line[160];
		struct err ignored = { 0 };
		mover_step(m);
		if (pulse)
			pulse(context, waiting_line(m, line, sizeof(line)), &ignored);
		clock_sleep(STEP_NS);
	}
}

const struct move_record *mover_records(const struct mover *m, int *ret_count)
{
	*ret_count = m->record_count;
	return m->records;
}

void mover_free(struct mover *m)
{
	if (!m)
		return;
	for (int32_t i = 0; i < m->count; i++)
		if (m->errands[i].state == GOING_ON)
			move_end(&m->errands[i]);
	free(m->errands);
	free(m->records);
	free(m);
}
