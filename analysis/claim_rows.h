/*
 * claim_rows.h - for paper_*.c: rows of a table of claims without a range of ratios of their own.
 */
#ifndef ANALYSIS_CLAIM_ROWS_H
#define ANALYSIS_CLAIM_ROWS_H

#include "analysis/claims.h"

#include <math.h>

/* A part of a claim, and a figure that is only set beside the paper's. */
#define PART(id, text, formula, range, unit, paper)                                                                  \
	{                                                                                                            \
		id, text, formula, NULL, range, unit, paper, 0, NULL                                                 \
	}
#define ANSWER(id, text, formula, range, unit, paper, answer)                                                        \
	{                                                                                                            \
		id, text, formula, NULL, range, unit, paper, 0, answer                                               \
	}
#define FIGURE(id, text, formula, unit, paper)                                                                       \
	{                                                                                                            \
		id, text, formula, NULL, -INFINITY, INFINITY, unit, paper, 1, NULL                                   \
	}

#define ABOVE(limit) (limit), INFINITY
#define BELOW(limit) -INFINITY, (limit)

#endif
