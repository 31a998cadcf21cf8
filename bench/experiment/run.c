#include "bench/experiment/run.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/guest_threads.h"
#include "bench/experiment/page_watching.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/reuse_relays.h"
#include "bench/experiment/run_facts.h"
#include "bench/experiment/run_state.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/node_events.h"
#include "bench/testbed/disk_image.h"
#include "bench/testbed/own_disk.h"
#include "bench/testbed/storage.h"
#include "collectors/continuity.h"
#include "collectors/web_sessions.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define AGAIN_NS (NS_PER_S / 2) /* a signal sooner after the first one is the same */

volatile sig_atomic_t run_interrupted;

static void on_signal(int number)
{
	static _Atomic int64_t first_ns;
	int64_t now_ns = clock_now_ns(), none = 0;
	(void)number;
	if (atomic_compare_exchange_strong(&first_ns, &none, now_ns))
		run_interrupted = INTERRUPT_END;
	else if (now_ns - none >= AGAIN_NS)
		run_interrupted = INTERRUPT_BREAK_OFF;
}

void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void note(const char *words)
{
	progress_note("%s", words);
}

const struct machine_wait run_patience = { .note = note, .interrupted = &run_interrupted };

/* ---- stages, in order ---- */

/* Shared, empty or with a system on it; or one a node, with the VM's changes where it starts. */
static int disk_make(const struct run *r, int vm, struct err *e)
{
	const struct experiment *x = r->x;
	const struct node *storage = &r->testbed.nodes[NODE_STO];
	int64_t bytes = x->vms[vm].disk_bytes, changed = (int64_t)((double)bytes * x->storage.changed) >> 20 << 20;
	char image[PATH_MAX];
	if (x->vms[vm].image)
		return disk_image_path(x->vms[vm].image, image, sizeof(image), e) < 0
		               ? -1
		               : storage_add_image(storage, vm + 1, image, e);
	if (x->storage.kind == STORAGE_ISCSI)
		return storage_add_disk(storage, vm + 1, bytes, bytes, e);
	for (int node = NODE_SRC; node <= NODE_DST; node++)
		if (own_disk_make(&r->testbed.nodes[node], vm + 1, bytes, node == run_start_node(r, vm) ? changed : 0,
		                  e) < 0)
			return err_prefix(e, "disk of VM '%s'", x->vms[vm].name);
	return 0;
}

static int stage_testbed(struct run *r, struct err *e)
{
	const struct experiment *x = r->x;
	const struct testbed_spec spec = experiment_testbed(x);
	struct link_measured measured;
	progress_phase("testbed", 0);
	if (testbed_open(&r->testbed, &spec, r->order->wait, note, e) < 0)
		return -1;
	r->testbed_open = true;
	if (run_interrupted_or_lost(r, e) < 0)
		return -1;
	r->rtt_ns = -1;
	if (spec.outside)
		return 0;
	progress_phase("measuring the link", 0);
	if (testbed_measure(&r->testbed, &measured, e) < 0)
		return -1;
	run_facts_link(&r->directory, &r->testbed, &measured);
	r->rtt_ns = link_measured_round_trip(&measured, &spec.shape);
	if (measured.reason[0])
		progress_note("link: %s", measured.reason);
	for (int i = 0; i < x->vm_count; i++)
		if (x->vms[i].disk_bytes && disk_make(r, i, e) < 0)
			return -1;
	return run_interrupted_or_lost(r, e);
}

/* A testbed that was up may have guests of a run that was killed; their end is no event of this one. */
static int stage_connect(struct run *r, struct err *e)
{
	int left = 0;
	if (hypervisor_init(e) < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++) {
		if (hypervisor_open(&r->connections[i], r->testbed.nodes[i].libvirt_uri, e) < 0)
			return -1;
		left += r->testbed.kept ? guests_end_left(r->connections[i]) : 0;
	}
	if (left)
		progress_note("ended %d guest%s that a killed run had left", left, left == 1 ? "" : "s");
	for (int i = NODE_SRC; i <= NODE_DST; i++) {
		const struct node *n = &r->testbed.nodes[i];
		if (node_events_open(&r->events[i], n->libvirt_uri, n->name, NULL, run_on_hypervisor_event, r, e) < 0)
			return -1;
	}
	run_directory_set(&r->directory, "hypervisor", hypervisor_facts(r->connections[NODE_SRC]));
	run_facts_remote(&r->directory, &r->testbed);
	return run_interrupted_or_lost(r, e);
}

/* What guests of ours boot, and whether the nodes can do what is asked. */
static int hosts_prepare(struct run *r, struct err *e)
{
	if (r->testbed.spec.outside)
		return hypervisor_init(e);
	if (guests_prepare(&r->boot, r->x, &r->testbed, e) < 0)
		return -1;
	run_facts_guest(&r->directory, &r->boot, r->x->hosts.accelerator);
	r->boot.monitors = r->order->injections || r->x->migration.suspend_ns;
	if (!r->boot.kvm)
		progress_note("guests run under TCG (emulation): %s", r->boot.accelerator_reason);
	if (stage_connect(r, e) < 0)
		return -1;
	return guests_check_features(&r->boot, r->x, r->connections[NODE_SRC], r->connections[NODE_DST], e);
}

/* What boots may use the cores of both nodes; what is measured has its own. */
static int guests_pin(struct run *r, struct err *e)
{
	for (int i = 0; i < r->x->vm_count; i++) {
		int node = run_start_node(r, i);
		if (!r->x->vms[i].domain[0] &&
		    guest_threads_pin(&r->testbed.nodes[node], r->connections[node], r->x->vms[i].name, e) < 0)
			return -1;
	}
	return 0;
}

static int stage_guests(struct run *r, struct err *e)
{
	progress_phase("guests", 0);
	if (hosts_prepare(r, e) < 0)
		return -1;
	run_directory_set(&r->directory, "features.past_libvirt",
	                  feature_past_libvirt(&r->x->features, r->boot.host.libvirt_version));
	if (watching_start(&r->watching, r->x, &r->testbed, r->run_id, r->directory.path, run_on_event, r, e) < 0)
		return -1;
	r->watching_on = true;
	if (run_directory_save(&r->directory, e) < 0)
		return -1;
	for (int i = 0; i < r->x->vm_count; i++) {
		int node = run_start_node(r, i);
		atomic_store(&r->at[i], node);
		if (r->x->vms[i].domain[0] ? run_domain_check(r, i, node, e) < 0
		                           : guest_start(r->x, i, &r->boot, &r->testbed, &r->testbed.nodes[node],
		                                         r->connections[node], r->run_id, r->directory.path, e) < 0)
			return -1;
	}
	if (run_wait_agents(r, AGENT_READY, r->x->general.boot_timeout_ns, e) < 0 || guests_pin(r, e) < 0)
		return -1;
	samples_start_agents(r->watching.samples);
	r->guests_running = true;
	if (run_wait_agents(r, AGENT_RUNNING, 10 * NS_PER_S, e) < 0)
		return -1;
	web_sessions_begin(r->watching.web);
	continuity_begin(r->watching.continuity);
	return 0;
}

/* ---- the end, from any state ---- */

/* Nothing measured is lost: also after a failure the samples that are still in the guests are fetched. */
static void samples_save(struct run *r)
{
	struct err ignored = { 0 };
	if (!r->watching_on || !r->guests_running)
		return;
	samples_stop_agents(r->watching.samples);
	if (samples_wait_state(r->watching.samples, SAMPLES_ALL_VMS, AGENT_DONE, clock_now_ns() + 3 * NS_PER_S,
	                       &ignored) < 0)
		progress_note("%s", ignored.text);
	int64_t missing = samples_fetch_missing(r->watching.samples, clock_now_ns() + 10 * NS_PER_S, &ignored);
	if (missing > 0)
		progress_note("%lld samples could not be had: %s", (long long)missing, ignored.text);
}

static void keep_first(struct err *first, int result, const struct err *one)
{
	if (result < 0 && !first->status)
		*first = *one;
}

static void close_testbed(struct run *r, struct err *e)
{
	struct err one = { 0 };
	if (r->testbed_open && testbed_close(&r->testbed, &one) < 0) {
		if (e->status) /* what is left changed is told, whatever else went wrong */
			progress_note("%s", one.text);
		keep_first(e, -1, &one);
	}
	r->testbed_open = false;
}

static void run_close(struct run *r, struct err *e)
{
	struct err one = { 0 };
	struct json_object *facts = json_object_new_object();
	progress_phase("collecting", 0);
	continuity_end(r->watching.continuity);
	samples_save(r);
	atomic_store(&r->ending, true);
	run_agents_end(r);
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		for (int v = 0; r->connections[i] && v < r->x->vm_count; v++)
			if (!r->x->vms[v].domain[0])
				hypervisor_destroy_domain(r->connections[i], r->x->vms[v].name, NULL);
	run_fetch_consoles(r);
	if (r->watching_on)
		keep_first(e, watching_stop(&r->watching, facts, &one), &one);
	run_directory_set(&r->directory, "collectors", facts);
	keep_first(e, page_watching_close(r->pages, &one), &one);
	reuse_relays_close(r->relays, &r->directory);
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		node_events_close(r->events[i]);
	if (r->x->hosts.kind != HOSTS_LOCAL) {
		close_testbed(r, e);
		run_domains_return(r); /* over a link that is shaped no more */
	}
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (r->connections[i])
			virConnectClose(r->connections[i]);
	close_testbed(r, e);
}

/* Absolute: a command may change its folder. */
static void config_directory_find(struct run *r)
{
	char path[PATH_MAX];
	if (!realpath(r->order->config_path, path))
		snprintf(path, sizeof(path), "./config");
	*strrchr(path, '/') = '\0';
	snprintf(r->config_directory, sizeof(r->config_directory), "%s", path);
}

int run_execute(const struct run_order *order, struct err *e)
{
	struct run r = { .order = order, .x = order->experiment };
	struct err trouble = { 0 };
	config_directory_find(&r);
	uint64_t id;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return err_errno(e, EXIT_CANNOT, "cannot draw a run id");
	/* The agents in domains of the user's have one of their own, the same in every run. */
	r.run_id = r.x->remote.run_id[0] ? strtoull(r.x->remote.run_id, NULL, 16) : id;
	if (run_directory_create(&r.directory, order->directory, order->config_path, e) < 0)
		return -1;
	run_facts_experiment(&r.directory, order, id);
	run_facts_host(&r.directory);
	bool ready = run_directory_save(&r.directory, &trouble) == 0 && stage_testbed(&r, &trouble) == 0 &&
	             stage_guests(&r, &trouble) == 0;
	if (!ready && run_interrupted) /* what a signal cut short did not fail */
		err_set(&trouble, EXIT_INTERRUPTED, "interrupted");
	struct host_load load = host_load_now();
	if (ready)
		run_measure(&r, &trouble);
	run_facts_load(&r.directory, load);
	run_close(&r, &trouble);
	const char *status = !trouble.status                           ? "complete"
	                     : trouble.status == EXIT_INTERRUPTED      ? "interrupted"
	                     : trouble.status == EXIT_CANNOT && !ready ? "skipped"
	                                                               : "failed";
	struct err one = { 0 };
	keep_first(&trouble, run_directory_finish(&r.directory, status, trouble.text, &one), &one);
	progress_end();
	return trouble.status ? err_set(e, trouble.status, "%s", trouble.text) : 0;
}
