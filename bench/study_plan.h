/*
 * study_plan.h - what a study is to run, kept beside its runs (plan.json), and where it stands, on stderr.
 */
#ifndef BENCH_STUDY_PLAN_H
#define BENCH_STUDY_PLAN_H

#include "bench/study.h"

#include <stdint.h>

/* Write plan.json: every key as given, scale, repeats, and the order of the runs with its seed. */
int study_plan_write(const struct study *s, struct err *e);

/* Whether the plan in the results folder has the same keys and scale: EXIT_USAGE when not. Repeats may differ. */
int study_plan_fits(const struct study *s, struct err *e);

/* What would be run, on stdout: as text, as CSV (point,label,repeats,to_come) or as JSON (plan.json with `directory`, and the
 * same rows in `list`). */
void study_plan_print(const struct study *s, enum report_format format);

/* The rows of such a plan: add one; print a plan that has them, as CSV or JSON, and put it. */
void plan_row_add(struct json_object *plan, long point, const char *label, long repeats, long to_come);
void plan_print(struct json_object *plan, enum report_format format);

/* How many runs have not ended: `--continue` would run them. */
long study_left(const struct study *s);

/* A line a point, a mark a repeat: what is done, running and to come; with the time that is left when the mean length of
 * a run is known (0: not). Nothing with --quiet. */
void study_table_show(const struct study *s, int64_t mean_run_ns);

#endif
