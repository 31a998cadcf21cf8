#include "bench/placement/group.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PULSE_NS (50 * NS_PER_MS)

enum { FROM, TO, NODES };

struct group {
	const struct group_spec *spec;
	struct group_schedule *schedule;
	struct cluster *cluster;
	struct plan plan;
	bool plan_made;
	struct node_power *power;
	struct mover *mover;
	struct mover_node nodes[NODES];
	const char *node_names[NODES];
	bool *due; /* a VM each: the schedule has named it */
	int *told; /* a VM each: records below this one are known to the schedule as ended */
	int limit; /* that was said last */
};

static bool is_due(void *context, int32_t vm)
{
	const struct group *g = context;
	return g->due[vm];
}

/* All moves are one stage of one plan; the schedule holds them back. */
static int plan_make(struct group *g, struct err *e)
{
	const struct group_spec *spec = g->spec;
	if (cluster_new(&g->cluster, e) < 0)
		return -1;
	for (int i = 0; i < NODES; i++) {
		if (cluster_node_add(g->cluster, g->node_names[i], 1, INT64_MAX / 2, 0, e) < 0)
			return -1;
		cluster_node_measured(g->cluster, i, NODE_ANSWERING, NAN);
	}
	for (int i = 0; i < spec->count; i++) {
		int32_t vm = cluster_vm_add(g->cluster, spec->names[i], spec->vms[i].memory_bytes, FROM, e);
		if (vm < 0)
			return -1;
		cluster_vm_put(g->cluster, vm, FROM);
	}
	if (plan_init(&g->plan, g->cluster, false, e) < 0)
		return -1;
	g->plan_made = true;
	plan_begin(&g->plan, 0);
	for (int i = 0; i < spec->count; i++)
		plan_move(&g->plan, g->cluster, i, TO);
	return g->plan.failed ? err_set(e, EXIT_CANNOT, "no memory for a group of %d VMs", spec->count) : 0;
}

static int mover_make(struct group *g, struct err *e)
{
	const struct group_spec *spec = g->spec;
	const struct node_power_spec power = { .kind = NODE_POWER_NONE,
		                               .names = g->node_names,
		                               .node_count = NODES,
		                               .sink = spec->migration.sink,
		                               .context = spec->migration.context };
	if (node_power_new(&g->power, &power, e) < 0)
		return -1;
	const struct mover_spec mover = { .cluster = g->cluster,
		                          .power = g->power,
		                          .nodes = g->nodes,
		                          .due = is_due,
		                          .due_context = g,
		                          .migration = spec->migration,
		                          .migrate = spec->migrate };
	if (mover_new(&g->mover, &mover, e) < 0)
		return -1;
	return mover_take(g->mover, &g->plan, e);
}

static void say(struct group *g, const char *event, const char *detail)
{
	const struct migration_spec *to = &g->spec->migration;
	to->sink(to->context, clock_now_ns(), "", g->spec->from.name, event, detail);
}

/* What the schedule is to know. */
static void tell(struct group *g)
{
	int count;
	const struct move_record *records = mover_records(g->mover, &count);
	for (int i = 0; i < count; i++) {
		struct group_progress p = { .dirty_per_s = NAN };
		int vm = records[i].vm;
		if (!records[i].end_ns) {
			g->spec->progress(g->spec->pulse_context, vm, &p);
			group_schedule_progress(g->schedule, vm, &p);
		} else if (i >= g->told[vm]) {
			g->told[vm] = i + 1;
			group_schedule_ended(g->schedule, vm, records[i].arrived);
		}
	}
}

static void ask(struct group *g)
{
	int vm;
	while ((vm = group_schedule_recall(g->schedule)) >= 0) {
		g->due[vm] = false;
		mover_recall(g->mover, vm);
	}
	while ((vm = group_schedule_next(g->schedule, clock_now_ns())) >= 0)
		g->due[vm] = true;
	if (group_schedule_limit(g->schedule) != g->limit) {
		g->limit = group_schedule_limit(g->schedule);
		say(g, "group-limit", group_schedule_why(g->schedule));
	}
}

static char *line_of(const struct group *g, char *buffer, size_t room)
{
	int count, moving = 0, arrived = 0, stayed = 0;
	const struct move_record *records = mover_records(g->mover, &count);
	for (int i = 0; i < count; i++) {
		moving += !records[i].end_ns;
		arrived += records[i].arrived;
		stayed += records[i].end_ns && !records[i].arrived && !records[i].recalled;
	}
	snprintf(buffer, room, "%d of %d VMs have arrived, %d on their way (at most %d), %d stayed", arrived,
	         g->spec->count, moving, g->limit, stayed);
	return buffer;
}

static int loop(struct group *g, struct err *e)
{
	for (;;) {
		char line[160];
		tell(g);
		ask(g);
		mover_step(g->mover);
		if (g->spec->pulse(g->spec->pulse_context, line_of(g, line, sizeof(line)), e) < 0)
			return -1;
		if (group_schedule_is_over(g->schedule))
			return 0;
		clock_sleep(PULSE_NS);
	}
}

/* Moves that the end has cut short are waited for. */
static void settle(struct group *g, bool aborted)
{
	if (!g->mover)
		return;
	if (aborted)
		mover_abort(g->mover);
	else
		mover_drop(g->mover, "it does not fit into the destination's memory");
	mover_finish(g->mover, g->spec->pulse, g->spec->pulse_context);
}

static int keep(struct group *g, struct group_result *ret, struct err *e)
{
	int count = 0;
	const struct move_record *records = g->mover ? mover_records(g->mover, &count) : NULL;
	ret->end_ns = clock_now_ns();
	ret->moves = calloc((size_t)count + 1, sizeof(*ret->moves));
	if (!ret->moves)
		return err_errno(e, EXIT_CANNOT, "no memory to keep %d moves", count);
	if (count)
		memcpy(ret->moves, records, (size_t)count * sizeof(*records));
	ret->move_count = count;
	return 0;
}

int group_run(const struct group_spec *spec, struct group_result *ret, struct err *e)
{
	struct group g = { .spec = spec,
		           .nodes = { spec->from, spec->to },
		           .node_names = { spec->from.name, spec->to.name } };
	struct err one = { 0 };
	char detail[80], schedule[32];
	*ret = (struct group_result){ .begin_ns = clock_now_ns() };
	g.due = calloc((size_t)spec->count + 1, sizeof(*g.due));
	g.told = calloc((size_t)spec->count + 1, sizeof(*g.told));
	g.schedule = group_schedule_new(&spec->schedule, spec->vms, spec->count, spec->free_bytes, e);
	int result = g.due && g.told && g.schedule && plan_make(&g, e) == 0 ? mover_make(&g, e) : -1;
	if (result == 0) {
		option_choice_name(option_find(group_schedule_rows, "schedule"), spec->schedule.kind, schedule,
		                   sizeof(schedule));
		snprintf(detail, sizeof(detail), "%s, %d VMs", schedule, spec->count);
		say(&g, "group", detail);
		g.limit = group_schedule_limit(g.schedule);
		result = loop(&g, e);
	}
	settle(&g, result < 0);
	if (keep(&g, ret, &one) < 0 && result == 0)
		result = err_set(e, one.status, "%s", one.text);
	mover_free(g.mover);
	node_power_free(g.power);
	if (g.plan_made)
		plan_free(&g.plan);
	cluster_free(g.cluster);
	group_schedule_free(g.schedule);
	free(g.due);
	free(g.told);
	return result;
}

void group_result_free(struct group_result *result)
{
	free(result->moves);
	*result = (struct group_result){ 0 };
}
