#include "analysis/asked.h"

#include "analysis/cluster_series.h"
#include "analysis/curve.h"
#include "analysis/schedule.h"
#include "bench/base/clock.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct asked {
	struct curve_window done;
	int64_t guest_ns[2]; /* at its begin and end */
};

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	struct asked *a = context;
	const int64_t edges[2] = { a->done.start_ns, a->done.end_ns };
	curve_window_add(&a->done, span->start_ns, span->end_ns, span->work);
	for (int i = 0; span->sample && i < 2; i++)
		if (span->start_ns <= edges[i])
			a->guest_ns[i] = span->sample->guest_ns;
	return 0;
}

/* A constant share is a step without end. */
static struct schedule schedule_of(const struct run_workload *w, int64_t origin_ns)
{
	struct schedule s;
	schedule_read(&s, w->schedule);
	if (!w->schedule[0]) {
		s.count = 1;
		s.steps[0].share = w->share;
		s.steps[0].length_ns = INT64_C(1) << 50;
	}
	s.origin_ns = origin_ns;
	s.repeat = w->repeats;
	return s;
}

/* Steps of a schedule that repeats are drawn until the samples end. */
static int write_steps(const struct run *run, const struct run_vm *vm, const struct schedule *s,
                       const struct vm_samples *samples, int64_t last_guest_ns, struct err *e)
{
	char name[RUN_NAME_ROOM + 24];
	struct whole_file out = { 0 };
	int64_t origin_ns = cluster_begin_ns(run), at_ns = s->origin_ns;
	snprintf(name, sizeof(name), "plots/asked-%s.csv", vm->name);
	if (whole_file_open(&out, run->directory, name, e) < 0)
		return -1;
	fputs("time_s,percent\n", out.file);
	for (int i = 0; at_ns < last_guest_ns && (i < s->count || s->repeat); i++) {
		int64_t length_ns = s->steps[i % s->count].length_ns;
		int64_t until_ns = length_ns < last_guest_ns - at_ns ? at_ns + length_ns : last_guest_ns;
		for (int end = 0; end < 2; end++) {
			int64_t head_ns = clock_map_head(samples->map, end ? until_ns : at_ns);
			fprintf(out.file, "%.3f,%.2f\n", (double)(head_ns - origin_ns) / NS_PER_S,
			        100 * s->steps[i % s->count].share);
		}
		at_ns = until_ns;
	}
	return whole_file_close(&out, 0, e);
}

int asked_metrics(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                  const struct vm_samples *samples, const struct workload_samples *workload, struct metrics *metrics,
                  struct err *e)
{
	int64_t begin_ns = cluster_begin_ns(run), end_ns = cluster_end_ns(run);
	struct asked a = { .done = { .start_ns = begin_ns, .end_ns = end_ns } };
	if (begin_ns == MISSING || end_ns <= begin_ns || !description || strcmp(description->unit, "busy ns") != 0 ||
	    (!description->schedule[0] && isnan(description->share)))
		return 0;
	struct schedule s = schedule_of(description, workload->first_guest_ns);
	if (!s.count)
		return 0;
	if (work_curve_each(samples, workload, on_span, &a, e) < 0)
		return -1;
	int64_t guest_ns = a.guest_ns[1] - a.guest_ns[0];
	int covered = a.done.covered_ns >= end_ns - begin_ns - 5 * vm->sample_interval_ns && guest_ns > 0;
	/* The guest's clock stands while it is stopped, and what it was asked goes on. */
	double asked_ns =
		schedule_busy_ns(&s, a.guest_ns[0], a.guest_ns[1]) * (double)(end_ns - begin_ns) / (double)guest_ns;
	metrics_put(metrics, "unmet_work", vm, workload->name, covered ? (asked_ns - a.done.sum) / NS_PER_S : NAN,
	            covered ? NULL : "the samples do not cover the loop");
	return write_steps(run, vm, &s, samples, workload->last_guest_ns, e);
}
