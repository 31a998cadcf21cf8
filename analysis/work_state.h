/*
 * work_state.h - for work_metrics.c and work_judge.c: what is known of one workload while its samples are passed over.
 */
#ifndef ANALYSIS_WORK_STATE_H
#define ANALYSIS_WORK_STATE_H

#include "analysis/curve.h"
#include "analysis/downtime.h"
#include "analysis/metrics.h"
#include "analysis/schedule.h"
#include "bench/base/clock.h"

#include <gsl/gsl_rstat.h>

struct err;

enum { RECOVERY_BINS = 25 };
#define WORK_BLOCK_NS (500 * NS_PER_MS)
#define WORK_RECOVERY_BIN_NS (20 * NS_PER_MS) /* times RECOVERY_BINS: sustained for 500 ms */

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
	int64_t limit_ns;   /* end of settle, or of the job: behind it nothing is expected */
	int64_t job_end_ns; /* MISSING: no job ended */
	int goes_on;        /* after the job's end */
	struct work_move *moves;
	int move_count;
	/* first pass */
	struct curve_window baseline;
	struct curve_bins blocks;
	gsl_rstat_workspace *block_rates;
	double baseline_rate, baseline_error; /* standard error, as a share; NAN: too few blocks */
	int64_t guest_ns[2];                  /* at the baseline's start and end, for the schedule */
	/* second pass */
	struct downtime_work standstill;
	struct curve_window stop, settled; /* stop: of the VM that moves, for those that do not */
	double lowest_rate;
	/* third pass */
	struct curve_window after;
};

struct metric_value *work_put(struct work *w, const char *metric, double value, const char *reason);

/* When the last of the moves was over; MISSING: there was none. */
int64_t work_moved_ns(const struct work *w);

/* Why there is nothing to judge where its job ended before the move, or the last of them, was over; NULL: it did not. */
const char *work_ended_in(const struct work *w, const struct work_move *m);
const char *work_ended_early(const struct work *w);

/* After the first, the second and the third pass. */
void work_judge_baseline(struct work *w);
void work_judge_migration(struct work *w, const char *why_not);
void work_judge_lost(struct work *w, const char *why_not);

/* Why work while migrating cannot be held against the baseline; NULL: it can. -1. */
int work_no_comparison(const struct work *w, const struct schedule *schedule, const char **ret, struct err *e);

#endif
