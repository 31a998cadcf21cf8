/* migmeter analyze and report: later steps, run again on kept runs. */
#include "analysis/analyze.h"
#include "analysis/evacuation.h"
#include "analysis/simulated.h"
#include "analysis/study.h"
#include "analysis/study_analyze.h"
#include "bench/base/err.h"
#include "bench/command.h"
#include "reports/calibration.h"
#include "reports/report.h"
#include "reports/evacuation.h"
#include "reports/simulated.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Do one thing for every run; go on after a failure and return the worst status. */
static int each_run(const struct arguments *a, int (*one)(const char *run, struct err *e))
{
	int status = EXIT_DONE;
	for (int i = 0; i < arguments_count(a); i++) {
		struct err e = { 0 };
		if (one(arguments_at(a, i), &e) < 0)
			status = exit_worse(status, err_report(&e));
	}
	return status;
}

static int analyze_single(const char *run, struct err *e)
{
	if (analyze_run(run, e) == 0)
		return 0;
	return strstr(e->text, run) ? -1 : err_prefix(e, "%s", run); /* series are named without their folder */
}

/* Every run of a study, then what is computed over them; one that is bad does not end it. */
static int analyze_all(const char *directory, struct err *e)
{
	struct study_runs s;
	int result = study_read(&s, directory, e);
	for (int i = 0; i < s.count && result == 0; i++) {
		struct err own = { 0 };
		if (analyze_single(s.runs[i].directory, &own) < 0)
			err_report(&own);
	}
	study_runs_free(&s);
	return result == 0 ? analyze_study(directory, e) : -1;
}

/* Of a simulated cluster, or of a simulated group. */
static int simulation_analyze(const char *directory, struct err *e)
{
	return evacuation_is(directory) ? evacuation_analyze(directory, e) : simulated_analyze(directory, e);
}

static int simulation_report(const char *directory, const char *output, struct err *e)
{
	return evacuation_is(directory) ? evacuation_report(directory, output, e)
	                                : simulated_report(directory, output, e);
}

static int analyze_one(const char *run, struct err *e)
{
	bool several = study_is(run);
	if (simulated_is(run)) {
		if (simulation_analyze(run, e) < 0)
			return -1;
		printf("%s/%s.csv\n", run, evacuation_is(run) ? "evacuation" : "summary");
		return 0;
	}
	if ((several ? analyze_all(run, e) : analyze_single(run, e)) < 0)
		return -1;
	printf("%s/%s.csv\n", run, several ? "study" : "metrics");
	return 0;
}

static int analyze_command_run(const struct arguments *a)
{
	return each_run(a, analyze_one);
}

const struct command analyze_command = {
	.name = "analyze",
	.synopsis = "RUN|STUDY...",
	.minimum = 1,
	.maximum = -1,
	.help = "Compute the metrics of kept runs, studies and simulations again, from their raw data",
	.run = analyze_command_run,
};

/* What is computed over the runs is computed again: it is cheap, and some may be new. */
static int report_folder(const char *directory, const char *output, struct err *e)
{
	char page[PATH_MAX];
	if (analyze_study(directory, e) < 0 || report_study(directory, output, page, sizeof(page), e) < 0)
		return -1;
	printf("%s\n", page);
	return 0;
}

static int report_one(const char *run, struct err *e)
{
	if (study_is(run))
		return report_folder(run, NULL, e);
	if (simulated_is(run) ? simulation_analyze(run, e) < 0 || simulation_report(run, NULL, e) < 0
	                      : report_run(run, NULL, e) < 0)
		return -1;
	printf("%s/report.html\n", run);
	return 0;
}

static int print_calibration(const char *run, struct err *e)
{
	return report_calibration(stdout, run, REPORT_MARKDOWN, e);
}

static int report_command_run(const struct arguments *a)
{
	struct err e = { 0 };
	const char *output = arguments_option(a, "output");
	const char *format = arguments_option(a, "format");
	int count = arguments_count(a);
	if (format && !strcmp(format, "markdown"))
		return each_run(a, print_calibration);
	if (!output)
		return each_run(a, report_one);
	if (count == 1 && study_is(arguments_at(a, 0)))
		return report_folder(arguments_at(a, 0), output, &e) < 0 ? err_report(&e) : EXIT_DONE;
	if (count == 1) {
		const char *run = arguments_at(a, 0);
		if (simulated_is(run) ? simulation_report(run, output, &e) < 0 : report_run(run, output, &e) < 0)
			return err_report(&e);
	} else if (report_runs((const char *const *)arguments_raw(a), count, output, &e) < 0) {
		return err_report(&e);
	}
	printf("%s\n", output);
	return EXIT_DONE;
}

static const struct command_option report_options[] = {
	{ "output", 'o', "FILE", "one page here, for all the runs given, instead of one in each run", NULL },
	{ "format", 0, "FORMAT", "html; or markdown, which prints the tables of a calibration and writes nothing",
	  "html|markdown" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command report_command = {
	.name = "report",
	.synopsis = "RUN|STUDY...",
	.minimum = 1,
	.maximum = -1,
	.help = "Draw the plots of kept runs, studies and simulations and write the HTML report",
	.options = report_options,
	.run = report_command_run,
};
