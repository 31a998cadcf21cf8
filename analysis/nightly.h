/*
 * nightly.h - what a night's runs come to: a verdict on each case, and on the whole, from the comparison of its set of runs
 * with a baseline.
 *
 *	baseline        there was none to compare with: this set is the first
 *	fine            nothing regressed, and nothing improved
 *	improved        something did, and nothing regressed
 *	regressed       something did
 *	broken          a case has no result that it should have: so many of its runs failed, or cannot be made any more; a VM was
 *	                lost, or its memory changed, as in no run of the baseline; a metric that the baseline has was not measured
 *	not comparable  all runs were made under other conditions (link, scale, machine, load): a new begin for nights under these
 *	inconclusive    whatever the runs were, they are too few for a difference of any time or amount to be shown
 *	skipped         this machine could make none of the runs, or too few
 *	interrupted     a signal came
 *	no runs         of a case only: none was made
 *
 * A set may be the baseline of a case for the nights after it when the case was baseline, fine, improved or not comparable in
 * it, whatever became of other cases, and no signal came. So a regression is told every night until it is gone, or somebody pins
 * a set that has it.
 */
#ifndef ANALYSIS_NIGHTLY_H
#define ANALYSIS_NIGHTLY_H

#include "analysis/compare.h"

enum night_verdict {
	NIGHT_BASELINE,
	NIGHT_FINE,
	NIGHT_IMPROVED,
	NIGHT_REGRESSED,
	NIGHT_BROKEN,
	NIGHT_NOT_COMPARABLE,
	NIGHT_INCONCLUSIVE,
	NIGHT_SKIPPED,
	NIGHT_INTERRUPTED,
	NIGHT_NO_RUNS,
	NIGHT_VERDICTS
};

struct night_case {
	enum night_verdict verdict;
	char why[900]; /* "" */
};

struct night {
	enum night_verdict verdict;
	char why[600]; /* what else is to be said: which case is broken, why nothing is comparable; "" */
	int broken;    /* cases that are */
	int complete, failed, skipped; /* runs of the set */
};

/* One case of the comparison. has_baseline 0: the set stands on both sides, of every case. */
void night_judge_case(struct night_case *ret, const struct comparison *c, int index, int has_baseline);

/* All of them. */
void night_judge(struct night *ret, const struct comparison *c, int has_baseline, int interrupted);

/* Whether the case has no baseline. */
int night_case_begins(const struct compare_case *of, int has_baseline);

/* Whether the nights after it may be compared with what has this verdict. */
int night_is_good(enum night_verdict verdict);

/* An enum exit_status: EXIT_DONE, EXIT_MEASURED_BAD (regressed, broken), EXIT_CANNOT (skipped), EXIT_INTERRUPTED. */
int night_status(enum night_verdict verdict);

const char *night_verdict_name(enum night_verdict verdict);

/* Of a name, or of what a case was called in sets of earlier versions ("no difference shown"); -1: it is none. */
int night_verdict_find(const char *name);

#endif
