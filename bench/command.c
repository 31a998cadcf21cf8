#include "bench/command.h"

#include "bench/base/err.h"
#include "bench/base/option.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct command *const commands[] = {
	&check_command,
	&run_command,
	&testbed_command,
	&analyze_command,
	&report_command,
	&compare_command,
	&history_command,
	&nightly_command,
	&calibrate_command,
	&consolidate_command,
	&simulate_command,
	&model_command,
	&list_command,
	&help_command,
	&completion_command,
	&manual_command,
	NULL,
};
/* clang-format on */

struct given {
	const struct command_option *option;
	const char *value;
};

struct arguments {
	struct given *given;
	int given_count;
	char **positional;
	int positional_count;
};

const struct command *command_find(const char *name, struct err *e)
{
	const char *names[32];
	size_t count = 0;
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		if (!commands[i]->hidden)
			names[count++] = commands[i]->name;
	}
	const char *near = nearest_name(name, names, count);
	err_set(e, EXIT_USAGE, "unknown command '%s'%s%s%s; 'migmeter help' lists them", name,
	        near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

static const struct command_option *option_named(const struct command *c, const char *name, size_t length)
{
	for (const struct command_option *o = c->options; o && o->name; o++)
		if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
			return o;
	return NULL;
}

static const struct command_option *option_lettered(const struct command *c, char letter)
{
	for (const struct command_option *o = c->options; o && o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static int unknown_option(const struct command *c, const char *text, struct err *e)
{
	const char *names[32], *name = text + strspn(text, "-");
	size_t count = 0;
	for (const struct command_option *o = c->options; o && o->name && count < 32; o++)
		names[count++] = o->name;
	const char *near = nearest_name(name, names, count);
	return err_set(e, EXIT_USAGE, "%s: unknown option '%s'%s%s%s", c->name, text,
	               near ? ", did you mean '--" : "", near ? near : "", near ? "'?" : "");
}

/* Whether value is a word of "a|b|c". */
static bool choice_known(const char *choices, const char *value)
{
	size_t length = strlen(value);
	for (const char *word = choices; word; word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL)
		if (strcspn(word, "|") == length && memcmp(word, value, length) == 0)
			return true;
	return false;
}

/* One option at argv[*i]; what it takes may stand in the same word or the next. */
static int option_take(const struct command *c, struct arguments *a, char **argv, int argc, int *i, struct err *e)
{
	const char *text = argv[*i], *value = NULL;
	const struct command_option *option;
	if (text[1] == '-') {
		size_t length = strcspn(text + 2, "=");
		option = option_named(c, text + 2, length);
		value = text[2 + length] ? text + 2 + length + 1 : NULL;
	} else {
		option = option_lettered(c, text[1]);
		value = text[1] && text[2] ? text + 2 : NULL;
	}
	if (!option)
		return unknown_option(c, text, e);
	if (!option->argument && value)
		return err_set(e, EXIT_USAGE, "%s: option '%s' takes no value", c->name, text);
	if (option->argument && !value) {
		if (*i + 1 >= argc)
			return err_set(e, EXIT_USAGE, "%s: option '%s' needs %s", c->name, text, option->argument);
		value = argv[++*i];
	}
	if (option->choices && value && !choice_known(option->choices, value))
		return err_set(e, EXIT_USAGE, "%s: --%s '%s': expected one of %s", c->name, option->name, value,
		               option->choices);
	a->given[a->given_count++] = (struct given){ option, value ? value : "" };
	return 0;
}

int arguments_parse(const struct command *c, int argc, char **argv, struct arguments **ret, struct err *e)
{
	struct arguments *a = calloc(1, sizeof(*a));
	if (a) {
		a->given = calloc((size_t)argc + 1, sizeof(*a->given));
		a->positional = calloc((size_t)argc + 1, sizeof(*a->positional));
	}
	if (!a || !a->given || !a->positional) {
		arguments_free(a);
		return err_errno(e, EXIT_CANNOT, "cannot read the command line");
	}
	bool options = !c->raw;
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && argv[i][0] == '-' && argv[i][1]) {
			if (option_take(c, a, argv, argc, &i, e) < 0) {
				arguments_free(a);
				return -1;
			}
		} else {
			a->positional[a->positional_count++] = argv[i];
			/* What follows "exec NODE CMD" belongs to CMD. */
			if (strcmp(c->name, "testbed") == 0 && strcmp(a->positional[0], "exec") == 0)
				options = false;
		}
	}
	int n = a->positional_count;
	if (n < c->minimum || (c->maximum >= 0 && n > c->maximum)) {
		arguments_free(a);
		return err_set(e, EXIT_USAGE, "usage: migmeter %s%s%s%s; see 'migmeter %s --help'", c->name,
		               c->options ? " [options]" : "", c->synopsis[0] ? " " : "", c->synopsis, c->name);
	}
	*ret = a;
	return 0;
}

void arguments_free(struct arguments *a)
{
	if (!a)
		return;
	free(a->given);
	free(a->positional);
	free(a);
}

int arguments_count(const struct arguments *a)
{
	return a->positional_count;
}

const char *arguments_at(const struct arguments *a, int index)
{
	return index < a->positional_count ? a->positional[index] : NULL;
}

char **arguments_raw(const struct arguments *a)
{
	return a->positional;
}

const char *arguments_option_at(const struct arguments *a, const char *name, int index)
{
	for (int i = 0; i < a->given_count; i++)
		if (strcmp(a->given[i].option->name, name) == 0 && index-- == 0)
			return a->given[i].value;
	return NULL;
}

const char *arguments_option(const struct arguments *a, const char *name)
{
	const char *last = NULL, *value;
	for (int i = 0; (value = arguments_option_at(a, name, i)); i++)
		last = value;
	return last;
}

static bool is_kept(const char *name, const char *const kept[])
{
	while (*kept && strcmp(*kept, name) != 0)
		kept++;
	return *kept != NULL;
}

/* A blank and a word, in quotes if a shell would read it otherwise. */
static void word_put(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
	if (word[0] && !word[strspn(word, plain)]) {
		fprintf(out, " %s", word);
		return;
	}
	fputs(" '", out);
	for (; *word; word++)
		*word == '\'' ? fputs("'\\''", out) : fputc(*word, out);
	fputc('\'', out);
}

char *arguments_line(const struct arguments *a, const char *command, const char *const kept[], char *buffer,
                     size_t room)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (out) {
		fprintf(out, "migmeter %s", command);
		for (int i = 0; i < a->positional_count; i++)
			word_put(out, a->positional[i]);
		for (int i = 0; i < a->given_count; i++) {
			const struct command_option *o = a->given[i].option;
			if (!is_kept(o->name, kept))
				continue;
			o->letter ? fprintf(out, " -%c", o->letter) : fprintf(out, " --%s", o->name);
			if (o->argument)
				word_put(out, a->given[i].value);
		}
		fclose(out);
	}
	snprintf(buffer, room, "%s", text ? text : "missing");
	free(text);
	return buffer;
}

int arguments_folder(const struct arguments *a, char *buffer, size_t room, struct err *e)
{
	const char *output = arguments_option(a, "output");
	if (output && (!output[0] || strlen(output) >= room))
		return err_set(e, EXIT_USAGE, "-o '%.40s%s': the results folder needs a name of 1 to %zu bytes",
		               output, output[0] ? "..." : "", room - 1);
	snprintf(buffer, room, "%s", output ? output : "");
	return 0;
}

void command_help(const struct command *c, FILE *out)
{
	fprintf(out, "usage: migmeter %s%s%s%s\n\n%s.\n", c->name, c->options ? " [options]" : "",
	        c->synopsis[0] ? " " : "", c->synopsis, c->help);
	if (c->details)
		fprintf(out, "\n%s", c->details);
	if (c->options)
		fprintf(out, "\noptions:\n");
	for (const struct command_option *o = c->options; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		         o->letter ? ", " : "  ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
		fprintf(out, "  %-28s %s\n", left, o->help);
	}
}

void commands_help(FILE *out)
{
	fprintf(out,
	        "migmeter %s - what live migration of virtual machines costs the work inside and beside them\n\n"
	        "usage: migmeter COMMAND [options] ...\n\n",
	        MIGMETER_VERSION);
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->help);
	fprintf(out,
	        "\n'migmeter COMMAND --help' tells more. Exit status: 0 done; 1 the thing measured failed or regressed;\n"
	        "2 usage or config error; 3 this machine cannot do it; 130 interrupted.\n");
}
