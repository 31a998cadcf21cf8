#include "analysis/counters.h"
#include "analysis/host_metrics.h"

#include <stdio.h>

/*
 * More than this of a node's core, and the run was disturbed: a migration that needs all of it takes a ninth longer. Below it
 * hosts that share their processors with others are on most days.
 */
static const double stolen_noted = 0.1;

static double share_of(const struct curve_window *w)
{
	return w->sum / (double)(w->end_ns - w->start_ns);
}

/* Returns the largest share of its cores that it lost in what is compared: the baseline and the migration. */
static double put_node(const struct run *run, const struct counter *node, struct metrics *metrics)
{
	double cores = (double)run_node_cores(run, node->key[0]), worst = 0;
	for (int i = 0; i < WINDOW_CALL; i++) {
		const struct curve_window *w = &node->windows[i];
		if (w->covered_ns <= 0)
			continue;
		struct metric_value *v = metrics_add(metrics, "cpu_stolen", run_vm(run, ""), "%s:%s", node->key[0],
		                                     counter_window_names[i]);
		if (!curve_window_whole(w)) {
			snprintf(v->reason, sizeof(v->reason), "stolen.csv does not cover the phase");
			continue;
		}
		v->value = share_of(w);
		if (i != WINDOW_SETTLE && v->value / cores > worst)
			worst = v->value / cores;
	}
	return worst;
}

int stolen_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	struct counters c = { .file = "stolen.csv",
		              .keys = { "node" },
		              .value = "stolen_ns",
		              .plot = "plots/stolen.csv",
		              .plot_column = "share",
		              .plot_scale = 1e-9 };
	double worst = 0;
	int result = counters_read(&c, run, e);
	for (int i = 0; result == 0 && i < c.count; i++) {
		double share = put_node(run, &c.list[i], metrics);
		if (share > worst)
			worst = share;
	}
	if (worst > stolen_noted)
		metrics_warn(metrics,
		             "up to %.0f %% of a node's core was stolen by a hypervisor below this machine while the "
		             "baseline or the migration was measured (stolen.csv, cpu_stolen): " METRICS_DISTURBED,
		             100 * worst);
	counters_free(&c);
	return result < 0 ? -1 : 0;
}
