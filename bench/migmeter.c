/* migmeter - entry: find the command, parse its arguments, run it. */
#include "bench/base/err.h"
#include "bench/command.h"

#include <stdio.h>
#include <string.h>

static int asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Anywhere among a command's own arguments: up to "--", or to the CMD of "testbed exec NODE CMD". */
static int among(const struct command *command, char **words)
{
	int foreign = !strcmp(command->name, "testbed") && *words && !strcmp(*words, "exec") ? 2 : -1;
	for (int i = 0; words[i] && i != foreign && strcmp(words[i], "--") != 0; i++)
		if (asks_help(words[i]))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc < 2) {
		commands_help(stderr);
		return EXIT_USAGE;
	}
	if (asks_help(argv[1])) {
		commands_help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("migmeter %s\n", MIGMETER_VERSION);
		return EXIT_DONE;
	}
	const struct command *command = command_find(argv[1], &e);
	if (!command)
		return err_report(&e);
	if (command->raw ? argc > 2 && asks_help(argv[2]) : among(command, argv + 2)) {
		command_help(command, stdout);
		return EXIT_DONE;
	}
	struct arguments *arguments;
	if (arguments_parse(command, argc - 1, argv + 1, &arguments, &e) < 0)
		return err_report(&e);
	int status = command->run(arguments);
	arguments_free(arguments);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		err_errno(&e, EXIT_MEASURED_BAD, "cannot write to standard output");
		err_report(&e);
		return status == EXIT_DONE ? EXIT_MEASURED_BAD : status;
	}
	return status;
}
