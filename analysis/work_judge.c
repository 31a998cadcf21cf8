/* What the passes over a workload come to. Declared in analysis/work_state.h. */
#include "analysis/json_field.h"
#include "analysis/session_load.h"
#include "analysis/work_state.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metric_value *work_put(struct work *w, const char *metric, double value, const char *reason)
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

void work_judge_baseline(struct work *w)
{
	w->baseline_rate = curve_window_rate(&w->baseline);
	size_t n = gsl_rstat_n(w->block_rates);
	double mean = gsl_rstat_mean(w->block_rates);
	w->baseline_error = n >= 3 && mean > 0 ? gsl_rstat_sd(w->block_rates) / sqrt((double)n) / mean : NAN;
	struct metric_value *v =
		work_put(w, "baseline_rate", w->baseline_rate,
	                 w->baseline.end_ns > w->baseline.start_ns ? "no samples for most of the baseline phase"
	                                                           : "the run has no baseline phase");
	put_interval(v, 2 * w->baseline_error * w->baseline_rate);
	if (!isnan(v->low) && v->low < 0)
		v->low = 0; /* work is never taken back */
}

static const char job_ended[] = "its job ended before the migration did", stayed[] = "the VM did not move";

int64_t work_moved_ns(const struct work *w)
{
	return w->move_count ? w->moves[w->move_count - 1].migration.end_ns : MISSING;
}

const char *work_ended_in(const struct work *w, const struct work_move *m)
{
	return !w->goes_on && w->job_end_ns != MISSING && w->job_end_ns < m->migration.end_ns ? job_ended : NULL;
}

const char *work_ended_early(const struct work *w)
{
	return w->move_count ? work_ended_in(w, &w->moves[w->move_count - 1]) : NULL;
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

/* In the baseline and around the moves; -1. Sessions begin all at once, and are spread out a think time later only. */
static int has_constant_sessions(const struct work *w, struct err *e)
{
	int64_t think_ns = 0;
	duration_parse(json_text_at(w->run->manifest, "/config/sessions/think"), &think_ns, NULL);
	struct session_window *windows = calloc((size_t)w->move_count + 1, sizeof(*windows));
	if (!windows)
		return err_errno(e, EXIT_CANNOT, "cannot look at the web sessions");
	windows[0] = (struct session_window){ w->baseline.start_ns - think_ns, w->baseline.end_ns };
	for (int i = 0; i < w->move_count; i++)
		windows[i + 1] = (struct session_window){ w->moves[i].migration.start_ns, w->moves[i].limit_ns };
	int constant = session_load_is_constant(w->run, w->vm, windows, w->move_count + 1, e);
	free(windows);
	return constant;
}

int work_no_comparison(const struct work *w, const struct schedule *schedule, const char **ret, struct err *e)
{
	int constant = has_constant_sessions(w, e);
	*ret = !w->move_count            ? stayed
	       : !(w->baseline_rate > 0) ? "no baseline rate to compare with"
	       : work_ended_early(w)     ? work_ended_early(w)
	       : asks_another_load(w, schedule)
	               ? "its schedule asks for another load than in the baseline; compare with a run without a migration"
	       : !constant
	               ? "its web sessions were not as many all the time from a think time before the baseline on; "
	                 "compare with a run without a migration"
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

void work_judge_migration(struct work *w, const char *why_not)
{
	const char *no_samples = w->move_count ? "no samples for most of the migration" : stayed;
	const struct curve_window all = all_migrations(w);
	double mean = w->move_count ? curve_window_rate(&all) : NAN;
	work_put(w, "mean_rate", mean, no_samples);
	work_put(w, "lowest_rate", w->lowest_rate,
	         w->move_count ? "no 100 ms of the migration with samples" : stayed);
	struct metric_value *v = work_put(w, "degradation", why_not ? NAN : 100 * (1 - mean / w->baseline_rate),
	                                  why_not ? why_not : no_samples);
	put_interval(v, 2 * w->baseline_error * 100 * mean / w->baseline_rate);

	static const char no_recovery[] = "no 500 ms at 95 % of the baseline before the end of settle";
	v = work_put(w, "recovery_time", why_not ? NAN : metric_of(recovery_ns(w)), why_not ? why_not : no_recovery);
	put_interval(v, (double)WORK_RECOVERY_BIN_NS);
	if (!isnan(v->value) && v->low < 0)
		v->low = 0;
}

void work_judge_lost(struct work *w, const char *why_not)
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
	struct metric_value *v = work_put(w, "lost_work", why_not || !covered ? NAN : lost, reason);
	/* Work between two samples is taken as even: at most a quarter of an interval wrong at each end. */
	put_interval(v, 2 * w->baseline_error * sum / w->baseline_rate +
	                        w->move_count * (double)w->vm->sample_interval_ns / 2 / NS_PER_S);
	if (!isnan(v->value) && !recovered)
		snprintf(v->reason, sizeof(v->reason), "up to the end of settle: it had not recovered by then");
	double settled =
		w->settled.end_ns - w->settled.start_ns >= WORK_BLOCK_NS ? curve_window_rate(&w->settled) : NAN;
	const char *unsettled =
		w->move_count ? "the second half of settle is shorter than 500 ms, or without samples" : stayed;
	work_put(w, "settled_rate", settled, unsettled);
	work_put(w, "settled_share", why_not ? NAN : 100 * settled / w->baseline_rate, why_not ? why_not : unsettled);
	if (w->run->moved[0] && strcmp(w->vm->name, w->run->moved) != 0)
		work_put(w, "stopped_rate", curve_window_rate(&w->stop),
		         "the moved VM's stop is not known, or this VM has no samples in it");
	work_put(w, "rate_after",
	         w->after.end_ns - w->after.start_ns >= WORK_BLOCK_NS ? curve_window_rate(&w->after) : NAN,
	         w->move_count ? "less than 500 ms between the recovery and the end of settle" : stayed);
}
