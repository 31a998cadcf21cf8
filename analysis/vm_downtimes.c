#include "analysis/vm_downtimes.h"

#include "analysis/cited.h"
#include "analysis/loop_moves.h"
#include "analysis/metrics_write.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BEHIND_NS (2 * NS_PER_S) /* a move: the VM may still wait for what it left behind */

/* ---- where to look ---- */

static void add_window(struct vm_downtimes *d, const struct downtime_window *whole, int64_t from_ns, int64_t to_ns)
{
	if (d->count && d->windows[d->count - 1].to_ns > from_ns)
		d->windows[d->count - 1].to_ns = from_ns;
	d->windows[d->count] = *whole;
	d->windows[d->count].from_ns = from_ns;
	d->windows[d->count++].to_ns = to_ns < whole->to_ns ? to_ns : whole->to_ns;
}

static int own_moves(struct vm_downtimes *d, const struct downtime_window *whole, struct err *e)
{
	int count = 0;
	struct loop_move *list = loop_moves(d->run, &count);
	d->windows = calloc((size_t)count + 1, sizeof(*d->windows));
	d->found = calloc((size_t)count + 1, sizeof(*d->found));
	if (!list || !d->windows || !d->found) {
		free(list);
		return err_errno(e, EXIT_CANNOT, "cannot keep the moves");
	}
	for (int i = 0; i < count; i++) {
		int64_t from_ns, to_ns;
		if (strcmp(list[i].begin->vm, d->vm->name) != 0)
			continue;
		loop_move_span(d->run, &list[i], whole->to_ns, &from_ns, &to_ns);
		add_window(d, whole, from_ns, to_ns + BEHIND_NS);
	}
	free(list);
	if (!d->count) {
		d->windows[0] = *whole;
		snprintf(d->why.reason, sizeof(d->why.reason), "the VM did not move");
	}
	return 0;
}

int vm_downtimes_begin(struct vm_downtimes *d, const struct run_vm *vm, struct err *e)
{
	struct downtime_window whole;
	vm_downtimes_free(d);
	d->vm = vm;
	int looks = downtime_window(d->run, &whole, &d->why) == 0;
	if (looks && loop_is(d->run))
		return own_moves(d, &whole, e);
	d->windows = calloc(1, sizeof(*d->windows));
	d->found = calloc(1, sizeof(*d->found));
	if (!d->windows || !d->found)
		return err_errno(e, EXIT_CANNOT, "cannot keep the downtimes");
	if (looks)
		add_window(d, &whole, whole.from_ns, whole.to_ns);
	return 0;
}

void vm_downtimes_free(struct vm_downtimes *d)
{
	free(d->windows);
	free(d->found);
	d->windows = NULL;
	d->found = NULL;
	d->count = 0;
}

/* ---- rows ---- */

static struct downtime longest(const struct vm_downtimes *d)
{
	struct downtime most = d->count ? d->found[0] : d->why;
	for (int i = 1; i < d->count; i++)
		if (d->found[i].value_ns != MISSING &&
		    (most.value_ns == MISSING || d->found[i].value_ns > most.value_ns))
			most = d->found[i];
	return most;
}

/* What a run says of a stop. A migration that never converged has no switch-over, however long the VM stood still. */
static struct downtime said(const struct vm_downtimes *d, const struct downtime *found, const char *estimator)
{
	struct downtime say = *found;
	double floor_ns = cited_floor_ns(d->cited, estimator);
	if (*d->never && !strcmp(d->vm->name, d->run->moved)) {
		say = downtime_missing;
		snprintf(say.reason, sizeof(say.reason), "%s", d->never);
		say.floor_ns = found->floor_ns;
	}
	/* An estimator that stands alone has no floor. */
	if (floor_ns > 0 && floor_ns < SERIES_LIMIT && (double)say.floor_ns < floor_ns)
		say.floor_ns = (int64_t)floor_ns;
	if (say.value_ns != MISSING && say.value_ns <= say.floor_ns && !downtime_is_no_stop(say.reason)) {
		char also[sizeof(say.reason)];
		memcpy(also, say.reason, sizeof(also));
		snprintf(say.reason, sizeof(say.reason), NO_STOP_SEEN ": not above its floor of %.3g ms%s%.160s",
		         (double)say.floor_ns / 1e6, *also ? "; " : "", also);
	}
	return say;
}

static void put(struct vm_downtimes *d, const char *estimator, const struct downtime *found)
{
	const struct downtime say = said(d, found, estimator);
	struct metric_value *v = metrics_add(d->metrics, "downtime", d->vm, "%s", estimator);
	v->value = metric_of(say.value_ns);
	v->low = metric_of(say.low_ns);
	v->high = metric_of(say.high_ns);
	snprintf(v->reason, sizeof(v->reason), "%s", say.reason);
	v = metrics_add(d->metrics, "downtime_floor", d->vm, "%s", estimator);
	v->value = metric_of(say.floor_ns);
	if (say.floor_ns == MISSING)
		snprintf(v->reason, sizeof(v->reason), "%s",
		         say.value_ns == MISSING ? say.reason : "not to be had from a baseline");
	else if (say.floor_ns != found->floor_ns)
		snprintf(v->reason, sizeof(v->reason), "as calibrated in run %s", d->cited->id);
	if (d->cited->root && !isnan(cited_error_ns(d->cited, estimator))) {
		v = metrics_add(d->metrics, "downtime_error", d->vm, "%s", estimator);
		v->value = cited_error_ns(d->cited, estimator);
		snprintf(v->reason, sizeof(v->reason), "as calibrated in run %s", d->cited->id);
	}
	if (d->plot)
		downtime_plot_row(d->plot, d->vm->name, estimator, &say, run_origin_ns(d->run));
}

void vm_downtimes_put(struct vm_downtimes *d, const char *estimator)
{
	const struct downtime most = longest(d);
	put(d, estimator, &most);
}

void vm_downtimes_put_missing(struct vm_downtimes *d, const char *estimator, const char *reason)
{
	struct downtime missing = downtime_missing;
	snprintf(missing.reason, sizeof(missing.reason), "%s", reason);
	put(d, estimator, &missing);
}

/* ---- estimators that need no workload ---- */

static void stop_resume(struct vm_downtimes *d, int moved)
{
	for (int i = 0; i < d->count; i++)
		downtime_stop_resume(d->run, d->vm, &d->windows[i], &d->found[i]);
	const struct downtime most = longest(d);
	if (moved || most.value_ns != MISSING)
		put(d, "stop_resume", &most);
	if (moved && !*d->never)
		d->came_ns = most.value_ns;
}

static void guest_clock(struct vm_downtimes *d, const struct vm_samples *samples)
{
	int64_t last_ns = 0;
	for (int i = 0; d->count && i < samples->count; i++) {
		int64_t end_ns = clock_map_head(samples->map, samples->workloads[i].last_guest_ns);
		last_ns = end_ns > last_ns ? end_ns : last_ns;
	}
	for (int i = 0; i < d->count; i++) {
		downtime_guest_clock(samples->map, &d->windows[i], &d->found[i]);
		downtime_sampled_until(d->run, d->vm, &d->windows[i], last_ns, &d->found[i]);
	}
	vm_downtimes_put(d, "guest_clock");
}

int vm_downtimes_events(struct vm_downtimes *d, const struct vm_samples *samples, const char *no_clock, struct err *e)
{
	char plot[RUN_NAME_ROOM + 24];
	int moved = !strcmp(d->vm->name, d->run->moved);
	stop_resume(d, moved);
	if (d->count && no_clock)
		vm_downtimes_put_missing(d, "guest_clock", no_clock);
	else
		guest_clock(d, samples);
	snprintf(plot, sizeof(plot), "plots/packets-%s.csv", d->vm->name);
	if (d->windows->to_ns > d->windows->from_ns &&
	    downtime_network(d->run, d->vm, d->windows, d->count ? d->count : 1, plot, d->found, e) < 0)
		return -1;
	vm_downtimes_put(d, "network");
	if (moved) {
		struct downtime reported;
		downtime_reported(d->run, d->vm, &reported);
		put(d, "reported", &reported);
		if (d->came_ns == MISSING && !*d->never)
			d->came_ns = reported.value_ns;
	}
	return 0;
}
