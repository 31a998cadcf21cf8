/*
 * migmeter-guest - the load of a guest: PID 1 of its initramfs, or an ordinary program on a host (for tests).
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/agent.h"
#include "workloads/init.h"
#include "workloads/settings.h"
#include "workloads/workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: migmeter-guest --host --head ADDRESS --run HEX --workload NAME[+NAME]... [--vm INDEX]\n"
	"                      [--interval NS] [--headdata ADDRESS] [--fill none|random] [--set NAME.KEY=VALUE]...\n"
	"       migmeter-guest list\n"
	"As PID 1 it takes the same settings from the kernel command line, as migmeter.KEY=VALUE.\n";

static void say(const char *line)
{
	dprintf(STDOUT_FILENO, "migmeter: %s\n", line);
}

static void list(void)
{
	for (size_t i = 0; workloads[i]; i++) {
		const struct workload_ops *ops = workloads[i];
		printf("%s\n  %s\n  work in %s; an operation is %s\n", ops->name, ops->help, ops->unit,
		       ops->operation);
		for (const struct option_row *row = ops->options; row->name; row++) {
			const char *form = row->type == OPTION_CHOICE ? row->minimum : option_type_name(row->type);
			printf("    %-10s %s (%s; default %s)\n", row->name, row->help, form,
			       row->initial && row->initial[0] ? row->initial : "none");
		}
	}
}

static void host_power_off(void)
{
	exit(EXIT_DONE);
}

static const struct agent_hooks host_hooks = { say, host_power_off }, guest_hooks = { say, init_power_off };

/* --workload first, since --set is about one of them. */
static int arguments_parse(int argc, char **argv, struct guest_settings *s, struct err *e)
{
	for (int pass = 0; pass < 2; pass++)
		for (int i = 2; i < argc; i += 2) {
			if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc)
				return err_set(e, EXIT_USAGE, "'%s' is not an option with a value; see --help",
				               argv[i]);
			bool set = strcmp(argv[i], "--set") == 0;
			char *equals = strchr(argv[i + 1], '=');
			if (pass != set)
				continue;
			if (set && !equals)
				return err_set(e, EXIT_USAGE, "--set '%s' is not NAME.KEY=VALUE", argv[i + 1]);
			if (set)
				*equals = '\0';
			if (guest_settings_set(s, set ? argv[i + 1] : argv[i] + 2, set ? equals + 1 : argv[i + 1],
			                       e) < 0)
				return -1;
		}
	return guest_settings_check(s, e);
}

static int host_main(int argc, char **argv)
{
	struct err e = { 0 };
	struct guest_settings settings;
	struct agent *agent;
	guest_settings_init(&settings);
	if (arguments_parse(argc, argv, &settings, &e) < 0 || agent_start(&agent, &settings, &host_hooks, &e) < 0) {
		guest_settings_free(&settings);
		return err_report(&e);
	}
	if (agent_work(agent, &e) == 0)
		agent_serve(agent);
	agent_end(agent);
	guest_settings_free(&settings);
	return err_report(&e);
}

/* The parts of getting ready that need no network, then the network; the first trouble is kept, all is tried. */
static int guest_prepare(struct guest_settings *s, struct err *e)
{
	char command_line[GUEST_COMMAND_LINE_ROOM];
	struct err later = { 0 };
	int result = init_command_line(command_line, sizeof(command_line), e);
	if (result == 0)
		result = guest_settings_parse(s, command_line, e);
	if (s->probe) {
		say("alive");
		init_power_off();
	}
	if (result == 0)
		result = guest_settings_check(s, e);
	result = init_modules(result < 0 ? &later : e) < 0 ? -1 : result;
	return init_network(s, result < 0 ? &later : e) < 0 ? -1 : result;
}

static void guest_failed(const struct err *e)
{
	char line[sizeof(e->text) + 16];
	snprintf(line, sizeof(line), "failed: %s", e->text);
	say(line);
}

_Noreturn static void guest_main(void)
{
	static struct guest_settings settings; /* the agent's threads outlive this function */
	struct err e = { 0 }, trouble = { 0 };
	struct agent *agent;
	guest_settings_init(&settings);
	if (init_mount(&e) < 0)
		guest_failed(&e);
	int prepared = guest_prepare(&settings, &e);
	if (agent_start(&agent, &settings, &guest_hooks, &trouble) == 0) {
		if (prepared < 0)
			agent_fail(agent, &e);
		else
			agent_work(agent, &e);
		agent_serve(agent);
	}
	guest_failed(prepared < 0 ? &e : &trouble);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (getpid() == 1 && strcmp(argv[0], "/init") == 0)
		guest_main();
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		list();
		return EXIT_DONE;
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (argc > 2 && strcmp(argv[1], "--host") == 0)
		return host_main(argc, argv);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
