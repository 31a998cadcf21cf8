/*
 * simulated.h - what the runs of a simulation come to: means and intervals of each point, each policy against the
 * reference on the same runs, and a paper's claims at every point of the sweep, so that the range is seen in which they
 * hold.
 *
 * summary.csv: point,block,policy,metric,unit,value,low,high,n,first_value,first_low,first_high,first_n,
 *	ratio,ratio_low,ratio_high,first_ratio,paper	a row a metric of a point; block: its label without the policy;
 *							first: of the first runs only; ratio: to the reference's mean
 * judged.csv: block,claim,text,what,rule,paper,unit,value,low,high,n,verdict,groups,group_share,size,reason
 *							a row a part of a claim at a block; group_share: of so many
 *							groups of `first` runs each, the share whose own means fall
 *							into the claim's range
 * verdicts.csv: block,claim,direction,size,waits,alike	a row a claim at a block: its parts about the direction together,
 *							and those about the size; waits: 1 where any VM waits with the
 *							reference, else there is nothing to save; alike: the first point
 *							whose runs are the same, and those of its reference (itself, where
 *							there is none before), so that nothing is counted twice
 */
#ifndef ANALYSIS_SIMULATED_H
#define ANALYSIS_SIMULATED_H

#include "analysis/interval.h"

#include <stdint.h>

struct err;

/* A number of one run. Times in ns. */
enum simulated_metric {
	METRIC_PROCESSING, /* from the first VM's start to the end of the last job */
	METRIC_WAIT,       /* of all VMs together */
	METRIC_UNWAITED,   /* the first less the second */
	METRIC_WAIT_MEAN,  /* a VM */
	METRIC_WAIT_LONGEST,
	METRIC_WAITED,  /* VMs */
	METRIC_SOJOURN, /* a VM, from arrival to end */
	METRIC_MOVES,
	METRIC_MOVE_TIME, /* a move that arrived */
	METRIC_LOST,      /* work lost by all moves */
	METRIC_NODES,     /* with VMs on them, mean over the processing time */
	SIMULATED_METRICS
};

struct simulated_metric_row {
	const char *name, *unit, *help;
};

extern const struct simulated_metric_row simulated_metrics[SIMULATED_METRICS];

/* A paper's claim about a policy against the reference; rows with the same id, one after the other, are its parts. */
struct simulated_claim {
	const char *study, *id; /* id NULL ends */
	const char *text, *policy;
	enum simulated_metric metric;
	int ratio;        /* to the reference's mean; else the mean, divided by unit_ns where that is not 0 */
	double unit_ns;   /* of a value */
	double low, high; /* the range in which it agrees; -INFINITY, INFINITY: open, both: a figure only */
	const char *unit, *paper;
	int size; /* about how much, not only about the direction */
	/* Of a direction (one end open): a ratio nearer to the border than this, either side, is no difference that counts. */
	double smallest;
};

extern const struct simulated_claim sakurai_claims[];

/* What the paper's table has for this policy, in the metric's unit; NAN: nothing. */
double simulated_paper_value(const char *study, const char *policy, enum simulated_metric metric);

/* What of a paper's tables is the paper's, and which choices are ours; "": no such tables are known. */
const char *simulated_study_note(const char *study);

/* Which of the paper's tables that is; "": none that is known. */
const char *simulated_study_table(const char *study);

/* Whether a paper's tables of this name are known. */
int simulated_study_known(const char *study);

/*
 * The mean of x over the mean of y, pairs of the same runs, with the 95 % interval of Student's t of the linearised
 * ratio (Cochran, "Sampling Techniques", 1977, 6.4). No value where the mean of y is 0.
 */
struct interval ratio_of(const double *x, const double *y, int count);

/* Whether the folder holds a simulation. */
int simulated_is(const char *directory);

/* Write summary.csv, judged.csv and verdicts.csv. */
int simulated_analyze(const char *directory, struct err *e);

#endif
