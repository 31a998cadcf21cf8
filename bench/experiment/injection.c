#include "bench/experiment/injection.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/cpu_thief.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_directory.h"
#include "bench/migrate/clock_trace.h"
#include "bench/migrate/qmp.h"
#include "bench/testbed/testbed.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *const injection_names[INJECTION_KINDS] = {
	[INJECT_STOP] = "stop", [INJECT_CUT] = "cut", [INJECT_CPU] = "cpu"
};

static const int64_t least_pause_ns = 900 * NS_PER_MS, more_pause_ns = 400 * NS_PER_MS;
static const int64_t exact_ns = 20 * NS_PER_MS; /* the end of an injection is not left to a wait in slices */

int injection_plan_make(struct injection_plan *ret, const struct injection *points, int count, int repeat,
                        int64_t seed, struct err *e)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	*ret = (struct injection_plan){ .count = count * repeat };
	ret->list = calloc((size_t)ret->count, sizeof(*ret->list));
	if (!random || !ret->list) {
		if (random)
			gsl_rng_free(random);
		injection_plan_free(ret);
		return err_set(e, EXIT_CANNOT, "no memory for the injections");
	}
	gsl_rng_set(random, (unsigned long)seed);
	for (int i = 0; i < ret->count; i++)
		ret->list[i] = points[i % count];
	gsl_ran_shuffle(random, ret->list, (size_t)ret->count, sizeof(*ret->list));
	for (int i = 0; i < ret->count; i++)
		ret->list[i].pause_ns = least_pause_ns + (int64_t)(gsl_rng_uniform(random) * (double)more_pause_ns);
	gsl_rng_free(random);
	return 0;
}

void injection_plan_free(struct injection_plan *plan)
{
	free(plan->list);
	*plan = (struct injection_plan){ 0 };
}

int64_t injection_plan_duration_ns(const struct injection_plan *plan)
{
	int64_t sum = 0;
	for (int i = 0; i < plan->count; i++)
		sum += plan->list[i].pause_ns + plan->list[i].length_ns;
	return sum;
}

int injector_open(struct injector *in, const struct testbed *t, const struct node *node, const char *vm,
                  struct err *e)
{
	char path[300], port[24];
	struct err untraced = { 0 };
	in->vm = vm;
	in->core = node->core;
	snprintf(port, sizeof(port), "lan-%s", node->name);
	qmp_path(node->state_directory, vm, path, sizeof(path));
	if (port_find(&in->port, t->nodes[NODE_HEAD].netns_path, port, e) < 0)
		return -1;
	if (qmp_open(&in->monitor, path, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s.trace", node->state_directory, vm);
	if (clock_trace_open(&in->trace, in->monitor, path, &untraced) < 0)
		progress_note("no stamps of the guest's clock: %s", untraced.text);
	return 0;
}

void injector_close(struct injector *in)
{
	clock_trace_close(in->trace);
	qmp_close(in->monitor);
	port_forget(&in->port);
}

/* What QEMU says of the guest's clock. */
static void note_clock(const struct injector *in)
{
	int64_t head_ns;
	bool runs;
	while (in->trace && clock_trace_next(in->trace, &head_ns, &runs))
		run_directory_event(in->directory, head_ns, in->vm, "", runs ? "clock-start" : "clock-stop", "");
}

static int turn_thief(struct injector *in, const struct injection *what, int on, int64_t *ret_cpu_ns, struct err *e)
{
	if (on) {
		*ret_cpu_ns = (int64_t)(what->share * (double)what->length_ns);
		return cpu_thief_start(&in->thief, in->core, what->share, e);
	}
	*ret_cpu_ns = cpu_thief_stop(in->thief);
	in->thief = NULL;
	return 0;
}

/* Begin it (on) or end it. */
static int turn(struct injector *in, const struct injection *what, int on, int64_t *ret_cpu_ns, struct err *e)
{
	switch (what->kind) {
	case INJECT_CUT:
		return port_set(&in->port, !on, e);
	case INJECT_CPU:
		return turn_thief(in, what, on, ret_cpu_ns, e);
	default:
		return qmp_execute(in->monitor, on ? "stop" : "cont", NULL, e);
	}
}

/* The same, and say when. */
static int turn_noted(struct injector *in, const struct injection *what, int on, int64_t *ret_ns, struct err *e)
{
	char detail[96];
	int64_t before_ns = clock_now_ns(), cpu_ns = 0;
	int result = turn(in, what, on, &cpu_ns, e);
	*ret_ns = clock_now_ns();
	if (result < 0)
		return err_prefix(e, "VM '%s'", in->vm);
	snprintf(detail, sizeof(detail), "%s %" PRId64 " %" PRId64 " %" PRId64, injection_names[what->kind],
	         what->length_ns, *ret_ns - before_ns, cpu_ns);
	run_directory_event(in->directory, before_ns + (*ret_ns - before_ns) / 2, in->vm, "",
	                    on ? "inject-begin" : "inject-end", detail);
	note_clock(in);
	return 0;
}

static int inject(struct injector *in, const struct injection *what, const char *detail, struct err *e)
{
	int64_t begun_ns, ended_ns, unused;
	int waited = 0;
	if (turn_noted(in, what, 1, &begun_ns, e) < 0)
		return -1;
	if (what->length_ns > exact_ns)
		waited = in->pause(in->context, what->length_ns - exact_ns, detail, e);
	if (waited < 0) {
		/* Cut short: no event says that it ended as planned. */
		turn(in, what, 0, &unused, NULL);
		return -1;
	}
	clock_sleep_until(begun_ns + what->length_ns);
	return turn_noted(in, what, 0, &ended_ns, e);
}

int injection_run(struct injector *in, const struct injection_plan *plan, struct err *e)
{
	char detail[64];
	for (int i = 0; i < plan->count; i++) {
		snprintf(detail, sizeof(detail), "%d of %d injections", i, plan->count);
		if (in->pause(in->context, plan->list[i].pause_ns, detail, e) < 0 ||
		    inject(in, &plan->list[i], detail, e) < 0)
			return -1;
	}
	return 0;
}
