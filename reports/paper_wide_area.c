/* Figures of our own for the report on moving groups of VMs over a wide area, which has none: a study each. */
#include "reports/study_view.h"

#include <stddef.h>

#define CITED                                                                                                                 \
	"T. Hirofuchi: research report on wide-area migration of large groups of virtual machines. It names results without " \
	"figures; the sizes here are our own. "

#define OF_EACH_SCHEDULE(link, metric)                                                                               \
	{                                                                                                            \
		{ "one after the other", "link=" link " schedule=sequential", metric, "", "" },                      \
			{ "two at a time", "link=" link " schedule=two", metric, "", "" },                           \
			{ "three at a time", "link=" link " schedule=three", metric, "", "" },                       \
			{ "four at a time", "link=" link " schedule=four", metric, "", "" },                         \
			{ "six at a time", "link=" link " schedule=six", metric, "", "" },                           \
			{ "all eight at once", "link=" link " schedule=all", metric, "", "" },                       \
			{ "chosen while they run", "link=" link " schedule=adaptive", metric, "", "" },              \
	}
#define TIMES(id, link, at)                                                                                          \
	{                                                                                                            \
		.name = "group_" id,                                                                                 \
		.heading = "Time to move the group at " at                                                           \
			   "; the line: its pages that are not zero, once each, at what TCP can carry there",        \
		.axis = "time for the group (s)", .factor = 1e9, .line = "group_bound",                              \
		.bars = OF_EACH_SCHEDULE(link, "group_time"),                                                        \
	}
#define LOST(id, link, at)                                                                                           \
	{                                                                                                            \
		.name = "lost_" id, .heading = "Work lost by all eight VMs together at " at,                         \
		.axis = "seconds of work (below zero: they did more than before)", .factor = 1,                      \
		.bars = OF_EACH_SCHEDULE(link, "group_lost_work"),                                                   \
	}
#define DEFAULT ", buffers of 64 MiB"

static const struct paper_bars group_bars[] = {
	TIMES("1G_100ms", "1G-100ms", "1 Gbit/s, 100 ms"),
	LOST("1G_100ms", "1G-100ms", "1 Gbit/s, 100 ms"),
	TIMES("1G_30ms", "1G-30ms", "1 Gbit/s, 30 ms"),
	TIMES("1G_0ms", "1G-0ms", "1 Gbit/s, 0 ms"),
	TIMES("100M_100ms", "100M-100ms", "100 Mbit/s, 100 ms"),
	TIMES("100M_30ms", "100M-30ms", "100 Mbit/s, 30 ms"),
	TIMES("100M_0ms", "100M-0ms", "100 Mbit/s, 0 ms"),
	TIMES("1G_100ms_64M", "1G-100ms-64M", "1 Gbit/s, 100 ms" DEFAULT),
	TIMES("1G_30ms_64M", "1G-30ms-64M", "1 Gbit/s, 30 ms" DEFAULT),
	TIMES("1G_0ms_64M", "1G-0ms-64M", "1 Gbit/s, 0 ms" DEFAULT),
	{ 0 },
};

const struct paper groups_paper = {
	.name = "wide-area-groups",
	.title = "How many VMs of a group at a time",
	.cited = CITED "Its group moved between Japan and the USA.",
	.term = "metric(schedule + link); least(...) is the schedule with the least mean over the repeats, of those that were run",
	.note = "Moves over time, beside what went over the link, are on the page of each run. Where one connection fills the link, as "
		"with large buffers, more at a time hide how moves begin and end, and no more: small VMs gain by it, and large ones "
		"move as soon one after the other. A VM that has left gives its node to those that stay: what they gain, "
		"counted against what is lost, may make a loss negative. No schedule can be left of the line: it has what had to be "
		"sent at least, and neither what was written anew meanwhile nor how moves begin and end.",
	.bars = group_bars,
};

#define MOVED(label, before, reuse)                                                                                  \
	{                                                                                                            \
		label, "moves_before=" before " reuse=" reuse, "migration_time", "vm1", "completion"                 \
	}
#define SENT(label, before, reuse)                                                                                   \
	{                                                                                                            \
		label, "moves_before=" before " reuse=" reuse, "bytes_on_wire", "vm1", "migration:src-to-dst"        \
	}

static const struct paper_bars reuse_bars[] = {
	{ .name = "sent",
	  .heading = "What each move of a VM that goes back and forth sent over the link",
	  .axis = "MiB",
	  .factor = 1 << 20,
	  .bars = { SENT("there, as it is", "0", "no"), SENT("there, with relays", "0", "yes"),
	            SENT("back, as it is", "1", "no"), SENT("back, with relays", "1", "yes"),
	            SENT("there again, as it is", "2", "no"), SENT("there again, with relays", "2", "yes") } },
	{ .name = "moved",
	  .heading = "How long each of these moves took",
	  .axis = "migration time (s)",
	  .factor = 1e9,
	  .bars = { MOVED("there, as it is", "0", "no"), MOVED("there, with relays", "0", "yes"),
	            MOVED("back, as it is", "1", "no"), MOVED("back, with relays", "1", "yes"),
	            MOVED("there again, as it is", "2", "no"), MOVED("there again, with relays", "2", "yes") } },
	{ 0 },
};

const struct paper reuse_paper = {
	.name = "wide-area-reuse",
	.title = "What need not be sent again",
	.cited = CITED,
	.term = "metric(moves before + relays, VM, which)",
	.note = "What relays made of the stream is on the page of each run. 'make wide-area' runs the way back only, after a short "
		"stay; after ten minutes, and with a disk: the study wide-area-return.",
	.bars = reuse_bars,
};

#define RETURNED(label, point, metric, vm, way)                                                                      \
	{                                                                                                            \
		label, "case=" point, metric, vm, way                                                                \
	}

static const struct paper_bars return_bars[] = {
	{ .name = "returned",
	  .heading = "What came back over the link, with relays, of what the VM's QEMU sent",
	  .axis = "MiB",
	  .factor = 1 << 20,
	  .bars = { RETURNED("after 10 min: sent by QEMU", "late", "reuse_bytes", "vm1", "stream"),
	            RETURNED("after 10 min: on the link", "late", "reuse_bytes", "vm1", "link"),
	            RETURNED("with a disk: memory, sent by QEMU", "disk", "reuse_bytes", "vm1", "stream"),
	            RETURNED("with a disk: memory, on the link", "disk", "reuse_bytes", "vm1", "link"),
	            RETURNED("with a disk: disk, sent by QEMU", "disk", "reuse_bytes", "vm1", "disk:stream"),
	            RETURNED("with a disk: disk, on the link", "disk", "reuse_bytes", "vm1", "disk:link") } },
	{ 0 },
};

const struct paper return_paper = {
	.name = "wide-area-return",
	.title = "What a VM sends that comes back late, or with its disk",
	.cited = CITED,
	.term = "metric(point of the study, VM, which)",
	.note = "'make wide-area' runs the return with a disk; the one after ten minutes takes half an hour by itself: "
		"'make wide-area-return'.",
	.bars = return_bars,
};

#define VISIT(label, stay, metric, way)                                                                              \
	{                                                                                                            \
		label, "stay=" stay, metric, "vm1", way                                                              \
	}

static const struct paper_bars visits_bars[] = {
	{ .name = "kept",
	  .heading =
	          "How much of what the VM sent was in the memory that it had left there, by the time that it stayed elsewhere",
	  .axis = "% of its pages",
	  .factor = 1,
	  .bars = { VISIT("2 s", "2s", "pages_equal", "kept"), VISIT("15 s", "15s", "pages_equal", "kept"),
	            VISIT("45 s", "45s", "pages_equal", "kept") } },
	{ .name = "left",
	  .heading =
	          "What would have been left to send: kept pages alone, and together with deduplication and compression",
	  .axis = "% of the bytes",
	  .factor = 1,
	  .bars = { VISIT("2 s, kept", "2s", "stream_left", "kept"),
	            VISIT("2 s, together", "2s", "stream_left", "together"),
	            VISIT("15 s, kept", "15s", "stream_left", "kept"),
	            VISIT("15 s, together", "15s", "stream_left", "together"),
	            VISIT("45 s, kept", "45s", "stream_left", "kept"),
	            VISIT("45 s, together", "45s", "stream_left", "together") } },
	{ 0 },
};

const struct paper visits_paper = {
	.name = "wide-area-visits",
	.title = "What a site still has of a VM that left",
	.cited = CITED,
	.term = "metric(time away, VM, which)",
	.note = "Pages are compared by their hashes, while they pass; nothing is left out.",
	.bars = visits_bars,
};

#define LEFT(label, way)                                                                                             \
	{                                                                                                            \
		label, "case=reads", "stream_left", "vm1", way                                                       \
	}

static const struct paper_bars cached_bars[] = {
	{ .name = "left",
	  .heading =
	          "What would have been left to send of a guest that reads its disk, had something been known or compressed",
	  .axis = "% of the bytes",
	  .factor = 1,
	  .bars = { LEFT("blocks of a disk", "disk"), LEFT("its own pages", "own"),
	            LEFT("compression", "compression"), LEFT("all together", "together") } },
	{ 0 },
};

const struct paper cached_paper = {
	.name = "wide-area-cached",
	.title = "Memory that is page cache",
	.cited = CITED,
	.term = "metric(point of the study, VM, which)",
	.note = "Pages are compared with 4 KiB blocks of the shared disk by their hashes, while they pass.",
	.bars = cached_bars,
};

#define SAVED(label, point, way)                                                                                     \
	{                                                                                                            \
		label, "schedule=" point, "stream_left", "", way                                                     \
	}

static const struct paper_bars shared_bars[] = {
	{ .name = "left",
	  .heading = "What would have been left to send of all VMs, had pages that several have been sent once",
	  .axis = "% of the bytes",
	  .factor = 1,
	  .bars = { SAVED("at once: equal within a VM", "all", "own"),
	            SAVED("at once: equal across VMs", "all", "group"),
	            SAVED("at once: either", "all", "deduplication"),
	            SAVED("at once: all ways, compressed", "all", "together"),
	            SAVED("in turn: equal within a VM", "sequential", "own"),
	            SAVED("in turn: equal across VMs", "sequential", "group"),
	            SAVED("in turn: either", "sequential", "deduplication"),
	            SAVED("in turn: all ways, compressed", "sequential", "together") } },
	{ 0 },
};

const struct paper shared_paper = {
	.name = "wide-area-shared",
	.title = "Memory that VMs of a group have in common",
	.cited = CITED,
	.term = "metric(schedule, VM, which), of no VM where it is of all of them together",
	.note = "Pages are compared by their hashes, while they pass. Of two VMs with the same page the one that moves first sends it.",
	.bars = shared_bars,
};

#define GAP(vm)                                                                                                      \
	{                                                                                                            \
		vm, "case=one-by-one", "stream_gap", vm, "udp:from-guest"                                            \
	}
#define STOPPED(vm)                                                                                                  \
	{                                                                                                            \
		vm, "case=one-by-one", "stream_gap_part", vm, "from-guest:stopped"                                   \
	}
#define GAP_TOO(vm)                                                                                                  \
	{                                                                                                            \
		vm, "case=adaptive", "stream_gap", vm, "udp:from-guest"                                              \
	}

static const struct paper_bars reachable_bars[] = {
	{ .name = "gaps",
	  .heading = "How long the client did not hear each VM, which moved one after the other",
	  .axis = "longest silence (ms)",
	  .factor = 1e6,
	  .bars = { GAP("vm1"), GAP("vm2"), GAP("vm3"), GAP("vm4") } },
	{ .name = "gaps_stopped",
	  .heading = "Of the gap around its stop, while the VM was stopped",
	  .axis = "ms",
	  .factor = 1e6,
	  .bars = { STOPPED("vm1"), STOPPED("vm2"), STOPPED("vm3"), STOPPED("vm4") } },
	{ .name = "gaps_adaptive",
	  .heading = "How long the client did not hear each VM when the number at a time was chosen meanwhile",
	  .axis = "longest silence (ms)",
	  .factor = 1e6,
	  .bars = { GAP_TOO("vm1"), GAP_TOO("vm2"), GAP_TOO("vm3"), GAP_TOO("vm4") } },
	{ 0 },
};

const struct paper reachable_paper = {
	.name = "wide-area-reachable",
	.title = "Reachable throughout",
	.cited = CITED
	"Its hosts speak Mobile IPv6 for the guests; ours carry the guests' LAN through a tunnel between their "
	"switches, so that a guest keeps its address and knows nothing of it, too.",
	.term = "metric(point of the study, VM, which)",
	.note = "All traffic of the second LAN crosses the link through the tunnel.",
	.bars = reachable_bars,
};

#define LOSS(label, point, workload)                                                                                 \
	{                                                                                                            \
		label, "case=" point, "lost_work", "vm1", workload                                                   \
	}

static const struct paper_bars waiting_bars[] = {
	{ .name = "lost",
	  .heading = "Work that each process of the guest did not do",
	  .axis = "seconds of its own work",
	  .factor = 1,
	  .bars = { LOSS("1 vCPU, writes", "plain-1", "memdirty"), LOSS("1 vCPU, computes", "plain-1", "intadd"),
	            LOSS("2 vCPUs, writes", "plain-2", "memdirty"), LOSS("2 vCPUs, computes", "plain-2", "intadd"),
	            LOSS("paravirtual, 1 vCPU, writes", "async-1", "memdirty"),
	            LOSS("paravirtual, 1 vCPU, computes", "async-1", "intadd"),
	            LOSS("paravirtual, 2 vCPUs, writes", "async-2", "memdirty"),
	            LOSS("paravirtual, 2 vCPUs, computes", "async-2", "intadd") } },
	{ .name = "blocked",
	  .heading = "How long vCPUs waited for pages, as QEMU counts it, and the longest stall that a process felt",
	  .axis = "s",
	  .factor = 1e9,
	  .bars = { { "1 vCPU: vCPU 0", "case=plain-1", "postcopy_blocked", "vm1", "vcpu0" },
	            { "1 vCPU: writing stood still", "case=plain-1", "downtime", "vm1", "work" },
	            { "1 vCPU: computing stood still", "case=plain-1", "downtime", "vm1", "work:intadd" },
	            { "2 vCPUs: vCPU 0", "case=plain-2", "postcopy_blocked", "vm1", "vcpu0" },
	            { "2 vCPUs: vCPU 1", "case=plain-2", "postcopy_blocked", "vm1", "vcpu1" },
	            { "2 vCPUs: both at once", "case=plain-2", "postcopy_blocked", "vm1", "all" },
	            { "2 vCPUs: writing stood still", "case=plain-2", "downtime", "vm1", "work" },
	            { "2 vCPUs: computing stood still", "case=plain-2", "downtime", "vm1", "work:intadd" } } },
	{ 0 },
};

const struct paper waiting_paper = {
	.name = "wide-area-waiting",
	.title = "Who waits in post-copy",
	.cited = CITED
	"Its guests have a page fault handler of their own; KVM has asynchronous page faults for that, and emulated "
	"guests (TCG) have none.",
	.term = "metric(point of the study, VM, which)",
	.note = "How long each page was waited for is on the page of each run.",
	.bars = waiting_bars,
};
