/* idle - no load at all: what sampling itself costs, and how punctual it is. */
#include "workloads/workload.h"

static const struct option_row idle_options[] = { OPTION_END };

static void idle_sampled(struct workload *w, int64_t deadline_ns, int64_t now_ns)
{
	workload_op_begin(w, deadline_ns);
	workload_op_end(w, now_ns, atomic_load_explicit(&w->work, memory_order_relaxed) + 1);
}

const struct workload_ops idle_workload = {
	.name = "idle",
	.unit = "samples",
	.operation = "waking up for a sample, from its deadline on",
	.help = "does nothing but be sampled: the harness's own cost",
	.options = idle_options,
	.sampled = idle_sampled,
};
