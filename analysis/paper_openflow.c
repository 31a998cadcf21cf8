/*
 * The claims of the paper on live migration between LANs with OpenFlow. Points of the study: live-SIZE has its disk on the
 * storage node of the first LAN, block-SIZE takes it along, SIZE that of the disk at full scale, all over a GRE tunnel; vxlan,
 * geneve and bridge (one LAN, no tunnel) are live-512M with another network. The paper has GRE only: these are figures beside.
 *
 * "Does not grow" is taken for less than 10 % from the smallest disk to one four times as large; that the client can or cannot
 * access the VM meanwhile, for silence of less or more than half of the migration. "The controller counts" is taken for the
 * counters of the switch's flows, which hold the numbers that a controller can ask for: ovs-ofctl asks for them here, by the
 * same protocol.
 */
#include "analysis/claim_rows.h"

#include <math.h>

#define ABOUT_ALL 98, 102
#define SAME 0.9, 1.1

#define TIME(point) "migration_time(" point ", vm1, completion)"
#define ALIVE(point) "connection_alive(" point ", vm1, tcp)"
#define SILENT(point) "stream_gap(" point ", vm1, udp:from-guest) / " TIME(point)
#define GAP(point, way) "stream_gap(" point ", vm1, udp:" way ") / 1e6"
#define COUNTED(point, way) "flow_counted(" point ", vm1, udp:" way ")"
#define LEARNED(node) "learning_time(live-512M, vm1, " node ") / 1e6"
#define AT_STOP "switch_over_gap(live-512M, vm1, udp:from-guest) / 1e6"
#define OF_GAP(part) "stream_gap_part(live-512M, vm1, from-guest:" part ") / 1e6"

static const char survives[] = "live migration works across the layer 2 that the controller makes, and the client's "
			       "connection survives it",
		  shorter[] = "live migration is shorter than block migration, and does not grow with the disk",
		  counted[] = "each flow's traffic is counted, in the switch, as OpenFlow tells a controller",
		  accessible[] =
			  "the client can access the VM during a live migration, and cannot during a block migration";

/* clang-format off */
const struct claim openflow_claims[] = {
	OUTCOME("O1", survives, ALIVE("EACH"), "live-256M live-512M live-768M live-1G", "works (section 7.4)"),
	OUTCOME_FIGURE("O1", survives, ALIVE("EACH"), "vxlan geneve bridge", "GRE only"),
	FIGURE("O1", survives, GAP("live-512M", "from-guest"), "ms", "future work"),
	FIGURE("O1", survives, GAP("live-512M", "to-guest"), "ms", "future work"),
	FIGURE("O1", survives, AT_STOP, "ms", "future work"),
	FIGURE("O1", survives, OF_GAP("before"), "ms", "future work"),
	FIGURE("O1", survives, OF_GAP("stopped"), "ms", "future work"),
	FIGURE("O1", survives, OF_GAP("starting"), "ms", "future work"),
	FIGURE("O1", survives, OF_GAP("unreachable"), "ms", "future work"),
	FIGURE("O1", survives, OF_GAP("returning"), "ms", "future work"),
	FIGURE("O1", survives, LEARNED("dst"), "ms", "not given"),
	FIGURE("O1", survives, LEARNED("src"), "ms", "not given"),
	FIGURE("O1", survives, GAP("vxlan", "from-guest"), "ms", "not given"),
	FIGURE("O1", survives, GAP("geneve", "from-guest"), "ms", "not given"),
	FIGURE("O1", survives, GAP("bridge", "from-guest"), "ms", "not given"),

	PART("O2", shorter, TIME("block-256M") " / " TIME("live-256M"), ABOVE(1), "times", "longer (fig. 11)"),
	ANSWER("O2", shorter, TIME("block-512M") " / " TIME("live-512M"), ABOVE(1), "times", "longer (fig. 11)",
	       "With a disk as large as its memory, a VM that takes it along moves longer, by a factor of"),
	PART("O2", shorter, TIME("block-768M") " / " TIME("live-768M"), ABOVE(1), "times", "longer (fig. 11)"),
	PART("O2", shorter, TIME("block-1G") " / " TIME("live-1G"), ABOVE(1), "times", "longer (fig. 11)"),
	PART("O2", shorter, TIME("live-1G") " / " TIME("live-256M"), SAME, "times", "does not grow (fig. 11)"),
	PART("O2", shorter, TIME("block-1G") " / " TIME("block-256M"), ABOVE(1.1), "times", "grows (fig. 11)"),

	PART("O3", counted, COUNTED("live-512M", "to-guest"), ABOUT_ALL, "%", "counts (section 7.2)"),
	PART("O3", counted, COUNTED("live-512M", "from-guest"), ABOUT_ALL, "%", "counts (section 7.2)"),

	PART("O4", accessible, SILENT("live-512M"), BELOW(0.5), "of its time", "access is possible (section 8)"),
	PART("O4", accessible, SILENT("block-512M"), ABOVE(0.5), "of its time", "cannot access the VM (section 8)"),
	OUTCOME_FIGURE("O4", accessible, ALIVE("block-512M"), NULL, "not given"),
	{ 0 },
};
/* clang-format on */
