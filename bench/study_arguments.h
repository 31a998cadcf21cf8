/*
 * study_arguments.h - the command line of the commands that carry out a config: the config with what --set changes,
 * results folder, repeats, scale, format.
 */
#ifndef BENCH_STUDY_ARGUMENTS_H
#define BENCH_STUDY_ARGUMENTS_H

#include "bench/study.h"

struct arguments;

/* Fill what the caller of study_prepare() sets; an option that the command does not have was not given. `command` is
 * its name, for the manifest. study_free() it in any case. */
int study_arguments_read(const struct arguments *a, const char *command, struct study *s, struct err *e);

#endif
