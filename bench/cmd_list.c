/* migmeter list, help and completion: what the tables hold, said in three ways. */
#include "analysis/metrics.h"
#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/experiment/simulated.h"
#include "bench/placement/policy.h"
#include "collectors/collector.h"
#include "workloads/workload.h"

#include <ctype.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void row_print(const char *prefix, const struct option_row *row, size_t width)
{
	char name[128];
	snprintf(name, sizeof(name), "%s%s", prefix, row->name);
	printf("  %-*s %-9s", (int)width, name, option_type_name(row->type));
	if (row->initial)
		printf(" %-12s", row->initial[0] ? row->initial : "-");
	printf(" %s", row->help);
	if (row->type == OPTION_CHOICE)
		printf(" (%s)", row->minimum);
	else if (row->minimum && row->maximum)
		printf(" (%s to %s)", row->minimum, row->maximum);
	printf("\n");
}

static size_t rows_width(const char *prefix, const struct option_row *rows)
{
	size_t width = 26;
	for (const struct option_row *r = rows; r->name; r++)
		width = strlen(prefix) + strlen(r->name) > width ? strlen(prefix) + strlen(r->name) : width;
	return width;
}

static void rows_print(const char *prefix, const struct option_row *rows)
{
	size_t width = rows_width(prefix, rows);
	for (; rows->name; rows++)
		row_print(prefix, rows, width);
}

/* Keys that are written NAME.KEY in a config. */
static void named_rows_print(const char *name, const struct option_row *rows)
{
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "%s.", name);
	if (rows)
		rows_print(prefix, rows);
}

static void workloads_print(void)
{
	for (size_t i = 0; workloads[i]; i++) {
		printf("%s: %s\n  work is counted in %s; an operation is %s\n", workloads[i]->name,
		       workloads[i]->help, workloads[i]->unit, workloads[i]->operation);
		named_rows_print(workloads[i]->name, workloads[i]->options);
	}
}

static void policies_print(void)
{
	for (size_t i = 0; policies[i]; i++) {
		printf("%s: %s\n", policies[i]->name, policies[i]->help);
		named_rows_print(policies[i]->name, policies[i]->options);
	}
}

static void collectors_print(void)
{
	for (size_t i = 0; collectors[i]; i++)
		printf("%-12s %-28s %s\n", collectors[i]->name, collectors[i]->files, collectors[i]->help);
}

static void features_print(void)
{
	static const char prefix[] = "migration.";
	size_t width = rows_width(prefix, feature_rows);
	for (const struct feature *f = features; f->key; f++) {
		if (f->option)
			row_print(prefix, f->option, width);
		else
			printf("  %s%-*s %-9s %-12s %s\n", prefix, (int)(width - strlen(prefix)), f->key, "", "",
			       f->help);
		printf("      ");
		feature_describe(f, stdout);
		printf("\n");
	}
}

static void keys_print(void)
{
	for (const struct experiment_section *s = experiment_sections; s->name; s++) {
		printf("[%s%s] %s\n", s->name, strcmp(s->name, "vm") == 0 ? " NAME" : "", s->help);
		rows_print("", s->rows);
		if (strcmp(s->name, "migration") == 0)
			rows_print("", feature_rows);
		for (size_t i = 0; strcmp(s->name, "vm") == 0 && workloads[i]; i++)
			named_rows_print(workloads[i]->name, workloads[i]->options);
		for (size_t i = 0; strcmp(s->name, "consolidate") == 0 && policies[i]; i++)
			named_rows_print(policies[i]->name, policies[i]->options);
	}
	printf("\nOf 'migmeter simulate':\n");
	for (const struct experiment_section *s = simulated_sections; s->name; s++) {
		printf("[%s] %s\n", s->name, s->help);
		rows_print("", s->rows);
		for (size_t i = 0; strcmp(s->name, "simulate") == 0 && policies[i]; i++)
			named_rows_print(policies[i]->name, policies[i]->options);
	}
	printf("A value with commas is a list; a config with lists is a sweep over all their combinations.\n");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void metrics_print(void)
{
	for (const struct metric_definition *m = metric_definitions; m->name; m++)
		printf("%-24s %-8s %s\n%34s= %s\n", m->name, m->unit[0] ? m->unit : "work/s", m->help, "",
		       m->formula);
}

/* The first comment of a config states its question, down to a line that ends as a sentence does. */
static void config_print(const char *path, const char *name)
{
	char line[256];
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	printf("%-34s", name);
	for (bool ended = false; !ended && fgets(line, sizeof(line), f) && strchr("#;", line[0]);) {
		line[strcspn(line, "\r\n")] = '\0';
		ended = line[0] && strchr(".?)", line[strlen(line) - 1]);
		printf(" %s", line + 1 + strspn(line + 1, " "));
	}
	fclose(f);
	printf("\n");
}

/* Configs that come with the program, those in folders (a paper's) included. */
static void configs_print(void)
{
	char directory[PATH_MAX];
	if (data_path("configs/quick.conf", directory, sizeof(directory), NULL) < 0)
		return;
	*strrchr(directory, '/') = '\0';
	char *roots[] = { directory, NULL };
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	for (FTSENT *entry; walk && (entry = fts_read(walk));) {
		const char *dot = strrchr(entry->fts_name, '.');
		if (entry->fts_info == FTS_F && dot && strcmp(dot, ".conf") == 0)
			config_print(entry->fts_path, entry->fts_path + strlen(directory) + 1);
	}
	if (walk)
		fts_close(walk);
}

static const struct {
	const char *name;
	void (*print)(void);
} lists[] = {
	{ "workloads", workloads_print }, { "collectors", collectors_print },
	{ "features", features_print },   { "policies", policies_print },
	{ "keys", keys_print },           { "metrics", metrics_print },
	{ "configs", configs_print },
};
enum { LIST_COUNT = sizeof(lists) / sizeof(lists[0]) };

static int list_run(const struct arguments *a)
{
	struct err e = { 0 };
	const char *names[LIST_COUNT];
	for (size_t i = 0; i < LIST_COUNT; i++) {
		names[i] = lists[i].name;
		if (strcmp(lists[i].name, arguments_at(a, 0)) == 0) {
			lists[i].print();
			return EXIT_DONE;
		}
	}
	const char *near = nearest_name(arguments_at(a, 0), names, LIST_COUNT);
	err_set(&e, EXIT_USAGE, "list '%s': expected %s%s%s%s", arguments_at(a, 0), list_command.synopsis,
	        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return err_report(&e);
}

const struct command list_command = {
	.name = "list",
	.synopsis = "workloads|collectors|features|policies|keys|metrics|configs",
	.minimum = 1,
	.maximum = 1,
	.help = "Show what there is: workloads, collectors, migration features, policies, keys, metrics, configs",
	.run = list_run,
};

static int help_run(const struct arguments *a)
{
	struct err e = { 0 };
	if (arguments_count(a) == 0) {
		commands_help(stdout);
		return EXIT_DONE;
	}
	const struct command *command = command_find(arguments_at(a, 0), &e);
	if (!command)
		return err_report(&e);
	command_help(command, stdout);
	return EXIT_DONE;
}

const struct command help_command = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.maximum = 1,
	.help = "Show the commands, or one of them",
	.run = help_run,
};

static void words_keys(void)
{
	for (const struct experiment_section *s = experiment_sections; s->name; s++) {
		bool is_vm = strcmp(s->name, "vm") == 0;
		for (const struct option_row *row = s->rows; row->name; row++)
			printf("%s.%s= ", s->name, row->name);
		for (const struct option_row *row = feature_rows; strcmp(s->name, "migration") == 0 && row->name;
		     row++)
			printf("%s.%s= ", s->name, row->name);
		for (size_t i = 0; is_vm && workloads[i]; i++)
			for (const struct option_row *row = workloads[i]->options; row && row->name; row++)
				printf("vm.%s.%s= ", workloads[i]->name, row->name);
		for (size_t i = 0; strcmp(s->name, "consolidate") == 0 && policies[i]; i++)
			for (const struct option_row *row = policies[i]->options; row && row->name; row++)
				printf("consolidate.%s.%s= ", policies[i]->name, row->name);
	}
	for (const struct experiment_section *s = simulated_sections; s->name; s++)
		for (const struct option_row *row = s->rows; row->name; row++)
			printf("%s.%s= ", s->name, row->name);
	for (size_t i = 0; policies[i]; i++)
		for (const struct option_row *row = policies[i]->options; row && row->name; row++)
			printf("simulate.%s.%s= ", policies[i]->name, row->name);
}

static void words_commands(void)
{
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf("%s ", commands[i]->name);
}

/* A bash function that offers commands, their options, what options choose from, and the keys of -s. */
static int completion_run(const struct arguments *a)
{
	(void)a;
	printf("# bash completion for migmeter, made by 'migmeter completion'\n_migmeter() {\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	words_commands();
	printf("' -- \"$word\")); return\n\tfi\n"
	       "\tcase $before in -s|--set)\n\t\tcompopt -o nospace\n\t\tCOMPREPLY=($(compgen -W '");
	words_keys();
	printf("' -- \"$word\")); return;;\n\tesac\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		printf("\t%s)\n", commands[i]->name);
		for (const struct command_option *o = commands[i]->options; o && o->name; o++)
			if (o->choices) {
				printf("\t\tif [ \"$before\" = --%s ]; then COMPREPLY=($(compgen -W '", o->name);
				for (const char *c = o->choices; *c; c++)
					putchar(*c == '|' ? ' ' : *c);
				printf("' -- \"$word\")); return; fi\n");
			}
		printf("\t\tCOMPREPLY=($(compgen -f -W '--help ");
		for (const struct command_option *o = commands[i]->options; o && o->name; o++)
			printf("--%s ", o->name);
		/* Words of a synopsis such as up|down are offered as they stand, those such as RUN|STUDY are not. */
		if (strcmp(commands[i]->synopsis, "[COMMAND]") == 0)
			words_commands();
		else if (islower((unsigned char)commands[i]->synopsis[0]))
			for (const char *c = commands[i]->synopsis; *c && *c != ' '; c++)
				putchar(*c == '|' ? ' ' : *c);
		printf("' -- \"$word\"));;\n");
	}
	printf("\tesac\n}\ncomplete -o filenames -F _migmeter migmeter\n");
	return EXIT_DONE;
}

const struct command completion_command = {
	.name = "completion",
	.synopsis = "",
	.help = "Print bash completion (source it, or install it with 'make install')",
	.run = completion_run,
};
