#include "analysis/calibration.h"

#include "analysis/ping.h"
#include "analysis/vm_samples.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS_MAX = 64 };
static const double event_target_ns = 0.5e6, busy_event_target_ns = 2e6, series_target_ns = 2e6;

static double number_of(int64_t value)
{
	return value == MISSING ? NAN : (double)value;
}

/* Something migrates beside what is injected. */
static int is_busy(const struct run *run)
{
	return run->moved[0] != 0;
}

static double event_target(const struct run *run)
{
	return is_busy(run) ? busy_event_target_ns : event_target_ns;
}

static void judge(const struct injected *in, struct observer *o, int i)
{
	struct observation *seen = &o->seen[i];
	double truth_ns = !o->sees_cuts && strcmp(in->kind, "stop") != 0 ? 0
	                  : o->reads_clock && in->clock_ns != MISSING    ? (double)in->clock_ns
	                                                                 : (double)in->truth_ns;
	seen->error_ns = seen->value_ns - truth_ns;
	seen->found = seen->value_ns > fmax(o->least_ns, o->floor_ns); /* fmax() takes no notice of NAN */
}

/* The truth has no error of its own; that it fits what the head saw can be told. */
static void judge_truth(const struct injected *in, struct observation *seen)
{
	if (strcmp(in->kind, "stop") != 0)
		return;
	seen->error_ns = seen->value_ns < (double)in->least_ns  ? seen->value_ns - (double)in->least_ns
	                 : seen->value_ns > (double)in->most_ns ? seen->value_ns - (double)in->most_ns
	                                                        : 0;
}

static struct observer *add_observer(struct calibration *c, const char *name, int sees_cuts, double target_ns)
{
	struct observer *o = &c->observers[c->observer_count];
	*o = (struct observer){ .sees_cuts = sees_cuts, .target_ns = target_ns, .floor_ns = NAN };
	snprintf(o->name, sizeof(o->name), "%s", name);
	if (!strcmp(name, "guest_clock")) {
		o->least_ns = (double)CLOCK_STEP_LEAST_NS;
		o->reads_clock = 1;
	}
	o->seen = calloc((size_t)c->injected.count + 1, sizeof(*o->seen));
	if (!o->seen)
		return NULL;
	c->observer_count++;
	return o;
}

/* An estimator's answers for all windows. */
static int add_estimator(struct calibration *c, const char *name, int sees_cuts, double target_ns,
                         const struct downtime *found, struct err *e)
{
	struct observer *o = add_observer(c, name, sees_cuts, target_ns);
	if (!o)
		return err_errno(e, EXIT_CANNOT, "cannot keep the calibration");
	if (c->injected.count)
		o->floor_ns = number_of(found[0].floor_ns);
	for (int i = 0; i < c->injected.count; i++) {
		o->seen[i].value_ns = number_of(found[i].value_ns);
		judge(&c->injected.list[i], o, i);
	}
	return 0;
}

static int add_stop_resume(struct calibration *c, const struct run *run, const struct downtime_window *windows,
                           struct downtime *found, struct err *e)
{
	for (int i = 0; i < c->injected.count; i++) {
		downtime_stop_resume(run, c->injected.vm, &windows[i], &found[i]);
		if (found[i].value_ns == MISSING) {
			found[i].value_ns = 0; /* no event is no stop */
			found[i].floor_ns = 0;
		}
	}
	if (add_estimator(c, "stop_resume", 0, event_target(run), found, e) < 0)
		return -1;
	for (int i = 0; i < c->injected.count; i++)
		judge_truth(&c->injected.list[i], &c->observers[c->observer_count - 1].seen[i]);
	return 0;
}

/* How far QEMU's stamps of the clock are from those of the stop; nothing where it gave none. */
static int add_qemu_clock(struct calibration *c, struct downtime *found, struct err *e)
{
	int any = 0;
	for (int i = 0; i < c->injected.count; i++) {
		found[i] = downtime_missing;
		found[i].value_ns = c->injected.list[i].clock_ns;
		any |= found[i].value_ns != MISSING;
	}
	return any ? add_estimator(c, "qemu_clock", 0, NAN, found, e) : 0;
}

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	if (span->sample)
		downtime_work_add(context, span->end_ns, span->sample->guest_ns, span->sample->work);
	return 0;
}

static int add_work(struct calibration *c, const struct vm_samples *samples, const struct downtime_window *windows,
                    struct downtime *found, double target_ns, struct err *e)
{
	struct downtime_work work = { .windows = windows,
		                      .window_count = c->injected.count,
		                      .found = found,
		                      .interval_ns = c->injected.vm->sample_interval_ns,
		                      .baseline_rate = NAN,
		                      .until_ns = MISSING };
	if (!samples->count)
		return 0;
	if (work_curve_each(samples, &samples->workloads[0], on_span, &work, e) < 0)
		return -1;
	downtime_work_finish(&work);
	return add_estimator(c, "work", 0, target_ns, found, e);
}

/* A ping at three intervals, read in two ways. */
static int add_pings(struct calibration *c, const struct run *run, const struct downtime_window *windows,
                     struct downtime *found, struct err *e)
{
	static const int intervals_ms[] = { 10, 100, 200 };
	static const char *const readings[] = { [PING_LOST] = "lost", [PING_GAP] = "gap" };
	struct pings *pings;
	int read = pings_read(&pings, run, c->injected.vm, e), result = 0;
	if (read != 0)
		return read < 0 ? -1 : 0;
	for (int k = 0; k < 6 && result == 0; k++) {
		char name[32];
		for (int i = 0; i < c->injected.count; i++)
			pings_downtime(pings, intervals_ms[k / 2] * NS_PER_MS, (enum ping_reading)(k % 2),
			               &windows[i], &found[i]);
		snprintf(name, sizeof(name), "ping_%dms_%s", intervals_ms[k / 2], readings[k % 2]);
		result = add_estimator(c, name, 1, NAN, found, e);
	}
	pings_free(pings);
	return result;
}

static int add_all(struct calibration *c, const struct run *run, const struct vm_samples *samples,
                   const struct downtime_window *windows, struct downtime *found, struct err *e)
{
	/* Beside a migration nothing is asked of what is sampled. */
	double series_ns = is_busy(run) ? NAN : (double)c->injected.vm->sample_interval_ns / 2 + series_target_ns;
	if (add_stop_resume(c, run, windows, found, e) < 0)
		return -1;
	for (int i = 0; samples->map && i < c->injected.count; i++)
		downtime_guest_clock(samples->map, &windows[i], &found[i]);
	if (samples->map && add_estimator(c, "guest_clock", 0, event_target(run), found, e) < 0)
		return -1;
	if (downtime_network(run, c->injected.vm, windows, c->injected.count, NULL, found, e) < 0 ||
	    add_estimator(c, "network", 1, series_ns, found, e) < 0)
		return -1;
	if (samples->map && add_work(c, samples, windows, found, series_ns, e) < 0)
		return -1;
	if (add_qemu_clock(c, found, e) < 0)
		return -1;
	return add_pings(c, run, windows, found, e);
}

int calibration_read(struct calibration *ret, const struct run *run, struct err *e)
{
	struct vm_samples samples = { 0 };
	memset(ret, 0, sizeof(*ret));
	if (injected_read(&ret->injected, run, INJECTED_LENGTHS, e) < 0 || !ret->injected.count)
		return ret->injected.list ? 0 : -1;
	size_t count = (size_t)ret->injected.count;
	struct downtime_window *windows = calloc(count, sizeof(*windows));
	struct downtime *found = calloc(count, sizeof(*found));
	int result = windows && found ? vm_samples_read(&samples, run->directory, run, ret->injected.vm->name, e)
	                              : err_errno(e, EXIT_CANNOT, "cannot keep the injections");
	for (size_t i = 0; result >= 0 && i < count; i++)
		windows[i] = ret->injected.list[i].window;
	if (result >= 0) {
		ret->idle_s = (double)(windows->baseline_to_ns - windows->baseline_from_ns) / NS_PER_S;
		int read = result;
		result = add_all(ret, run, &samples, windows, found, e);
		if (read == 0)
			vm_samples_free(&samples);
	}
	free(windows);
	free(found);
	if (result < 0)
		calibration_free(ret);
	return result;
}

void calibration_free(struct calibration *c)
{
	for (int i = 0; i < c->observer_count; i++)
		free(c->observers[i].seen);
	injected_free(&c->injected);
	memset(c, 0, sizeof(*c));
}

struct error_summary calibration_errors(const struct calibration *c, const struct observer *o, const char *kind,
                                        int64_t least_ns, int64_t most_ns)
{
	double *errors = calloc((size_t)c->injected.count + 1, sizeof(*errors));
	int n = 0, found = 0;
	for (int i = 0; errors && i < c->injected.count; i++) {
		const struct injected *in = &c->injected.list[i];
		if (strcmp(in->kind, kind) != 0 || in->asked_ns < least_ns || in->asked_ns > most_ns ||
		    isnan(o->seen[i].value_ns))
			continue;
		errors[n++] = o->seen[i].error_ns;
		found += o->seen[i].found;
	}
	struct error_summary s = error_summary_of(errors, n);
	s.found = found;
	free(errors);
	return s;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int calibration_lengths(const struct calibration *c, const char *kind, int64_t *ret_ns, int room)
{
	int count = 0;
	for (int i = 0; i < c->injected.count; i++) {
		const struct injected *in = &c->injected.list[i];
		int k = 0;
		while (k < count && ret_ns[k] != in->asked_ns)
			k++;
		if (k == count && count < room && !strcmp(in->kind, kind))
			ret_ns[count++] = in->asked_ns;
	}
	if (count > 1)
		qsort(ret_ns, (size_t)count, sizeof(*ret_ns), ascending);
	return count;
}

int64_t calibration_smallest(const struct calibration *c, const struct observer *o, const char *kind)
{
	int64_t lengths[LENGTHS_MAX], smallest = -1;
	for (int i = calibration_lengths(c, kind, lengths, LENGTHS_MAX) - 1; i >= 0; i--) {
		struct error_summary s = calibration_errors(c, o, kind, lengths[i], lengths[i]);
		if (!s.n || 100 * s.found < 95 * s.n)
			break;
		smallest = lengths[i];
	}
	return smallest;
}
