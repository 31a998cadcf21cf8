/* Figure 11 of the paper on live migration between LANs with OpenFlow: migration times by disk. */
#include "reports/study_view.h"

#include <stddef.h>

static const struct paper_times openflow_times = {
	.heading = "Figure 11: migration time by size of the disk (of full scale)",
	.groups = { "256 MiB", "512 MiB", "768 MiB", "1 GiB" },
	.series = { { "live: the disk stays in the first LAN",
	              { "case=live-256M", "case=live-512M", "case=live-768M", "case=live-1G" } },
	            { "block: the disk is copied",
	              { "case=block-256M", "case=block-512M", "case=block-768M", "case=block-1G" } } },
};

const struct paper openflow_paper = {
	.name = "openflow",
	.title = "Live migration between LANs with OpenFlow",
	.cited =
		"A study of live migration between LANs with OpenFlow and OpenStack, a prototype with Xen, Open vSwitch and "
		"Trema. Its VM has 512 MiB; its four disks are not printed, ours are stated below. Its controller is Trema's, "
		"ours os-ken's; its prototype had no tunnel yet, ours has.",
	.term = "metric(point of the study, VM, which)",
	.note = "All traffic of the second LAN crosses the link through a GRE tunnel. The point bridge differs from the tunnels by "
		"more than its switch: there the way from every node to the others has the link's rate, with tunnels only the "
		"link between the LANs has it.",
	.times = &openflow_times,
};
