/*
 * The moves before the one that is measured: the VM goes there and back and works in between, so that the nodes have seen it
 * before. What happens then is in events.csv as `before`, with the event's name in its detail. Declared in run_state.h.
 */
#include "bench/base/err.h"
#include "bench/experiment/page_watching.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_state.h"
#include "bench/migrate/migration.h"
#include "collectors/job.h"

#include <stdio.h>

static int move(struct run *r, const struct experiment_vm *vm, int from, struct err *e)
{
	struct migration_result result;
	struct migration_spec spec = run_one_spec(r, vm, from, 1 - from);
	struct page_passage *passage;
	spec.sink = run_on_event;
	if (page_passage_begin(&passage, r->pages, (int)(vm - r->x->vms), from, 1 - from, &spec, e) < 0)
		return -1;
	job_expect(r->watching.job, vm->name);
	int status = migration_run(&spec, &result, e);
	page_passage_end(passage, status == 0 && !result.timed_out);
	if (status == 0 && result.timed_out)
		status = err_set(e, EXIT_MEASURED_BAD, "it never converged");
	migration_result_free(&result);
	return status;
}

int run_before(struct run *r, struct err *e)
{
	const struct experiment_vm *vm = experiment_moving_vm(r->x);
	int64_t count = r->x->migration.moves_before;
	if (!vm || !count)
		return 0;
	int from = run_start_node(r, (int)(vm - r->x->vms));
	run_begin_phase(r, "before", 0);
	atomic_store(&r->before, true);
	if (run_pause(r, r->x->migration.first_stay_ns, e) < 0)
		return -1;
	for (int64_t i = 0; i < count; i++, from = 1 - from) {
		progress_note("move %lld of %lld before the one that is measured, then %g s of work there",
		              (long long)i + 1, (long long)count, (double)r->x->migration.stay_ns / 1e9);
		if (move(r, vm, from, e) < 0)
			return err_prefix(e, "move %lld before the one that is measured", (long long)i + 1);
		/* The hypervisors' last words about it come a little later. */
		if (run_pause(r, r->x->migration.stay_ns, e) < 0)
			return -1;
	}
	atomic_store(&r->before, false);
	return 0;
}
