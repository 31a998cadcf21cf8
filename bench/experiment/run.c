#include "bench/experiment/run.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/experiment/console.h"
#include "bench/experiment/fault.h"
#include "bench/experiment/guests.h"
#include "bench/experiment/injection.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/run_facts.h"
#include "bench/experiment/watching.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/monitor.h"
#include "bench/testbed/storage.h"
#include "collectors/job.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

volatile sig_atomic_t run_interrupted;

static void on_signal(int number)
{
	(void)number;
	run_interrupted = 1;
}

void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A run under way. What is zero was not reached; run_close() takes it from any state. */
struct run {
	const struct run_order *order;
	const struct experiment *x;
	uint64_t run_id;
	struct run_directory directory;
	struct testbed testbed;
	bool testbed_open, guests_running;
	struct guest_boot boot;
	virConnectPtr connections[2]; /* of NODE_SRC and NODE_DST */
	struct events *events[2];
	struct watching watching;
	struct fault *fault; /* while the migration runs */
	bool watching_on;
	volatile sig_atomic_t injected; /* a migration beside injections has gone on for long enough */
	atomic_bool ending;             /* from here on guests may end */
	atomic_bool vm_lost;            /* a guest ended that should not have; lost_words says how */
	char lost_words[200], lost_vm[64];
};

/* ---- events ---- */

/* Every event of both nodes comes through here, in the event thread. */
static void on_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                     const char *detail)
{
	struct run *r = context;
	run_directory_event(&r->directory, head_ns, vm, node, event, detail);
	if (strcmp(event, "lifecycle") != 0 || strncmp(detail, "stopped/", 8) != 0 ||
	    strcmp(detail, "stopped/migrated") == 0)
		return;
	if (!atomic_load(&r->ending) && !atomic_load(&r->vm_lost)) {
		snprintf(r->lost_vm, sizeof(r->lost_vm), "%s", vm);
		snprintf(r->lost_words, sizeof(r->lost_words), "VM '%s' ended unexpectedly on node '%s' (%s)", vm,
		         node, detail);
		atomic_store(&r->vm_lost, true);
	}
}

static void phase(struct run *r, const char *name, int64_t planned_ns)
{
	run_directory_event(&r->directory, clock_now_ns(), "", "", "phase", name);
	progress_phase(name, planned_ns);
}

/* ---- waiting ---- */

static int interrupted_or_lost(struct run *r, struct err *e)
{
	if (run_interrupted)
		return err_set(e, EXIT_INTERRUPTED, "interrupted");
	if (!atomic_load(&r->vm_lost))
		return 0;
	char line[300];
	console_line(r->directory.path, r->lost_vm, false, line, sizeof(line));
	return err_set(e, EXIT_MEASURED_BAD, "%s%s%s", r->lost_words, line[0] ? ": " : "", line);
}

static void work_tick(struct run *r, const char *detail)
{
	char text[160];
	size_t used = (size_t)snprintf(text, sizeof(text), "%.60s", detail);
	for (int i = 0; i < r->x->vm_count && used < sizeof(text) - 40; i++) {
		struct samples_progress p;
		samples_last_work(r->watching.samples, i, 0, &p);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %lld samples", used ? ", " : "",
		                         r->x->vms[i].name, (long long)p.samples);
	}
	progress_tick(text);
}

static int pause_saying(void *context, int64_t duration_ns, const char *detail, struct err *e)
{
	struct run *r = context;
	int64_t end = clock_now_ns() + duration_ns;
	while (clock_now_ns() < end) {
		int64_t left = end - clock_now_ns();
		if (interrupted_or_lost(r, e) < 0)
			return -1;
		clock_sleep(left < 50 * NS_PER_MS ? left : 50 * NS_PER_MS);
		work_tick(r, detail);
	}
	return 0;
}

static int pause_for(struct run *r, int64_t duration_ns, struct err *e)
{
	return pause_saying(r, duration_ns, "", e);
}

/* What guests that say nothing on the network said on their consoles, if anything. */
static void console_words(struct run *r, struct err *e)
{
	for (int i = 0; i < r->x->vm_count; i++) {
		char line[300];
		size_t used = strlen(e->text);
		if (console_line(r->directory.path, r->x->vms[i].name, true, line, sizeof(line))[0])
			snprintf(e->text + used, sizeof(e->text) - used, " (last line on the console of '%s': %s)",
			         r->x->vms[i].name, line);
	}
}

/* Until every agent is in `state`; in slices, so that a signal or a lost guest ends the wait. */
static int agents_wait(struct run *r, enum agent_state state, int64_t timeout_ns, struct err *e)
{
	int64_t end = clock_now_ns() + timeout_ns;
	for (;;) {
		char detail[200] = "";
		int there = 0, failed = 0;
		for (int i = 0; i < r->x->vm_count; i++) {
			struct samples_agent a;
			samples_agent_state(r->watching.samples, i, &a);
			there += a.heard && a.state >= state && a.state != AGENT_FAILED;
			failed += a.heard && a.state == AGENT_FAILED;
			if (a.heard && a.state < state)
				snprintf(detail, sizeof(detail), "%s: %s", r->x->vms[i].name, a.detail);
		}
		if (there == r->x->vm_count)
			return 0;
		/* At the deadline, or when an agent gave up, this only fetches the words. */
		if (failed || clock_now_ns() > end) {
			samples_wait_state(r->watching.samples, SAMPLES_ALL_VMS, state, clock_now_ns(), e);
			console_words(r, e);
			return -1;
		}
		if (interrupted_or_lost(r, e) < 0)
			return -1;
		clock_sleep(20 * NS_PER_MS);
		progress_tick(detail);
	}
}

/* ---- stages, in order ---- */

static void note(const char *words)
{
	progress_note("%s", words);
}

static int stage_testbed(struct run *r, struct err *e)
{
	const struct experiment *x = r->x;
	const struct testbed_spec spec = experiment_testbed(x);
	struct link_measured measured;
	progress_phase("testbed", 0);
	if (testbed_open(&r->testbed, &spec, note, e) < 0)
		return -1;
	r->testbed_open = true;
	if (interrupted_or_lost(r, e) < 0)
		return -1;
	progress_phase("measuring the link", 0);
	if (testbed_measure(&r->testbed, &measured, e) < 0)
		return -1;
	run_facts_link(&r->directory, &r->testbed, &measured);
	if (measured.reason[0])
		progress_note("link: %s", measured.reason);
	for (int i = 0; i < x->vm_count; i++)
		if (x->vms[i].disk_bytes && storage_add_disk(&r->testbed.nodes[NODE_STO], i + 1, x->vms[i].disk_bytes,
		                                             x->vms[i].disk_bytes, e) < 0)
			return -1;
	return interrupted_or_lost(r, e);
}

static int stage_connect(struct run *r, struct err *e)
{
	if (hypervisor_init(e) < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++) {
		const struct node *n = &r->testbed.nodes[i];
		if (hypervisor_open(&r->connections[i], n->libvirt_uri, e) < 0 ||
		    events_open(&r->events[i], r->connections[i], n->name, on_event, r, e) < 0)
			return -1;
	}
	run_directory_set(&r->directory, "hypervisor", hypervisor_facts(r->connections[NODE_SRC]));
	return interrupted_or_lost(r, e);
}

static int node_index(const char *name)
{
	return strcmp(name, "dst") == 0 ? NODE_DST : NODE_SRC;
}

static int stage_guests(struct run *r, struct err *e)
{
	progress_phase("guests", 0);
	if (guests_prepare(&r->boot, r->x, testbed_state_directory(), e) < 0)
		return -1;
	run_facts_guest(&r->directory, &r->boot, r->x->hosts.accelerator);
	r->boot.monitors = r->order->injections || r->x->migration.suspend_ns;
	if (!r->boot.kvm)
		progress_note("guests run under TCG (emulation): %s", r->boot.accelerator_reason);
	if (stage_connect(r, e) < 0 ||
	    guests_check_features(&r->boot, r->x, r->connections[NODE_SRC], r->connections[NODE_DST], e) < 0)
		return -1;
	if (watching_start(&r->watching, r->x, &r->testbed, r->run_id, r->directory.path, e) < 0)
		return -1;
	r->watching_on = true;
	if (run_directory_save(&r->directory, e) < 0)
		return -1;
	for (int i = 0; i < r->x->vm_count; i++) {
		int node = node_index(r->x->vms[i].node);
		if (guest_start(r->x, i, &r->boot, &r->testbed, &r->testbed.nodes[node], r->connections[node],
		                r->run_id, r->directory.path, e) < 0)
			return -1;
	}
	if (agents_wait(r, AGENT_READY, r->x->general.boot_timeout_ns, e) < 0)
		return -1;
	samples_start_agents(r->watching.samples);
	r->guests_running = true;
	return agents_wait(r, AGENT_RUNNING, 10 * NS_PER_S, e);
}

/* What remains of the memory, and how long it will take at least. */
static void migration_tick(void *context)
{
	struct run *r = context;
	struct job_progress p;
	char text[160] = "", remaining[32], total[32], rate[32];
	job_last(r->watching.job, r->x->migration.vm, &p);
	if (p.total_bytes)
		snprintf(text, sizeof(text), "%s of %s remain, %s/s",
		         size_format(p.remaining_bytes, remaining, sizeof(remaining)),
		         size_format(p.total_bytes, total, sizeof(total)),
		         size_format(p.bytes_per_s, rate, sizeof(rate)));
	if (p.total_bytes && p.bytes_per_s) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, ", at least %.0f s to go",
		         ceil((double)p.remaining_bytes / (double)p.bytes_per_s));
	}
	progress_tick(text);
}

/* Post-copy is what it must survive: there the time counts from the switch. */
static void fault_on_event(struct run *r, const char *event)
{
	const char *moment = r->x->migration.mode == MODE_POSTCOPY ? "postcopy-start" : "migrate-start";
	if (strcmp(event, moment) == 0)
		fault_trigger(r->fault);
}

static void on_migration_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                               const char *detail)
{
	fault_on_event(context, event);
	on_event(context, head_ns, vm, node, event, detail);
}

/* It does not converge, and has sent what the experiment grants. */
static bool sent_enough(void *context)
{
	const struct run *r = context;
	const struct experiment_vm *vm = experiment_moving_vm(r->x);
	struct job_progress p;
	job_last(r->watching.job, vm->name, &p);
	return (double)p.sent_bytes > r->x->migration.sent_limit * (double)(vm->memory_bytes - vm->spare_bytes);
}

static int migrate(struct run *r, const struct experiment_vm *vm, struct err *e)
{
	const struct experiment_migration *m = &r->x->migration;
	static const enum postcopy_moment moments[] = { POSTCOPY_NOW, POSTCOPY_AFTER_FIRST_PASS,
		                                        POSTCOPY_AFTER_TIME };
	int from = node_index(vm->node), to = from == NODE_SRC ? NODE_DST : NODE_SRC;
	struct migration_result result;
	char uri[64];
	snprintf(uri, sizeof(uri), "tcp://%s", r->testbed.nodes[to].migration_ip);
	struct migration_spec spec = {
		.source = r->connections[from],
		.destination = r->connections[to],
		.vm = vm->name,
		.source_node = r->testbed.nodes[from].name,
		.uri = uri,
		.postcopy = m->mode == MODE_POSTCOPY ? moments[m->postcopy_switch] : POSTCOPY_NEVER,
		.postcopy_after_ns = m->switch_after_ns,
		.downtime_limit_ns = m->downtime_limit_ns,
		.bandwidth_bytes_per_s = m->bandwidth_bytes_per_s,
		.timeout_ns = m->timeout_ns,
		.stop_due = m->sent_limit > 0 && m->mode == MODE_PRECOPY ? sent_enough : NULL,
		.features = &r->x->features,
		.interrupted = r->order->injections ? &r->injected : &run_interrupted,
		.sink = on_migration_event,
		.tick = r->order->injections ? NULL : migration_tick,
		.context = r,
	};
	if (fault_start(&r->fault, r->x, &r->testbed, on_event, r, e) < 0)
		return -1;
	int status = migration_run(&spec, &result, e);
	if (fault_end(r->fault, status < 0 ? NULL : e) < 0)
		status = -1;
	r->fault = NULL;
	if (result.completed)
		run_directory_set(&r->directory, "migration.completed",
		                  job_stats_json(result.completed, result.completed_count));
	if (result.features_on)
		run_directory_set(&r->directory, "features.on", json_object_get(result.features_on));
	run_directory_set(&r->directory, "features.kept", feature_kept(&r->x->features, result.features_on));
	if (m->mode == MODE_POSTCOPY)
		run_directory_set(&r->directory, "migration.postcopy_began",
		                  json_object_new_boolean(result.postcopy_start_ns != 0));
	if (result.recoveries)
		run_directory_set(&r->directory, "migration.recoveries", json_object_new_int(result.recoveries));
	if (result.lost)
		run_directory_set(&r->directory, "migration.vm_lost", json_object_new_boolean(true));
	if (status == 0 && m->mode == MODE_POSTCOPY && !result.postcopy_start_ns)
		progress_note("post-copy never began: the migration was complete before the switch");
	migration_result_free(&result);
	return status;
}

/* Instead of a migration: what is known, done to the VM, which calibrates the estimators. */
static int inject(struct run *r, const struct injection_plan *plan, struct err *e)
{
	const struct experiment_vm *vm = r->x->vms, *moving = experiment_moving_vm(r->x);
	while (moving ? vm == moving : strcmp(vm->name, r->x->migration.vm) != 0)
		vm++;
	const struct node *node = &r->testbed.nodes[node_index(vm->node)];
	struct injector in = { .vm = vm->name, .directory = &r->directory, .pause = pause_saying, .context = r };
	char path[300], port[24];
	snprintf(port, sizeof(port), "lan-%s", node->name);
	monitor_path(node->state_directory, vm->name, path, sizeof(path));
	int result = port_find(&in.port, r->testbed.nodes[NODE_HEAD].netns_path, port, e);
	if (result == 0)
		result = monitor_open(&in.monitor, path, e);
	if (result == 0)
		result = injection_run(&in, plan, e);
	monitor_close(in.monitor);
	port_forget(&in.port);
	return result;
}

static int stay(struct run *r, struct err *e)
{
	struct injection stop = { INJECT_STOP, r->x->migration.suspend_ns, 0 };
	const struct injection_plan one = { &stop, 1 };
	const struct injection_plan *plan = r->order->injections ? r->order->injections
	                                    : stop.length_ns     ? &one
	                                                         : NULL;
	if (pause_for(r, 2 * NS_PER_S, e) < 0 || (plan && inject(r, plan, e) < 0))
		return -1;
	return pause_for(r, 2 * NS_PER_S, e);
}

struct beside {
	struct run *run;
	struct err e;
};

static void *migrate_beside(void *argument)
{
	struct beside *b = argument;
	migrate(b->run, experiment_moving_vm(b->run->x), &b->e);
	return NULL;
}

/* Inject into one VM while another one migrates, which is ended when all is injected. */
static int inject_beside(struct run *r, struct err *e)
{
	struct beside b = { .run = r };
	pthread_t thread;
	if (r->x->vm_count < 2)
		return err_set(e, EXIT_USAGE, "a VM that stays is needed to inject into while another one moves");
	errno = pthread_create(&thread, NULL, migrate_beside, &b);
	if (errno)
		return err_errno(e, EXIT_CANNOT, "cannot start a migration beside the injections");
	int result = stay(r, e);
	r->injected = 1;
	pthread_join(thread, NULL);
	if (result == 0 && b.e.status != EXIT_INTERRUPTED)
		return err_set(e, EXIT_MEASURED_BAD, "the migration was over before the injections: %s",
		               b.e.status ? b.e.text : "the VM has moved");
	return result;
}

static int stage_measure(struct run *r, struct err *e)
{
	const struct experiment_general *g = &r->x->general;
	const struct experiment_vm *moving = experiment_moving_vm(r->x);
	if (g->warmup_ns) {
		phase(r, "warmup", g->warmup_ns);
		if (pause_for(r, g->warmup_ns, e) < 0)
			return -1;
	}
	phase(r, "baseline", g->baseline_ns);
	if (pause_for(r, g->baseline_ns, e) < 0)
		return -1;
	job_expect(r->watching.job, r->x->migration.vm);
	phase(r, "migration", r->order->injections ? injection_plan_duration_ns(r->order->injections) : 0);
	if (moving && r->order->injections ? inject_beside(r, e) < 0
	    : moving                       ? migrate(r, moving, e) < 0
	                                   : stay(r, e) < 0)
		return -1;
	phase(r, "settle", g->settle_ns);
	if (pause_for(r, g->settle_ns, e) < 0)
		return -1;
	phase(r, "end", 0);
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

static void run_close(struct run *r, struct err *e)
{
	struct err one = { 0 };
	struct json_object *facts = json_object_new_object();
	progress_phase("collecting", 0);
	samples_save(r);
	atomic_store(&r->ending, true);
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		for (int v = 0; r->connections[i] && v < r->x->vm_count; v++)
			hypervisor_destroy_domain(r->connections[i], r->x->vms[v].name, NULL);
	if (r->watching_on)
		keep_first(e, watching_stop(&r->watching, facts, &one), &one);
	run_directory_set(&r->directory, "collectors", facts);
	for (int i = NODE_SRC; i <= NODE_DST; i++) {
		events_close(r->events[i]);
		if (r->connections[i])
			virConnectClose(r->connections[i]);
	}
	if (r->testbed_open)
		keep_first(e, testbed_close(&r->testbed, &one), &one);
}

int run_execute(const struct run_order *order, struct err *e)
{
	struct run r = { .order = order, .x = order->experiment };
	struct err trouble = { 0 };
	if (getrandom(&r.run_id, sizeof(r.run_id), 0) != sizeof(r.run_id))
		return err_errno(e, EXIT_CANNOT, "cannot draw a run id");
	if (run_directory_create(&r.directory, order->directory, order->config_path, e) < 0)
		return -1;
	run_facts_experiment(&r.directory, order, r.run_id);
	run_facts_host(&r.directory);
	bool ready = run_directory_save(&r.directory, &trouble) == 0 && stage_testbed(&r, &trouble) == 0 &&
	             stage_guests(&r, &trouble) == 0;
	if (ready)
		stage_measure(&r, &trouble);
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
