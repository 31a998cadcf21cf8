#include "bench/experiment/run_state.h"

#include "bench/base/clock.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/reuse_relays.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/qmp.h"

#include <stdio.h>
#include <string.h>

int run_node_index(const char *name)
{
	return strcmp(name, "dst") == 0 ? NODE_DST : NODE_SRC;
}

/* The name of a VM by its own, or by what libvirt calls it; NULL: a domain on a remote node that is none of ours. */
static const char *vm_of(const struct run *r, const char *name)
{
	for (int i = 0; i < r->x->vm_count; i++)
		if (strcmp(experiment_domain(&r->x->vms[i]), name) == 0 || strcmp(r->x->vms[i].name, name) == 0)
			return r->x->vms[i].name;
	return name[0] && r->testbed.remote ? NULL : name;
}

/* Where a VM runs now, and whether one is lost. */
static void follow(struct run *r, const char *vm, const char *node, const char *event, const char *detail)
{
	int i = 0;
	while (i < r->x->vm_count && strcmp(r->x->vms[i].name, vm) != 0)
		i++;
	if (i < r->x->vm_count && strcmp(event, "resume") == 0)
		atomic_store(&r->at[i], run_node_index(node));
	if (strcmp(event, "lifecycle") != 0 || strncmp(detail, "stopped/", 8) != 0 ||
	    strcmp(detail, "stopped/migrated") == 0)
		return;
	/* Where it does not run no VM is lost: of an aborted migration the incoming side ends too. */
	if (i < r->x->vm_count && atomic_load(&r->at[i]) != run_node_index(node))
		return;
	if (!atomic_load(&r->ending) && !atomic_load(&r->vm_lost)) {
		snprintf(r->lost_vm, sizeof(r->lost_vm), "%s", vm);
		snprintf(r->lost_words, sizeof(r->lost_words), "VM '%s' ended unexpectedly on node '%s' (%s)", vm,
		         node, detail);
		atomic_store(&r->vm_lost, true);
	}
}

int run_start_node(const struct run *r, int vm)
{
	int node = run_node_index(r->x->vms[vm].node);
	bool moves = &r->x->vms[vm] == experiment_moving_vm(r->x);
	return moves && r->x->migration.moves_before % 2 ? 1 - node : node;
}

void run_on_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                  const char *detail)
{
	struct run *r = context;
	const char *ours = vm_of(r, vm);
	char before[200];
	bool is_before = atomic_load(&r->before);
	if (!ours)
		return;
	if (strcmp(event, "interrupt-waits") == 0)
		progress_note("%s: %s", ours, detail);
	snprintf(before, sizeof(before), "%s%s%s", event, detail && *detail ? ": " : "", detail ? detail : "");
	run_directory_event(&r->directory, head_ns, ours, node, is_before ? "before" : event,
	                    is_before ? before : detail);
}

void run_on_hypervisor_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                             const char *detail)
{
	struct run *r = context;
	if (strncmp(event, "events-", 7) == 0)
		progress_note("%s: %s (%s)", node, event, detail);
	if (r->x->collect.events)
		run_on_event(r, head_ns, vm, node, event, detail);
	if (vm_of(r, vm))
		follow(r, vm_of(r, vm), node, event, detail);
}

void run_begin_phase(struct run *r, const char *name, int64_t planned_ns)
{
	run_directory_event(&r->directory, clock_now_ns(), "", "", "phase", name);
	progress_phase(name, planned_ns);
}

struct migration_spec run_migration_spec(struct run *r)
{
	const struct experiment_migration *m = &r->x->migration;
	static const enum postcopy_moment moments[] = { POSTCOPY_NOW, POSTCOPY_AFTER_FIRST_PASS,
		                                        POSTCOPY_AFTER_TIME };
	if (m->driver == DRIVER_EXEC)
		r->commands = (struct exec_commands){ .start = m->start,
			                              .state = m->state,
			                              .cancel = m->cancel,
			                              .state_interval_ns = m->state_interval_ns,
			                              .command_timeout_ns = m->command_timeout_ns,
			                              .src_name = m->src_name,
			                              .dst_name = m->dst_name,
			                              .config_directory = r->config_directory };
	return (struct migration_spec){
		.commands = m->driver == DRIVER_EXEC ? &r->commands : NULL,
		.ours = r->x->hosts.kind == HOSTS_LOCAL,
		.postcopy = m->mode == MODE_POSTCOPY ? moments[m->postcopy_switch] : POSTCOPY_NEVER,
		.postcopy_after_ns = m->switch_after_ns,
		.downtime_limit_ns = m->downtime_limit_ns,
		.bandwidth_bytes_per_s = m->bandwidth_bytes_per_s,
		.timeout_ns = m->timeout_ns,
		.features = &r->x->features,
		.interrupted = &run_interrupted,
		.sink = run_on_event,
		.context = r,
	};
}

struct migration_spec run_one_spec(struct run *r, const struct experiment_vm *vm, int from, int to)
{
	const struct node *here = &r->testbed.nodes[from], *there = &r->testbed.nodes[to];
	struct migration_spec spec = run_migration_spec(r);
	spec.source = r->connections[from];
	spec.destination = r->connections[to];
	spec.vm = experiment_domain(vm);
	spec.source_node = here->name;
	spec.destination_node = there->name;
	spec.source_uri = here->libvirt_uri;
	spec.destination_uri = there->libvirt_uri;
	spec.uri = r->uris[to];
	spec.peer_uri = there->peer_uri[0] ? there->peer_uri : NULL;
	spec.destination_core = there->core;
	if (r->order->injections)
		spec.interrupted = &r->injected;
	snprintf(r->uris[to], sizeof(r->uris[to]), "tcp://%s", there->migration_ip);
	if (experiment_rescues(r->x)) {
		spec.source_monitor =
			qmp_path(here->qemu_pid_directory, spec.vm, r->monitors[from], sizeof(r->monitors[from]));
		spec.destination_monitor =
			qmp_path(there->qemu_pid_directory, spec.vm, r->monitors[to], sizeof(r->monitors[to]));
	}
	reuse_relays_route(r->relays, (int)(vm - r->x->vms), &spec);
	return spec;
}
