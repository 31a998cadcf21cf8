/*
 * simulated_machine.h - the section of a simulation's page that sets it beside the same scenario on machines
 * (machine.csv, analysis/simulated_machine.h).
 */
#ifndef REPORTS_SIMULATED_MACHINE_H
#define REPORTS_SIMULATED_MACHINE_H

#include "reports/simulated.h"

/* Nothing where there is none. */
void simulated_machine_put(FILE *out, const struct simulated_view *v);

/* "Against the machine: ..." for the page's head and the terminal; "" where there is none. Returns buffer. */
char *simulated_machine_words(const struct simulated_view *v, char *buffer, size_t room);

#endif
