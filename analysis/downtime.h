/*
 * downtime.h - five estimators of downtime, one file each, never merged.
 *
 *	stop_resume  longest STOP..RESUME of the hypervisors' events; +- the event stamps' error
 *	guest_clock  largest jump of (arrival on the head - guest clock); + scatter of the envelope before it, - after it
 *	network      longest silence of the guest's packets - usual spacing; +- (99th percentile of the silences - usual)
 *	work         longest time in which the work counter did not advance - the time that its advance stands for;
 *	             +- one sampling interval
 *	reported     the hypervisor's own figure; +- its 1 ms step
 *
 * Each looks at any window of head time: of a migration it is from migrate-start to the end of settle, of a calibration
 * one round each injection. floor_ns is what the same rule says of the baseline phase, where no stop was; a run takes what a
 * cited calibration says (analysis/cited.h) where that is more. A value not above its floor is no stop seen.
 */
#ifndef ANALYSIS_DOWNTIME_H
#define ANALYSIS_DOWNTIME_H

#include "analysis/run.h"

#include <stdint.h>

struct err;
struct clock_map;
struct schedule;

#define NO_STOP_SEEN "no stop seen" /* how the reason of such a value begins */

/* Whether a reason is that of such a value. */
int downtime_is_no_stop(const char *reason);

struct downtime {
	int64_t value_ns, low_ns, high_ns; /* MISSING: see reason */
	int64_t at_ns;                     /* where it begins, head time */
	int64_t floor_ns;
	char reason[256]; /* why it is missing, or a caution */
};

extern const struct downtime downtime_missing; /* all MISSING */

/*
 * Where to look. Estimators that read a series take many windows at once, in order of time and not overlapping, which
 * share the baseline of the first.
 */
struct downtime_window {
	int64_t from_ns, to_ns;                   /* for the stop */
	int64_t baseline_from_ns, baseline_to_ns; /* for the floor; equal: there is no baseline */
};

/* The window of the run's migration: 0, or -1 with the reason in *why when it has none, nor a stop to look for. */
int downtime_window(const struct run *run, struct downtime_window *ret, struct downtime *why);

void downtime_stop_resume(const struct run *run, const struct run_vm *vm, const struct downtime_window *window,
                          struct downtime *ret);
void downtime_reported(const struct run *run, const struct run_vm *vm, struct downtime *ret);
void downtime_guest_clock(const struct clock_map *map, const struct downtime_window *window, struct downtime *ret);

/* What samples say is missing when the hypervisor stopped or resumed the VM in the window after the last, at last_ns. */
void downtime_sampled_until(const struct run *run, const struct run_vm *vm, const struct downtime_window *window,
                            int64_t last_ns, struct downtime *ret);

/* ret[count], one for each window, of which there is at least one. plot is a file to write besides, over the whole run, or
 * NULL. -1 on bad content or when it cannot write. */
int downtime_network(const struct run *run, const struct run_vm *vm, const struct downtime_window *windows, int count,
                     const char *plot, struct downtime *ret, struct err *e);

/*
 * The work estimator is fed the work curve, so that it shares a pass over the samples with others. Set the members
 * above the line, the rest zero.
 */
struct downtime_work {
	const struct downtime_window *windows;
	int window_count;
	struct downtime *found; /* one for each window; valid after downtime_work_finish() */
	int64_t interval_ns;    /* between samples */
	double baseline_rate;   /* work/s; NAN: not known */
	int64_t until_ns;       /* its job's end on the head, after which it need not advance; MISSING: no end */
	const struct schedule *schedule; /* steps of 0 % are no standstill; NULL: none */
	/* --- */
	int begun;
	int64_t stood_from_ns, stood_guest_ns;         /* first sample with the work of now */
	int64_t sample_ns, sample_guest_ns, last_work; /* sample before */
	int first_window;                              /* those before it are over */
	struct downtime usual;                         /* of the baseline */
};

void downtime_work_add(struct downtime_work *d, int64_t head_ns, int64_t guest_ns, int64_t work);
void downtime_work_finish(struct downtime_work *d);

#endif
