/*
 * nightly_baseline.h - what a night's runs are compared with: of each case the runs of the last set in which that case was good
 * and had been made under the same conditions.
 *
 * Where the case has been good under other conditions only, the last of these sets stands there, so that the comparison says
 * what is another. Where it never was, the case has no baseline. A pinned set is that of all cases that it has.
 *
 *	night_baseline_make(&b, n, &new, &e); compare_make(&c, &b.runs, &new, ...); night_baseline_free(&b)
 */
#ifndef BENCH_NIGHTLY_BASELINE_H
#define BENCH_NIGHTLY_BASELINE_H

#include "analysis/study.h"
#include "bench/nightly_sets.h"

struct err;
struct nightly;

struct night_baseline_case {
	char label[sizeof(((struct study_run *)0)->point)];
	int set; /* its place among the sets; one of these */
};

enum { BASELINE_NONE = -1, BASELINE_PINNED = -2 };

struct night_baseline {
	const struct nightly *n;
	const struct study_runs *new;
	struct nightly_sets sets;
	struct study_runs *read; /* by set, those that are used; and the pinned one */
	char pinned[4096];       /* absolute; "" none */
	struct night_baseline_case *cases;
	int case_count;
	struct study_runs runs; /* of all cases; each run belongs to its set */
};

/* For the cases of `new`, and those of n->study that were to be run. Free it in any case, after what was made of it. */
int night_baseline_make(struct night_baseline *ret, const struct nightly *n, const struct study_runs *new,
                        struct err *e);
void night_baseline_free(struct night_baseline *b);

/* The set of a case, an absolute path; "" none. */
const char *night_baseline_path(const struct night_baseline *b, const char *label);

/* The case's set has too few runs to show anything: take the one before it that matches, or none. 0: there was none to take
 * back, or it is pinned. */
int night_baseline_pass(struct night_baseline *b, const char *label);

/* Gather the runs again. -1 when memory is short, or a set cannot be read any more. */
int night_baseline_gather(struct night_baseline *b, struct err *e);

/* Which of the sets must stay, to be put into stays[sets->count]: the last good one of each case, those that b has used, and
 * of others, `keep` at most, the last good one of a case under its conditions. */
void night_baseline_stays(const struct night_baseline *b, struct nightly_sets *sets, int keep, char *stays);

/* Which runs a baseline's folder means: those of a set, or the folder itself. */
const char *night_baseline_folder(const char *baseline, char *buffer, size_t room);

#endif
