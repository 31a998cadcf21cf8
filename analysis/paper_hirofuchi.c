/*
 * The claims of Hirofuchi, Nakada, Itoh, Sekiguchi: virtual machine packing with post-copy live migration. The points of
 * the study are staircase-postcopy, -precopy and -precopy-skip (zero pages are skipped, in VMs that have many),
 * compile-alone, -postcopy, -precopy and -none, web-postcopy, -precopy and -none. vm0 is the VM with the lighter load, nodes
 * are src (PM0) and dst (PM1).
 *
 * Times in the paper are of 2 GB VMs on 1 Gbit/s: where ours are smaller, claims are about order and ratio. "About
 * 10 s" is taken for half of it to twice as much, "about 1 s" for less than twice, "constant" and "about RAM size" for
 * 20 % to either side. What a move sent is divided by the 256 MiB of a VM of the staircase.
 *
 * Which node the VMs are gathered on is chance where both are as busy, and so which VM is moved for it: moves are told
 * apart by what they were for (away from the overloaded node, or gathering), and the second node is in use while two are.
 *
 * The paper says "about 10 s" of gathering too, read off a figure with an axis in minutes. By the paper's own rule it is less: a
 * mean over 10 s that falls from 50 % to 0 is below 30 % after 4 s. The claim is what the paper says, and this stands beside it.
 */
#include "analysis/claim_rows.h"

#include <math.h>

#define ABOUT_10 5, 20
#define ABOUT_10_OR_4 "about 10 s (by its rule 4 s: a 10 s mean from 50 % to 0 passes 30 %)"
#define ABOUT_1 0.8, 1.2
#define EXACTLY(count) (count) - 0.5, (count) + 0.5

/* Of the staircase; a move is the first with its role, whichever VM it is of. */
#define SEEN(way) "overload_seen_time(staircase-" way ", -, 1:src)"
#define RESOLVED(way) "overload_resolve_time(staircase-" way ", -, 1:src)"
#define OVERLOADED(way) "overload_time(staircase-" way ", -, src)"
#define GATHERED(way) "gather_seen_time(staircase-" way ", -, 1)"
#define SWITCH(way, move) "loop_switch_time(staircase-" way ", -, " move ")"
#define MOVE(way, move) "loop_move_time(staircase-" way ", -, " move ")"
#define MOVED_SIZE(way, move) "loop_move_bytes(staircase-" way ", -, " move ") / 268435456"
#define IN_USE(point) "second_node_in_use(" point ", -)"
#define SECONDS(time) time " / 1e9"
#define MORE_SECONDS(time, other) "(" time " - " other ") / 1e9"
#define AWAY "1:away"
#define GATHER "1:gather"

/* How long vm0's compile took, per cent of alone; the per cent that a class has of a VM's responses. */
#define COMPILE(way) "100 * job_time(compile-" way ", vm0) / job_time(compile-alone, vm0)"
#define WEB(way, vm, class) "responses(web-" way ", " vm ", " class ")"

static const char planner
	[] = "about 10 s after an overload begins the lighter VM is moved away, about 10 s after it all are gathered",
 switches[] = "post-copy switches the execution host in about 1 s, pre-copy when all memory is sent: an overload "
	      "lasts far longer",
 state[] = "all state moved: post-copy takes a constant time, shorter than pre-copy, and moves about the RAM size",
 compile[] = "a kernel compile beside another: hardly slowed with post-copy, more with pre-copy, most without moves",
 second_node[] = "the second node is in use for less time with post-copy",
 web[] = "web sessions: fewer responses are good with pre-copy than with post-copy, most clearly on the loaded VM",
 skipped[] = "with zero pages skipped, pre-copy of a mostly empty VM is much shorter";

/* clang-format off */
const struct claim hirofuchi_claims[] = {
	PART("H1", planner, SECONDS(SEEN("postcopy")), ABOUT_10, "s", "about 10 s"),
	PART("H1", planner, SECONDS(SEEN("precopy")), ABOUT_10, "s", "about 10 s"),
	PART("H1", planner, SECONDS(GATHERED("postcopy")), ABOUT_10, "s", ABOUT_10_OR_4),
	PART("H1", planner, SECONDS(GATHERED("precopy")), ABOUT_10, "s", ABOUT_10_OR_4),
	PART("H1", planner, "moved_first(staircase-postcopy, vm0)", EXACTLY(1), "share", "the lighter VM"),
	PART("H1", planner, "moved_first(staircase-precopy, vm0)", EXACTLY(1), "share", "the lighter VM"),
	PART("H1", planner, "nodes_at_end(staircase-postcopy, -)", EXACTLY(1), "nodes", "all are gathered"),
	PART("H1", planner, "nodes_at_end(staircase-precopy, -)", EXACTLY(1), "nodes", "all are gathered"),

	PART("H2", switches, SECONDS(SWITCH("postcopy", AWAY)), BELOW(2), "s", "about 1 s"),
	FIGURE("H2", switches, SECONDS(SWITCH("precopy", AWAY)), "s", "about 60 s"),
	PART("H2", switches, SWITCH("precopy", AWAY) " / " SWITCH("postcopy", AWAY), ABOVE(5), "times", "about 60"),
	FIGURE("H2", switches, SECONDS(RESOLVED("postcopy")), "s", "about 1 s"),
	FIGURE("H2", switches, SECONDS(RESOLVED("precopy")), "s", "about 60 s"),
	ANSWER("H2", switches, MORE_SECONDS(RESOLVED("precopy"), RESOLVED("postcopy")), ABOVE(0), "s", "about 60 s",
	       "Once an overload is seen, pre-copy takes longer to resolve it than post-copy, by"),
	ANSWER("H2", switches, MORE_SECONDS(OVERLOADED("precopy"), OVERLOADED("postcopy")), ABOVE(0), "s", "about 60 s",
	       "In all, the node is overloaded for longer with pre-copy, by"),

	FIGURE("H3", state, SECONDS(MOVE("postcopy", AWAY)), "s", "about 40 s"),
	FIGURE("H3", state, SECONDS(MOVE("precopy", AWAY)), "s", "about 60 s"),
	PART("H3", state, MOVE("postcopy", AWAY) " / " MOVE("postcopy", GATHER), ABOUT_1, "times", "constant"),
	PART("H3", state, MOVE("precopy", AWAY) " / " MOVE("postcopy", AWAY), ABOVE(1), "times", "1.5"),
	PART("H3", state, MOVED_SIZE("postcopy", AWAY), ABOUT_1, "times", "about RAM size"),
	PART("H3", state, MOVED_SIZE("postcopy", GATHER), ABOUT_1, "times", "about RAM size"),

	FIGURE("H4", compile, "job_time(compile-alone, vm0) / 1e9", "s", "220.40 s"),
	PART("H4", compile, COMPILE("postcopy") " - 100", BELOW(10), "%", "+2 %"),
	PART("H4", compile, COMPILE("precopy") " - " COMPILE("postcopy"), ABOVE(0), "points", "+15"),
	PART("H4", compile, COMPILE("none") " - " COMPILE("precopy"), ABOVE(0), "points", "+40"),

	PART("H5", second_node, IN_USE("compile-precopy") " / " IN_USE("compile-postcopy"), ABOVE(1), "times",
	     "1.2 (320 s, 260 s)"),
	FIGURE("H5", second_node, MORE_SECONDS(IN_USE("staircase-precopy"), IN_USE("staircase-postcopy")), "s", "not given"),

	PART("H6", web, WEB("postcopy", "vm0", "good") " - " WEB("precopy", "vm0", "good"), ABOVE(0), "points", "1.04"),
	PART("H6", web, WEB("postcopy", "vm1", "good") " - " WEB("precopy", "vm1", "good"), ABOVE(0), "points", "13.05"),
	PART("H6", web, WEB("precopy", "vm1", "failed") " - " WEB("postcopy", "vm1", "failed"), ABOVE(0), "points",
	     "9.48"),

	FIGURE("H7", skipped, SECONDS(SWITCH("precopy-skip", AWAY)), "s", "much shorter (figs. 11-14)"),
	PART("H7", skipped, MOVE("precopy-skip", AWAY) " / " MOVE("precopy", AWAY), BELOW(0.5), "times",
	     "much shorter"),
	{ 0 },
};
/* clang-format on */

/* Table 1: seconds, and per cent of alone; the paper's per cents are of its seconds. */
#define JOB(way, vm) "job_time(compile-" way ", " vm ") / 1e9"
#define OF_ALONE(way, vm) "100 * job_time(compile-" way ", " vm ") / job_time(compile-alone, vm0)"
/* clang-format off */
#define JOBS(name, way, paper0, paper1) \
	{ name, "VM0", JOB(way, "vm0"), OF_ALONE(way, "vm0"), paper0 }, \
	{ name, "VM1", JOB(way, "vm1"), OF_ALONE(way, "vm1"), paper1 }

static const struct paper_cell compile_cells[] = {
	{ "alone", "VM0", JOB("alone", "vm0"), OF_ALONE("alone", "vm0"), "220.40 (100 %)" },
	{ "alone", "VM1", NULL, NULL, "" },
	JOBS("post-copy", "postcopy", "225.15 (102 %)", "225.70 (102 %)"),
	JOBS("pre-copy", "precopy", "257.21 (117 %)", "259.45 (118 %)"),
	JOBS("no relocation", "none", "345.26 (157 %)", "345.90 (157 %)"),
	{ 0 },
};

static const struct paper_cell in_use_cells[] = {
	{ "post-copy", "second node", SECONDS(IN_USE("compile-postcopy")), NULL, "about 260" },
	{ "pre-copy", "second node", SECONDS(IN_USE("compile-precopy")), NULL, "about 320" },
	{ 0 },
};

/* Table 2: responses, and per cent of all of the VM's. */
#define COUNT(way, vm, class) "response_count(web-" way ", " vm ", " class ")"
#define RESPONSES(name, way, vm, good, tolerable, failed) \
	{ name, "good", COUNT(way, vm, "good"), WEB(way, vm, "good"), good }, \
	{ name, "tolerable", COUNT(way, vm, "tolerable"), WEB(way, vm, "tolerable"), tolerable }, \
	{ name, "failed", COUNT(way, vm, "failed"), WEB(way, vm, "failed"), failed }

static const struct paper_cell web_cells[] = {
	RESPONSES("post-copy (VM0)", "postcopy", "vm0", "3622 (99.15 %)", "23 (0.63 %)", "8 (0.22 %)"),
	RESPONSES("post-copy (VM1)", "postcopy", "vm1", "4119 (89.56 %)", "299 (6.50 %)", "181 (3.94 %)"),
	RESPONSES("pre-copy (VM0)", "precopy", "vm0", "3522 (98.11 %)", "19 (0.53 %)", "49 (1.36 %)"),
	RESPONSES("pre-copy (VM1)", "precopy", "vm1", "3130 (76.51 %)", "412 (10.07 %)", "549 (13.42 %)"),
	RESPONSES("no relocation (VM0)", "none", "vm0", "", "", ""),
	RESPONSES("no relocation (VM1)", "none", "vm1", "", "", ""),
	{ 0 },
};

const struct paper_table hirofuchi_tables[] = {
	{ "Table 1: time of a kernel compile (s)", "In brackets: per cent of alone.", "s", compile_cells },
	{ "Section 5.2: how long the second node was in use (s)", "", "s", in_use_cells },
	{ "Table 2: quality of responses", "How many of each class, and their share of all of the VM's.", "", web_cells },
	{ 0 },
};
/* clang-format on */
