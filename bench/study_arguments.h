/*
 * study_arguments.h - the command line of the commands that carry out a config: the config with what --set changes,
 * results folder, repeats, scale, format.
 */
#ifndef BENCH_STUDY_ARGUMENTS_H
#define BENCH_STUDY_ARGUMENTS_H

#include "bench/study.h"

struct arguments;

/* Fill what the caller of study_prepare() sets; an option that the command does not have was not given. `command` is
 * its name, for the manifest, and that of the config where none is given. study_free() it in any case. */
int study_arguments_read(const struct arguments *a, const char *command, struct study *s, struct err *e);

/* What --format says; text when it was not given. */
enum report_format study_arguments_format(const struct arguments *a);

/* Rows of their tables of options. */
#define STUDY_OPTION_SET                                                                                             \
	"set", 's', "SECTION.KEY=VALUE",                                                                             \
		"change a key of the config; 'vm' stands for every VM, a VM's name for its section", NULL
#define STUDY_OPTION_OUTPUT                                                                                          \
	"output", 'o', "DIR", "results folder (must not exist, or be empty); default results/NAME-TIME", NULL
#define STUDY_OPTION_CONTINUE                                                                                        \
	"continue", 0, NULL, "go on with an interrupted study in the results folder; finished runs are kept", NULL
#define STUDY_OPTION_REDO                                                                                             \
	"redo", 0, "WHICH",                                                                                           \
		"with --continue: make runs anew that were disturbed (by other work on the machine or below it), or " \
		"that failed; what they were is kept beside them",                                                    \
		"disturbed|failed"
#define STUDY_OPTION_ONLY                                                                                            \
	"only", 0, "WORDS", "run the points of a sweep that have these words, such as 'rate=1G feature=tls|none'",   \
		NULL
#define STUDY_OPTION_REPEAT "repeat", 0, "N", "run every point N times", NULL
#define STUDY_OPTION_SCALE "scale", 0, "F", "multiply memory, disk, job and file sizes by F, such as 1/16", NULL
#define STUDY_OPTION_FORMAT "format", 0, "FORMAT", "of the result table: text, csv or json", "text|csv|json"
#define STUDY_OPTION_DRY_RUN                                                                                         \
	"dry-run", 'n', NULL, "check the config and show what would be run, as --format says", NULL
#define STUDY_OPTION_WAIT                                                                                            \
	"wait", 0, NULL, "while another migmeter is at work on this machine, wait for it; several runs always do",   \
		NULL
#define STUDY_OPTION_QUIET "quiet", 'q', NULL, "no progress on stderr", NULL

#endif
