/* Figures 2 and 3 of Sakurai, Sano, Ishii: migration time against the round trip, for two sizes of memory in use. */
#include "reports/study_view.h"

#include <stddef.h>

static const struct paper_curves sakurai_curves = {
	"sakurai_rtt",
	"Figures 2 and 3: preset RTT against actual transfer time",
	{ { "used=0.60", "Figure 2: 0.60 GiB in use" }, { "used=1.00", "Figure 3: 1.00 GiB in use" } },
	"What TCP carried at each round trip: 1.00 GiB in use, the first run of each",
};

const struct paper sakurai_rtt_paper = {
	.name = "sakurai-rtt",
	.title = "Time of a migration against round trip and memory in use",
	.cited =
		"K. Sakurai, H. Sano, H. Ishii: a proposal on live migration method for optimised virtual machine "
		"deployment. The paper's VM has 2 GiB, of which 0.60 or 1.00 GiB are in use; ours has that much and no more, "
		"since what a guest has never written is not sent.",
	.term = "metric(GiB in use, RTT)",
	.note = "Times are means over the repeats with their 95 % intervals; one without is of a single run.",
	.curves = &sakurai_curves,
	.beside_heading = "What the paper could not switch: migration time at one round trip",
};
