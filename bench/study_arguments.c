#include "bench/study_arguments.h"

#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/experiment/progress.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* It is one of the choices: arguments_parse() lets nothing else through. */
enum report_format study_arguments_format(const struct arguments *a)
{
	const char *text = arguments_option(a, "format");
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

int study_arguments_read(const struct arguments *a, const char *command, struct study *s, struct err *e)
{
	static const char *const kept[] = { "set", "scale", "repeat", "dry-run", NULL };
	const char *text;
	int64_t repeat = 0;
	arguments_line(a, command, kept, s->command_line, sizeof(s->command_line));
	progress_quiet(arguments_option(a, "quiet") != NULL);
	if (arguments_folder(a, s->directory, sizeof(s->directory), e) < 0)
		return -1;
	s->config_path = config_find(arguments_count(a) ? arguments_at(a, 0) : command);
	s->scale = 1;
	s->only = arguments_option(a, "only");
	s->resume = arguments_option(a, "continue") != NULL;
	s->waits = arguments_option(a, "wait") != NULL;
	if (s->resume && !s->directory[0])
		return err_set(e, EXIT_USAGE, "--continue needs -o DIR, the results folder to go on in");
	if ((text = arguments_option(a, "redo")))
		s->redo = strcmp(text, "failed") == 0 ? REDO_FAILED : REDO_DISTURBED;
	if (s->redo && !s->resume)
		return err_set(e, EXIT_USAGE, "--redo needs --continue: it is for runs that are there");
	if ((text = arguments_option(a, "scale")) && fraction_parse(text, &s->scale, e) < 0)
		return err_prefix(e, "--scale");
	if (s->scale <= 0 || s->scale > 1)
		return err_set(e, EXIT_USAGE, "--scale must be above 0 and at most 1, such as 1/16");
	if ((text = arguments_option(a, "repeat")) &&
	    (integer_parse(text, &repeat, e) < 0 || repeat < 1 || repeat > 1000))
		return err_set(e, EXIT_USAGE, "--repeat '%s': expected 1 to 1000", text);
	s->repeats = (long)repeat;
	s->format = study_arguments_format(a);
	if (access(s->config_path, F_OK) < 0)
		return err_errno(e, EXIT_USAGE,
		                 "cannot read config '%s' ('migmeter list configs' has those that come along)",
		                 s->config_path);
	if (config_file_read(&s->config, s->config_path, e) < 0)
		return -1;
	for (int i = 0; (text = arguments_option_at(a, "set", i)); i++)
		if (config_override(&s->config, text, e) < 0)
			return -1;
	return 0;
}
