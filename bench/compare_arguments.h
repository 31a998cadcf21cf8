/*
 * compare_arguments.h - the options of the commands that compare: which metrics, and what of them matters.
 */
#ifndef BENCH_COMPARE_ARGUMENTS_H
#define BENCH_COMPARE_ARGUMENTS_H

struct arguments;
struct compare_choices;
struct err;

/* The choices hold texts of the arguments. */
int compare_arguments_read(const struct arguments *a, struct compare_choices *ret, struct err *e);

/* Rows of their tables of options. */
#define COMPARE_OPTION_METRIC                                                                                        \
	"metric", 'm', "METRIC", "compare this one: METRIC, METRIC:ESTIMATOR, a pattern, or all; may be repeated",   \
		NULL
#define COMPARE_OPTION_THRESHOLD                                                                                     \
	"threshold", 't', "[METRIC=]PCT",                                                                            \
		"what a change must reach to matter, such as 5% or downtime=20%; may be repeated", NULL

#endif
