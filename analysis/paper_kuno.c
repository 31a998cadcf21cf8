/*
 * The claims of Kuno, Niii, Yamaguchi: performance of processes on a VM being live-migrated. One VM is figures 2-11,
 * three are 13-33: vm1 moves (migrating), vm2 waits at the destination, vm3 stays at the source.
 *
 * Where the paper says "hardly", "the same" or "small part" without a number, the range says what is taken for it: 10 %
 * to either side, and less than half.
 */
#include "analysis/claims.h"

#include <math.h>

#define ALL "1G 100M 10M"
#define SLOW "100M 10M"
#define ABOVE(limit) (limit), INFINITY
#define BELOW(limit) -INFINITY, (limit)
#define SAME 0.9, 1.1
#define FIGURE -INFINITY, INFINITY

/* Per cent kept while migrating. */
#define KEPT(vms, workload, rate, role)                                                                              \
	"100 * mean_rate(" vms ", " workload ", " rate ", " role ") / baseline_rate(" vms ", " workload ", " rate    \
	", " role ")"

static const char loss_grows[] = "CPU loss while migrating grows with link speed",
		  same_time[] = "the time to finish the CPU job hardly depends on link speed",
		  io_small[] = "I/O keeps only a small part of its normal rate while migrating, at every speed",
		  io_worse[] = "I/O loses far more than CPU",
		  memory_long[] = "changing memory lengthens migration time and downtime",
		  slow_mild[] = "slower link, smaller loss",
		  source_worse[] = "VMs on the source host lose more than VMs on the destination",
		  no_matter[] = "for CPU, being the VM that moves does not matter",
		  io_higher[] = "at 100M and 10M the I/O of vm1 and vm3 is higher while migrating, vm2's lower",
		  stop_helps[] = "while vm1 is stopped by its migration, vm3 gets faster";

/* clang-format off */
const struct claim kuno_claims[] = {
	{ "K1", loss_grows, "degradation(1, intadd, EACH, migrating)", ALL, FIGURE, "%", "50 %|15 %|5 %", 1, NULL },
	{ "K1", loss_grows, "degradation(1, intadd, 1G, migrating) - degradation(1, intadd, 100M, migrating)", NULL,
	  ABOVE(0), "points", "35", 0, NULL },
	{ "K1", loss_grows, "degradation(1, intadd, 100M, migrating) - degradation(1, intadd, 10M, migrating)", NULL,
	  ABOVE(0), "points", "10", 0, NULL },

	{ "K2", same_time, "job_time(1, intadd, EACH, migrating) / 1e9", ALL, FIGURE, "s", "289 s|301 s|285 s", 1, NULL },
	{ "K2", same_time, "job_time(1, intadd, EACH, migrating) / job_time(1, intadd, 100M, migrating)", "1G 10M",
	  SAME, "times", "0.96|0.95", 0, NULL },

	{ "K3", io_small, KEPT("1", "seqread", "EACH", "migrating"), ALL, BELOW(50), "%", "20 %|10 %|10 %", 0, NULL },

	{ "K4", io_worse, "degradation(1, seqread, EACH, migrating) - degradation(1, intadd, EACH, migrating)", ALL,
	  ABOVE(20), "points", "30|75|85", 0, NULL },

	{ "K5", memory_long, "migration_time(1, memdirty, EACH, migrating, completion) / "
	  "migration_time(1, intadd, EACH, migrating, completion)", ALL, ABOVE(1), "times", "more (fig. 11)", 0, NULL },
	{ "K5", memory_long, "downtime(1, memdirty, EACH, migrating, stop_resume) / "
	  "downtime(1, intadd, EACH, migrating, stop_resume)", ALL, ABOVE(1), "times", "more (figs. 8-10)", 0, NULL },

	{ "K6", slow_mild, "degradation(1, intadd, 1G, migrating) - degradation(1, intadd, 10M, migrating)", NULL,
	  ABOVE(0), "points", "45", 0, NULL },
	{ "K6", slow_mild, "degradation(3, memdirty, 1G, migrating) - degradation(3, memdirty, 10M, migrating)", NULL,
	  ABOVE(0), "points", "smaller loss", 0, NULL },

	{ "K7", source_worse, "degradation(3, intadd, EACH, source-neighbour) - "
	  "degradation(3, intadd, EACH, destination-neighbour)", ALL, ABOVE(0), "points", "more", 0, NULL },
	{ "K7", source_worse, "degradation(3, seqread, EACH, source-neighbour) - "
	  "degradation(3, seqread, EACH, destination-neighbour)", ALL, ABOVE(0), "points",
	  "more|more, but K9: less|more, but K9: less", 0, NULL },
	{ "K7", source_worse, "degradation(3, memdirty, EACH, source-neighbour) - "
	  "degradation(3, memdirty, EACH, destination-neighbour)", ALL, ABOVE(0), "points", "more", 0, NULL },

	{ "K8", no_matter, "baseline_rate(3, intadd, EACH, migrating) / "
	  "baseline_rate(3, intadd, EACH, source-neighbour)", ALL, SAME, "times", "the same", 0, NULL },
	{ "K8", no_matter, "settled_rate(3, intadd, EACH, migrating) / "
	  "settled_rate(3, intadd, EACH, destination-neighbour)", ALL, SAME, "times", "the same", 0, NULL },

	{ "K9", io_higher, KEPT("3", "seqread", "EACH", "migrating"), SLOW, ABOVE(100), "%", "higher", 0, NULL },
	{ "K9", io_higher, KEPT("3", "seqread", "EACH", "source-neighbour"), SLOW, ABOVE(100), "%", "higher", 0, NULL },
	{ "K9", io_higher, KEPT("3", "seqread", "EACH", "destination-neighbour"), SLOW, BELOW(100), "%", "lower", 0, NULL },
	{ "K9", io_higher, "mean_rate(3, seqread, EACH, migrating) / mean_rate(3, seqread, EACH, source-neighbour)",
	  SLOW, SAME, "times", "the same", 0, NULL },

	{ "K10", stop_helps, "stopped_rate(3, memdirty, EACH, source-neighbour) / "
	  "baseline_rate(3, memdirty, EACH, source-neighbour)", ALL, ABOVE(1), "times", "faster", 0, NULL },
	{ 0 },
};
/* clang-format on */
