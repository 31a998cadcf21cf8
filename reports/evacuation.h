/*
 * evacuation.h - the table of a simulated group's schedules (evacuation.csv) as text, CSV or JSON, and its page.
 */
#ifndef REPORTS_EVACUATION_H
#define REPORTS_EVACUATION_H

#include "reports/report.h"

#include <stdio.h>

/* report.html and plots/ in the folder. -1 as of report_run(). */
int evacuation_report(const char *directory, struct err *e);

int evacuation_print(FILE *out, const char *directory, enum report_format format, struct err *e);

#endif
