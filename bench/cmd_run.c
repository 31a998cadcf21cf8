/* migmeter run: a config, carried out. */
#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/experiment/progress.h"
#include "bench/study.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One of the choices of --format, which is all that arguments_parse() lets through. */
static enum report_format format_of(const char *text)
{
	return !text || strcmp(text, "text") == 0 ? REPORT_TEXT : strcmp(text, "csv") == 0 ? REPORT_CSV : REPORT_JSON;
}

/* A file of one's own, or else a config that comes with the program: "configs/quick.conf", or just "quick". */
static const char *config_find(const char *given)
{
	static const char *const forms[] = { "configs/%s.conf", "configs/%s" };
	static char path[PATH_MAX];
	const char *bare = strncmp(given, "configs/", 8) == 0 ? given + 8 : given;
	char name[PATH_MAX];
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms) && access(given, F_OK) < 0; i++) {
		snprintf(name, sizeof(name), forms[i], bare);
		if (data_path(name, path, sizeof(path), NULL) == 0)
			return path;
	}
	return given;
}

static int options_read(const struct arguments *a, struct study *s, struct err *e)
{
	const char *text;
	int64_t repeat = 0;
	if (arguments_folder(a, s->directory, sizeof(s->directory), e) < 0)
		return -1;
	s->config_path = config_find(arguments_at(a, 0));
	s->scale = 1;
	s->only = arguments_option(a, "only");
	s->resume = arguments_option(a, "continue") != NULL;
	s->waits = arguments_option(a, "wait") != NULL;
	if (s->resume && !s->directory[0])
		return err_set(e, EXIT_USAGE, "--continue needs -o DIR, the results folder to go on in");
	if ((text = arguments_option(a, "scale")) && fraction_parse(text, &s->scale, e) < 0)
		return err_prefix(e, "--scale");
	if (s->scale <= 0 || s->scale > 1)
		return err_set(e, EXIT_USAGE, "--scale must be above 0 and at most 1, such as 1/16");
	if ((text = arguments_option(a, "repeat")) &&
	    (integer_parse(text, &repeat, e) < 0 || repeat < 1 || repeat > 1000))
		return err_set(e, EXIT_USAGE, "--repeat '%s': expected 1 to 1000", text);
	s->repeats = (long)repeat;
	s->format = format_of(arguments_option(a, "format"));
	if (config_file_read(&s->config, s->config_path, e) < 0)
		return -1;
	for (int i = 0; (text = arguments_option_at(a, "set", i)); i++)
		if (config_override(&s->config, text, e) < 0)
			return -1;
	return 0;
}

static int run_command_run(const struct arguments *a)
{
	static const char *const kept[] = { "set", "scale", "repeat", NULL };
	struct study s = { 0 };
	struct err e = { 0 };
	int status = EXIT_DONE;
	arguments_line(a, "run", kept, s.command_line, sizeof(s.command_line));
	progress_quiet(arguments_option(a, "quiet") != NULL);
	if (options_read(a, &s, &e) < 0 || study_prepare(&s, &e) < 0)
		status = err_report(&e);
	else if (arguments_option(a, "dry-run"))
		study_print_plan(&s);
	else
		status = study_run(&s);
	study_free(&s);
	return status;
}

static const struct command_option options[] = {
	{ "set", 's', "SECTION.KEY=VALUE",
	  "change a key of the config; 'vm' stands for every VM, a VM's name for its section", NULL },
	{ "output", 'o', "DIR", "results folder (must not exist, or be empty); default results/NAME-TIME", NULL },
	{ "continue", 0, NULL, "go on with an interrupted study in the results folder; finished runs are kept",
	  NULL },
	{ "only", 0, "WORDS", "run the points of a sweep that have these words, such as 'rate=1G feature=tls'",
	  NULL },
	{ "repeat", 0, "N", "run every point N times", NULL },
	{ "scale", 0, "F", "multiply memory, disk, job and file sizes by F, such as 1/16", NULL },
	{ "format", 0, "FORMAT", "of the result table: text, csv or json", "text|csv|json" },
	{ "dry-run", 'n', NULL, "check the config and show what would be run", NULL },
	{ "wait", 0, NULL, "while another migmeter is at work on this machine, wait for it; several runs always do",
	  NULL },
	{ "quiet", 'q', NULL, "no progress on stderr", NULL },
	{ NULL, 0, NULL, NULL, NULL },
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
