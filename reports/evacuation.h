/*
 * evacuation.h - the table of a simulated group's schedules (evacuation.csv) as text, CSV or JSON.
 */
#ifndef REPORTS_EVACUATION_H
#define REPORTS_EVACUATION_H

#include "reports/report.h"

#include <stdio.h>

int evacuation_print(FILE *out, const char *directory, enum report_format format, struct err *e);

#endif
