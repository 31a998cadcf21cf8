/*
 * told_simulation.h - a simulation of a few VMs, in a line, and what happened in it, in another:
 *
 *	VMs		ARRIVAL:WORK/GIB@HOME[~GIB] ...		seconds; ~ in use
 *	what happened	TIME+vm0, TIME-vm0, TIME>vm0 to pm1, TIME=vm0, TIME!vm0: start, end, begin and end of a move, a dropped one
 *
 * A move takes 8 s a GiB, and loses 1 s and a tenth of its time.
 */
#ifndef T_TOLD_SIMULATION_H
#define T_TOLD_SIMULATION_H

#include "bench/placement/simulator.h"
#include "t/made_cluster.h"

struct told {
	struct simulated_vm vms[16];
	int count, next;
	char text[4096];
	size_t used;
};

static bool told_next(void *context, struct simulated_vm *ret)
{
	struct told *t = context;
	if (t->next == t->count)
		return false;
	*ret = t->vms[t->next++];
	return true;
}

static void told_note(void *context, const struct simulated_note *n)
{
	static const char marks[] = { [SIMULATED_STARTS] = '+',
		                      [SIMULATED_ENDS] = '-',
		                      [SIMULATED_MOVE_BEGINS] = '>',
		                      [SIMULATED_MOVE_ENDS] = '=',
		                      [SIMULATED_MOVE_DROPPED] = '!' };
	struct told *t = context;
	if (n->event == SIMULATED_PLAN || n->event == SIMULATED_WAITS || n->event == SIMULATED_MOVE_POSTPONED)
		return;
	bool moves = n->event == SIMULATED_MOVE_BEGINS;
	t->used += (size_t)snprintf(t->text + t->used, sizeof(t->text) - t->used, "%s%.10g%c%s%s%s",
	                            t->used ? " " : "", (double)n->now_ns / NS_PER_S, marks[n->event], n->vm,
	                            moves ? " " : "", moves ? n->detail : "");
}

struct sim_case {
	const char *what, *policy, *options;
	int nodes;
	double cores, gib;
	int rtt_ms;
	const char *vms, *expected;
};

/* Of a move; zeroes: a site a node, links that are not shared. */
struct sim_links {
	int sites; /* nodes are shared out evenly */
	bool shared;
	int64_t window_bytes;
	double setup_s;
};

/* When VMs come and the policy plans; zeroes: when they come, after every change, by the CPU of the moment. */
struct sim_loop {
	bool in_turn, plan_arrivals, cpu_means;
	double baseline_s;
};

static void vms_make(struct told *t, const char *text)
{
	for (; *text; text += strspn(text, " ")) {
		struct simulated_vm *v = &t->vms[t->count++];
		v->arrival_ns = llround(made_number(&text) * NS_PER_S);
		assert_int_equal(*text++, ':');
		v->work_ns = made_number(&text) * NS_PER_S;
		v->memory_bytes = made_bytes(made_after(&text, '/', 1));
		v->home = (int32_t)made_after(&text, '@', CLUSTER_NONE);
		v->used_bytes = made_bytes(made_after(&text, '~', (double)v->memory_bytes / 0x1p30));
		v->dirty_per_s = NAN;
	}
}

static struct simulated loop_run(const struct sim_case *k, const struct sim_links *l, const struct sim_loop *loop,
                                 struct told *t)
{
	int sites = l->sites ? l->sites : k->nodes;
	struct err e = { 0 };
	struct simulated sums;
	int64_t rtt_ns[64];
	const struct policy_ops *ops = policy_find(k->policy, &e);
	assert_non_null(ops);
	void *options = made_options(ops, k->options);
	vms_make(t, k->vms);
	for (int i = 0; i < sites * sites; i++)
		rtt_ns[i] = i % (sites + 1) == 0 ? 0 : k->rtt_ms * NS_PER_MS;
	const struct simulation s = { .policy = ops,
		                      .policy_options = options,
		                      .sites = sites,
		                      .rtt_ns = rtt_ns,
		                      .nodes_per_site = k->nodes / sites,
		                      .node_cores = k->cores,
		                      .node_memory_bytes = made_bytes(k->gib),
		                      .transfer = { .rate_bits_per_s = INT64_C(1) << 30,
		                                    .shared = l->shared,
		                                    .window_bytes = l->window_bytes,
		                                    .setup_ns = llround(l->setup_s * NS_PER_S),
		                                    .downtime_ns = NS_PER_S,
		                                    .slowdown = 0.1 },
		                      .interval_ns = NS_PER_S,
		                      .in_turn = loop->in_turn,
		                      .plan_arrivals = loop->plan_arrivals,
		                      .cpu_means = loop->cpu_means,
		                      .baseline_ns = llround(loop->baseline_s * NS_PER_S),
		                      .arrival = told_next,
		                      .arrivals = t,
		                      .note = told_note,
		                      .notes = t };
	if (simulate(&s, &sums, &e) < 0)
		fail_msg("%s: %s", k->what, e.text);
	free(options);
	return sums;
}

__attribute__((unused)) static struct simulated case_run(const struct sim_case *k, const struct sim_links *l,
                                                         struct told *t)
{
	return loop_run(k, l, &(struct sim_loop){ 0 }, t);
}

__attribute__((unused)) static void case_check(const struct sim_case *k, const struct sim_links *l)
{
	struct told t = { 0 };
	case_run(k, l, &t);
	if (strcmp(t.text, k->expected) != 0)
		fail_msg("%s: '%s', expected '%s'", k->what, t.text, k->expected);
}

#endif
