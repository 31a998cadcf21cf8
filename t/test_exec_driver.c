/* Migrations carried out by commands: what they are told, what is made of what they say, and every way to fail. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/tree.h"
#include "bench/migrate/exec_answer.h"
#include "bench/migrate/exec_driver.h"
#include "bench/migrate/migration.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- answers ---- */

static void an_answer_is_a_word_and_figures(void **state)
{
	(void)state;
	struct exec_answer a;
	struct err e = { 0 };
	unsigned long long value;
	assert_int_equal(exec_answer_parse(&a, "\n running \r\n", &e), 0);
	assert_int_equal(a.state, EXEC_RUNNING);
	assert_null(a.statistics);
	exec_answer_clear(&a);

	assert_int_equal(exec_answer_parse(&a, "completed\ndowntime = 316.6ms\n\nbytes=1.5M\niterations = 4", &e), 0);
	assert_int_equal(a.state, EXEC_COMPLETED);
	assert_int_equal(a.count, 3);
	assert_int_equal(virTypedParamsGetULLong(a.statistics, a.count, VIR_DOMAIN_JOB_DOWNTIME, &value), 1);
	assert_int_equal(value, 317);
	assert_int_equal(virTypedParamsGetULLong(a.statistics, a.count, VIR_DOMAIN_JOB_DATA_PROCESSED, &value), 1);
	assert_int_equal(value, 3 << 19);
	assert_int_equal(virTypedParamsGetULLong(a.statistics, a.count, VIR_DOMAIN_JOB_SETUP_TIME, &value), 0);
	exec_answer_clear(&a);

	assert_int_equal(exec_answer_parse(&a, "failed\nreason = no host = no move", &e), 0);
	assert_int_equal(a.state, EXEC_FAILED);
	assert_string_equal(a.reason, "no host = no move");
	exec_answer_clear(&a);
}

static void other_words_are_no_answer(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "nothing was said" },
		{ "\n \n", "nothing was said" },
		{ "Completed", "'Completed' is none of running, completed, failed" },
		{ "completed downtime=1s", "is none of" },
		{ "completed\n317", "'317' is no KEY=VALUE" },
		{ "completed\ndowntme = 1s", "unknown key 'downtme', did you mean 'downtime'" },
		{ "completed\ndowntime = soon", "'soon' is not a time" },
		{ "completed\ndowntime = -1ms", "'-1ms' is not a time" },
		{ "completed\nbytes = 99999999999T", "too large" },
		{ "\033[2Jrunning", "?[2Jrunning" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct exec_answer a;
		struct err e = { 0 };
		assert_int_equal(exec_answer_parse(&a, cases[i].text, &e), -1);
		assert_int_equal(e.status, EXIT_MEASURED_BAD);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s': '%s'", cases[i].text, e.text);
	}
}

/* ---- migrations ---- */

struct outcome {
	struct migration_result result;
	struct err e;
	int status;
	char events[2000]; /* "EVENT: DETAIL\n" */
	int ticks;
};

static char folder[] = "/tmp/migmeter-exec-XXXXXX";
static volatile sig_atomic_t interrupted;

static void sink(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                 const char *detail)
{
	struct outcome *o = context;
	size_t used = strlen(o->events);
	(void)vm;
	assert_true(head_ns > 0);
	assert_string_equal(node, "src");
	snprintf(o->events + used, sizeof(o->events) - used, "%s: %s\n", event, detail);
}

static void tick(void *context)
{
	((struct outcome *)context)->ticks++;
}

/* The commands find the test's folder in $F, since their own is removed. */
static void migrate(struct outcome *o, const char *start, const char *ask, const char *cancel, int64_t timeout_ns)
{
	static const struct feature_set none;
	const struct exec_commands commands = { .start = start,
		                                .state = ask,
		                                .cancel = cancel,
		                                .state_interval_ns = 30 * NS_PER_MS,
		                                .command_timeout_ns = NS_PER_S,
		                                .src_name = "",
		                                .dst_name = "compute-2",
		                                .config_directory = "/etc/a config" };
	const struct migration_spec spec = { .commands = &commands,
		                             .source_uri = "qemu:///src",
		                             .destination_uri = "qemu:///dst",
		                             .vm = "vm1; touch $F/gone",
		                             .source_node = "src",
		                             .destination_node = "dst",
		                             .uri = "tcp://10.77.3.3",
		                             .destination_core = -1,
		                             .postcopy = POSTCOPY_NOW,
		                             .downtime_limit_ns = 300 * NS_PER_MS,
		                             .bandwidth_bytes_per_s = 1 << 20,
		                             .timeout_ns = timeout_ns,
		                             .features = &none,
		                             .interrupted = &interrupted,
		                             .sink = sink,
		                             .tick = tick,
		                             .context = o };
	char command[300];
	snprintf(command, sizeof(command), "rm -rf %s/*", folder);
	assert_int_equal(system(command), 0);
	*o = (struct outcome){ 0 };
	o->status = migration_run(&spec, &o->result, &o->e);
}

static void outcome_clear(struct outcome *o)
{
	migration_result_free(&o->result);
}

static char *said(const char *name)
{
	static char text[2000];
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "re");
	size_t length = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[length] = '\0';
	if (f)
		fclose(f);
	return text;
}

static bool there(const char *name)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

#define LONG_NS (20 * NS_PER_S)
/* the start that wrote its number */
#define KILL "until [ -s $F/pid ]; do sleep 0.01; done; kill $(cat $F/pid)"
/* running twice, then what follows */
#define TWICE "echo x >>$MIGMETER_DIRECTORY/n; [ $(wc -l <$MIGMETER_DIRECTORY/n) -gt 2 ] || { echo running; exit; }; "

static void it_is_over_when_state_says_so(void **state)
{
	(void)state;
	struct outcome o;
	unsigned long long ms;
	migrate(&o, "true", TWICE "echo completed; echo downtime=317ms; echo a warning >&2", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.events, "migrate-start: \nmigrate-done: \n");
	assert_int_equal(
		virTypedParamsGetULLong(o.result.completed, o.result.completed_count, VIR_DOMAIN_JOB_DOWNTIME, &ms),
		1);
	assert_int_equal(ms, 317);
	assert_true(o.result.end_ns - o.result.start_ns >= 60 * NS_PER_MS);
	/* between the last running and completed */
	assert_true(o.result.end_error_ns >= 30 * NS_PER_MS);
	assert_true(o.result.end_error_ns < o.result.end_ns - o.result.start_ns);
	assert_true(o.ticks > 0);
	outcome_clear(&o);
}

static void without_state_it_is_over_with_start(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "sleep 0.1", "", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.result.end_error_ns, 0);
	assert_null(o.result.completed);
	assert_true(o.result.end_ns - o.result.start_ns >= 100 * NS_PER_MS);
	outcome_clear(&o);
}

/* Nobody knows whether start ended with the migration, or began it only. */
static void what_is_completed_at_the_first_question_ended_since_start_did(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "date +%s%N >$F/started", "sleep 0.2; date +%s%N >$F/asked; echo completed", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_true(o.result.end_ns >= clock_from_wall_ns(strtoll(said("asked"), NULL, 10)));
	assert_true(o.result.end_error_ns >= 200 * NS_PER_MS);
	assert_true(o.result.end_ns - o.result.end_error_ns >=
	            clock_from_wall_ns(strtoll(said("started"), NULL, 10)));
	assert_true(o.result.end_ns - o.result.end_error_ns <=
	            clock_from_wall_ns(strtoll(said("asked"), NULL, 10)) - 200 * NS_PER_MS);
	outcome_clear(&o);
}

static void commands_are_told_by_their_environment(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o,
	        "env | grep ^MIGMETER_ | sort >$F/env; echo \"$MIGMETER_VM\" >$F/vm; ls -d $MIGMETER_DIRECTORY >$F/d",
	        "", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_string_equal(said("vm"), "vm1; touch $F/gone\n");
	assert_false(there("gone"));
	static const char *const lines[] = { "MIGMETER_BANDWIDTH=1048576\n",
		                             "MIGMETER_CONFIG_DIRECTORY=/etc/a config\n",
		                             "MIGMETER_DESTINATION=compute-2\n",
		                             "MIGMETER_DESTINATION_URI=qemu:///dst\n",
		                             "MIGMETER_DESTINATION_XML=\n",
		                             "MIGMETER_DOWNTIME_LIMIT_MS=300\n",
		                             "MIGMETER_MIGRATION_URI=tcp://10.77.3.3\n",
		                             "MIGMETER_MODE=postcopy\n",
		                             "MIGMETER_SOURCE=src\n",
		                             "MIGMETER_SOURCE_URI=qemu:///src\n",
		                             "MIGMETER_TIMEOUT_S=20\n" };
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_non_null(strstr(said("env"), lines[i]));
	char *directory = said("d");
	directory[strcspn(directory, "\n")] = '\0';
	assert_int_equal(strncmp(directory, "/tmp/migmeter-", 14), 0);
	assert_int_equal(access(directory, F_OK), -1);
	outcome_clear(&o);
}

static void fails(struct outcome *o, const char *words)
{
	assert_int_equal(o->status, -1);
	assert_false(o->result.timed_out);
	assert_false(o->result.lost);
	if (!strstr(o->e.text, words))
		fail_msg("'%s' is not in '%s'", words, o->e.text);
	assert_non_null(strstr(o->events, "migrate-failed: "));
	assert_null(strstr(o->events, "migrate-done"));
	outcome_clear(o);
}

static void a_start_that_fails(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "echo progress; echo no such host >&2; exit 3", "echo asked >$F/asked; echo completed", "",
	        LONG_NS);
	fails(&o, "migration.start failed with status 3: no such host");
	assert_int_equal(o.e.status, EXIT_MEASURED_BAD);
	assert_false(there("asked"));
	migrate(&o, "no-such-program-here", "", "", LONG_NS);
	fails(&o, "migration.start failed with status 127");
	assert_int_equal(o.e.status, EXIT_CANNOT);
	migrate(&o, "kill -9 $$", "", "", LONG_NS);
	fails(&o, "migration.start was ended by signal 9");
}

/* Its children too. */
static bool is_ended(const char *pid_file)
{
	int pid = atoi(said(pid_file));
	assert_true(pid > 1);
	for (int i = 0; i < 200; i++) {
		char path[40], line[200] = "";
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		FILE *f = fopen(path, "re");
		if (!f)
			return true;
		char *got = fgets(line, sizeof(line), f);
		fclose(f);
		if (!got || strstr(line, ") Z"))
			return true;
		clock_sleep(10 * NS_PER_MS);
	}
	return false;
}

static void a_start_that_hangs_is_ended_with_its_children(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "sleep 300 & echo $! >$F/pid; wait", "", "", NS_PER_S);
	fails(&o, "it took longer than migration.timeout; there is no migration.cancel: it may still go on");
	assert_true(is_ended("pid"));
	/* what was left in the background of one that ended in time */
	migrate(&o, "sleep 300 & echo $! >$F/pid", TWICE "echo completed", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_true(is_ended("pid"));
	outcome_clear(&o);
}

static bool is_gone(const char *path)
{
	for (int i = 0; i < 200 && access(path, F_OK) == 0; i++)
		clock_sleep(10 * NS_PER_MS);
	return access(path, F_OK) < 0;
}

/* One of them does not heed SIGTERM. */
static void a_head_that_is_killed_leaves_no_children_of_start(void **state)
{
	(void)state;
	struct outcome *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(o, MAP_FAILED);
	pid_t head = fork();
	if (head == 0) {
		migrate(o,
		        "sleep 300 & echo $! >$F/pid; sh -c 'trap \"\" TERM; echo $$ >$F/deaf; sleep 300; sleep 300' & "
		        "echo $MIGMETER_DIRECTORY >$F/d; until [ -s $F/deaf ]; do sleep 0.01; done; touch $F/begun; wait",
		        "", "", LONG_NS);
		_exit(0);
	}
	/* ticks come when all that is to be guarded is */
	for (int i = 0; i < 1000 && (!o->ticks || !there("begun")); i++)
		clock_sleep(10 * NS_PER_MS);
	assert_true(o->ticks > 0 && there("begun"));
	assert_int_equal(kill(head, SIGKILL), 0);
	assert_int_equal(waitpid(head, NULL, 0), head);
	assert_true(is_ended("pid"));
	assert_true(is_ended("deaf"));
	char *directory = said("d");
	directory[strcspn(directory, "\n")] = '\0';
	assert_true(strlen(directory) > strlen("/tmp/") && is_gone(directory));
	munmap(o, sizeof(*o));
}

static void what_is_cancelled_in_time_has_not_converged(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "echo $$ >$F/pid; exec sleep 300", "", KILL, 200 * NS_PER_MS);
	assert_int_equal(o.status, -1);
	assert_true(o.result.timed_out);
	assert_non_null(strstr(o.events, "migrate-aborted: it took longer than migration.timeout"));
	outcome_clear(&o);
	migrate(&o, "true", "[ -e $F/off ] && echo failed || echo running", "touch $F/off", 200 * NS_PER_MS);
	assert_int_equal(o.status, -1);
	assert_true(o.result.timed_out);
	outcome_clear(&o);
}

static void cancelling_may_come_too_late_or_fail(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "true", "[ -e $F/off ] && echo completed || echo running", "touch $F/off", 200 * NS_PER_MS);
	assert_int_equal(o.status, 0);
	assert_null(strstr(o.events, "migrate-aborted"));
	outcome_clear(&o);
	migrate(&o, "sleep 0.3", "", "true", 200 * NS_PER_MS);
	assert_int_equal(o.status, 0);
	outcome_clear(&o);
	/* cancel says by failing that there is nothing to cancel any more */
	migrate(&o, "true", "[ -e $F/off ] && echo completed || echo running",
	        "touch $F/off; echo no job is active >&2; false", 200 * NS_PER_MS);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.e.status, 0);
	assert_non_null(strstr(o.events, "abort-refused: migration.cancel failed with status 1: no job is active"));
	assert_true(o.result.end_error_ns > 0);
	outcome_clear(&o);
	migrate(&o, "sleep 0.5", "", "false", 200 * NS_PER_MS);
	assert_int_equal(o.status, 0);
	assert_true(o.result.end_ns - o.result.start_ns >= 500 * NS_PER_MS);
	outcome_clear(&o);
	migrate(&o, "true", "[ -e $F/off ] && echo failed || echo running", "touch $F/off; false", 200 * NS_PER_MS);
	fails(&o, "it failed before it could be cancelled: migration.cancel failed with status 1");
	migrate(&o, "true", "echo running", "echo not allowed >&2; false", 200 * NS_PER_MS);
	assert_non_null(strstr(o.events, "abort-refused: migration.cancel failed with status 1: not allowed"));
	fails(&o, "it may still go on: migration.cancel failed");
	migrate(&o, "true", "echo running", "sleep 300", 200 * NS_PER_MS);
	fails(&o, "migration.cancel did not end within 1 s");
	migrate(&o, "true", "echo running", "true", 200 * NS_PER_MS);
	fails(&o, "it was cancelled, but may still go on");
	migrate(&o, "sleep 300", "", "true", 200 * NS_PER_MS);
	fails(&o, "it was cancelled, but may still go on");
}

static int count_of(const char *text, const char *word)
{
	int count = 0;
	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void a_state_that_says_nothing_three_times_ends_it(void **state)
{
	(void)state;
	static const struct {
		const char *ask, *words;
	} cases[] = {
		{ "echo API is away >&2; exit 1", "migration.state failed with status 1: API is away" },
		{ "sleep 300", "migration.state did not end within 1 s" },
		{ "echo ACTIVE", "migration.state: 'ACTIVE' is none of running, completed, failed" },
		{ "true", "migration.state: nothing was said" },
		{ "head -c 100000 /dev/zero | tr '\\0' x", "is none of running" },
		{ "echo completed; echo downtime=short", "migration.state: key 'downtime'" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outcome o;
		migrate(&o, "true", cases[i].ask, "touch $F/cancelled", LONG_NS);
		assert_true(count_of(o.events, "state-trouble: ") >= 3);
		assert_true(there("cancelled"));
		fails(&o, cases[i].words);
	}
}

static void one_answer_that_is_none_is_borne(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "true", "[ -e $F/asked ] || { touch $F/asked; exit 1; }; " TWICE "echo completed", "", LONG_NS);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.e.status, 0);
	assert_int_equal(count_of(o.events, "state-trouble: "), 1);
	outcome_clear(&o);
}

static void a_migration_that_failed_says_why(void **state)
{
	(void)state;
	struct outcome o;
	migrate(&o, "true", TWICE "echo failed; echo 'reason = no valid host'", "touch $F/cancelled", LONG_NS);
	assert_false(there("cancelled"));
	fails(&o, "migration.state says failed: no valid host");
}

static void *interrupt_soon(void *unused)
{
	clock_sleep(150 * NS_PER_MS);
	interrupted = 1;
	return unused;
}

static void an_interrupt_cancels(void **state)
{
	(void)state;
	struct outcome o;
	pthread_t thread;
	for (int i = 0; i < 2; i++) { /* while start runs, and while the state is asked for */
		assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
		migrate(&o, i ? "true" : "echo $$ >$F/pid; exec sleep 300",
		        i ? "[ -e $F/off ] && echo failed || echo running" : "", i ? "touch $F/off" : KILL, LONG_NS);
		pthread_join(thread, NULL);
		interrupted = 0;
		assert_int_equal(o.e.status, EXIT_INTERRUPTED);
		assert_non_null(strstr(o.events, "migrate-aborted: interrupted"));
		fails(&o, "interrupted");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_a_word_and_figures),
		cmocka_unit_test(other_words_are_no_answer),
		cmocka_unit_test(it_is_over_when_state_says_so),
		cmocka_unit_test(without_state_it_is_over_with_start),
		cmocka_unit_test(what_is_completed_at_the_first_question_ended_since_start_did),
		cmocka_unit_test(commands_are_told_by_their_environment),
		cmocka_unit_test(a_start_that_fails),
		cmocka_unit_test(a_start_that_hangs_is_ended_with_its_children),
		cmocka_unit_test(a_head_that_is_killed_leaves_no_children_of_start),
		cmocka_unit_test(what_is_cancelled_in_time_has_not_converged),
		cmocka_unit_test(cancelling_may_come_too_late_or_fail),
		cmocka_unit_test(a_state_that_says_nothing_three_times_ends_it),
		cmocka_unit_test(one_answer_that_is_none_is_borne),
		cmocka_unit_test(a_migration_that_failed_says_why),
		cmocka_unit_test(an_interrupt_cancels),
	};
	if (!mkdtemp(folder) || setenv("F", folder, 1) < 0 || virInitialize() < 0)
		return 1;
	int result = cmocka_run_group_tests(tests, NULL, NULL);
	tree_remove(folder);
	return result;
}
