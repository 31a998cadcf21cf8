/* Domains of the user's, which are there before a run and after it. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_state.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/migration.h"

#include <json-c/json.h>
#include <stdio.h>

#define RETURN_TIMEOUT_NS (20 * 60 * NS_PER_S)

int run_domain_check(const struct run *r, int vm, int node, struct err *e)
{
	const char *domain = r->x->vms[vm].domain, *name = r->testbed.nodes[node].name;
	if (!r->connections[node]) /* nobody can be asked; its agent will be heard */
		return 0;
	int active = hypervisor_domain_active(r->connections[node], domain, e);
	if (active != 0)
		return active < 0 ? -1 : 0;
	return err_set(e, EXIT_CANNOT,
	               "domain '%s' does not run on node '%s': start it or move it there, or set %s.node", domain,
	               name, r->x->vms[vm].name);
}

void run_agents_end(struct run *r)
{
	bool any = false;
	for (int i = 0; i < r->x->vm_count; i++)
		any |= r->x->vms[i].domain[0] != '\0';
	if (!any || !r->watching_on || !r->guests_running)
		return;
	samples_power_off(r->watching.samples);
	clock_sleep(300 * NS_PER_MS);
}

static void nothing_is_kept(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                            const char *detail)
{
	(void)context;
	(void)head_ns;
	(void)vm;
	(void)node;
	(void)event;
	(void)detail;
}

static int move_back(struct run *r, const char *domain, int from, int to, struct err *e)
{
	struct feature_set plain;
	struct migration_result result;
	char uri[64];
	if (option_defaults(feature_rows, &plain, e) < 0)
		return -1;
	snprintf(uri, sizeof(uri), "tcp://%s", r->testbed.nodes[to].migration_ip);
	const struct migration_spec spec = { .commands = r->connections[from] ? NULL : run_migration_spec(r).commands,
		                             .source = r->connections[from],
		                             .destination = r->connections[to],
		                             .vm = domain,
		                             .source_node = r->testbed.nodes[from].name,
		                             .destination_node = r->testbed.nodes[to].name,
		                             .uri = uri,
		                             .destination_core = -1,
		                             .postcopy = POSTCOPY_NEVER,
		                             .timeout_ns = RETURN_TIMEOUT_NS,
		                             .features = &plain,
		                             .sink = nothing_is_kept };
	int status = migration_run(&spec, &result, e);
	migration_result_free(&result);
	return status;
}

/* Whether it runs there; of nodes that cannot be asked, whether the run moved it there. */
static bool is_at(const struct run *r, int vm, int node)
{
	return r->connections[node] ? hypervisor_domain_active(r->connections[node], r->x->vms[vm].domain, NULL) == 1
	                            : atomic_load(&r->at[vm]) == node;
}

void run_domains_return(struct run *r)
{
	for (int i = 0; i < r->x->vm_count && r->x->remote.move_back; i++) {
		const struct experiment_vm *vm = &r->x->vms[i];
		int home = run_node_index(vm->node), away = home == NODE_SRC ? NODE_DST : NODE_SRC;
		struct err e = { 0 };
		bool asked = r->connections[home] && r->connections[away];
		if (!vm->domain[0] || (!asked && r->x->hosts.kind != HOSTS_OUTSIDE) || !is_at(r, i, away))
			continue;
		progress_phase("moving back", 0);
		bool back = move_back(r, vm->domain, away, home, &e) == 0;
		run_directory_set(&r->directory, "migration.moved_back", json_object_new_boolean(back));
		if (!back)
			progress_note("domain '%s' stays on node '%s': %s", vm->domain, r->testbed.nodes[away].name,
			              e.text);
	}
}
