/* The figures of Hirofuchi, Nakada, Itoh, Sekiguchi as a picture an experiment: ways to move across, nodes and VMs down. */
#include "reports/study_view.h"

#include <stddef.h>

static const struct paper_loops hirofuchi_loops[] = {
	{ "staircase",
	  "Figures 3 to 14: the staircase",
	  { { "case=staircase-postcopy", "post-copy", { "3", "4", "5", "6" } },
	    { "case=staircase-precopy", "pre-copy", { "7", "8", "9", "10" } },
	    { "case=staircase-precopy-skip", "pre-copy, zero pages skipped", { "11", "12", "13", "14" } } } },
	{ "compile",
	  "Figures 15 to 22: kernel compiles",
	  { { "case=compile-postcopy", "post-copy", { "15", "16", "17", "18" } },
	    { "case=compile-precopy", "pre-copy", { "19", "20", "21", "22" } },
	    { "case=compile-none", "no relocation (not in the paper)", { NULL } } } },
	{ "web",
	  "Figures 23 to 30: web sessions",
	  { { "case=web-postcopy", "post-copy", { "23", "24", "25", "26" } },
	    { "case=web-precopy", "pre-copy", { "27", "28", "29", "30" } },
	    { "case=web-none", "no relocation (not in the paper)", { NULL } } } },
	{ NULL, NULL, { { NULL, NULL, { NULL } } } },
};

static const struct paper_loops hirofuchi_replies[] = {
	{ "web_responses",
	  "Figures 31 to 34: quality of the responses to web sessions",
	  { { "case=web-postcopy", "post-copy", { "31", "32" } },
	    { "case=web-precopy", "pre-copy", { "33", "34" } },
	    { "case=web-none", "no relocation (not in the paper)", { NULL } } } },
	{ NULL, NULL, { { NULL, NULL, { NULL } } } },
};

const struct paper hirofuchi_paper = {
	.name = "hirofuchi",
	.title = "VM packing with post-copy live migration",
	.cited =
		"T. Hirofuchi, H. Nakada, S. Itoh, S. Sekiguchi: virtual machine packing with post-copy live migration "
		"(2010). The paper's VMs have 2 GB and move over 1 Gbit/s, its staircase has steps of 60 s, its compiles take "
		"220 s, and its sessions are 100, and 20 to 200; sizes here are below.",
	.term = "metric(point of the study, VM, which); - is any",
	.note = "src is PM0 of the paper, dst PM1. Time counts from the begin of the loop.",
	.loops = hirofuchi_loops,
	.replies = hirofuchi_replies,
};
