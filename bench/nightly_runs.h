/*
 * nightly_runs.h - all runs that a night was to make: those that left folders, and those that were refused before they had one.
 */
#ifndef BENCH_NIGHTLY_RUNS_H
#define BENCH_NIGHTLY_RUNS_H

#include "analysis/study.h"

struct err;
struct nightly;

/*
 * Read them. A run that n->study skipped, or did not come to although no signal came, such as one for which the machine had no
 * memory, stands among the others: skipped, with the reason that the study gave, and without a directory. Free it in any case.
 */
int night_runs_read(struct study_runs *ret, const struct nightly *n, int interrupted, struct err *e);

#endif
