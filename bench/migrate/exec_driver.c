#include "bench/migrate/exec_driver.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/process_child.h"
#include "bench/base/process_guard.h"
#include "bench/base/tree.h"
#include "bench/base/whole_file.h"
#include "bench/migrate/domain_xml.h"
#include "bench/migrate/exec_answer.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/steering.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS (20 * NS_PER_MS) /* between two looks at *interrupted, the time limit and a command */
#define GRACE_NS NS_PER_S        /* from SIGTERM to SIGKILL */

enum { TROUBLES_MAX = 3, VARIABLES_MAX = 16, VARIABLE_ROOM = 512, OUTPUT_ROOM = 4096, ERRORS_ROOM = 1024 };

/* A command with what it prints. */
struct command {
	struct process_child child;
	char output[OUTPUT_ROOM], errors[ERRORS_ROOM];
};

struct exec {
	const struct migration_spec *spec;
	const struct exec_commands *commands;
	struct migration_result *result;
	char text[VARIABLES_MAX][VARIABLE_ROOM]; /* "NAME=VALUE" */
	const char *environment[VARIABLES_MAX + 1];
	int variables;
	char directory[32], xml_path[64]; /* "": none */
	struct command start, ask;
	pid_t guard;         /* of start's group */
	int64_t not_over_ns; /* the end of `start`, or when `state` was last asked and said running */
	int troubles;        /* answers in a row that were none */
};

/* ---- what commands are told ---- */

static int variable_add(struct exec *x, struct err *e, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int variable_add(struct exec *x, struct err *e, const char *format, ...)
{
	va_list args;
	char *text = x->text[x->variables];
	va_start(args, format);
	int length = vsnprintf(text, VARIABLE_ROOM, format, args);
	va_end(args);
	if (length < 0 || length >= VARIABLE_ROOM)
		return err_set(e, EXIT_CANNOT, "too long for a command's environment: '%.40s...'", text);
	x->environment[x->variables++] = text;
	return 0;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* A core of the source's is none of the destination's: the document that says so, in a file. */
static int xml_write(struct exec *x, struct err *e)
{
	const struct migration_spec *spec = x->spec;
	struct whole_file out;
	char *document = NULL;
	if (spec->destination_core < 0 || !spec->source)
		return 0;
	if (hypervisor_domain_document(spec->source, spec->vm, &document, e) < 0)
		return -1;
	char *repinned = domain_xml_repinned(document, spec->destination_core);
	free(document);
	snprintf(x->xml_path, sizeof(x->xml_path), "%s/destination.xml", x->directory);
	int result = repinned ? whole_file_open(&out, NULL, x->xml_path, e)
	                      : err_set(e, EXIT_CANNOT, "no memory to say where '%s' is to be pinned", spec->vm);
	if (result == 0) {
		fputs(repinned, out.file);
		result = whole_file_close(&out, 0, e);
	}
	free(repinned);
	return result;
}

static int directory_make(struct exec *x, struct err *e)
{
	char path[] = "/tmp/migmeter-XXXXXX";
	if (!mkdtemp(path))
		return err_errno(e, EXIT_CANNOT, "cannot make a folder for the migration's commands");
	snprintf(x->directory, sizeof(x->directory), "%s", path);
	return 0;
}

/* As the commands know it. */
static const char *node_name(const struct exec *x, const char *node)
{
	const char *name = node && strcmp(node, "src") == 0   ? x->commands->src_name
	                   : node && strcmp(node, "dst") == 0 ? x->commands->dst_name
	                                                      : NULL;
	return name && *name ? name : node;
}

static int environment_make(struct exec *x, struct err *e)
{
	const struct migration_spec *spec = x->spec;
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "VM", spec->vm },
		{ "SOURCE", node_name(x, spec->source_node) },
		{ "DESTINATION", node_name(x, spec->destination_node) },
		{ "SOURCE_URI", spec->source_uri },
		{ "DESTINATION_URI", spec->destination_uri },
		{ "MIGRATION_URI", spec->uri },
		{ "DIRECTORY", x->directory },
		{ "DESTINATION_XML", x->xml_path },
		{ "MODE", spec->postcopy == POSTCOPY_NEVER ? "precopy" : "postcopy" },
		{ "CONFIG_DIRECTORY", x->commands->config_directory },
	};
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "DOWNTIME_LIMIT_MS", spec->downtime_limit_ns / NS_PER_MS },
		{ "BANDWIDTH", spec->bandwidth_bytes_per_s },
		{ "TIMEOUT_S", spec->timeout_ns / NS_PER_S },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (variable_add(x, e, "MIGMETER_%s=%s", texts[i].name, or_empty(texts[i].value)) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (variable_add(x, e, "MIGMETER_%s=%" PRId64, numbers[i].name, numbers[i].value) < 0)
			return -1;
	return 0;
}

/* ---- commands ---- */

static int command_start(const struct exec *x, struct command *c, const char *text, struct err *e)
{
	const struct process_place place = { .environment = x->environment };
	const char *const argv[] = { "/bin/sh", "-c", text, NULL };
	return process_child_start(&c->child, &place, argv, c->output, sizeof(c->output), c->errors,
	                           sizeof(c->errors), e);
}

/* Why the migration is to be broken off; NULL: it is not. */
static const char *broken_off(const struct exec *x)
{
	const struct migration_spec *spec = x->spec;
	if (spec->interrupted && *spec->interrupted)
		return "interrupted";
	return clock_now_ns() - x->result->start_ns > spec->timeout_ns ? "it took longer than migration.timeout"
	                                                               : NULL;
}

/* Until it has ended: true. false: the time is over, or the migration is to be broken off (unless it is that already). */
static bool await(const struct exec *x, struct command *c, int64_t limit_ns, bool breaking)
{
	int64_t begin_ns = clock_now_ns();
	while (!process_child_ended(&c->child, LOOK_NS)) {
		if (x->spec->tick)
			x->spec->tick(x->spec->context);
		if (clock_now_ns() - begin_ns >= limit_ns || (!breaking && broken_off(x)))
			return false;
	}
	return true;
}

/* A short one, with its words in e when it fails. */
static int command_run(struct exec *x, const char *name, const char *text, bool breaking, struct err *e)
{
	int64_t limit_ns = x->commands->command_timeout_ns;
	if (command_start(x, &x->ask, text, e) < 0)
		return -1;
	bool ended = await(x, &x->ask, limit_ns, breaking);
	int result = ended ? process_child_result(&x->ask.child, name, e)
	                   : err_set(e, EXIT_MEASURED_BAD, "%s did not end within %.3g s", name,
	                             (double)limit_ns / NS_PER_S);
	process_child_end(&x->ask.child, ended ? 0 : GRACE_NS);
	return result;
}

enum outcome { GOES_ON, ARRIVED, FAILED, BREAK_OFF };

/* One question. GOES_ON also where the answer was none, and more of these are borne. */
static enum outcome ask(struct exec *x, bool breaking, struct err *e)
{
	struct exec_answer answer = { 0 };
	int64_t asked_ns = clock_now_ns();
	int status = command_run(x, "migration.state", x->commands->state, breaking, e);
	if (!breaking && broken_off(x))
		return BREAK_OFF;
	if (status == 0 && exec_answer_parse(&answer, x->ask.output, e) < 0)
		status = err_prefix(e, "migration.state");
	if (status < 0) {
		text_tame(e->text);
		migration_say(x->spec, "state-trouble", e->text);
		return ++x->troubles < TROUBLES_MAX ? GOES_ON : FAILED;
	}
	x->troubles = 0;
	enum exec_state state = answer.state;
	if (state == EXEC_COMPLETED) {
		x->result->end_ns = clock_now_ns();
		x->result->end_error_ns = x->result->end_ns - x->not_over_ns;
		x->result->completed = answer.statistics;
		x->result->completed_count = answer.count;
		answer.statistics = NULL;
		answer.count = 0;
	} else if (state == EXEC_FAILED) {
		err_set(e, EXIT_MEASURED_BAD, "migration.state says failed%s%s", answer.reason[0] ? ": " : "",
		        answer.reason);
	} else {
		x->not_over_ns = asked_ns;
	}
	exec_answer_clear(&answer);
	return state == EXEC_COMPLETED ? ARRIVED : state == EXEC_FAILED ? FAILED : GOES_ON;
}

/* Ask until it is over. */
static enum outcome follow(struct exec *x, struct err *e)
{
	for (;;) {
		enum outcome now = ask(x, false, e);
		if (now != GOES_ON)
			return now;
		int64_t next_ns = clock_now_ns() + x->commands->state_interval_ns;
		while (clock_now_ns() < next_ns) {
			if (x->spec->tick)
				x->spec->tick(x->spec->context);
			if (broken_off(x))
				return BREAK_OFF;
			int64_t left_ns = next_ns - clock_now_ns();
			process_child_ended(&x->start.child, 0); /* what its children print is taken in */
			clock_sleep(left_ns < LOOK_NS ? left_ns : LOOK_NS);
		}
	}
}

/* ---- the end before the end ---- */

/* It is to be cancelled: how it ended. GOES_ON: that cannot be told. One that refused to be cancelled is not waited for when it
 * says that it is running. */
static enum outcome ended_how(struct exec *x, bool refused)
{
	struct err e = { 0 };
	enum outcome how;
	bool ended = await(x, &x->start, x->commands->command_timeout_ns, true);
	int64_t now_ns = clock_now_ns(), end_ns = now_ns + x->commands->command_timeout_ns;
	if (!x->commands->state[0]) {
		how = !ended ? GOES_ON : process_child_result(&x->start.child, "", &e) == 0 ? ARRIVED : FAILED;
		x->result->end_ns = how == ARRIVED ? now_ns : x->result->end_ns;
		return how;
	}
	x->troubles = 0;
	while ((how = ask(x, true, &e)) == GOES_ON && (!refused || x->troubles) && clock_now_ns() < end_ns)
		clock_sleep(x->commands->state_interval_ns < NS_PER_S ? x->commands->state_interval_ns : NS_PER_S);
	return x->troubles ? GOES_ON : how;
}

/* Break off for this reason, which e gets with what came of it; ARRIVED when it was too late for that, which cancel may say by
 * failing. */
static enum outcome break_off(struct exec *x, const char *why, struct err *e)
{
	struct err one = { 0 };
	char reason[sizeof(e->text)];
	snprintf(reason, sizeof(reason), "%s", why);
	if (!x->commands->cancel[0]) {
		err_set(e, EXIT_MEASURED_BAD, "%s; there is no migration.cancel: it may still go on", reason);
		return FAILED;
	}
	bool refused = command_run(x, "migration.cancel", x->commands->cancel, true, &one) < 0;
	if (refused) {
		text_tame(one.text);
		migration_say(x->spec, "abort-refused", one.text);
	}
	x->result->end_ns = clock_now_ns();
	enum outcome how = ended_how(x, refused);
	if (how == ARRIVED)
		return ARRIVED;
	if (refused) {
		err_set(e, EXIT_MEASURED_BAD, "%s; %s: %s", reason,
		        how == FAILED ? "it failed before it could be cancelled" : "it may still go on", one.text);
		return FAILED;
	}
	if (how == GOES_ON) {
		err_set(e, EXIT_MEASURED_BAD, "%s; it was cancelled, but may still go on", reason);
		return FAILED;
	}
	migration_say(x->spec, "migrate-aborted", reason);
	err_set(e, EXIT_MEASURED_BAD, "%s", reason);
	return BREAK_OFF;
}

/* ---- all of it ---- */

/* A command can say what it likes; where the node can be asked, it is. */
static int arrived_check(const struct exec *x, struct err *e)
{
	const struct migration_spec *spec = x->spec;
	if (!spec->destination || hypervisor_domain_active(spec->destination, spec->vm, NULL) != 0)
		return 0;
	return err_set(e, EXIT_MEASURED_BAD, "%s, but '%s' is not on node '%s'",
	               x->commands->state[0] ? "migration.state says completed"
	                                     : "migration.start ended with status 0",
	               spec->vm, or_empty(spec->destination_node));
}

static enum outcome carry_out(struct exec *x, struct err *e)
{
	enum outcome how = BREAK_OFF;
	if (command_start(x, &x->start, x->commands->start, e) < 0)
		return FAILED;
	migration_say(x->spec, "migrate-start", "");
	if (process_guard_start(x->start.child.pid, x->directory, &x->guard, e) < 0)
		return FAILED;
	bool ended = await(x, &x->start, INT64_MAX, false);
	x->result->end_ns = x->not_over_ns = clock_now_ns();
	if (ended && process_child_result(&x->start.child, "migration.start", e) < 0)
		return FAILED;
	if (ended)
		how = x->commands->state[0] ? follow(x, e) : ARRIVED;
	if (how == FAILED && x->troubles) { /* nobody knows how it stands */
		how = break_off(x, e->text, e) == ARRIVED ? ARRIVED : FAILED;
	} else if (how == BREAK_OFF) {
		const char *why = broken_off(x);
		bool asked = strcmp(why, "interrupted") == 0;
		how = break_off(x, why, e);
		x->result->timed_out = how == BREAK_OFF && !asked;
	}
	return how == ARRIVED && arrived_check(x, e) < 0 ? FAILED : how;
}

int exec_migrate(const struct migration_spec *spec, struct migration_result *ret, struct err *e)
{
	struct exec *x = calloc(1, sizeof(*x));
	struct err unseen = { 0 };
	enum outcome how = FAILED;
	e = e ? e : &unseen;
	memset(ret, 0, sizeof(*ret));
	if (!x)
		return err_set(e, EXIT_CANNOT, "cannot migrate: out of memory");
	*x = (struct exec){ .spec = spec, .commands = spec->commands, .result = ret };
	if (directory_make(x, e) == 0 && xml_write(x, e) == 0 && environment_make(x, e) == 0) {
		ret->start_ns = clock_now_ns();
		how = carry_out(x, e);
	}
	process_child_end(&x->start.child, GRACE_NS);
	process_guard_end(x->guard);
	if (x->directory[0])
		tree_remove(x->directory);
	if (how == ARRIVED) {
		*e = (struct err){ 0 }; /* of what was borne */
		spec->sink(spec->context, ret->end_ns, spec->vm, spec->source_node, "migrate-done", "");
	} else {
		text_tame(e->text);
		migration_say(x->spec, "migrate-failed", e->text);
		if (spec->interrupted && *spec->interrupted)
			e->status = EXIT_INTERRUPTED;
	}
	free(x);
	return how == ARRIVED ? 0 : -1;
}
