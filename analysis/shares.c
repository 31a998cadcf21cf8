#include "analysis/shares.h"

#include "analysis/injected.h"
#include "analysis/schedule.h"
#include "analysis/series_read.h"
#include "analysis/vm_samples.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const share_kinds[SHARE_KINDS] = { "taken", "duty" };
const char *const share_observers[SHARE_OBSERVERS] = { "work", "cpu" };

/* Of the pauses round an injection, which are 0.9 s at least. */
static const int64_t near_ns = 100 * NS_PER_MS, far_ns = 800 * NS_PER_MS;
/* A step of a schedule begins and ends with a period of 0.1 s. */
enum { STEPS_MAX = 100000 }; /* of a schedule that repeats, or of hostile stamps */
static const int64_t edge_ns = 200 * NS_PER_MS, least_step_ns = NS_PER_S;

static struct share *add_share(struct shares *s, enum share_kind kind, const struct run_vm *vm, double asked,
                               struct err *e)
{
	if (s->count == s->room) {
		int room = s->room ? 2 * s->room : 64;
		struct share *list = realloc(s->list, (size_t)room * sizeof(*list));
		if (!list) {
			err_errno(e, EXIT_CANNOT, "cannot keep shares of a core");
			return NULL;
		}
		s->list = list;
		s->room = room;
	}
	struct share *share = &s->list[s->count++];
	*share = (struct share){ .kind = kind, .vm = vm, .asked = asked, .truth = asked };
	return share;
}

static void set_window(struct share *share, int window, int64_t start_ns, int64_t end_ns)
{
	for (int o = 0; o < SHARE_OBSERVERS; o++)
		share->windows[o][window] = (struct curve_window){ .start_ns = start_ns, .end_ns = end_ns };
}

static int list_taken(struct shares *s, const struct run *run, struct err *e)
{
	struct injected_list injected;
	int result = injected_read(&injected, run, INJECTED_CPU, e);
	for (int i = 0; result == 0 && i < injected.count; i++) {
		const struct injected *in = &injected.list[i];
		struct share *share = add_share(s, SHARE_TAKEN, injected.vm, in->asked_share, e);
		if (!share) {
			result = -1;
			break;
		}
		share->truth = in->taken_share;
		set_window(share, SHARE_WHILE, in->begin_ns, in->end_ns);
		set_window(share, SHARE_BEFORE, in->begin_ns - far_ns, in->begin_ns - near_ns);
		set_window(share, SHARE_AFTER, in->end_ns + near_ns, in->end_ns + far_ns);
	}
	injected_free(&injected);
	return result;
}

/* Every step that lies within the phases where nothing else is done to this guest. */
static int list_duty(struct shares *s, const struct run *run, const struct run_vm *vm,
                     const struct vm_samples *samples, struct err *e)
{
	const struct run_phase *baseline = run_phase(run, "baseline");
	const struct workload_samples *w = &samples->workloads[0];
	struct schedule schedule;
	schedule_read(&schedule, vm->workloads[0].schedule);
	int64_t at_ns = w->first_guest_ns, length_ns = 0;
	for (int i = 0; i < schedule.count; i++)
		length_ns += schedule.steps[i].length_ns;
	if (!baseline || length_ns < least_step_ns)
		return 0;
	for (int n = 0, i = 0; n < STEPS_MAX && at_ns < w->last_guest_ns; n++, i = (i + 1) % schedule.count) {
		int64_t from_ns = clock_map_head(samples->map, at_ns) + edge_ns;
		at_ns += schedule.steps[i].length_ns;
		int64_t to_ns = clock_map_head(samples->map, at_ns) - edge_ns;
		if (schedule.steps[i].length_ns >= least_step_ns && from_ns >= baseline->start_ns &&
		    to_ns <= run->observed_until_ns && at_ns <= w->last_guest_ns) {
			struct share *share = add_share(s, SHARE_DUTY, vm, schedule.steps[i].share, e);
			if (!share)
				return -1;
			set_window(share, SHARE_WHILE, from_ns, to_ns);
		}
		if (i + 1 == schedule.count && !vm->workloads[0].repeats)
			break;
	}
	return 0;
}

/* A stretch of a curve that one observer has of a VM. */
struct feeding {
	struct shares *shares;
	const struct run_vm *vm;
	enum share_observer observer;
	const struct run *run;
	struct {
		int64_t head_ns, value;
	} last[64]; /* of each VM */
};

static void feed(struct feeding *f, int64_t start_ns, int64_t end_ns, double amount)
{
	for (int i = 0; i < f->shares->count; i++) {
		struct share *share = &f->shares->list[i];
		for (int w = 0; share->vm == f->vm && w < SHARE_WINDOWS; w++)
			curve_window_add(&share->windows[f->observer][w], start_ns, end_ns, amount);
	}
}

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	feed(context, span->start_ns, span->end_ns, span->work);
	return 0;
}

static int concerns(const struct shares *s, const struct run_vm *vm)
{
	for (int i = 0; i < s->count; i++)
		if (s->list[i].vm == vm)
			return 1;
	return 0;
}

static int read_work(struct shares *s, const struct run *run, const struct run_vm *vm, struct err *e)
{
	struct vm_samples samples;
	struct feeding f = { .shares = s, .vm = vm, .observer = SHARE_BY_WORK };
	if (!concerns(s, vm) && !(vm->workload_count && vm->workloads[0].schedule[0]))
		return 0;
	int result = vm_samples_read(&samples, run->directory, run, vm->name, e);
	if (result != 0)
		return result < 0 ? -1 : 0;
	if (samples.map && samples.count)
		result = list_duty(s, run, vm, &samples, e);
	if (samples.map && samples.count && result == 0)
		result = work_curve_each(&samples, &samples.workloads[0], on_span, &f, e);
	vm_samples_free(&samples);
	return result;
}

enum { HEAD, VM, THREAD, CPU, COLUMNS };

static int on_cpu_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct feeding *f = context;
	f->vm = run_vm(f->run, cells[VM].text);
	if (!f->vm || f->vm - f->run->vms >= 64 || strcmp(cells[THREAD].text, "vcpu") != 0 ||
	    cells[HEAD].integer == MISSING || cells[CPU].integer == MISSING)
		return 0;
	int i = (int)(f->vm - f->run->vms);
	if (f->last[i].head_ns && cells[CPU].integer >= f->last[i].value)
		feed(f, f->last[i].head_ns, cells[HEAD].integer, (double)(cells[CPU].integer - f->last[i].value));
	f->last[i].head_ns = cells[HEAD].integer;
	f->last[i].value = cells[CPU].integer;
	return 0;
}

static int read_cpu(struct shares *s, const struct run *run, struct err *e)
{
	static const struct series_column columns[COLUMNS] = { [HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
		                                               [VM] = { "vm", COLUMN_TEXT, 0 },
		                                               [THREAD] = { "thread", COLUMN_TEXT, 0 },
		                                               [CPU] = { "cpu_ns", COLUMN_INTEGER, 0 } };
	struct feeding f = { .shares = s, .run = run, .observer = SHARE_BY_CPU };
	return series_read(run->directory, "cpu.csv", columns, COLUMNS, on_cpu_row, &f, NULL, e) < 0 ? -1 : 0;
}

static void judge(struct share *share)
{
	for (int o = 0; o < SHARE_OBSERVERS; o++) {
		const struct curve_window *w = share->windows[o];
		double rate = curve_window_rate(&w[SHARE_WHILE]);
		double before = curve_window_rate(&w[SHARE_BEFORE]), after = curve_window_rate(&w[SHARE_AFTER]);
		/* Work of a duty cycle is busy time in ns, as CPU time is. */
		share->seen[o] = share->kind == SHARE_TAKEN ? 1 - rate / ((before + after) / 2) : rate / NS_PER_S;
	}
}

int shares_read(struct shares *ret, const struct run *run, struct err *e)
{
	*ret = (struct shares){ 0 };
	int result = list_taken(ret, run, e);
	/* A schedule alone is no calibration. */
	for (int i = 0; result == 0 && ret->count && i < run->vm_count; i++)
		result = read_work(ret, run, &run->vms[i], e);
	if (result == 0 && ret->count)
		result = read_cpu(ret, run, e);
	for (int i = 0; result == 0 && i < ret->count; i++)
		judge(&ret->list[i]);
	if (result < 0)
		shares_free(ret);
	return result;
}

void shares_free(struct shares *s)
{
	free(s->list);
	*s = (struct shares){ 0 };
}

static int is_of(const struct share *share, enum share_kind kind, double asked)
{
	return share->kind == kind && (isnan(asked) || fabs(share->asked - asked) < 1e-6);
}

struct error_summary shares_errors(const struct shares *s, enum share_kind kind, enum share_observer observer,
                                   double asked)
{
	double *errors = calloc((size_t)s->count + 1, sizeof(*errors));
	int n = 0;
	for (int i = 0; errors && i < s->count; i++)
		if (is_of(&s->list[i], kind, asked) && isfinite(s->list[i].seen[observer]))
			errors[n++] = s->list[i].seen[observer] - s->list[i].truth;
	struct error_summary summary = error_summary_of(errors, n);
	free(errors);
	return summary;
}

int shares_asked(const struct shares *s, enum share_kind kind, double *ret, int room)
{
	int count = 0;
	for (int i = 0; i < s->count; i++) {
		int k = 0;
		while (k < count && !is_of(&s->list[i], kind, ret[k]))
			k++;
		if (k == count && count < room && s->list[i].kind == kind)
			ret[count++] = s->list[i].asked;
	}
	if (count > 1)
		gsl_sort(ret, 1, (size_t)count);
	return count;
}
