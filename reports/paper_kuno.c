/* The figures of Kuno, Niii, Yamaguchi as a picture each: link speeds across, VMs down. */
#include "reports/study_view.h"

#include <stddef.h>

static const struct paper_figure kuno_figures[] = {
	{ "kuno_1_cpu", "Figures 2, 3, 4: CPU, one VM", 1, "intadd", { { "2", "3", "4" } } },
	{ "kuno_1_io", "Figures 5, 6, 7: I/O, one VM", 1, "seqread", { { "5", "6", "7" } } },
	{ "kuno_1_memory", "Figures 8, 9, 10: memory writing, one VM", 1, "memdirty", { { "8", "9", "10" } } },
	{ "kuno_3_cpu",
	  "Figures 13, 16 to 21: CPU, three VMs",
	  3,
	  "intadd",
	  { { "16", "13-a", "19" }, { "17", "13-b", "20" }, { "18", "13-c", "21" } } },
	{ "kuno_3_io",
	  "Figures 14, 22 to 27: I/O, three VMs",
	  3,
	  "seqread",
	  { { "22", "14-a", "25" }, { "23", "14-b", "26" }, { "24", "14-c", "27" } } },
	{ "kuno_3_memory",
	  "Figures 15, 28 to 33: memory writing, three VMs",
	  3,
	  "memdirty",
	  { { "28", "15-a", "31" }, { "29", "15-b", "32" }, { "30", "15-c", "33" } } },
	{ NULL, NULL, 0, NULL, { { NULL } } },
};

const struct paper kuno_paper = {
	.name = "kuno",
	.title = "Performance of processes on a VM being live-migrated",
	.cited =
		"Y. Kuno, K. Niii, S. Yamaguchi: a study of the performance of processes on a virtual machine being live-migrated",
	.term = "metric(VMs, workload, link, role)",
	.note = "Grey: the migration; red: the VM that moves is stopped. Time counts from the start of the work, as in the paper.",
	.rates_bits_per_s = { 1e9, 100e6, 10e6 },
	.rate_names = { "1 Gbit/s", "100 Mbit/s", "10 Mbit/s" },
	.figures = kuno_figures,
	.times_heading = "Figure 11: migration time, one VM",
};
