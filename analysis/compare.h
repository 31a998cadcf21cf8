/*
 * compare.h - two sets of runs, BASE and NEW: did a metric change, by how much, and how small a change could these runs
 * have shown?
 *
 * Runs of one point of a sweep (a case) are compared with those of the same point; where each side has but one point, with
 * those of that, unless it is to go by_label. Values of one metric, VM, role and estimator are compared by their medians
 * (analysis/compare_rules.h), the difference with a bootstrap interval (analysis/resample.h; of shares analysis/two_shares.h), and
 * tested by rank (analysis/rank_test.h); p-values are adjusted after Holm for all that are compared. A test that could not be
 * passed whatever the order of its values (too few, or all equal) is none of them (Tarone, Biometrics 46, 1990).
 *
 *	improved, regressed     adjusted p at most COMPARE_LEVEL, and a difference of at least the threshold, that way
 *	no difference shown     neither; `detectable` is the smallest that these runs could have shown
 *	not comparable          no value on one side, or the case is not: too many runs failed, or another link, scale,
 *	                        machine or load
 *
 * A migration that never converged counts: its times and amounts are endless, worse than any. What else was measured while it
 * was tried is no value of a migration, and not compared.
 */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include "analysis/compare_rules.h"
#include "analysis/conditions.h"
#include "analysis/metrics.h"
#include "analysis/rank_test.h"

struct err;

#define COMPARE_LEVEL 0.05
#define COMPARE_FAILED_SHARE 0.2 /* of a side's runs that may fail, and the others still speak for all */
#define COMPARE_HAD_SHARE 0.8    /* of a side's runs that have a value, and it is one that they have */

enum compare_verdict { COMPARE_IMPROVED, COMPARE_REGRESSED, COMPARE_SAME, COMPARE_NOT, COMPARE_VERDICTS };
enum { COMPARE_BASE, COMPARE_NEW, COMPARE_SIDES };

struct compared_side {
	double *values; /* INFINITY: endless */
	int n, endless, missing;
	int unmeasured; /* of the missing ones, those of which no data say that there can be none */
	int unseen;     /* of the values, those of a downtime that is not above its floor */
	int aborted;    /* of the missing ones, those of a migration that never converged */
	double center;  /* NAN: no value */
	char why[200];  /* the first one was unmeasured; "" */
};

struct compared {
	int case_index;
	char metric[RUN_NAME_ROOM], vm[RUN_NAME_ROOM], role[RUN_NAME_ROOM], estimator[3 * RUN_NAME_ROOM];
	char unit[RUN_NAME_ROOM + 2];
	enum metric_better better;
	enum center center;
	struct compared_side sides[COMPARE_SIDES];
	double difference, low, high; /* NEW - BASE, in the unit; NAN: not known */
	double threshold;
	struct rank_test test;
	double p_holm;     /* NAN: no part of the family */
	double detectable; /* NAN: not known, or none */
	int too_few;       /* whatever these runs were, nothing could have been shown */
	int alone;         /* of a case that is; its verdict is COMPARE_NOT */
	int vanished; /* COMPARE_HAD_SHARE of BASE's runs have it, and most of NEW, all without, should have measured it */
	enum compare_verdict verdict;
	char reason[300]; /* why not comparable, why `detectable` is not known, or what else is to be said; "" */
};

struct compare_case {
	char label[RUN_NAME_ROOM + 600];
	int runs[COMPARE_SIDES], failed[COMPARE_SIDES], skipped[COMPARE_SIDES];
	int flagged[COMPARE_SIDES];   /* complete ones whose link was not as asked */
	int unsteady[COMPARE_SIDES];  /* complete ones whose work rates were not steady at the end of warm-up */
	int disturbed[COMPARE_SIDES]; /* complete ones during which a node's core had other work */
	int never[COMPARE_SIDES];     /* complete ones that never converged */
	int lost[COMPARE_SIDES];      /* those that lost a VM (study_run.lost) */
	int shared;                   /* complete ones of NEW that are runs of BASE, too */
	/* Those with metrics, and the one with the median migration time (NULL: none); of the runs that were compared. */
	const struct study_run **complete[COMPARE_SIDES], *typical[COMPARE_SIDES];
	int complete_count[COMPARE_SIDES];
	char said[COMPARE_SIDES][300]; /* why the first run that failed or was skipped did; "" none */
	char lost_why[300];            /* of the first of NEW that lost a VM */
	int alone;                     /* BASE has no run of it, and need not: those of NEW stand on both sides */
	char why[900];                 /* why it is not comparable; "" */
	int broken;                    /* ... because runs of NEW failed, or there is none and has to be */
	struct condition_changes changes;
};

struct compare_options {
	struct compare_choices choices;
	const char *despite; /* of CONDITION_KINDS; "" none */
	int whole;           /* NEW has to have runs of every case of BASE */
	int by_label; /* cases of the same label only; one that BASE has no run of stands alone, and nothing is compared */
};

struct comparison {
	struct compare_case *cases;
	int case_count;
	struct compared *list; /* by case */
	int count;
	int tested; /* how many p-values were adjusted */
	double bar; /* the level that a further one had to pass */
	int needed; /* the least n of both sides with which any difference could be shown */
	int counts
		[COMPARE_VERDICTS]; /* of the list, but for what stands alone; a case that is not comparable counts as one, too */
	enum compare_verdict verdict; /* of all: regressed before improved before no difference shown */
};

/* -1 when memory is short. Free it in any case, before the runs. */
int compare_make(struct comparison *ret, const struct study_runs *base, const struct study_runs *new,
                 const struct compare_options *o, struct err *e);
void comparison_free(struct comparison *c);

/* Whether a side has no run of the case, or too many of them failed or were skipped for the others to speak for all. */
int compare_side_is_lost(const struct compare_case *of, int side);

/* An enum exit_status: EXIT_MEASURED_BAD when something regressed or a case is broken, EXIT_USAGE when nothing could be
 * compared. */
int comparison_status(const struct comparison *c);

const char *compare_verdict_name(enum compare_verdict verdict);

#endif
