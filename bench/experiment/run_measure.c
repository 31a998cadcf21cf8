/* The phases of a run, and what happens to its VMs in them. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/experiment/fault.h"
#include "bench/experiment/injection.h"
#include "bench/experiment/page_watching.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/reuse_relays.h"
#include "bench/experiment/run_state.h"
#include "bench/experiment/wait_watching.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/migration.h"
#include "collectors/continuity.h"
#include "collectors/job.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

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
	struct run *r = context;
	fault_on_event(r, event);
	if (strcmp(event, "postcopy-recover") == 0 || strcmp(event, "recovery-past-libvirt") == 0)
		reuse_relays_revive(r->relays);
	run_on_event(r, head_ns, vm, node, event, detail);
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

/* What the destination's daemon says of it: the cores it may use there. */
static void keep_arrived(struct run *r, const char *vm, int to)
{
	struct json_object *facts = NULL;
	if (r->connections[to] && hypervisor_domain_facts(r->connections[to], vm, &facts, NULL) == 0)
		run_directory_set(&r->directory, "migration.arrived", facts);
}

static int migrate(struct run *r, const struct experiment_vm *vm, struct err *e)
{
	const struct experiment_migration *m = &r->x->migration;
	int from = run_node_index(vm->node), to = from == NODE_SRC ? NODE_DST : NODE_SRC;
	struct migration_result result;
	struct migration_spec spec = run_one_spec(r, vm, from, to);
	struct page_passage *passage;
	struct wait_watching *waits;
	spec.stop_due = m->sent_limit > 0 && m->mode == MODE_PRECOPY ? sent_enough : NULL;
	spec.sink = on_migration_event;
	spec.tick = r->order->injections ? NULL : migration_tick;
	if (page_passage_begin(&passage, r->pages, (int)(vm - r->x->vms), from, to, &spec, e) < 0)
		return -1;
	if (wait_watching_begin(&waits, r->x, &r->testbed.nodes[to], vm->name, e) < 0) {
		page_passage_end(passage, false);
		return -1;
	}
	if (fault_start(&r->fault, r->x, &r->testbed, run_on_event, r, e) < 0) {
		wait_watching_end(waits, false, &r->directory);
		page_passage_end(passage, false);
		return -1;
	}
	int status = migration_run(&spec, &result, e);
	wait_watching_end(waits, status == 0, &r->directory);
	page_passage_end(passage, status == 0);
	if (status < 0 && result.timed_out) { /* what was to be found out: it is no failure */
		progress_note("never converged: aborted after %.3g s", (double)m->timeout_ns / 1e9);
		*e = (struct err){ 0 };
		status = 0;
	}
	if (status == 0)
		run_directory_set(&r->directory, "migration.converged", json_object_new_boolean(!result.timed_out));
	if (fault_end(r->fault, status < 0 ? NULL : e) < 0)
		status = -1;
	r->fault = NULL;
	if (status == 0 && !result.timed_out) {
		atomic_store(&r->at[vm - r->x->vms], to);
		keep_arrived(r, experiment_domain(vm), to);
	}
	struct json_object *completed = result.completed && !result.timed_out
	                                        ? job_stats_json(result.completed, result.completed_count)
	                                        : NULL;
	struct feature_also also = experiment_feature_also(r->x);
	/* A stop that is forced raises the limit for that, a relay's pace scales it. */
	if (spec.stop_due || spec.carried)
		also.downtime_limit_ns = 0;
	run_directory_set(&r->directory, "features.kept",
	                  feature_kept(&r->x->features, &also, result.features_on, completed));
	if (completed)
		run_directory_set(&r->directory, "migration.completed", completed);
	if (result.features_on)
		run_directory_set(&r->directory, "features.on", json_object_get(result.features_on));
	if (result.end_error_ns)
		run_directory_set(&r->directory, "migration.end_error_ns",
		                  json_object_new_int64(result.end_error_ns));
	bool told = m->mode == MODE_POSTCOPY && !spec.commands; /* of the switch */
	if (told)
		run_directory_set(&r->directory, "migration.postcopy_began",
		                  json_object_new_boolean(result.postcopy_start_ns != 0));
	if (result.recoveries)
		run_directory_set(&r->directory, "migration.recoveries", json_object_new_int(result.recoveries));
	if (result.lost)
		run_directory_set(&r->directory, "migration.vm_lost", json_object_new_boolean(true));
	if (status == 0 && told && !result.postcopy_start_ns && !result.timed_out)
		progress_note("post-copy never began: the migration was complete before the switch");
	migration_result_free(&result);
	return status;
}

/* Instead of a migration, or beside one: what is known, done to a VM, which calibrates the estimators. */
static int inject(struct run *r, const struct injection_plan *plan, struct err *e)
{
	const struct experiment_vm *vm = r->x->vms, *moving = experiment_moving_vm(r->x);
	struct injector in = { .directory = &r->directory, .pause = run_pause_saying, .context = r };
	while (moving ? vm == moving : strcmp(vm->name, r->x->migration.vm) != 0)
		vm++;
	int result = injector_open(&in, &r->testbed, &r->testbed.nodes[run_node_index(vm->node)], vm->name, e);
	if (result == 0)
		result = injection_run(&in, plan, e);
	injector_close(&in);
	return result;
}

static int stay(struct run *r, struct err *e)
{
	struct injection stop = { .kind = INJECT_STOP, .length_ns = r->x->migration.suspend_ns };
	const struct injection_plan one = { &stop, 1 };
	const struct injection_plan *plan = r->order->injections ? r->order->injections
	                                    : stop.length_ns     ? &one
	                                                         : NULL;
	if (run_pause(r, 2 * NS_PER_S, e) < 0 || (plan && inject(r, plan, e) < 0))
		return -1;
	return run_pause(r, 2 * NS_PER_S, e);
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

int run_measure(struct run *r, struct err *e)
{
	const struct experiment_general *g = &r->x->general;
	const struct experiment_vm *moving = experiment_moving_vm(r->x);
	if (page_watching_open(&r->pages, r->x, &r->testbed, &r->directory, e) < 0 ||
	    reuse_relays_open(&r->relays, r->x, &r->testbed, &r->directory, run_on_event, r, e) < 0 ||
	    run_before(r, e) < 0 || run_warmup(r, e) < 0)
		return -1;
	run_begin_phase(r, "baseline", g->baseline_ns);
	continuity_phase(r->watching.continuity, CONTINUITY_BASELINE);
	run_dirty_watch(r);
	if (run_pause(r, g->baseline_ns, e) < 0)
		return -1;
	job_expect(r->watching.job, r->x->migration.vm);
	run_begin_phase(r, "migration",
	                r->x->consolidate.ops  ? r->x->consolidate.duration_ns
	                : r->order->injections ? injection_plan_duration_ns(r->order->injections)
	                                       : 0);
	continuity_phase(r->watching.continuity, CONTINUITY_MIGRATION);
	if (r->x->consolidate.ops            ? run_consolidate(r, e) < 0
	    : experiment_is_group(r->x)      ? run_group(r, e) < 0
	    : moving && r->order->injections ? inject_beside(r, e) < 0
	    : moving                         ? migrate(r, moving, e) < 0
	                                     : stay(r, e) < 0)
		return -1;
	run_begin_phase(r, "settle", g->settle_ns);
	if (run_pause(r, g->settle_ns, e) < 0)
		return -1;
	run_begin_phase(r, "end", 0);
	return 0;
}
