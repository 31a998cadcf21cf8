#include "analysis/counters.h"
#include "analysis/host_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NODE, VM, THREAD };
static const double gib = 1024.0 * 1024 * 1024;

/* A node's core was watched through all of the window; a process may come and go. */
static int was_watched(const struct counters *c, const char *node, int window)
{
	const struct counter *whole = counters_find(c, node, "", "");
	return !whole || curve_window_whole(&whole->windows[window]);
}

/* What serves the run beside the guests (collectors/services.h). */
static int is_service(const struct counter *counter)
{
	return !counter->key[VM][0] && counter->key[THREAD][0];
}

static const char *metric_name(const struct counter *counter)
{
	if (is_service(counter))
		return "cpu_service";
	return counter->key[THREAD][0] ? "cpu_thread" : counter->key[VM][0] ? "cpu_vm" : "cpu_node";
}

/* A process that is not there uses nothing, so the whole phase divides; one that never ran in it has no row. */
static void put_counter(const struct run *run, const struct counters *c, const struct counter *counter,
                        struct metrics *metrics)
{
	const struct run_vm *vm = run_vm(run, counter->key[VM]);
	for (int i = 0; i < WINDOW_CALL; i++) {
		const struct curve_window *w = &counter->windows[i];
		if (w->covered_ns <= 0)
			continue;
		struct metric_value *v = metrics_add(metrics, metric_name(counter), vm, "%s%s%s:%s",
		                                     counter->key[NODE], counter->key[THREAD][0] ? ":" : "",
		                                     counter->key[THREAD], counter_window_names[i]);
		if (was_watched(c, counter->key[NODE], i))
			v->value = w->sum / (double)(w->end_ns - w->start_ns);
		else
			snprintf(v->reason, sizeof(v->reason), "cpu.csv does not cover the phase");
	}
}

/* CPU of the moved VM's threads besides its vCPUs, on both sides, ns; NAN when none was seen. */
static double threads_ns(const struct run *run, const struct counters *c)
{
	double sum = NAN;
	if (!was_watched(c, run->source, WINDOW_CALL) || !was_watched(c, run->destination, WINDOW_CALL))
		return NAN;
	for (int i = 0; i < c->count; i++) {
		const struct counter *counter = &c->list[i];
		if (strcmp(counter->key[VM], run->moved) != 0 || !counter->key[THREAD][0] ||
		    strstr(counter->key[THREAD], "vcpu") || strstr(counter->key[THREAD], "CPU"))
			continue;
		sum = (isnan(sum) ? 0 : sum) + counter->windows[WINDOW_CALL].sum;
	}
	return sum;
}

/* What both nodes used beyond their baseline, ns; NAN when one is not known. */
static double nodes_ns(const struct run *run, const struct counters *c)
{
	const char *const names[] = { run->source, run->destination };
	double sum = 0;
	for (int i = 0; i < 2; i++) {
		const struct counter *counter = counters_find(c, names[i], "", "");
		if (!counter)
			return NAN;
		const struct curve_window *call = &counter->windows[WINDOW_CALL];
		double usual = curve_window_rate(&counter->windows[WINDOW_BASELINE]), used = curve_window_rate(call);
		sum += (used - usual) * (double)(call->end_ns - call->start_ns) / 1e9;
	}
	return sum;
}

/*
 * More than this, and other work disturbed the run. What nobody accounts for is below it: with a disk read at 60 MB/s through
 * a switch in user space 0.01 of the source's core, which is full, and 0.09 of the destination's, which interrupts wake (see
 * collectors/services.h; no CONFIG_IRQ_TIME_ACCOUNTING); where that time is kept apart, 0.06 of the full core. In runs without
 * rows of services daemons, collectors and a slower switch are among it, 0.2.
 */
static const double others_noted = 0.25;

/* Whole processes: their parts are in them. */
static int is_of_the_run(const struct counter *counter)
{
	return is_service(counter) || (counter->key[VM][0] && !counter->key[THREAD][0]);
}

/* What a node's core did in the baseline beside its VMs and services. */
static void put_others(const struct run *run, const struct counters *c, const struct counter *node,
                       struct metrics *metrics)
{
	const struct curve_window *w = &node->windows[WINDOW_BASELINE];
	double length = (double)(w->end_ns - w->start_ns), others;
	if (!curve_window_whole(w))
		return;
	others = w->sum / length;
	for (int i = 0; i < c->count; i++) {
		const struct counter *own = &c->list[i];
		if (strcmp(own->key[NODE], node->key[NODE]) == 0 && is_of_the_run(own) &&
		    own->windows[WINDOW_BASELINE].covered_ns > 0)
			others -= own->windows[WINDOW_BASELINE].sum / length;
	}
	struct metric_value *v = metrics_add(metrics, "cpu_others", run_vm(run, ""), "%s:baseline", node->key[NODE]);
	v->value = others;
	/* Time that was stolen while a task ran is the core's, and in no task's own clock. */
	double stolen = metrics_value(metrics, "cpu_stolen", v->variant);
	int cores = run_node_cores(run, node->key[NODE]);
	double share = (others - (stolen > 0 ? stolen : 0)) / cores;
	if (share > others_noted)
		metrics_warn(
			metrics,
			"the core%s of node '%s' w%s %.0f %% busy with other work in the baseline phase: " METRICS_DISTURBED,
			cores > 1 ? "s" : "", node->key[NODE], cores > 1 ? "ere" : "as", 100 * share);
}

int cpu_metrics(const struct run *run, double moved_bytes, struct metrics *metrics, struct err *e)
{
	struct counters c = { .file = "cpu.csv",
		              .keys = { "node", "vm", "thread" },
		              .value = "cpu_ns",
		              .plot = "plots/cpu.csv",
		              .plot_column = "share",
		              .plot_scale = 1e-9 };
	const struct run_vm *moved = run_vm(run, run->moved);
	int result = counters_read(&c, run, e);
	if (result == 0)
		for (int i = 0; i < c.count; i++)
			put_counter(run, &c, &c.list[i], metrics);
	const char *const nodes_of_vms[] = { run->source, run->destination };
	for (int i = 0; i < 2 && result == 0; i++) {
		const struct counter *node = counters_find(&c, nodes_of_vms[i], "", "");
		if (node)
			put_others(run, &c, node, metrics);
	}
	if (result >= 0 && moved) {
		const char *no_bytes = moved_bytes > 0 ? NULL : "bytes moved are not known";
		double threads = result ? NAN : threads_ns(run, &c), nodes = result ? NAN : nodes_ns(run, &c);
		if (no_bytes)
			threads = nodes = NAN;
		metrics_put(metrics, "cpu_per_gib", moved, "threads", threads / 1e9 / (moved_bytes / gib),
		            no_bytes         ? no_bytes
		            : isnan(threads) ? "no CPU counters of the VM's threads through the migration (cpu.csv)"
		                             : NULL);
		metrics_put(metrics, "cpu_per_gib", moved, "nodes", nodes / 1e9 / (moved_bytes / gib),
		            no_bytes       ? no_bytes
		            : isnan(nodes) ? "no CPU counters of both nodes (cpu.csv)"
		                           : NULL);
	}
	counters_free(&c);
	return result < 0 ? -1 : 0;
}
