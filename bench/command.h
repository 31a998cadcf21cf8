/*
 * command.h - a command of the program is a row: what it is called, what it takes, what it does. Parsing, help, the
 * man page and bash completion read the same rows.
 *
 * To add one: write bench/cmd_NAME.c with its `const struct command NAME_command`, declare it here, add it to the
 * table in bench/command.c.
 */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

struct err;

struct command_option {
	const char *name;     /* long name without dashes; NULL ends */
	char letter;          /* short form, or 0 */
	const char *argument; /* what it takes, such as "DIR"; NULL: a switch */
	const char *help;
	const char *choices; /* "a|b|c" for completion, or NULL */
};

struct arguments;

struct command {
	const char *name;
	const char *synopsis; /* positional arguments, such as "CONFIG" or "RUN..." */
	int minimum, maximum; /* how many positional arguments; maximum -1: any number */
	const char *help;     /* one line */
	const char *details;  /* more lines for --help and the man page, or NULL */
	const struct command_option *options;
	/* Returns an exit_status. */
	int (*run)(const struct arguments *a);
	bool raw; /* everything after the name is positional, options included (for programs in programs) */
	bool hidden;
};

/* All commands; NULL ends. */
extern const struct command *const commands[];

extern const struct command check_command, run_command, testbed_command, analyze_command, report_command,
	list_command, completion_command, help_command, manual_command, calibrate_command, consolidate_command,
	simulate_command, model_command, compare_command, history_command, nightly_command;

const struct command *command_find(const char *name, struct err *e);

/* Parse argv[1..] against the command's rows. Returns -1 with a usage error; free with arguments_free(). */
int arguments_parse(const struct command *command, int argc, char **argv, struct arguments **ret, struct err *e);
void arguments_free(struct arguments *a);

/* Positional arguments. */
int arguments_count(const struct arguments *a);
const char *arguments_at(const struct arguments *a, int index);
char **arguments_raw(const struct arguments *a);

/* The last value given for an option ("" for a switch that was given), or NULL; and all of them, by index. */
const char *arguments_option(const struct arguments *a, const char *name);
const char *arguments_option_at(const struct arguments *a, const char *name, int index);

/*
 * What the manifest keeps so that it can be made again: "migmeter COMMAND", the positional arguments, and those of the
 * options that `kept` (NULL ends) names, as a shell would read them. Returns buffer, cut to room.
 */
char *arguments_line(const struct arguments *a, const char *command, const char *const kept[], char *buffer,
                     size_t room);

/* The results folder of --output, "" when it was not given. EXIT_USAGE when it is empty or has no room. */
int arguments_folder(const struct arguments *a, char *buffer, size_t room, struct err *e);

/* Print the help of one command, or of all. */
void command_help(const struct command *command, FILE *out);
void commands_help(FILE *out);

#endif
