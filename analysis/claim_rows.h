/*
 * claim_rows.h - for paper_*.c: rows of a table of claims without a range of ratios of their own.
 */
#ifndef ANALYSIS_CLAIM_ROWS_H
#define ANALYSIS_CLAIM_ROWS_H

#include "analysis/claims.h"

#include <math.h>

/* A part of a claim, an outcome of each repeat (or of each of `each`), and a figure that is only set beside the paper's. */
#define PART(id, text, formula, range, unit, paper)                                                                  \
	{                                                                                                            \
		id, text, formula, NULL, range, unit, paper, CLAIM_RANGE, NULL                                       \
	}
#define ANSWER(id, text, formula, range, unit, paper, answer)                                                        \
	{                                                                                                            \
		id, text, formula, NULL, range, unit, paper, CLAIM_RANGE, answer                                     \
	}
#define OUTCOME(id, text, formula, each, paper)                                                                      \
	{                                                                                                            \
		id, text, formula, each, 0, 1, "of the repeats", paper, CLAIM_OUTCOME, NULL                          \
	}
#define OUTCOME_FIGURE(id, text, formula, each, paper)                                                               \
	{                                                                                                            \
		id, text, formula, each, 0, 1, "of the repeats", paper, CLAIM_OUTCOME_FIGURE, NULL                   \
	}
#define FIGURE(id, text, formula, unit, paper)                                                                       \
	{                                                                                                            \
		id, text, formula, NULL, -INFINITY, INFINITY, unit, paper, CLAIM_FIGURE, NULL                        \
	}

#define ABOVE(limit) (limit), INFINITY
#define BELOW(limit) -INFINITY, (limit)

#endif
