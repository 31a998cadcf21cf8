#include "analysis/work_metrics.h"

#include "analysis/curve.h"
#include "analysis/loop_moves.h"
#include "analysis/schedule.h"
#include "analysis/session_load.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <gsl/gsl_rstat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECOVERY_BINS = 25 };
static const int64_t block_ns = 500 * NS_PER_MS, lowest_ns = 100 * NS_PER_MS;
static const int64_t recovery_bin_ns = 20 * NS_PER_MS; /* times RECOVERY_BINS: sustained for 500 ms */
static const double recovered_share = 0.95;

/* The migration, or one of the VM's moves in a loop. */
struct work_move {
	struct work *work;
	int64_t limit_ns;     /* the next one's begin, or the work's limit */
	int64_t reference_ns; /* recovery counts from here: the resume */
	int64_t guest_ns[2];  /* at its begin and the limit, for the schedule */
	struct curve_window migration;
	struct curve_bins tenths, recovery;
	double ring[RECOVERY_BINS];
	int64_t recovered_ns;
	struct curve_window lost;
};

struct work {
	const struct run *run;
	const struct run_vm *vm;
	const char *name;
	struct metrics *metrics;
	char unit[RUN_NAME_ROOM + 2];
	int64_t limit_ns;     /* end of settle, or of the job: behind it nothing is expected */
	int64_t job_end_ns;   /* MISSING: no job ended */
	int goes_on;          /* after the job's end */
	struct work_move *moves;
	int move_count;
	/* first pass */
	struct curve_window baseline;
	struct curve_bins blocks;
	gsl_rstat_workspace *block_rates;
	double baseline_rate, baseline_error; /* standard error, as a share; NAN: too few blocks */
	int64_t guest_ns[2]; /* at the baseline's start and end, for the schedule */
	/* second pass */
	struct downtime_work standstill;
	struct curve_window stop, settled; /* stop: of the VM that moves, for those that do not */
	double lowest_rate;
	/* third pass */
	struct curve_window after;
};

static int on_block(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)start_ns, (void)e;
	struct work *w = context;
	if (covered_ns == block_ns)
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
	int64_t number = (start_ns - m->recovery.start_ns) / recovery_bin_ns;
	m->ring[number % RECOVERY_BINS] = covered_ns == recovery_bin_ns ? amount : 0;
	if (number + 1 < RECOVERY_BINS)
		return 0;
	double sum = 0;
	for (int i = 0; i < RECOVERY_BINS; i++)
		sum += m->ring[i];
	if (sum * NS_PER_S / (RECOVERY_BINS * recovery_bin_ns) >= recovered_share * m->work->baseline_rate)
		m->recovered_ns = start_ns - (RECOVERY_BINS - 1) * recovery_bin_ns;
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
	if (span->sample)
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

static struct metric_value *put(struct work *w, const char *metric, double value, const char *reason)
{
	struct metric_value *v = metrics_add(w->metrics, metric, w->vm, "%s", w->name);
	if (!v->unit[0])
		snprintf(v->unit, sizeof(v->unit), "%s", w->unit);
	v->value = value;
	if (isnan(value))
		snprintf(v->reason, sizeof(v->reason), "%s", reason);
	return v;
}

static void put_interval(struct metric_value *v, double error)
{
	if (isnan(v->value) || isnan(error))
		return;
	v->low = v->value - error;
	v->high = v->value + error;
}

static void judge_baseline(struct work *w)
{
	w->baseline_rate = curve_window_rate(&w->baseline);
	size_t n = gsl_rstat_n(w->block_rates);
	double mean = gsl_rstat_mean(w->block_rates);
	w->baseline_error = n >= 3 && mean > 0 ? gsl_rstat_sd(w->block_rates) / sqrt((double)n) / mean : NAN;
	struct metric_value *v =
		put(w, "baseline_rate", w->baseline_rate,
	            w->baseline.end_ns > w->baseline.start_ns ? "no samples for most of the baseline phase"
	                                                      : "the run has no baseline phase");
	put_interval(v, 2 * w->baseline_error * w->baseline_rate);
	if (!isnan(v->low) && v->low < 0)
		v->low = 0; /* work is never taken back */
}

static const char job_ended[] = "its job ended before the migration did", stayed[] = "the VM did not move";

/* When the last of them was over. */
static int64_t moved_ns(const struct work *w)
{
	return w->move_count ? w->moves[w->move_count - 1].migration.end_ns : MISSING;
}

static int job_ended_early(const struct work *w)
{
	return !w->goes_on && w->job_end_ns != MISSING && w->job_end_ns < moved_ns(w);
}

static int asks_another_load(const struct work *w, const struct schedule *schedule)
{
	double before = schedule_busy_ns(schedule, w->guest_ns[0], w->guest_ns[1]);
	double share = before / (double)(w->guest_ns[1] - w->guest_ns[0]);
	int other = 0;
	for (int i = 0; i < w->move_count && schedule->count; i++) {
		const int64_t *at_ns = w->moves[i].guest_ns;
		double within = schedule_busy_ns(schedule, at_ns[0], at_ns[1]) / (double)(at_ns[1] - at_ns[0]);
		other |= fabs(within - share) > 0.01;
	}
	return other;
}

/* In the baseline and around the moves; -1. */
static int has_constant_sessions(const struct work *w, struct err *e)
{
	struct session_window *windows = calloc((size_t)w->move_count + 1, sizeof(*windows));
	if (!windows)
		return err_errno(e, EXIT_CANNOT, "cannot look at the web sessions");
	windows[0] = (struct session_window){ w->baseline.start_ns, w->baseline.end_ns };
	for (int i = 0; i < w->move_count; i++)
		windows[i + 1] =
			(struct session_window){ w->moves[i].migration.start_ns, w->moves[i].limit_ns };
	int constant = session_load_is_constant(w->run, w->vm, windows, w->move_count + 1, e);
	free(windows);
	return constant;
}

/* Why work while migrating cannot be held against the baseline; NULL: it can. -1. */
static int no_comparison(const struct work *w, const struct schedule *schedule, const char **ret, struct err *e)
{
	int constant = has_constant_sessions(w, e);
	*ret = !w->move_count            ? stayed
	       : !(w->baseline_rate > 0) ? "no baseline rate to compare with"
	       : job_ended_early(w)      ? job_ended
	       : asks_another_load(w, schedule)
	               ? "its schedule asks for another load than in the baseline; compare with a run without a migration"
	       : !constant ? "its web sessions were not as many as in the baseline all the time; compare with a run "
			     "without a migration"
			   : NULL;
	return constant < 0 ? -1 : 0;
}

/* All moves as one. */
static struct curve_window all_migrations(const struct work *w)
{
	struct curve_window all = { 0 };
	for (int i = 0; i < w->move_count; i++) {
		const struct curve_window *m = &w->moves[i].migration;
		all.end_ns += m->end_ns - m->start_ns;
		all.sum += m->sum;
		all.covered_ns += m->covered_ns;
	}
	return all;
}

/* The longest; MISSING where the VM did not recover from one. */
static int64_t recovery_ns(const struct work *w)
{
	int64_t longest_ns = w->move_count ? INT64_MIN + 1 : MISSING;
	for (int i = 0; i < w->move_count; i++) {
		const struct work_move *m = &w->moves[i];
		if (m->recovered_ns == MISSING)
			return MISSING;
		if (m->recovered_ns - m->reference_ns > longest_ns)
			longest_ns = m->recovered_ns - m->reference_ns;
	}
	return longest_ns;
}

static void judge_migration(struct work *w, const char *why_not)
{
	const char *no_samples = w->move_count ? "no samples for most of the migration" : stayed;
	const struct curve_window all = all_migrations(w);
	double mean = w->move_count ? curve_window_rate(&all) : NAN;
	put(w, "mean_rate", mean, no_samples);
	put(w, "lowest_rate", w->lowest_rate,
	    w->move_count ? "no 100 ms of the migration with samples" : stayed);
	struct metric_value *v = put(w, "degradation", why_not ? NAN : 100 * (1 - mean / w->baseline_rate),
	                             why_not ? why_not : no_samples);
	put_interval(v, 2 * w->baseline_error * 100 * mean / w->baseline_rate);

	static const char no_recovery[] = "no 500 ms at 95 % of the baseline before the end of settle";
	v = put(w, "recovery_time", why_not ? NAN : metric_of(recovery_ns(w)), why_not ? why_not : no_recovery);
	put_interval(v, (double)recovery_bin_ns);
	if (!isnan(v->value) && v->low < 0)
		v->low = 0;
}

static void judge_lost(struct work *w, const char *why_not)
{
	const char *reason = why_not ? why_not : "the samples do not cover the migration and its recovery";
	double lost = 0, sum = 0;
	int covered = 1, recovered = 1;
	for (int i = 0; i < w->move_count; i++) {
		const struct curve_window *l = &w->moves[i].lost;
		/* A hole at an end would count as lost, so nearly all must be covered. */
		covered &= l->covered_ns >= l->end_ns - l->start_ns - 5 * w->vm->sample_interval_ns;
		recovered &= w->moves[i].recovered_ns != MISSING;
		lost += (double)(l->end_ns - l->start_ns) / NS_PER_S - l->sum / w->baseline_rate;
		sum += l->sum;
	}
	struct metric_value *v = put(w, "lost_work", why_not || !covered ? NAN : lost, reason);
	/* Work between two samples is taken as even: at most a quarter of an interval wrong at each end. */
	put_interval(v, 2 * w->baseline_error * sum / w->baseline_rate +
	                        w->move_count * (double)w->vm->sample_interval_ns / 2 / NS_PER_S);
	if (!isnan(v->value) && !recovered)
		snprintf(v->reason, sizeof(v->reason), "up to the end of settle: it had not recovered by then");
	put(w, "settled_rate",
	    w->settled.end_ns - w->settled.start_ns >= block_ns ? curve_window_rate(&w->settled) : NAN,
	    w->move_count ? "the second half of settle is shorter than 500 ms, or without samples" : stayed);
	if (w->run->moved[0] && strcmp(w->vm->name, w->run->moved) != 0)
		put(w, "stopped_rate", curve_window_rate(&w->stop),
		    "the moved VM's stop is not known, or this VM has no samples in it");
	put(w, "rate_after", w->after.end_ns - w->after.start_ns >= block_ns ? curve_window_rate(&w->after) : NAN,
	    w->move_count ? "less than 500 ms between the recovery and the end of settle" : stayed);
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
		put(w, "job_time", (double)(w->job_end_ns - begin_ns), "");
	}
	w->blocks = (struct curve_bins){ .start_ns = w->baseline.start_ns,
		                         .end_ns = w->baseline.end_ns,
		                         .width_ns = block_ns,
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
		int64_t begin_ns = list[i].begin->head_ns, over_ns = list[i].end ? list[i].end->head_ns : end_ns;
		if (strcmp(list[i].begin->vm, w->vm->name) != 0)
			continue;
		const struct run_event *start = run_event(w->run, "migrate-start", w->vm->name, begin_ns),
				       *done = run_event(w->run, "migrate-done", w->vm->name, begin_ns);
		begin_ns = start && start->head_ns < over_ns ? start->head_ns : begin_ns;
		if (w->move_count)
			w->moves[w->move_count - 1].limit_ns = begin_ns;
		add_move(w, begin_ns, done && done->head_ns < over_ns ? done->head_ns : over_ns);
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
			                           .width_ns = recovery_bin_ns,
			                           .fn = on_recovery_bin,
			                           .context = m };
	}
	w->stop = moved_stop(w->run, w->vm);
	if (w->move_count)
		w->settled = (struct curve_window){ .start_ns = (moved_ns(w) + w->limit_ns) / 2,
			                            .end_ns = w->limit_ns };
}

/* To the end of the 500 ms that prove the recovery: its first bins may still be low. */
static void plan_lost(struct work *w)
{
	for (int i = 0; i < w->move_count; i++) {
		struct work_move *m = &w->moves[i];
		int64_t recovered_ns = m->recovered_ns + RECOVERY_BINS * recovery_bin_ns;
		int64_t until_ns = m->recovered_ns == MISSING           ? m->limit_ns
		                   : recovered_ns > m->migration.end_ns ? recovered_ns
		                                                        : m->migration.end_ns;
		m->lost = (struct curve_window){ .start_ns = m->migration.start_ns, .end_ns = until_ns };
		w->after = (struct curve_window){ .start_ns = until_ns, .end_ns = w->limit_ns };
	}
}

static int all_passes(struct work *w, const struct run_workload *description, const struct vm_samples *samples,
                      const struct workload_samples *workload, const struct downtime_window *window,
                      struct downtime *ret_downtime, double *ret_baseline_rate, struct err *e)
{
	struct schedule schedule;
	schedule_read(&schedule, description ? description->schedule : "");
	schedule.origin_ns = workload->first_guest_ns;
	schedule.repeat = description && description->repeats;
	plan(w, samples->map, description, workload, window);
	if (window && find_moves(w, window, e) < 0)
		return -1;
	plan_moves(w, samples->map);

	if (work_curve_each(samples, workload, first_pass, w, e) < 0)
		return -1;
	judge_baseline(w);
	*ret_baseline_rate = w->baseline_rate;
	if (!window)
		return 0;

	w->standstill = (struct downtime_work){ .windows = window,
		                                .window_count = 1,
		                                .found = ret_downtime,
		                                .interval_ns = w->vm->sample_interval_ns,
		                                .baseline_rate = w->baseline_rate,
		                                .until_ns = w->goes_on ? MISSING : w->job_end_ns,
		                                .schedule = schedule.count ? &schedule : NULL };
	if (work_curve_each(samples, workload, second_pass, w, e) < 0)
		return -1;
	downtime_work_finish(&w->standstill);
	if (job_ended_early(w)) {
		/* What it would have stood still after that, nobody knows. */
		ret_downtime->value_ns = ret_downtime->low_ns = ret_downtime->high_ns = ret_downtime->at_ns = MISSING;
		snprintf(ret_downtime->reason, sizeof(ret_downtime->reason), "%s", job_ended);
	}
	const char *why_not;
	if (no_comparison(w, &schedule, &why_not, e) < 0)
		return -1;
	judge_migration(w, why_not);
	plan_lost(w);
	if (work_curve_each(samples, workload, third_pass, w, e) < 0)
		return -1;
	judge_lost(w, why_not);
	return 0;
}

int work_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                 const struct vm_samples *samples, const struct workload_samples *workload,
                 const struct downtime_window *window, struct metrics *metrics, struct downtime *ret_downtime,
                 double *ret_baseline_rate, struct err *e)
{
	struct work w = {
		.run = run, .vm = vm, .name = workload->name, .metrics = metrics, .block_rates = gsl_rstat_alloc()
	};
	if (!w.block_rates)
		return err_errno(e, EXIT_CANNOT, "cannot keep rates");
	snprintf(w.unit, sizeof(w.unit), "%s/s", description && description->unit[0] ? description->unit : "work");
	int result = all_passes(&w, description, samples, workload, window, ret_downtime, ret_baseline_rate, e);
	gsl_rstat_free(w.block_rates);
	free(w.moves);
	return result;
}
