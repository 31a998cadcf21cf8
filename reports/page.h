/*
 * page.h - the sections of a run's page, in the order in which they stand.
 */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include "reports/plot.h"

#include <stdio.h>

struct run_data;

void page_head(FILE *out, const struct run_data *run);
void page_warnings(FILE *out, const struct run_data *run); /* nothing when there is nothing to warn of */
void page_metrics(FILE *out, const struct run_data *run);
void page_plots(FILE *out, const struct run_data *run, const struct plot plots[PLOT_COUNT]);
void page_conditions(FILE *out, const struct run_data *run); /* asked and on, link, health, machine */
void page_reference(FILE *out,
                    const struct run_data *run); /* all metrics, definitions, events of a failed run, files */

#endif
