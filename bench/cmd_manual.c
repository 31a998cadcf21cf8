/* migmeter manual: man pages from the same rows as parsing and help. */
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/experiment/simulated.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Text for roff: backslashes and dashes as they are meant, no line that begins with a control character. */
static void roff_text(const char *text)
{
	for (bool begins = true; *text; begins = *text == '\n', text++) {
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		switch (*text) {
		case '\\':
			fputs("\\e", stdout);
			break;
		case '-':
			fputs("\\-", stdout);
			break;
		case '\n':
			fputs(text[1] ? "\n.br\n" : "\n", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void title(const char *name)
{
	printf(".TH ");
	for (; *name; name++)
		putchar(toupper((unsigned char)*name));
	printf(" 1 \"\" \"migmeter %s\" \"migmeter\"\n", MIGMETER_VERSION);
}

static void options_page(const struct command *c)
{
	if (!c->options)
		return;
	printf(".SH OPTIONS\n");
	for (const struct command_option *o = c->options; o->name; o++) {
		printf(".TP\n.B ");
		if (o->letter)
			printf("\\-%c, ", o->letter);
		printf("\\-\\-%s%s%s\n", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
		roff_text(o->help);
		printf("\n");
	}
}

static void keys_page(const char *prefix, const struct option_row *rows)
{
	for (; rows && rows->name; rows++) {
		printf(".TP\n.B %s%s", prefix, rows->name);
		if (rows->initial && rows->initial[0])
			printf(" = %s", rows->initial);
		printf("\n");
		roff_text(rows->help);
		if (rows->type == OPTION_CHOICE)
			printf(" (%s)", rows->minimum);
		printf("\n");
	}
}

static void status_page(void)
{
	printf(".SH EXIT STATUS\n0 done; 1 the thing measured failed or regressed; 2 usage or config error, nothing was "
	       "started; 3 this machine cannot do it; 130 interrupted.\n");
}

/* Keys that are written NAME.KEY. */
static void named_keys(const char *name, const struct option_row *rows)
{
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "%s.", name);
	if (rows)
		keys_page(prefix, rows);
}

static void section_keys(const struct experiment_section *s)
{
	printf(".SH CONFIG KEYS\nWith their defaults. A value with commas is a list, and lists make a sweep.\n");
	for (; s->name; s++) {
		bool is_vm = strcmp(s->name, "vm") == 0;
		printf(".SS [%s%s]\n", s->name, is_vm ? " NAME" : "");
		roff_text(s->help);
		printf("\n");
		keys_page("", s->rows);
		if (strcmp(s->name, "migration") == 0)
			keys_page("", feature_rows);
		for (size_t i = 0; is_vm && workloads[i]; i++)
			named_keys(workloads[i]->name, workloads[i]->options);
		for (size_t i = 0; strcmp(s->name, "simulate") == 0 && policies[i]; i++)
			named_keys(policies[i]->name, policies[i]->options);
	}
}

static void command_page(const struct command *c)
{
	char name[80];
	snprintf(name, sizeof(name), "migmeter-%s", c->name);
	title(name);
	printf(".SH NAME\nmigmeter\\-%s \\- ", c->name);
	roff_text(c->help);
	printf("\n.SH SYNOPSIS\n.B migmeter %s\n%s", c->name, c->options ? "[options]\n" : "");
	roff_text(c->synopsis);
	printf("\n");
	if (c->details) {
		printf(".SH DESCRIPTION\n");
		roff_text(c->details);
	}
	options_page(c);
	if (strcmp(c->name, "run") == 0)
		section_keys(experiment_sections);
	if (strcmp(c->name, "simulate") == 0)
		section_keys(simulated_sections);
	status_page();
	printf(".SH SEE ALSO\n.BR migmeter (1)\n");
}

static void program_page(void)
{
	title("migmeter");
	printf(".SH NAME\nmigmeter \\- what live migration of virtual machines costs the work inside and beside them\n"
	       ".SH SYNOPSIS\n.B migmeter\nCOMMAND [options] ...\n.SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden) {
			printf(".TP\n.BR migmeter\\-%s (1)\n", commands[i]->name);
			roff_text(commands[i]->help);
			printf("\n");
		}
	status_page();
}

static int manual_run(const struct arguments *a)
{
	struct err e = { 0 };
	if (arguments_count(a) == 0) {
		program_page();
		return EXIT_DONE;
	}
	const struct command *command = command_find(arguments_at(a, 0), &e);
	if (!command)
		return err_report(&e);
	command_page(command);
	return EXIT_DONE;
}

const struct command manual_command = {
	.name = "manual",
	.synopsis = "[COMMAND]",
	.maximum = 1,
	.help = "Print a man page, of the program or of a command (see it with 'man -l -')",
	.run = manual_run,
};
