/*
 * reuse.h - what relays kept off the link, on a run's page: the picture (plots/reuse.csv and plots/reuse-moves.csv).
 */
#ifndef REPORTS_REUSE_H
#define REPORTS_REUSE_H

#include "reports/plot.h"

struct run_data;

/* Whether the run's moves went through relays. */
int reuse_relayed(const struct run_data *run);

/* Preamble of reuse.gp. */
int reuse_prepare(struct plotting *p, struct err *e);

#endif
