/* migmeter simulate: placement policies in simulated time. */
#include "analysis/evacuation.h"
#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/evacuation.h"
#include "bench/simulation.h"
#include "bench/study_arguments.h"
#include "reports/evacuation.h"
#include "reports/simulated.h"

#include <string.h>

static int arguments_take(const struct arguments *a, struct simulation_study *s, struct err *e)
{
	struct study common = { 0 };
	const char *text = arguments_option(a, "threads");
	int64_t threads = 0;
	int result = study_arguments_read(a, "simulate", &common, e);
	s->config_path = common.config_path;
	s->config = common.config;
	memcpy(s->directory, common.directory, sizeof(s->directory));
	memcpy(s->command_line, common.command_line, sizeof(s->command_line));
	if (result == 0 && text && (integer_parse(text, &threads, e) < 0 || threads < 1 || threads > 256))
		return err_set(e, EXIT_USAGE, "--threads '%s': expected 1 to 256", text);
	s->threads = (int)threads;
	return result;
}

/* A group that moves, instead of a cluster. */
static int evacuate(struct simulation_study *s, enum report_format format, struct err *e)
{
	if (evacuation_run(s, e) < 0 || evacuation_analyze(s->directory, e) < 0)
		return -1;
	int drawn = evacuation_report(s->directory, NULL, e);
	if (evacuation_print(stdout, s->directory, format, e) < 0)
		return -1;
	if (format == REPORT_TEXT)
		printf("\npage: %s/report.html\n", s->directory);
	return drawn;
}

static int results_show(const struct simulation_study *s, enum report_format format, struct err *e)
{
	if (simulated_analyze(s->directory, e) < 0)
		return -1;
	int drawn = simulated_report(s->directory, NULL, e);
	if (simulated_print(stdout, s->directory, format, e) < 0)
		return -1;
	if (format == REPORT_TEXT)
		printf("\npage: %s/report.html\n", s->directory);
	return drawn;
}

static int simulate_run(const struct arguments *a)
{
	struct simulation_study s = { 0 };
	struct err e = { 0 };
	int status = EXIT_DONE;
	bool groups = false;
	enum report_format format = study_arguments_format(a);
	if (arguments_take(a, &s, &e) < 0 || simulation_prepare(&s, &e) < 0 ||
	    evacuation_is_asked(&s, &groups, &e) < 0)
		status = err_report(&e);
	else if (arguments_option(a, "dry-run"))
		simulation_plan_print(&s, format);
	else if (groups)
		status = evacuate(&s, format, &e) < 0 ? err_report(&e) : EXIT_DONE;
	else if (simulation_run(&s, &e) < 0 || results_show(&s, format, &e) < 0)
		status = err_report(&e);
	simulation_free(&s);
	return status;
}

static const struct command_option options[] = {
	{ "set", 's', "SECTION.KEY=VALUE", "change a key of the config", NULL },
	{ "output", 'o', "DIR", "results folder (must not exist, or be empty); default results/NAME-TIME", NULL },
	{ "threads", 0, "N", "runs at the same time; default: one a core. The result does not depend on it", NULL },
	{ STUDY_OPTION_FORMAT },
	{ STUDY_OPTION_DRY_RUN },
	{ "quiet", 'q', NULL, "no progress on stderr", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command simulate_command = {
	.name = "simulate",
	.synopsis = "CONFIG",
	.minimum = 1,
	.maximum = 1,
	.help = "Compare placement policies in simulated time: sites, nodes, VMs that come with jobs, moves that cost",
	.details =
		"CONFIG has the sections [simulate], [sites], [nodes], [vms], [jobs] and [transfer] ('migmeter list\n"
		"keys'); the policies are those that 'migmeter consolidate' moves real VMs by. A key with a list of\n"
		"values makes a sweep; its first values are the ones that the page begins with, the others show for\n"
		"which range what is found there holds. Each point is run simulate.runs times; policies are compared\n"
		"run by run, on the same arrivals, jobs and distances. The same seed gives the same runs.csv and\n"
		"simulated.csv (what happened in each point's first run) to the byte.\n"
		"With [evacuation] a group of VMs moves from one node to another instead, over one link, as the schedules of\n"
		"an experiment's [group] say.\n",
	.options = options,
	.run = simulate_run,
};
