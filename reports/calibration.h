/*
 * calibration.h - show what a calibration came to: a table on a terminal, a section of the page.
 */
#ifndef REPORTS_CALIBRATION_H
#define REPORTS_CALIBRATION_H

#include "reports/report.h"

#include <stdio.h>

struct err;
struct run_data;

/* Print the tables of a run directory with a calibration, as REPORT_TEXT or REPORT_MARKDOWN. -1 when there is none. */
int report_calibration(FILE *out, const char *run_directory, enum report_format format, struct err *e);

/* The tables below the plot. */
void page_calibration(FILE *out, const struct run_data *run);

#endif
