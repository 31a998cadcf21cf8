/*
 * nightly.h - what a night's runs come to: a verdict on the whole, from the comparison of its set of runs with a baseline.
 *
 *	baseline        there was none to compare with: this set is the first
 *	fine            nothing regressed, and nothing improved
 *	improved        something did, and nothing regressed
 *	regressed       something did
 *	broken          so many runs of a case failed, or cannot be made any more, that it has no result
 *	not comparable  all runs were made under other conditions (link, scale, machine, load): a new begin
 *	skipped         this machine could make none of the runs
 *	interrupted     a signal came
 *
 * A set may be a baseline for the nights after it when it is none of regressed, broken, skipped and interrupted. So a
 * regression is told every night until it is gone, or somebody pins a set that has it.
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
	NIGHT_SKIPPED,
	NIGHT_INTERRUPTED,
	NIGHT_VERDICTS
};

struct night {
	enum night_verdict verdict;
	char why[600]; /* what else is to be said: which case is broken, why nothing is comparable; "" */
	int broken;    /* cases that are */
	int complete, failed, skipped; /* runs of the set */
};

/* c: baseline and set; has_baseline 0: the set stands on both sides. */
void night_judge(struct night *ret, const struct comparison *c, int has_baseline, int interrupted);

/* Whether the set has no result of a case that it should have: runs of it failed, or were skipped while the baseline has
 * them. A case that was taken out of the config is not broken. */
int night_case_is_broken(const struct compare_case *of, int has_baseline);

/* Whether the nights after it may be compared with a set of this verdict. */
int night_is_good(enum night_verdict verdict);

/* An enum exit_status: EXIT_DONE, EXIT_MEASURED_BAD (regressed, broken), EXIT_CANNOT (skipped), EXIT_INTERRUPTED. */
int night_status(enum night_verdict verdict);

const char *night_verdict_name(enum night_verdict verdict);

/* Of a name; -1: it is none. */
int night_verdict_find(const char *name);

#endif
