#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALIBRATIONS = 10 };

const struct workload_ops *const workloads[] = {
	&intadd_workload,  &seqread_workload, &memdirty_workload, &memcheck_workload, &dutycycle_workload,
	&compile_workload, &web_workload,     &stream_workload,   &idle_workload,     NULL,
};

const struct workload_ops *workload_find(const char *name, struct err *e)
{
	const char *names[sizeof(workloads) / sizeof(*workloads)];
	size_t count = 0;
	for (; workloads[count]; count++) {
		if (strcmp(workloads[count]->name, name) == 0)
			return workloads[count];
		names[count] = workloads[count]->name;
	}
	const char *near = nearest_name(name, names, count);
	err_set(e, EXIT_USAGE, "unknown workload '%s'%s%s%s", name, near ? ", did you mean '" : "", near ? near : "",
	        near ? "'?" : "");
	return NULL;
}

void *workload_options_new(const struct workload_ops *ops, struct err *e)
{
	void *options = calloc(1, ops->options_size ? ops->options_size : 1);
	if (!options) {
		err_errno(e, EXIT_CANNOT, "options of workload '%s'", ops->name);
		return NULL;
	}
	if (option_defaults(ops->options, options, e) < 0) {
		free(options);
		return NULL;
	}
	return options;
}

int workload_check(const struct workload_ops *ops, const void *options, struct err *e)
{
	if (ops->check && ops->check(options, e) < 0)
		return err_prefix(e, "workload '%s'", ops->name);
	return 0;
}

int64_t workload_memory_bytes(const struct workload_ops *ops, const void *options)
{
	return ops->memory_bytes ? ops->memory_bytes(options) : 0;
}

int workload_init(struct workload *w, const struct workload_ops *ops, void *options, struct err *e)
{
	memset(w, 0, sizeof(*w));
	w->ops = ops;
	w->options = options;
	atomic_store(&w->job_done_ns, -1);
	if (workload_check(ops, options, e) < 0)
		return -1;
	if (ops->init && ops->init(w, e) < 0)
		return err_prefix(e, "workload '%s'", ops->name);
	return 0;
}

void workload_end(struct workload *w)
{
	if (w->ops && w->ops->end)
		w->ops->end(w);
	w->state = NULL;
}

/* A sample may take the old worst in between: then the exchange fails and sees its zero. */
static void keep_longest(_Atomic int64_t *worst, int64_t took)
{
	int64_t old = atomic_load_explicit(worst, memory_order_relaxed);
	while (took > old &&
	       !atomic_compare_exchange_weak_explicit(worst, &old, took, memory_order_relaxed, memory_order_relaxed))
		;
}

int64_t workload_op_end(struct workload *w, int64_t now_ns, int64_t work)
{
	atomic_store_explicit(&w->work, work, memory_order_relaxed);
	keep_longest(&w->worst_op_ns, now_ns - atomic_load_explicit(&w->op_start_ns, memory_order_relaxed));
	keep_longest(&w->worst_service_ns, now_ns - atomic_load_explicit(&w->op_begin_ns, memory_order_relaxed));
	atomic_store_explicit(&w->op_start_ns, 0, memory_order_release);
	return workload_offer(w, now_ns) ? clock_now_ns() : now_ns;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t workload_take_worst(struct workload *w, int64_t now_ns, int64_t *ret_service_ns)
{
	/* Start first: an operation that ends between the two reads is then in the worst that ended. */
	int64_t start = atomic_load_explicit(&w->op_start_ns, memory_order_acquire);
	int64_t begin = atomic_load_explicit(&w->op_begin_ns, memory_order_relaxed);
	int64_t worst = atomic_exchange_explicit(&w->worst_op_ns, 0, memory_order_relaxed);
	int64_t service = atomic_exchange_explicit(&w->worst_service_ns, 0, memory_order_relaxed);
	*ret_service_ns = longer(service, start ? now_ns - begin : 0);
	/* One that ends between the exchanges may have been taken in part: none is longer inside than as a whole. */
	return longer(longer(worst, start ? now_ns - start : 0), *ret_service_ns);
}

void workload_job_done(struct workload *w, int64_t now_ns)
{
	atomic_store(&w->job_done_ns, now_ns);
}

void workload_fail(struct workload *w, const struct err *e)
{
	snprintf(w->failure, sizeof(w->failure), "%.*s", (int)sizeof(w->failure) - 1, e->text);
	atomic_store(&w->failed, true);
}

void slots_begin(struct slots *s, int64_t length_ns)
{
	s->next_ns = clock_now_ns();
	s->length_ns = length_ns;
}

int64_t slots_next(struct slots *s, _Atomic int64_t *missed)
{
	clock_sleep_until(s->next_ns);
	return slots_enter(s, clock_now_ns(), missed);
}

int64_t slots_enter(struct slots *s, int64_t now_ns, _Atomic int64_t *missed)
{
	s->woke_ns = now_ns;
	int64_t over = (s->woke_ns - s->next_ns) / s->length_ns;
	if (over > 0) {
		atomic_fetch_add_explicit(missed, over, memory_order_relaxed);
		s->next_ns += over * s->length_ns;
	}
	int64_t start = s->next_ns;
	s->next_ns += s->length_ns;
	return start;
}

void additions(int64_t count)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < count; i++) {
		sum += i;
		__asm__ volatile("" : "+r"(sum)); /* each sum is needed, none can be folded */
	}
}

int64_t additions_calibrate(int64_t duration_ns)
{
	int64_t count = 500, best = 0;
	/* The fastest of some, so that what disturbs the others does not make all chunks short. */
	while (best < duration_ns / 2) {
		count *= 2;
		best = INT64_MAX;
		for (int i = 0; i < CALIBRATIONS; i++) {
			int64_t start = clock_now_ns();
			additions(count);
			int64_t took = clock_now_ns() - start;
			best = took < best ? took : best;
		}
	}
	int64_t fitting = (int64_t)((double)count * (double)duration_ns / (double)best);
	return fitting < 1000 ? 1000 : fitting;
}
