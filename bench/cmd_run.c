/* migmeter run: every point of a config's sweep, one after the other; one that fails does not end the others. */
#include "analysis/analyze.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/sweep.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sweep {
	const char *config_path;
	struct config_file config;
	long points, repeat;
	double scale;
	enum report_format format;
	char directory[400];
	char command_line[1024];
};

static int format_parse(const char *text, enum report_format *ret, struct err *e)
{
	static const char *const names[] = { "text", "csv", "json" };
	for (int i = 0; text && i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum report_format)i;
			return 0;
		}
	return text ? err_set(e, EXIT_USAGE, "--format '%s': expected text, csv or json", text) : 0;
}

static int options_read(const struct arguments *a, struct sweep *s, struct err *e)
{
	const char *text;
	int64_t repeat = 0;
	s->config_path = arguments_at(a, 0);
	s->scale = 1;
	if ((text = arguments_option(a, "scale")) && fraction_parse(text, &s->scale, e) < 0)
		return err_prefix(e, "--scale");
	if (s->scale <= 0 || s->scale > 1)
		return err_set(e, EXIT_USAGE, "--scale must be above 0 and at most 1, such as 1/16");
	if ((text = arguments_option(a, "repeat")) &&
	    (integer_parse(text, &repeat, e) < 0 || repeat < 1 || repeat > 1000))
		return err_set(e, EXIT_USAGE, "--repeat '%s': expected 1 to 1000", text);
	if (format_parse(arguments_option(a, "format"), &s->format, e) < 0 ||
	    config_file_read(&s->config, s->config_path, e) < 0)
		return -1;
	for (int i = 0; (text = arguments_option_at(a, "set", i)); i++)
		if (config_override(&s->config, text, e) < 0)
			return -1;
	s->repeat = (long)repeat;
	s->points = sweep_count(&s->config, e);
	return s->points < 0 ? -1 : 0;
}

/* Build every point before anything starts, so that a typo in the last one costs nothing. */
static int points_check(struct sweep *s, struct err *e)
{
	char name[OPTION_STRING_ROOM] = "";
	for (long i = 0; i < s->points; i++) {
		struct config_file point;
		struct experiment x;
		char label[300];
		if (sweep_point(&s->config, i, &point, label, sizeof(label), e) < 0)
			return -1;
		int result = experiment_build(&x, &point, s->scale, e);
		config_file_free(&point);
		if (result < 0)
			return label[0] ? err_prefix(e, "point '%s'", label) : -1;
		if (!s->repeat)
			s->repeat = (long)x.general.repeat;
		snprintf(name, sizeof(name), "%s", x.general.name);
		experiment_free(&x);
	}
	if (!s->directory[0]) {
		char stamp[32];
		time_t now = time(NULL);
		struct tm tm;
		localtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		snprintf(s->directory, sizeof(s->directory), "results/%s-%s", name, stamp);
	}
	return 0;
}

static void plan_print(const struct sweep *s)
{
	printf("%ld point%s x %ld repeat%s, results in %s\n", s->points, s->points == 1 ? "" : "s", s->repeat,
	       s->repeat == 1 ? "" : "s", s->directory);
	for (long i = 0; i < s->points; i++) {
		struct config_file point;
		char label[300];
		if (sweep_point(&s->config, i, &point, label, sizeof(label), NULL) < 0)
			return;
		config_file_free(&point);
		printf("  %ld: %s\n", i + 1, label[0] ? label : "(no lists)");
	}
}

/* Metrics, plots and page of a finished run; a table of it on stdout. Trouble here is told and the run stands. */
static void results_show(const struct sweep *s, const char *directory)
{
	struct err e = { 0 };
	progress_phase("analysis and report", 0);
	if (analyze_run(directory, &e) < 0 || report_run(directory, NULL, &e) < 0)
		err_report(&e);
	progress_end();
	if (report_table(stdout, directory, s->format, &e) < 0)
		err_report(&e);
	if (s->format == REPORT_TEXT)
		printf("\nreport: %s/report.html\n", directory);
	fflush(stdout);
}

static int point_run(const struct sweep *s, long point_index, long repeat, struct err *e)
{
	struct config_file point;
	struct experiment x;
	char label[300], directory[800];
	struct err trouble = { 0 };
	if (sweep_point(&s->config, point_index, &point, label, sizeof(label), e) < 0)
		return -1;
	int result = experiment_build(&x, &point, s->scale, e);
	config_file_free(&point);
	if (result < 0)
		return -1;
	snprintf(directory, sizeof(directory), "%s", s->directory);
	if (s->points * s->repeat > 1) {
		snprintf(directory, sizeof(directory), "%s/%03ld-%s%sr%ld", s->directory, point_index + 1, label,
		         label[0] ? "-" : "", repeat + 1);
		for (char *c = directory + strlen(s->directory) + 1; *c; c++)
			if (*c == ' ' || *c == '/')
				*c = '_';
	}
	x.general.seed += repeat;
	const struct run_order order = { &x, s->config_path, directory, s->command_line, label };
	result = run_preflight(&x, directory, &trouble);
	if (result == 0)
		result = run_execute(&order, &trouble);
	experiment_free(&x);
	char status[32];
	if (run_directory_status(directory, status, sizeof(status)) == 0 && trouble.status != EXIT_USAGE)
		results_show(s, directory);
	if (result < 0)
		return err_set(e, trouble.status, "%s", trouble.text);
	return 0;
}

static int sweep_run(const struct sweep *s)
{
	int status = EXIT_DONE;
	run_catch_signals();
	for (long repeat = 0; repeat < s->repeat; repeat++)
		for (long i = 0; i < s->points; i++) {
			struct err e = { 0 };
			if (s->points * s->repeat > 1)
				progress_note("run %ld of %ld", repeat * s->points + i + 1, s->points * s->repeat);
			if (point_run(s, i, repeat, &e) == 0)
				continue;
			status = err_report(&e);
			if (run_interrupted || status != EXIT_MEASURED_BAD)
				return status;
		}
	return status;
}

static int run_command_run(const struct arguments *a)
{
	struct sweep s = { 0 };
	struct err e = { 0 };
	const char *output = arguments_option(a, "output");
	snprintf(s.command_line, sizeof(s.command_line), "migmeter run %s", arguments_at(a, 0));
	for (int i = 0; arguments_option_at(a, "set", i); i++) {
		size_t used = strlen(s.command_line);
		snprintf(s.command_line + used, sizeof(s.command_line) - used, " -s %s",
		         arguments_option_at(a, "set", i));
	}
	snprintf(s.directory, sizeof(s.directory), "%s", output ? output : "");
	progress_quiet(arguments_option(a, "quiet") != NULL);
	if (options_read(a, &s, &e) < 0 || points_check(&s, &e) < 0) {
		config_file_free(&s.config);
		return err_report(&e);
	}
	int status = EXIT_DONE;
	if (arguments_option(a, "dry-run"))
		plan_print(&s);
	else
		status = sweep_run(&s);
	config_file_free(&s.config);
	return status;
}

static const struct command_option options[] = {
	{ "set", 's', "SECTION.KEY=VALUE",
	  "change a key of the config; 'vm' stands for every VM, a VM's name for its section", NULL },
	{ "output", 'o', "DIR", "results folder (must not exist, or be empty); default results/NAME-TIME", NULL },
	{ "repeat", 0, "N", "run every point N times", NULL },
	{ "scale", 0, "F", "multiply memory, disk, job and file sizes by F, such as 1/16", NULL },
	{ "format", 0, "FORMAT", "of the result table: text, csv or json", "text|csv|json" },
	{ "dry-run", 'n', NULL, "check the config and show what would be run", NULL },
	{ "quiet", 'q', NULL, "no progress on stderr", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command run_command = {
	.name = "run",
	.synopsis = "CONFIG",
	.minimum = 1,
	.maximum = 1,
	.help = "Run an experiment: boot, load, migrate, watch, analyze, report",
	.details =
		"A key with a list of values (rate = 1G, 100M) makes a sweep: the product of all lists. The results folder\n"
		"of a sweep has one folder a run. A run that fails keeps its data and does not end the sweep.\n",
	.options = options,
	.run = run_command_run,
};
