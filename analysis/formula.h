/*
 * formula.h - a formula over metrics as text: what is computed is what a report shows.
 *
 *	mean_rate(3, seqread, 10M, migrating) / baseline_rate(3, seqread, 10M, migrating) - 1
 *
 * Numbers, + - * / with their usual ranks, brackets, and terms: a name with words in brackets, which the caller knows.
 * least(A, B, ...) is the one of these formulas that has the least mean over all repeats, which need not be the least in each
 * of them; those that have no value in any repeat are left out.
 */
#ifndef ANALYSIS_FORMULA_H
#define ANALYSIS_FORMULA_H

#include <stdbool.h>

struct err;

enum { FORMULA_WORDS = 6, FORMULA_WORD_ROOM = 64 };

struct formula_term {
	char name[FORMULA_WORD_ROOM];
	char words[FORMULA_WORDS][FORMULA_WORD_ROOM]; /* blanks around them gone */
	int count;
	long repeat; /* from 0 */
	bool tried;  /* least() looks at it: no matter if it is missing */
};

/* The value of a term, NAN when it is missing. */
typedef double formula_term_fn(void *context, const struct formula_term *term);

/* The value in repeat `repeat` of `repeats` (1 and more) in *ret, NAN when any term is missing; -1 when text is no formula (a
 * programming error). */
int formula_value(const char *text, long repeat, long repeats, formula_term_fn *value, void *context, double *ret,
                  struct err *e);

#endif
