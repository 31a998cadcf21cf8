/*
 * evacuation.h - the table of a simulated group's schedules (evacuation.csv) as text, CSV or JSON, and its page.
 */
#ifndef REPORTS_EVACUATION_H
#define REPORTS_EVACUATION_H

#include "reports/report.h"

#include <stdio.h>

/* The page, report.html in the folder or output, and its plots/. */
int evacuation_report(const char *directory, const char *output, struct err *e);

int evacuation_print(FILE *out, const char *directory, enum report_format format, struct err *e);

#endif
