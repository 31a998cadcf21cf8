/* The migration phase of a run in which a policy decides what moves. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/experiment/experiment_check.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_moves.h"
#include "bench/experiment/run_state.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/consolidation.h"
#include "bench/placement/monitor_libvirt.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMPUTE_NODES = NODE_DST + 1 }; /* NODE_SRC and NODE_DST */

static void note(void *context, const char *line)
{
	(void)context;
	progress_note("%s", line);
}

/* Whether every workload of every VM has come to its end. */
static bool jobs_are_over(void *context)
{
	struct run *r = context;
	for (int i = 0; i < r->x->vm_count; i++) {
		struct samples_agent agent;
		samples_agent_state(r->watching.samples, i, &agent);
		for (int w = 0; w < agent.workloads; w++)
			if (agent.job_done_guest_ns[w] < 0)
				return false;
	}
	return true;
}

/* Local nodes share the machine's memory. */
static int64_t node_memory(struct run *r)
{
	int64_t total, available;
	if (r->x->consolidate.node_memory_bytes)
		return r->x->consolidate.node_memory_bytes;
	if (hypervisor_memory(r->connections[NODE_SRC], &total, &available) < 0)
		return INT64_C(1) << 40; /* what does not fit is then seen when it moves */
	return total / COMPUTE_NODES;
}

static const char *node_name(const struct run *r, int node)
{
	return r->testbed.nodes[node].name;
}

static void facts(struct run *r, const struct consolidation_result *result)
{
	const struct experiment_consolidate *k = &r->x->consolidate;
	char path[80], text[700];
	run_directory_set(&r->directory, "consolidate.moves", run_moves_json(r, result->moves, result->move_count));
	run_directory_set(&r->directory, "consolidate.plans", json_object_new_int(result->plans));
	run_directory_set(&r->directory, "consolidate.length_ns", json_object_new_int64(result->length_ns));
	run_directory_set(&r->directory, "consolidate.power_is_stand_in",
	                  json_object_new_boolean(k->power == NODE_POWER_STAND_IN));
	for (int i = 0; result->active_ns && i < COMPUTE_NODES; i++) {
		snprintf(path, sizeof(path), "consolidate.active_ns.%s", node_name(r, i));
		run_directory_set(&r->directory, path, json_object_new_int64(result->active_ns[i]));
	}
	monitor_report_text(&result->monitor, text, sizeof(text));
	run_directory_set(&r->directory, "consolidate.monitor", json_object_new_string(text));
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "seconds", result->monitor.seconds },
		{ "seconds_lost", result->monitor.seconds_lost },
		{ "writes_failed", result->monitor.writes_failed },
		{ "answers_late", result->monitor.answers_late },
		{ "longest_delay_ns", result->monitor.longest_write_ns },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		snprintf(path, sizeof(path), "consolidate.monitor_%s", numbers[i].name);
		run_directory_set(&r->directory, path, json_object_new_int64(numbers[i].value));
	}
	progress_note("%s", text);
}

int run_consolidate(struct run *r, struct err *e)
{
	const struct experiment *x = r->x;
	const struct experiment_consolidate *k = &x->consolidate;
	struct consolidation_node nodes[COMPUTE_NODES];
	struct consolidation_vm vms[VMS_MAX];
	struct consolidation_result result;
	char uris[COMPUTE_NODES][64], database[600], rtt[32];
	const int64_t rtt_ns[COMPUTE_NODES * COMPUTE_NODES] = { 0, r->rtt_ns, r->rtt_ns, 0 };
	int64_t memory_bytes = node_memory(r);
	struct undo *undo = k->power == NODE_POWER_COMMAND ? testbed_undo(&r->testbed, e) : NULL;
	if (k->power == NODE_POWER_COMMAND && !undo)
		return -1;
	for (int i = 0; i < COMPUTE_NODES; i++) {
		const struct node *n = &r->testbed.nodes[i];
		nodes[i] = (struct consolidation_node){
			.to = run_mover_node(r, i, uris[i]),
			.watched = monitor_local_node(n),
			.cores = n->core >= 0 ? 1 : (double)sysconf(_SC_NPROCESSORS_ONLN),
			.memory_bytes = memory_bytes,
		};
	}
	for (int i = 0; i < x->vm_count; i++) {
		double dirty_per_s = run_dirty_rate(r, i);
		vms[i] = (struct consolidation_vm){ x->vms[i].name, x->vms[i].memory_bytes,
			                            run_node_index(x->vms[i].node),
			                            isnan(dirty_per_s) ? 0 : dirty_per_s };
	}
	snprintf(database, sizeof(database), "%s/monitor.sqlite", r->directory.path);
	struct consolidation_spec spec = {
		.policy = k->ops,
		.policy_options = k->policy_options,
		.nodes = nodes,
		.node_count = COMPUTE_NODES,
		.rtt_ns = rtt_ns,
		.vms = vms,
		.vm_count = x->vm_count,
		.migration = run_migration_spec(r),
		.migrate = run_moves_migrate,
		.source = &monitor_libvirt,
		.database = database,
		.keep_ns = experiment_keep_ns(x),
		.duration_ns = k->duration_ns,
		.is_over = k->until == UNTIL_DURATION ? NULL : jobs_are_over,
		.gather = k->until == UNTIL_GATHERED,
		.power = { .kind = (enum node_power_kind)k->power,
		           .sleep = k->sleep,
		           .wake = k->wake,
		           .wake_delay_ns = k->wake_delay_ns,
		           .undo = undo },
		.patience_ns = k->wake_limit_ns,
		.sleep_after_ns = k->sleep_after_ns,
		.guests_only = k->node_cpu != 0,
		.dry_run = k->dry_run,
		.pulse = run_moves_pulse,
		.note = note,
		.pulse_context = r,
	};
	spec.migration.sink = run_on_move_event;
	if (k->power == NODE_POWER_STAND_IN)
		progress_note("nodes sleep in the books only (stand-in), and take %.3g s to wake",
		              (double)k->wake_delay_ns / NS_PER_S);
	run_directory_set(&r->directory, "consolidate.rtt_ns",
	                  r->rtt_ns >= 0 ? json_object_new_int64(r->rtt_ns) : json_object_new_string("missing"));
	progress_note("round trip between the nodes: %s",
	              r->rtt_ns >= 0 ? duration_format(r->rtt_ns, rtt, sizeof(rtt)) : "not known");
	int status = consolidation_run(&spec, &result, e);
	facts(r, &result);
	consolidation_result_free(&result);
	return status;
}
