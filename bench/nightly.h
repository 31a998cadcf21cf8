/*
 * nightly.h - a night: a study run into a set of its own, compared with the last good ones, kept in the history, shown.
 *
 *	ROOT/20261122-013000/    a set; nightly.json (analysis/nightly_write.h), summary.txt, index.html, metrics.prom
 *		study/           the runs and their pages
 *		compare/         against the baseline of each case (nightly_baseline.h), where there is one
 *		trend/           over all runs of this experiment in the history
 *	ROOT/.lock               held while a night is at work in ROOT
 *
 * Whatever fails does not end the night: it is told, in the summary too, and the rest is done.
 */
#ifndef BENCH_NIGHTLY_H
#define BENCH_NIGHTLY_H

#include "analysis/compare_rules.h"
#include "bench/study.h"

#include <stdint.h>
#include <stdio.h>

struct err;

struct nightly_options {
	const char *root;
	const char *pinned;   /* the baseline, a set or any folder of runs; NULL: of each case the last good set */
	const char *database; /* of the history */
	const char *textfile; /* metrics go there too, for node_exporter; NULL: not */
	int keep;             /* so many sets of this experiment */
	struct compare_choices choices;
};

struct nightly {
	const struct nightly_options *o;
	char set[400]; /* ROOT/DATE-TIME */
	char name[256], config[4096];
	const struct study *study; /* what was to be run; NULL: what there is */
	int64_t began_ns;          /* wall clock */
	int lock;
};

/* Check the pinned baseline and name the set's folder; nothing is made. */
int nightly_open(struct nightly *n, const struct nightly_options *o, struct err *e);
void nightly_close(struct nightly *n);

/* Take the lock of ROOT and make the set's folder, of an experiment of this name; the study goes to nightly_set_runs() of it.
 * EXIT_CANNOT when another night holds the lock; nothing is made then but ROOT. */
int nightly_begin(struct nightly *n, const char *name, const char *config, struct err *e);

/* All that is done with a set's runs once they are there: compare, keep, show (the summary on `out` too), and remove old
 * sets. Tells troubles itself; returns an exit status (analysis/nightly.h; EXIT_CANNOT also when all is well but something of
 * this could not be done). */
int nightly_conclude(struct nightly *n, int interrupted, FILE *out);

#endif
