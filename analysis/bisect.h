/*
 * bisect.h - where the boundary lies between values at which a migration converges and values at which it does not,
 * found with few runs: first both ends, then always the middle of what is left.
 *
 *	while (bisect_look(&range, outcomes, count, &is), is.state == BISECT_OPEN)
 *		outcomes[count++] = run at is.next
 *
 * Outcomes may be in any order and from anywhere, so that a search goes on from what there is. Where they contradict
 * each other (one converged above one that did not) the boundary is the lowest at which convergence ends.
 */
#ifndef ANALYSIS_BISECT_H
#define ANALYSIS_BISECT_H

struct bisect_range {
	double from, to, until; /* until: how narrow the bracket is to be */
};

struct bisect_outcome {
	double at, share; /* of its runs that converged, by more than half it did; NAN: none came to a result */
};

enum bisect_state {
	BISECT_OPEN,  /* next is to be tried */
	BISECT_FOUND, /* between low and high */
	BISECT_BELOW, /* not even `from` converged */
	BISECT_ABOVE, /* even `to` converged */
	BISECT_STUCK, /* what would be next came to no result */
};

struct bisect {
	enum bisect_state state;
	double next;
	double low, high; /* the highest that converged below the lowest that did not; NAN: there is none */
	int contrary;     /* outcomes that converged above high */
};

void bisect_look(const struct bisect_range *range, const struct bisect_outcome *outcomes, int count,
                 struct bisect *ret);

/* How many values are tried at most; -1: not 0 <= from < to with until > 0, or more than BISECT_STEPS_MAX. */
int bisect_steps(const struct bisect_range *range);

enum { BISECT_STEPS_MAX = 24 };

#endif
