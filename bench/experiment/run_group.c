/* The migration phase of a run in which a group of VMs moves. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_moves.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/group.h"
#include "collectors/job.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

/* The group's VMs, by their indices in the experiment. */
struct members {
	struct run *run;
	int index[VMS_MAX];
	const char *names[VMS_MAX];
	struct group_vm vms[VMS_MAX];
	int count;
};

static void progress(void *context, int vm, struct group_progress *ret)
{
	const struct members *m = context;
	struct job_progress p;
	job_last(m->run->watching.job, m->names[vm], &p);
	*ret = (struct group_progress){ .sent_bytes = p.sent_bytes,
		                        .remaining_bytes = p.remaining_bytes,
		                        .dirty_per_s = p.dirty_bytes_per_s ? (double)p.dirty_bytes_per_s : NAN };
}

static int pulse(void *context, const char *line, struct err *e)
{
	const struct members *m = context;
	return run_moves_pulse(m->run, line, e);
}

static struct members members_of(struct run *r)
{
	struct members m = { .run = r };
	for (int i = 0; i < r->x->vm_count; i++) {
		const struct experiment_vm *vm = &r->x->vms[i];
		int64_t used = vm->fill == FILL_RANDOM ? vm->memory_bytes - vm->spare_bytes : vm->memory_bytes;
		if (!experiment_moves(r->x, vm))
			continue;
		m.index[m.count] = i;
		m.names[m.count] = vm->name;
		m.vms[m.count++] = (struct group_vm){ vm->memory_bytes, used, run_dirty_rate(r, i) };
	}
	return m;
}

static void facts(struct run *r, const struct members *m, int from, int to, struct group_result *result)
{
	struct json_object *names = json_object_new_array(), *dirty = json_object_new_object();
	const int nodes[] = { from, to };
	int arrived = 0;
	for (int i = 0; i < result->move_count; i++) {
		struct move_record *record = &result->moves[i];
		record->vm = m->index[record->vm];
		record->from = nodes[record->from];
		record->to = nodes[record->to];
		arrived += record->arrived;
	}
	for (int i = 0; i < m->count; i++) {
		json_object_array_add(names, json_object_new_string(m->names[i]));
		json_object_object_add(dirty, m->names[i],
		                       isnan(m->vms[i].dirty_per_s) ? json_object_new_string("missing")
		                                                    : json_object_new_double(m->vms[i].dirty_per_s));
	}
	run_directory_set(&r->directory, "group.dirty_bytes_per_s", dirty);
	run_directory_set(&r->directory, "group.vms", names);
	run_directory_set(&r->directory, "group.moves", run_moves_json(r, result->moves, result->move_count));
	run_directory_set(&r->directory, "group.begin_ns", json_object_new_int64(result->begin_ns));
	run_directory_set(&r->directory, "group.end_ns", json_object_new_int64(result->end_ns));
	run_directory_set(&r->directory, "group.arrived", json_object_new_int(arrived));
}

int run_group(struct run *r, struct err *e)
{
	struct members m = members_of(r);
	struct group_result result;
	char uris[2][64];
	int from = run_node_index(r->x->vms[m.index[0]].node), to = from == NODE_SRC ? NODE_DST : NODE_SRC;
	int64_t total_bytes, free_bytes;
	if (hypervisor_memory(r->connections[to], &total_bytes, &free_bytes) < 0)
		free_bytes = INT64_MAX; /* what does not fit is then seen when it moves */
	struct group_spec spec = {
		.schedule = r->x->group.schedule,
		.from = run_mover_node(r, from, uris[0]),
		.to = run_mover_node(r, to, uris[1]),
		.names = m.names,
		.vms = m.vms,
		.count = m.count,
		.free_bytes = free_bytes,
		.migration = run_migration_spec(r),
		.migrate = run_moves_migrate,
		.progress = progress,
		.pulse = pulse,
		.pulse_context = &m,
	};
	spec.schedule.rtt_ns = r->rtt_ns > 0 ? r->rtt_ns : 0;
	spec.schedule.recall = r->x->migration.mode == MODE_PRECOPY;
	spec.migration.sink = run_on_move_event;
	int status = group_run(&spec, &result, e);
	facts(r, &m, from, to, &result);
	group_result_free(&result);
	return status;
}
