/* migmeter run: a config, carried out. */
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/study_arguments.h"
#include "bench/study_plan.h"

#include <stddef.h>

static int run_command_run(const struct arguments *a)
{
	struct study s = { 0 };
	struct err e = { 0 };
	int status = EXIT_DONE;
	if (study_arguments_read(a, "run", &s, &e) < 0 || study_prepare(&s, &e) < 0)
		status = err_report(&e);
	else if (arguments_option(a, "dry-run"))
		study_plan_print(&s, s.format);
	else
		status = study_run(&s);
	study_free(&s);
	return status;
}

static const struct command_option options[] = {
	{ STUDY_OPTION_SET },     { STUDY_OPTION_OUTPUT }, { STUDY_OPTION_CONTINUE }, { STUDY_OPTION_REDO },
	{ STUDY_OPTION_ONLY },    { STUDY_OPTION_REPEAT }, { STUDY_OPTION_SCALE },    { STUDY_OPTION_FORMAT },
	{ STUDY_OPTION_DRY_RUN }, { STUDY_OPTION_WAIT },   { STUDY_OPTION_QUIET },    { NULL, 0, NULL, NULL, NULL },
};

const struct command run_command = {
	.name = "run",
	.synopsis = "CONFIG",
	.minimum = 1,
	.maximum = 1,
	.help = "Run an experiment: boot, load, migrate, watch, analyze, report",
	.details = "CONFIG is a file, or the name of a config that comes with migmeter ('migmeter list configs').\n"
		   "A key with a list of values (rate = 1G, 100M) makes a sweep: the product of all lists.\n"
		   "The results folder of a sweep has one folder a run.\n"
		   "A run that fails keeps its data and does not end the sweep.\n",
	.options = options,
	.run = run_command_run,
};
