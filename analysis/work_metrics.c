#include "analysis/work_metrics.h"

#include "analysis/curve.h"
#include "analysis/schedule.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <gsl/gsl_rstat.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RECOVERY_BINS = 25 };
static const int64_t block_ns = 500 * NS_PER_MS, lowest_ns = 100 * NS_PER_MS;
static const int64_t recovery_bin_ns = 20 * NS_PER_MS; /* times RECOVERY_BINS: sustained for 500 ms */
static const double recovered_share = 0.95;

struct work {
	const struct run *run;
	const struct run_vm *vm;
	const char *name;
	struct metrics *metrics;
	char unit[RUN_NAME_ROOM + 2];
	int64_t limit_ns;     /* end of settle, or of the job: behind it nothing is expected */
	int64_t job_end_ns;   /* MISSING: no job ended */
	int goes_on;          /* after the job's end */
	int64_t reference_ns; /* recovery counts from here: the resume */
	/* first pass */
	struct curve_window baseline;
	struct curve_bins blocks;
	gsl_rstat_workspace *block_rates;
	double baseline_rate, baseline_error; /* standard error, as a share; NAN: too few blocks */
	int64_t guest_ns[4]; /* at the baseline's start and end, migrate-start and the limit, for the schedule */
	/* second pass */
	struct downtime_work standstill;
	struct curve_window migration, stop, settled; /* stop: of the VM that moves, for those that do not */
	struct curve_bins tenths, recovery;
	double lowest_rate;
	double ring[RECOVERY_BINS];
	int64_t recovered_ns;
	/* third pass */
	struct curve_window lost, after;
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
	struct work *w = context;
	if (w->recovered_ns != MISSING)
		return 0;
	int64_t number = (start_ns - w->recovery.start_ns) / recovery_bin_ns;
	w->ring[number % RECOVERY_BINS] = covered_ns == recovery_bin_ns ? amount : 0;
	if (number + 1 < RECOVERY_BINS)
		return 0;
	double sum = 0;
	for (int i = 0; i < RECOVERY_BINS; i++)
		sum += w->ring[i];
	if (sum * NS_PER_S / (RECOVERY_BINS * recovery_bin_ns) >= recovered_share * w->baseline_rate)
		w->recovered_ns = start_ns - (RECOVERY_BINS - 1) * recovery_bin_ns;
	return 0;
}

static int first_pass(void *context, const struct work_span *span, struct err *e)
{
	struct work *w = context;
	const int64_t edges[4] = { w->baseline.start_ns, w->baseline.end_ns, w->migration.start_ns, w->limit_ns };
	curve_window_add(&w->baseline, span->start_ns, span->end_ns, span->work);
	for (int i = 0; span->sample && i < 4; i++)
		if (span->start_ns <= edges[i])
			w->guest_ns[i] = span->sample->guest_ns;
	return curve_bins_add(&w->blocks, span->start_ns, span->end_ns, span->work, e);
}

static int second_pass(void *context, const struct work_span *span, struct err *e)
{
	struct work *w = context;
	if (span->sample)
		downtime_work_add(&w->standstill, span->end_ns, span->sample->guest_ns, span->sample->work);
	curve_window_add(&w->migration, span->start_ns, span->end_ns, span->work);
	curve_window_add(&w->stop, span->start_ns, span->end_ns, span->work);
	curve_window_add(&w->settled, span->start_ns, span->end_ns, span->work);
	if (curve_bins_add(&w->tenths, span->start_ns, span->end_ns, span->work, e) < 0)
		return -1;
	return curve_bins_add(&w->recovery, span->start_ns, span->end_ns, span->work, e);
}

static int third_pass(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	struct work *w = context;
	curve_window_add(&w->lost, span->start_ns, span->end_ns, span->work);
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

static const char job_ended[] = "its job ended before the migration did";

static int job_ended_early(const struct work *w)
{
	return !w->goes_on && w->job_end_ns != MISSING && w->job_end_ns < w->migration.end_ns;
}

/* Why work while migrating cannot be held against the baseline; NULL: it can. */
static const char *no_comparison(const struct work *w, const struct schedule *schedule)
{
	if (!(w->baseline_rate > 0))
		return "no baseline rate to compare with";
	if (job_ended_early(w))
		return job_ended;
	double before = schedule_busy_ns(schedule, w->guest_ns[0], w->guest_ns[1]);
	double within = schedule_busy_ns(schedule, w->guest_ns[2], w->guest_ns[3]);
	double share = before / (double)(w->guest_ns[1] - w->guest_ns[0]);
	if (schedule->count && fabs(within / (double)(w->guest_ns[3] - w->guest_ns[2]) - share) > 0.01)
		return "its schedule asks for another load than in the baseline; compare with a run without a "
		       "migration";
	return NULL;
}

static void judge_migration(struct work *w, const char *why_not)
{
	static const char no_samples[] = "no samples for most of the migration";
	double mean = curve_window_rate(&w->migration);
	put(w, "mean_rate", mean, no_samples);
	put(w, "lowest_rate", w->lowest_rate, "no 100 ms of the migration with samples");
	struct metric_value *v = put(w, "degradation", why_not ? NAN : 100 * (1 - mean / w->baseline_rate),
	                             why_not ? why_not : no_samples);
	put_interval(v, 2 * w->baseline_error * 100 * mean / w->baseline_rate);

	static const char no_recovery[] = "no 500 ms at 95 % of the baseline before the end of settle";
	v = put(w, "recovery_time",
	        why_not || w->recovered_ns == MISSING ? NAN : (double)(w->recovered_ns - w->reference_ns),
	        why_not ? why_not : no_recovery);
	put_interval(v, (double)recovery_bin_ns);
	if (!isnan(v->value) && v->low < 0)
		v->low = 0;
}

static void judge_lost(struct work *w, const char *why_not)
{
	double length_s = (double)(w->lost.end_ns - w->lost.start_ns) / NS_PER_S, lost = NAN;
	const char *reason = why_not ? why_not : "the samples do not cover the migration and its recovery";
	/* A hole at an end would count as lost, so nearly all must be covered. */
	int covered = w->lost.covered_ns >= w->lost.end_ns - w->lost.start_ns - 5 * w->vm->sample_interval_ns;
	if (!why_not && covered)
		lost = length_s - w->lost.sum / w->baseline_rate;
	struct metric_value *v = put(w, "lost_work", lost, reason);
	/* Work between two samples is taken as even: at most a quarter of an interval wrong at each end. */
	put_interval(v, 2 * w->baseline_error * w->lost.sum / w->baseline_rate +
	                        (double)w->vm->sample_interval_ns / 2 / NS_PER_S);
	if (!isnan(lost) && w->recovered_ns == MISSING)
		snprintf(v->reason, sizeof(v->reason), "up to the end of settle: it had not recovered by then");
	put(w, "settled_rate",
	    w->settled.end_ns - w->settled.start_ns >= block_ns ? curve_window_rate(&w->settled) : NAN,
	    "the second half of settle is shorter than 500 ms, or without samples");
	if (w->run->moved[0] && strcmp(w->vm->name, w->run->moved) != 0)
		put(w, "stopped_rate", curve_window_rate(&w->stop),
		    "the moved VM's stop is not known, or this VM has no samples in it");
	put(w, "rate_after", w->after.end_ns - w->after.start_ns >= block_ns ? curve_window_rate(&w->after) : NAN,
	    "less than 500 ms between the recovery and the end of settle");
}

/* When the VM ran again, else when the migration was over. */
static int64_t recovery_reference(const struct work *w, const struct clock_map *map)
{
	int count;
	const struct clock_step *steps = clock_map_steps(map, &count);
	const struct run_event *resume = run_event(w->run, "resume", w->vm->name, w->migration.start_ns);
	if (resume)
		return resume->head_ns;
	for (int i = 0; i < count; i++)
		if (steps[i].stop_ns > w->migration.start_ns && steps[i].stop_ns < w->limit_ns)
			return steps[i].resume_ns;
	return w->migration.end_ns;
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
	w->job_end_ns = w->recovered_ns = MISSING;
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
	if (!window)
		return;
	w->migration = (struct curve_window){ .start_ns = window->from_ns, .end_ns = w->run->migrate_end_ns };
	if (w->migration.end_ns == MISSING)
		w->migration.end_ns = window->to_ns;
	w->tenths = (struct curve_bins){ .start_ns = w->migration.start_ns,
		                         .end_ns = w->migration.end_ns,
		                         .width_ns = lowest_ns,
		                         .fn = on_tenth,
		                         .context = w };
	w->stop = moved_stop(w->run, w->vm);
	w->settled =
		(struct curve_window){ .start_ns = (w->migration.end_ns + w->limit_ns) / 2, .end_ns = w->limit_ns };
	w->reference_ns = recovery_reference(w, map);
	w->recovery = (struct curve_bins){ .start_ns = w->reference_ns,
		                           .end_ns = w->limit_ns,
		                           .width_ns = recovery_bin_ns,
		                           .fn = on_recovery_bin,
		                           .context = w };
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
	const char *why_not = no_comparison(w, &schedule);
	judge_migration(w, why_not);

	/* To the end of the 500 ms that prove the recovery: its first bins may still be low. */
	int64_t recovered_ns = w->recovered_ns + RECOVERY_BINS * recovery_bin_ns;
	int64_t until_ns = w->recovered_ns == MISSING           ? w->limit_ns
	                   : recovered_ns > w->migration.end_ns ? recovered_ns
	                                                        : w->migration.end_ns;
	w->lost = (struct curve_window){ .start_ns = window->from_ns, .end_ns = until_ns };
	w->after = (struct curve_window){ .start_ns = until_ns, .end_ns = w->limit_ns };
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
	return result;
}
