#include "bench/placement/mover.h"

#include "bench/base/clock.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/errand.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_NS (50 * NS_PER_MS)

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
		         errand_node_name(m, r->to));
		r->state = DONE;
		r->relocation = CLUSTER_NONE; /* it has begun nothing */
		any = true;
		if (r->kind == PLAN_MOVE)
			errand_say(r, r->from, "move-postponed", detail);
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

void mover_step(struct mover *m)
{
	const volatile sig_atomic_t *asked = m->spec.migration.interrupted;
	node_power_step(m->spec.power);
	for (int32_t i = 0; asked && *asked >= INTERRUPT_BREAK_OFF && i < m->count; i++)
		errand_interrupt(&m->errands[i], INTERRUPT_BREAK_OFF);
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
			errand_interrupt(&m->errands[i], INTERRUPT_END);
		}
}

void mover_drop(struct mover *m, const char *why)
{
	errands_drop_later(m, INT32_MIN, why);
}

void mover_abort(struct mover *m)
{
	mover_drop(m, "interrupted");
	m->aborted = true;
	for (int32_t i = 0; i < m->count; i++)
		errand_interrupt(&m->errands[i], INTERRUPT_END);
}

static char *waiting_line(const struct mover *m, char *buffer, size_t room)
{
	size_t used = 0;
	buffer[0] = '\0';
	for (int32_t i = 0; i < m->count && used < room; i++) {
		const struct errand *r = &m->errands[i];
		if (r->state == GOING_ON)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s > %s (%.0f s)",
			                         used ? ", " : "waiting for ", r->vm_name, errand_node_name(m, r->to),
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
			errand_move_end(&m->errands[i]);
	free(m->errands);
	free(m->records);
	free(m);
}
