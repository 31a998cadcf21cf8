/* migmeter consolidate: a config whose VMs a policy moves. */
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/study_arguments.h"

#include <stddef.h>
#include <string.h>

static int policy_check(const struct study *s, struct err *e)
{
	for (size_t i = 0; i < s->config.count; i++) {
		const struct config_entry *entry = &s->config.entries[i];
		if (strcmp(entry->section, "consolidate") == 0 && strcmp(entry->key, "policy") == 0 &&
		    entry->value[0])
			return 0;
	}
	return err_set(e, EXIT_USAGE,
	               "'%s' has no policy that could move VMs: set consolidate.policy ('migmeter list policies')",
	               s->config_path);
}

static int consolidate_run(const struct arguments *a)
{
	struct study s = { .command = "consolidate" };
	struct err e = { 0 };
	int status;
	if (study_arguments_read(a, "consolidate", &s, &e) < 0 || policy_check(&s, &e) < 0 ||
	    (arguments_option(a, "dry-run") && config_override(&s.config, "consolidate.dry_run=yes", &e) < 0) ||
	    study_prepare(&s, &e) < 0)
		status = err_report(&e);
	else
		status = study_run(&s);
	study_free(&s);
	return status;
}

static const struct command_option options[] = {
	{ STUDY_OPTION_SET },
	{ STUDY_OPTION_OUTPUT },
	{ STUDY_OPTION_CONTINUE },
	{ STUDY_OPTION_ONLY },
	{ STUDY_OPTION_REPEAT },
	{ STUDY_OPTION_SCALE },
	{ STUDY_OPTION_FORMAT },
	{ "dry-run", 'n', NULL, "boot, load and watch the VMs, say what would be done and why, but move nothing",
	  NULL },
	{ STUDY_OPTION_WAIT },
	{ STUDY_OPTION_QUIET },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command consolidate_command = {
	.name = "consolidate",
	.synopsis = "CONFIG",
	.minimum = 1,
	.maximum = 1,
	.help = "Run the consolidation manager: watch nodes and VMs, plan by a policy, move, let empty nodes sleep",
	.details =
		"CONFIG is an experiment with a [consolidate] section ('migmeter list keys').\n"
		"-n boots and watches guests, since what would be moved depends on them; to check the config only:\n"
		"'migmeter run CONFIG -n'.\n"
		"Every decision is in events.csv with the numbers that led to it, and what every node and VM did\n"
		"each second in monitor.sqlite, which any SQLite client can read meanwhile.\n"
		"Nothing is moved to a node that does not answer; a move that fails is recorded, and the loop goes on.\n"
		"Ctrl-C ends the run: a move is aborted, but one in post-copy ends first, since its VM runs on the\n"
		"other node already and would be lost; Ctrl-C once more breaks it off all the same.\n",
	.options = options,
	.run = consolidate_run,
};
