/*
 * The claims of Sakurai, Sano, Ishii: a live migration method for optimised virtual machine deployment, tables 3 and 5.
 *
 * A claim has a direction (with migration the work is done sooner, VMs wait less), and a size, for which a factor of two
 * to either side of the paper's figure is taken: the paper prints neither the sizes of its jobs nor an uncertainty.
 */
#include "analysis/simulated.h"

#include <math.h>
#include <string.h>

#define MINUTE 60e9
#define THREE "sakurai-three-sites"
#define FIVE "sakurai-five-sites"
#define POLICY "rtt-aware"

/* A saving of so much, and half and twice as much. */
#define SAVING(share) 1 - 2 * (share), 1 - (share) / 2
#define ABOUT(ratio) (ratio) / 2, (ratio)*2

static const char s3[] = "3 sites: with migration the work is done sooner and VMs wait less",
		  s4[] = "5 sites: with migration the work is done sooner and VMs wait less";

/* clang-format off */
const struct simulated_claim sakurai_claims[] = {
	{ THREE, "S3", s3, POLICY, METRIC_PROCESSING, 1, 0, -INFINITY, 1, "times", "0.94 (708.4 / 755.6 min)", 0 },
	{ THREE, "S3", s3, POLICY, METRIC_WAIT, 1, 0, -INFINITY, 1, "times", "0.17 (9.4 / 56.6 min)", 0 },
	{ THREE, "S3", s3, POLICY, METRIC_PROCESSING, 1, 0, SAVING(0.0625), "times", "0.94: 6 % less", 1 },
	{ THREE, "S3", s3, POLICY, METRIC_WAIT, 1, 0, ABOUT(9.4 / 56.6), "times", "0.17: about 1/6", 1 },
	{ THREE, "S3", s3, POLICY, METRIC_MOVES, 0, 0, ABOUT(2.7), "moves", "2.7", 1 },
	{ FIVE, "S4", s4, POLICY, METRIC_PROCESSING, 1, 0, -INFINITY, 1, "times", "0.86 (906.4 / 1053.4 min)", 0 },
	{ FIVE, "S4", s4, POLICY, METRIC_WAIT, 1, 0, -INFINITY, 1, "times", "0.47 (123.2 / 264.4 min)", 0 },
	{ FIVE, "S4", s4, POLICY, METRIC_PROCESSING, 1, 0, SAVING(0.1395), "times", "0.86: 14 % less", 1 },
	{ FIVE, "S4", s4, POLICY, METRIC_WAIT, 1, 0, ABOUT(123.2 / 264.4), "times", "0.47: about 1/2", 1 },
	{ FIVE, "S4", s4, POLICY, METRIC_MOVES, 0, 0, ABOUT(3.6), "moves", "3.6", 1 },
	{ 0 },
};
/* clang-format on */

#define FIGURES(study, processing, processing_none, wait, wait_none, moves)                                          \
	{ study, POLICY, METRIC_PROCESSING, (processing)*MINUTE },                                                   \
		{ study, "none", METRIC_PROCESSING, (processing_none)*MINUTE },                                      \
		{ study, POLICY, METRIC_WAIT, (wait)*MINUTE }, { study, "none", METRIC_WAIT, (wait_none)*MINUTE },   \
	{                                                                                                            \
		study, POLICY, METRIC_MOVES, moves                                                                   \
	}

static const struct {
	const char *study, *policy;
	enum simulated_metric metric;
	double value;
} figures[] = {
	FIGURES(THREE, 708.4, 755.6, 9.4, 56.6, 2.7),
	FIGURES(FIVE, 906.4, 1053.4, 123.2, 264.4, 3.6),
};

double simulated_paper_value(const char *study, const char *policy, enum simulated_metric metric)
{
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		if (strcmp(figures[i].study, study) == 0 && strcmp(figures[i].policy, policy) == 0 &&
		    figures[i].metric == metric)
			return figures[i].value;
	return NAN;
}

/* Both tables leave the same open. */
const char *simulated_study_note(const char *study)
{
	return simulated_study_known(study)
	               ? "Moves are decided by the chart of the paper's figure 5, the one it revised. The paper prints the "
	                 "sites, the memory of VMs and hosts and the round trips that are drawn from. Ours are: the lengths "
	                 "of jobs, the time between two starts, cores, where a VM starts, how much of its memory is in use, "
	                 "both thresholds (its words are that nothing moves at 30 ms), and what a move takes. Added to the "
	                 "chart: a VM must fit, and must not make the other node loaded in turn (may_overload leaves that "
	                 "out); of equally loaded nodes step 6 takes the first, or the nearest (ties). Length of the jobs "
	                 "and time between starts are one choice, not two: only their ratio matters, so one of them varies. "
	                 "Moves at the same time share the rate of the link from one site to another (transfer.shared); here that "
	                 "changes nothing, since a site has one node and a node one move at a time (at_once)."
	               : "";
}

int simulated_study_known(const char *study)
{
	for (const struct simulated_claim *c = sakurai_claims; c->id; c++)
		if (strcmp(c->study, study) == 0)
			return 1;
	return 0;
}
