/* Warm-up, which goes on while a work rate is not steady. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/steady.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_state.h"
#include "collectors/samples.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BINS = 10 };

/* Samples come in bursts, the guests' own time between two of them: a shorter bin may have none. */
#define BIN_LEAST_NS (150 * NS_PER_MS)

/* The newest sample of a workload at the end of each bin, the last BINS + 1. */
struct rate_watch {
	struct samples_progress marks[BINS + 1];
	int count;
};

struct warmup {
	struct run *run;
	int64_t start_ns, window_ns, bin_ns;
	struct rate_watch watches[VMS_MAX][VM_WORKLOADS_MAX];
	/* The one that changes most, of those that are not steady where there are any. */
	struct steady worst;
	const char *vm, *workload;
};

/* What changes by a schedule of its own is not asked to be steady. */
static bool is_scheduled(const struct experiment_vm *vm, int workload)
{
	char schedule[OPTION_STRING_ROOM];
	const struct option_row *rows = vm->workloads[workload]->options;
	const struct option_row *row = rows ? option_find(rows, "schedule") : NULL;
	return vm->sessions[0] ||
	       (row && option_get(row, vm->workload_options[workload], schedule, sizeof(schedule))[0]);
}

/* A bin ends. A workload without a new sample keeps its marks: the next bin is a longer one of it. */
static void marks_take(struct warmup *w)
{
	const struct experiment *x = w->run->x;
	for (int v = 0; v < x->vm_count; v++)
		for (int i = 0; i < VM_WORKLOADS_MAX && x->vms[v].workloads[i]; i++) {
			struct rate_watch *watch = &w->watches[v][i];
			struct samples_progress now;
			samples_last_work(w->run->watching.samples, v, i, &now);
			if (!now.samples || is_scheduled(&x->vms[v], i) ||
			    (watch->count && now.guest_ns <= watch->marks[watch->count - 1].guest_ns))
				continue;
			if (watch->count == BINS + 1)
				memmove(watch->marks, watch->marks + 1, BINS * sizeof(*watch->marks));
			else
				watch->count++;
			watch->marks[watch->count - 1] = now;
		}
}

static struct steady watch_test(const struct rate_watch *watch, double allowed)
{
	double rates[BINS];
	int count = watch->count ? watch->count - 1 : 0;
	for (int i = 0; i < count; i++) {
		const struct samples_progress *from = &watch->marks[i], *to = &watch->marks[i + 1];
		rates[i] = (double)(to->work - from->work) / (double)(to->guest_ns - from->guest_ns);
	}
	return steady_test(rates, count, allowed);
}

static bool is_worse(const struct steady *one, const struct steady *than)
{
	if (!than->known || one->steady != than->steady)
		return !than->known || !one->steady;
	return fabs(one->change) > fabs(than->change);
}

/* All VMs, by the one that is least steady. */
static void judge(struct warmup *w)
{
	const struct experiment *x = w->run->x;
	w->worst = (struct steady){ 0 };
	for (int v = 0; v < x->vm_count; v++)
		for (int i = 0; i < VM_WORKLOADS_MAX && x->vms[v].workloads[i]; i++) {
			struct steady is = watch_test(&w->watches[v][i], x->general.steady_change);
			if (!is.known || !is_worse(&is, &w->worst))
				continue;
			w->worst = is;
			w->vm = x->vms[v].name;
			w->workload = x->vms[v].workloads[i]->name;
		}
}

static void keep(const struct warmup *w, int64_t length_ns)
{
	struct run_directory *d = &w->run->directory;
	run_directory_set(d, "warmup.after_ns", json_object_new_int64(length_ns));
	run_directory_set(d, "warmup.window_ns", json_object_new_int64(w->window_ns));
	if (!w->worst.known) {
		run_directory_set(d, "warmup.reason",
		                  json_object_new_string("nothing to be steady, or too few samples to tell"));
		return;
	}
	run_directory_set(d, "warmup.steady", json_object_new_boolean(w->worst.steady));
	run_directory_set(d, "warmup.change",
	                  isfinite(w->worst.change) ? json_object_new_double(w->worst.change) : NULL);
	run_directory_set(d, "warmup.p", json_object_new_double(w->worst.p));
	run_directory_set(d, "warmup.vm", json_object_new_string(w->vm));
	run_directory_set(d, "warmup.workload", json_object_new_string(w->workload));
	if (!w->worst.steady)
		progress_note("not steady after %.3g s of warm-up: '%s' in %s changed by %+.1f %% in the last %.3g s",
		              (double)length_ns / 1e9, w->workload, w->vm, 100 * w->worst.change,
		              (double)w->window_ns / 1e9);
}

/* A bin of warm-up, or what is left of it until `end_ns`. */
static int bin_pass(struct warmup *w, int64_t end_ns, struct err *e)
{
	int64_t left_ns = end_ns - clock_now_ns();
	if (run_pause(w->run, left_ns < w->bin_ns ? left_ns : w->bin_ns, e) < 0)
		return -1;
	marks_take(w);
	return 0;
}

int run_warmup(struct run *r, struct err *e)
{
	const struct experiment_general *g = &r->x->general;
	/* What a policy moves, and what a plan stops, is not asked to be steady. */
	bool looks = !r->x->consolidate.ops && !r->order->injections;
	struct warmup w = { .run = r, .start_ns = clock_now_ns(), .window_ns = g->steady_window_ns };
	if (!g->warmup_ns)
		return 0;
	run_begin_phase(r, "warmup", g->warmup_ns);
	if (!looks)
		return run_pause(r, g->warmup_ns, e);
	if (w.window_ns > g->warmup_ns)
		w.window_ns = g->warmup_ns;
	w.bin_ns = w.window_ns / BINS < BIN_LEAST_NS ? BIN_LEAST_NS : w.window_ns / BINS;
	int64_t end_ns = w.start_ns + g->warmup_ns, limit_ns = w.start_ns + g->warmup_limit_ns;
	/* The window's bins end with the warm-up. */
	if (run_pause(r, g->warmup_ns - w.window_ns, e) < 0)
		return -1;
	marks_take(&w);
	while (clock_now_ns() < end_ns)
		if (bin_pass(&w, end_ns, e) < 0)
			return -1;
	for (judge(&w); w.worst.known && !w.worst.steady && clock_now_ns() < limit_ns; judge(&w))
		if (bin_pass(&w, limit_ns, e) < 0)
			return -1;
	keep(&w, clock_now_ns() - w.start_ns);
	return 0;
}
