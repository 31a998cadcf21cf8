/*
 * study_claims.h - the claims of a paper, judged (claims.csv), on a study's page.
 */
#ifndef REPORTS_STUDY_CLAIMS_H
#define REPORTS_STUDY_CLAIMS_H

#include "reports/study_view.h"

#include <stdio.h>

/* "K1, K3: agrees.", and what the values of some answer. */
void claims_put_summary(FILE *out, const struct study_view *v);

/* Each claim and its parts. */
void claims_put(FILE *out, const struct study_view *v);

#endif
