/*
 * study_roles.h - the work of every VM by its role: before, while and after the migration, as a table of a paper's page.
 */
#ifndef REPORTS_STUDY_ROLES_H
#define REPORTS_STUDY_ROLES_H

#include "reports/study_view.h"

#include <stdio.h>

/* The unit that a workload's rates are shown in; *ret_factor units of the series make one. */
const char *work_unit(const char *workload, double *ret_factor);

/* Nothing where no run has the role of a neighbour. */
void roles_put(FILE *out, const struct study_view *v);

#endif
