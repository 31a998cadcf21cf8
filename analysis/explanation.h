/*
 * explanation.h - why a claim is not borne out: its own formulas over further runs, in which one thing was another.
 *
 * The further runs are a study of their own in the folder STUDY-explain beside the study. Each says in its config which
 * claims it is about (experiment.explains) and what was changed (experiment.cause). What they show stands beside the
 * claim; its verdict stays.
 */
#ifndef ANALYSIS_EXPLANATION_H
#define ANALYSIS_EXPLANATION_H

#include "analysis/claims.h"

/* Whether every word of "K3 K7" is the id of a claim of some paper; else the first that is none into unknown. */
int explains_known(const char *explains, char *unknown, size_t room);

/* The folder of the further runs to those in `directory`. Returns buffer. */
char *explanation_folder(const char *directory, char *buffer, size_t room);

/*
 * Write explanations.csv: claim,formula,cause,value,low,high,n,verdict,reason; a row for each part of a claim and each cause whose runs give it a value.
 */
int explanations_write(const struct study_runs *further, const struct claim_paper *paper, FILE *out, struct err *e);

#endif
