/*
 * claims.h - what a paper claims, as data, and whether the runs of a study bear it out.
 *
 * A claim is judged on a formula over metrics. A term of it is a metric and words in brackets; what the words mean is
 * the paper's row in claim_papers[], such as
 *	METRIC(VMS, WORKLOAD, RATE, ROLE[, ESTIMATOR])
 * the metric of the VM with that role, in the run with so many VMs, whose moving VM has that workload, at that link
 * rate; or
 *	METRIC(POINT, VM[, ESTIMATOR])
 * the metric of the VM in the run of that point of the sweep (a member of its label, several as A+B), or with a round trip as well
 *	METRIC(POINT, RTT[, ESTIMATOR])
 * The word - stands for any, and none in the place of a VM for a value that is of no VM. The
 * formula has a value for each repeat; their mean has a 95 % interval from three repeats on.
 *	agrees      the whole interval lies in the claim's range
 *	disagrees   the whole interval lies outside of it
 *	not shown   neither, or there is no interval
 * What either happens or does not (a connection lives, all VMs arrive) is an outcome, and judged by count:
 *	agrees      it happened in every repeat, and there are three or more
 *	disagrees   in one it did not
 *	not shown   it happened in every repeat, and there are fewer
 * A claim of several parts agrees when all do, and disagrees when any does.
 *
 * To add a paper: a table of its claims in analysis/paper_NAME.c and a row in claim_papers[] (analysis/claims.c); a
 * config with experiment.study = NAME is then judged by it.
 */
#ifndef ANALYSIS_CLAIMS_H
#define ANALYSIS_CLAIMS_H

#include "analysis/formula.h"
#include "analysis/interval.h"
#include "analysis/paper_table.h"
#include "analysis/study.h"

#include <stdio.h>

struct err;

enum claim_kind {
	CLAIM_RANGE = 0,
	CLAIM_FIGURE = 1,     /* a figure to set beside the paper's, no part of the verdict */
	CLAIM_OUTCOME,        /* of each repeat: 1, or less when it did not happen; no range */
	CLAIM_OUTCOME_FIGURE, /* the same as a figure */
	CLAIM_RANGE_IF_RUN /* a range, of no part in the verdict where the study has no run of a point that it needs */
};

struct claim {
	const char *id;      /* rows with the same id, one after the other, are parts of one claim; NULL ends */
	const char *text;    /* the claim */
	const char *formula; /* EACH in it stands for each of `each` */
	const char *each;    /* "1G 100M 10M"; NULL: the formula has no EACH */
	double low, high;    /* its range; -INFINITY, INFINITY: open */
	const char *unit;    /* of the value: "%", "points", "times", "s" */
	const char *paper;   /* the paper's figure, as it says it; one for each with | between them, or one for all */
	enum claim_kind kind;
	const char *answer; /* said with the value in the page's head, "It takes longer, by"; NULL: it is not */
};

extern const struct claim kuno_claims[], hirofuchi_claims[], sakurai_rtt_claims[], openflow_claims[];
extern const struct claim group_claims[], reuse_claims[], return_claims[], visits_claims[], cached_claims[],
	shared_claims[], reachable_claims[], waiting_claims[];
extern const struct paper_table hirofuchi_tables[];

/* What a word of a term says. */
enum claim_word {
	WORD_NONE,
	WORD_POINT,
	WORD_VMS,
	WORD_WORKLOAD,
	WORD_RATE,
	WORD_RTT,
	WORD_VM,
	WORD_ROLE,
	WORD_ESTIMATOR
};

struct claim_paper {
	const char *name; /* experiment.study; NULL ends */
	const struct claim *claims;
	enum claim_word words[FORMULA_WORDS];
	const struct paper_table *tables; /* NULL: it has none that are repeated */
};

extern const struct claim_paper claim_papers[];

/* NULL: it is not known. */
const struct claim_paper *claim_paper_find(const char *name);

/* The value that a term says, without its repeat; a word - is any. The key's texts are the term's. */
struct study_key claim_key(const struct claim_paper *paper, const struct formula_term *term);

/* Whether the row is a figure only. */
int claim_is_figure(const struct claim *c);

/* Whether a claim of any of them has this id. */
int claim_is_known(const char *id);

enum verdict { VERDICT_AGREES, VERDICT_DISAGREES, VERDICT_NOT_SHOWN };

const char *verdict_name(enum verdict verdict);

/* One value against a range, of which neither end is a part: no difference at all is not above 0. */
enum verdict claim_judge(const struct interval *value, double low, double high);

/* A share of outcomes (interval_of_outcomes()). */
enum verdict claim_judge_outcomes(const struct interval *share);

/* The value of a row by its kind; of a figure it means nothing. */
enum verdict claim_verdict(const struct claim *c, const struct interval *value);

/* The verdict on parts together; count 0 is not shown. */
enum verdict claim_together(const enum verdict *parts, int count);

/* How many parts a row has, and its part `index`: formula and the paper's figure. */
int claim_parts(const struct claim *c);
void claim_part(const struct claim *c, int index, char *formula, size_t room, char *paper, size_t paper_room);

/* The value of a formula over the repeats of the study; reason says what is missing, "" when nothing is. */
int claim_value(const struct study_runs *s, const struct claim_paper *paper, enum claim_kind kind,
                const char *formula, struct interval *ret, char *reason, size_t room, struct err *e);

/* "above 0", "below 0.5", "0.9 to 1.1", "1 in every repeat" */
char *claim_rule(const struct claim *c, char *buffer, size_t room);

/*
 * Write claims.csv: claim,claim_verdict,text,formula,rule,unit,paper,value,low,high,n,verdict,reason,answer; a row a
 * part. The verdict of what has no part in the claim's is empty.
 */
int claims_write(const struct study_runs *s, const struct claim_paper *paper, FILE *out, struct err *e);

#endif
