#include "bench/experiment/run_moves.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/page_watching.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/reuse_relays.h"
#include "bench/migrate/dirty_rate.h"
#include "bench/placement/policy.h"
#include "collectors/job.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void run_on_move_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                       const char *detail)
{
	struct run *r = context;
	if (strcmp(event, "move-begin") == 0)
		job_expect(r->watching.job, vm);
	else if (strcmp(event, "postcopy-recover") == 0)
		reuse_relays_revive(r->relays);
	if (strncmp(event, "move-", 5) == 0)
		progress_note("%s, %s: %s %s", node, vm, event + 5, detail);
	else if (strncmp(event, "node-", 5) == 0)
		progress_note("%s: %s (%s)", node, event + 5, detail);
	else if (strcmp(event, "group-limit") == 0)
		progress_note("%s", detail);
	run_on_event(r, head_ns, vm, node, event, detail);
}

static bool wants_dirty_rates(const struct experiment *x)
{
	const struct policy_ops *policy = x->consolidate.ops;
	return experiment_is_group(x) ||
	       (policy && policy->wants_dirty_rate && policy->wants_dirty_rate(x->consolidate.policy_options));
}

void run_dirty_watch(struct run *r)
{
	for (int i = 0; wants_dirty_rates(r->x) && i < r->x->vm_count; i++) {
		const struct experiment_vm *vm = &r->x->vms[i];
		struct err e = { 0 };
		/* It is to be over with the baseline. */
		if (experiment_moves(r->x, vm) && dirty_rate_begin(r->connections[run_node_index(vm->node)], vm->name,
		                                                   r->x->general.baseline_ns - NS_PER_S, &e) < 0) {
			progress_note("dirty rates are not known beforehand: %s", e.text);
			return;
		}
	}
}

double run_dirty_rate(const struct run *r, int vm)
{
	const struct experiment_vm *v = &r->x->vms[vm];
	return wants_dirty_rates(r->x) ? dirty_rate_read(r->connections[run_node_index(v->node)], v->name) : NAN;
}

static struct json_object *move_json(const struct run *r, const struct move_record *m)
{
	struct json_object *into = json_object_new_object();
	json_object_object_add(into, "vm", json_object_new_string(r->x->vms[m->vm].name));
	json_object_object_add(into, "from", json_object_new_string(r->testbed.nodes[m->from].name));
	json_object_object_add(into, "to", json_object_new_string(r->testbed.nodes[m->to].name));
	json_object_object_add(into, "begin_ns", json_object_new_int64(m->begin_ns));
	json_object_object_add(into, "end_ns", json_object_new_int64(m->end_ns));
	if (m->postcopy_start_ns)
		json_object_object_add(into, "postcopy_start_ns", json_object_new_int64(m->postcopy_start_ns));
	json_object_object_add(into, "arrived", json_object_new_boolean(m->arrived));
	if (m->recalled)
		json_object_object_add(into, "recalled", json_object_new_boolean(true));
	if (m->lost)
		json_object_object_add(into, "vm_lost", json_object_new_boolean(true));
	if (m->words[0])
		json_object_object_add(into, "reason", json_object_new_string(m->words));
	return into;
}

struct json_object *run_moves_json(const struct run *r, const struct move_record *moves, int count)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < count; i++)
		json_object_array_add(list, move_json(r, &moves[i]));
	return list;
}

struct mover_node run_mover_node(const struct run *r, int node, char uri[64])
{
	const struct node *n = &r->testbed.nodes[node];
	snprintf(uri, 64, "tcp://%s", n->migration_ip);
	return (struct mover_node){ n->name, n->libvirt_uri, uri, n->peer_uri[0] ? n->peer_uri : NULL, n->core };
}

int run_moves_migrate(const struct mover_node *from, const struct mover_node *to, struct migration_spec *spec,
                      struct migration_result *ret, struct err *e)
{
	const struct run *r = spec->context;
	struct page_passage *passage;
	int vm = 0;
	while (vm < r->x->vm_count - 1 && strcmp(r->x->vms[vm].name, spec->vm) != 0)
		vm++;
	reuse_relays_route(r->relays, vm, spec);
	*ret = (struct migration_result){ 0 };
	if (page_passage_begin(&passage, r->pages, vm, run_node_index(from->name), run_node_index(to->name), spec,
	                       e) < 0)
		return -1;
	int status = mover_migrate(from, to, spec, ret, e);
	page_passage_end(passage, status == 0);
	return status;
}

int run_moves_pulse(void *context, const char *line, struct err *e)
{
	progress_tick(line);
	return run_interrupted_or_lost(context, e);
}
