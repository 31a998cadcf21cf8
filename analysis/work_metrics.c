#include "analysis/work_metrics.h"

#include "analysis/loop_moves.h"
#include "analysis/work_state.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t lowest_ns = 100 * NS_PER_MS;
static const double recovered_share = 0.95;

static int on_block(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)start_ns, (void)e;
	struct work *w = context;
	if (covered_ns == WORK_BLOCK_NS)
		gsl_rstat_add(amount, w->block_rates);
	return 0;
}

static int on_tenth(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)start_ns, (void)e;
	struct work *w = context;
	if (covered_ns == lowest_ns && !(amount * NS_PER_S / (double)lowest_ns > w->lowest_rate))
		w->lowest_rate = amount * NS_PER_S / (double)lowest_ns;
	return 0;
}

static int on_recovery_bin(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)e;
	struct work_move *m = context;
	if (m->recovered_ns != MISSING)
		return 0;
	int64_t number = (start_ns - m->recovery.start_ns) / WORK_RECOVERY_BIN_NS;
	m->ring[number % RECOVERY_BINS] = covered_ns == WORK_RECOVERY_BIN_NS ? amount : 0;
	if (number + 1 < RECOVERY_BINS)
		return 0;
	double sum = 0;
	for (int i = 0; i < RECOVERY_BINS; i++)
		sum += m->ring[i];
	if (sum * NS_PER_S / (RECOVERY_BINS * WORK_RECOVERY_BIN_NS) >= recovered_share * m->work->baseline_rate)
		m->recovered_ns = start_ns - (RECOVERY_BINS - 1) * WORK_RECOVERY_BIN_NS;
	return 0;
}

static void note_guest(int64_t *guest_ns, const struct work_span *span, int64_t edge_ns)
{
	if (span->sample && span->start_ns <= edge_ns)
		*guest_ns = span->sample->guest_ns;
}

static int first_pass(void *context, const struct work_span *span, struct err *e)
{
	struct work *w = context;
	curve_window_add(&w->baseline, span->start_ns, span->end_ns, span->work);
	note_guest(&w->guest_ns[0], span, w->baseline.start_ns);
	note_guest(&w->guest_ns[1], span, w->baseline.end_ns);
	for (int i = 0; i < w->move_count; i++) {
		note_guest(&w->moves[i].guest_ns[0], span, w->moves[i].migration.start_ns);
		note_guest(&w->moves[i].guest_ns[1], span, w->moves[i].limit_ns);
	}
	return curve_bins_add(&w->blocks, span->start_ns, span->end_ns, span->work, e);
}

static int second_pass(void *context, const struct work_span *span, struct err *e)
{
	struct work *w = context;
	if (span->sample && w->standstill.window_count)
		downtime_work_add(&w->standstill, span->end_ns, span->sample->guest_ns, span->sample->work);
	curve_window_add(&w->stop, span->start_ns, span->end_ns, span->work);
	curve_window_add(&w->settled, span->start_ns, span->end_ns, span->work);
	for (int i = 0; i < w->move_count; i++) {
		struct work_move *m = &w->moves[i];
		curve_window_add(&m->migration, span->start_ns, span->end_ns, span->work);
		if (curve_bins_add(&m->tenths, span->start_ns, span->end_ns, span->work, e) < 0 ||
		    curve_bins_add(&m->recovery, span->start_ns, span->end_ns, span->work, e) < 0)
			return -1;
	}
	return 0;
}

static int third_pass(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	struct work *w = context;
	for (int i = 0; i < w->move_count; i++)
		curve_window_add(&w->moves[i].lost, span->start_ns, span->end_ns, span->work);
	curve_window_add(&w->after, span->start_ns, span->end_ns, span->work);
	return 0;
}

/* When the VM ran again, else when the migration was over. */
static int64_t recovery_reference(const struct work *w, const struct work_move *m, const struct clock_map *map)
{
	int count;
	const struct clock_step *steps = clock_map_steps(map, &count);
	const struct run_event *resume = run_event(w->run, "resume", w->vm->name, m->migration.start_ns);
	if (resume && resume->head_ns < m->limit_ns)
		return resume->head_ns;
	for (int i = 0; i < count; i++)
		if (steps[i].stop_ns > m->migration.start_ns && steps[i].stop_ns < m->limit_ns)
			return steps[i].resume_ns;
	return m->migration.end_ns;
}

/* While the VM that moves stands still; empty for that VM itself and where no stop is known. */
static struct curve_window moved_stop(const struct run *run, const struct run_vm *vm)
{
	struct curve_window none = { 0 };
	const struct run_event *stop = NULL, *resume = NULL;
	if (!run->moved[0] || strcmp(vm->name, run->moved) == 0)
		return none;
	stop = run_event(run, "stop", run->moved, run->migrate_start_ns);
	resume = stop ? run_event(run, "resume", run->moved, stop->head_ns) : NULL;
	return resume ? (struct curve_window){ .start_ns = stop->head_ns, .end_ns = resume->head_ns } : none;
}

static void plan(struct work *w, const struct clock_map *map, const struct run_workload *description,
                 const struct workload_samples *workload, const struct downtime_window *window)
{
	const struct run_phase *baseline = run_phase(w->run, "baseline");
	w->job_end_ns = MISSING;
	w->baseline_rate = w->baseline_error = w->lowest_rate = NAN;
	if (baseline)
		w->baseline = (struct curve_window){ .start_ns = baseline->start_ns, .end_ns = baseline->end_ns };
	w->limit_ns = window ? window->to_ns : w->baseline.end_ns;
	if (description && description->job_done_guest_ns != MISSING && description->job_done_guest_ns >= 0) {
		w->goes_on = description->repeats;
		w->job_end_ns = clock_map_head(map, description->job_done_guest_ns);
		if (!w->goes_on && w->job_end_ns < w->limit_ns)
			w->limit_ns = w->job_end_ns;
		int64_t begin_ns = clock_map_head(map, workload->first_guest_ns + description->delay_ns);
		work_put(w, "job_time", (double)(w->job_end_ns - begin_ns), "");
	}
	w->blocks = (struct curve_bins){ .start_ns = w->baseline.start_ns,
		                         .end_ns = w->baseline.end_ns,
		                         .width_ns = WORK_BLOCK_NS,
		                         .fn = on_block,
		                         .context = w };
}

static struct work_move *add_move(struct work *w, int64_t from_ns, int64_t to_ns)
{
	struct work_move *m = &w->moves[w->move_count++];
	*m = (struct work_move){ .work = w, .limit_ns = w->limit_ns, .recovered_ns = MISSING };
	m->migration = (struct curve_window){ .start_ns = from_ns, .end_ns = to_ns };
	return m;
}

/* In a loop the moves of this VM, each from migrate-start to migrate-done; else the run's migration. */
static int find_moves(struct work *w, const struct downtime_window *window, struct err *e)
{
	int64_t end_ns = w->run->migrate_end_ns == MISSING ? window->to_ns : w->run->migrate_end_ns;
	int count = 0, loop = loop_is(w->run);
	struct loop_move *list = loop ? loop_moves(w->run, &count) : NULL;
	w->moves = calloc((size_t)count + 1, sizeof(*w->moves));
	if (!w->moves || (loop && !list)) {
		free(list);
		return err_errno(e, EXIT_CANNOT, "cannot keep the moves");
	}
	if (!loop)
		add_move(w, window->from_ns, end_ns);
	for (int i = 0; i < count; i++) {
		int64_t from_ns, to_ns;
		if (strcmp(list[i].begin->vm, w->vm->name) != 0)
			continue;
		loop_move_span(w->run, &list[i], end_ns, &from_ns, &to_ns);
		if (w->move_count)
			w->moves[w->move_count - 1].limit_ns = from_ns;
		add_move(w, from_ns, to_ns);
	}
	free(list);
	return 0;
}

static void plan_moves(struct work *w, const struct clock_map *map)
{
	for (int i = 0; i < w->move_count; i++) {
		struct work_move *m = &w->moves[i];
		m->reference_ns = recovery_reference(w, m, map);
		m->tenths = (struct curve_bins){ .start_ns = m->migration.start_ns,
			                         .end_ns = m->migration.end_ns,
			                         .width_ns = lowest_ns,
			                         .fn = on_tenth,
			                         .context = w };
		m->recovery = (struct curve_bins){ .start_ns = m->reference_ns,
			                           .end_ns = m->limit_ns,
			                           .width_ns = WORK_RECOVERY_BIN_NS,
			                           .fn = on_recovery_bin,
			                           .context = m };
	}
	w->stop = moved_stop(w->run, w->vm);
	if (w->move_count)
		w->settled = (struct curve_window){ .start_ns = (work_moved_ns(w) + w->limit_ns) / 2,
			                            .end_ns = w->limit_ns };
}

/* To the end of the 500 ms that prove the recovery: its first bins may still be low. */
static void plan_lost(struct work *w)
{
	for (int i = 0; i < w->move_count; i++) {
		struct work_move *m = &w->moves[i];
		int64_t recovered_ns = m->recovered_ns + RECOVERY_BINS * WORK_RECOVERY_BIN_NS;
		int64_t until_ns = m->recovered_ns == MISSING           ? m->limit_ns
		                   : recovered_ns > m->migration.end_ns ? recovered_ns
		                                                        : m->migration.end_ns;
		m->lost = (struct curve_window){ .start_ns = m->migration.start_ns, .end_ns = until_ns };
		w->after = (struct curve_window){ .start_ns = until_ns, .end_ns = w->limit_ns };
	}
}

static int all_passes(struct work *w, const struct run_workload *description, const struct vm_samples *samples,
                      const struct workload_samples *workload, const struct downtime_window *windows, int count,
                      struct downtime *ret_downtimes, double *ret_baseline_rate, struct err *e)
{
	struct schedule schedule;
	struct downtime_window whole;
	struct downtime unused;
	const struct downtime_window *window = downtime_window(w->run, &whole, &unused) == 0 ? &whole : NULL;
	schedule_read(&schedule, description ? description->schedule : "");
	schedule.origin_ns = workload->first_guest_ns;
	schedule.repeat = description && description->repeats;
	plan(w, samples->map, description, workload, window);
	if (window && find_moves(w, window, e) < 0)
		return -1;
	plan_moves(w, samples->map);

	if (work_curve_each(samples, workload, first_pass, w, e) < 0)
		return -1;
	work_judge_baseline(w);
	*ret_baseline_rate = w->baseline_rate;
	if (!window)
		return 0;

	w->standstill = (struct downtime_work){ .windows = windows,
		                                .window_count = count,
		                                .found = ret_downtimes,
		                                .interval_ns = w->vm->sample_interval_ns,
		                                .baseline_rate = w->baseline_rate,
		                                .until_ns = w->goes_on ? MISSING : w->job_end_ns,
		                                .schedule = schedule.count ? &schedule : NULL };
	if (work_curve_each(samples, workload, second_pass, w, e) < 0)
		return -1;
	if (count)
		downtime_work_finish(&w->standstill);
	for (int i = 0; i < count && i < w->move_count; i++) {
		const char *ended = work_ended_in(w, &w->moves[i]);
		if (!ended)
			continue;
		/* What it would have stood still after that, nobody knows. */
		ret_downtimes[i] = downtime_missing;
		snprintf(ret_downtimes[i].reason, sizeof(ret_downtimes[i].reason), "%s", ended);
	}
	const char *why_not;
	if (work_no_comparison(w, &schedule, &why_not, e) < 0)
		return -1;
	work_judge_migration(w, why_not);
	plan_lost(w);
	if (work_curve_each(samples, workload, third_pass, w, e) < 0)
		return -1;
	work_judge_lost(w, why_not);
	return 0;
}

int work_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                 const struct vm_samples *samples, const struct workload_samples *workload,
                 const struct downtime_window *windows, int count, struct metrics *metrics,
                 struct downtime *ret_downtimes, double *ret_baseline_rate, struct err *e)
{
	struct work w = {
		.run = run, .vm = vm, .name = workload->name, .metrics = metrics, .block_rates = gsl_rstat_alloc()
	};
	if (!w.block_rates)
		return err_errno(e, EXIT_CANNOT, "cannot keep rates");
	snprintf(w.unit, sizeof(w.unit), "%s/s", description && description->unit[0] ? description->unit : "work");
	int result =
		all_passes(&w, description, samples, workload, windows, count, ret_downtimes, ret_baseline_rate, e);
	gsl_rstat_free(w.block_rates);
	free(w.moves);
	return result;
}
