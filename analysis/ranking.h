/*
 * ranking.h - the members of one list or group of cases ("feature"), side by side and sorted, in each block: a
 * combination of what else varies ("load=cpu").
 *
 * First those that converged in every repeat, best first by the sort metric; then those that did in some; then those
 * that never did; then failed ones; then what could not be run here. A ratio is the mean to the reference's mean in the
 * same block; there is none where either did not always converge, since an aborted migration has no whole.
 */
#ifndef ANALYSIS_RANKING_H
#define ANALYSIS_RANKING_H

#include "analysis/interval.h"
#include "analysis/run.h"

#include <stdio.h>

struct err;
struct study_runs;

enum ranking_class { RANK_CONVERGED, RANK_SOMETIMES, RANK_NEVER, RANK_FAILED, RANK_SKIPPED };

enum { RANKING_COLUMNS_MAX = 12 };

struct ranked {
	char block[300], member[RUN_NAME_ROOM];
	enum ranking_class class;
	int runs, complete;
	double share;     /* of the complete runs that converged */
	char reason[512]; /* of the last run that has no result, or that never converged */
	struct interval values[RANKING_COLUMNS_MAX];
	int unseen[RANKING_COLUMNS_MAX];     /* of the values, those of a downtime that is not above its floor */
	char units[RANKING_COLUMNS_MAX][24]; /* as the runs have them: a rate's is that of its workload */
	double ratios[RANKING_COLUMNS_MAX];  /* to the reference; NAN: none */
	int place;                           /* in its block, from 1 */
	int apart; /* from the best of its block, by values[0] of what converged (interval_apart()); -1: not known */
	int block_order, order; /* where its first run stands */
};

struct ranking_column {
	char metric[RUN_NAME_ROOM], estimator[RUN_NAME_ROOM]; /* estimator "": the first there is */
};

struct ranking {
	struct ranking_column columns
		[RANKING_COLUMNS_MAX]; /* the first is what the ranking goes by; others have a value in some run */
	int column_count;
	struct ranked *list; /* by block, then by place */
	int count;
};

/* Sort, give places, ratios and who is apart from the best. */
void ranking_sort(struct ranking *r, const char *reference);

/* The ranking that the study's keys ask for. -1 when memory is short. Free it in any case. */
int ranking_make(struct ranking *ret, const struct study_runs *s, struct err *e);
void ranking_free(struct ranking *r);

const char *ranking_class_name(enum ranking_class class);

/* block,place,member,reference,class,share,runs,reason,apart_from_best,metric,estimator,value,low,high,n,unit,ratio,
 * caution: a row a column of a member, one without a metric where it has no result; apart_from_best: yes, no, missing. */
void ranking_write(const struct ranking *r, const char *reference, FILE *out);

#endif
