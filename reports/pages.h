/*
 * pages.h - what of a migration need not have been sent, on a run's page: the picture (plots/pages.csv and
 * plots/pages-left.csv), and in words what of the stream was understood.
 */
#ifndef REPORTS_PAGES_H
#define REPORTS_PAGES_H

#include "reports/plot.h"

struct run_data;

/* Whether the run watched its stream. */
int pages_watched(const struct run_data *run);

/* Preamble of pages.gp. */
int pages_prepare(struct plotting *p, struct err *e);

/* A sentence a VM, and one for all that need not have been sent. */
void page_stream(FILE *out, const struct run_data *run);

#endif
