/*
 * verdict.h - the result in sentences made from the numbers; what is missing is said to be.
 */
#ifndef REPORTS_VERDICT_H
#define REPORTS_VERDICT_H

#include <stddef.h>

struct run_data;

/* One sentence: what moved, how long, what it cost; or what failed. Returns buffer. */
char *verdict_format(const struct run_data *run, char *buffer, size_t room);

/* Which of the five downtimes differ beyond their uncertainty, and by how much. Returns buffer ("" without any). */
char *verdict_downtimes(const struct run_data *run, const char *vm, char *buffer, size_t room);

#endif
