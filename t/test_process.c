/* Running other programs: what is captured, what is said of a failure, and that none is waited for past its time. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process_child.h"

#include <setjmp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_NS (20 * NS_PER_S)

static int shell(const char *script, int64_t deadline_ns, char *output, size_t room, struct err *e)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	*e = (struct err){ 0 };
	return process_run(NULL, argv, deadline_ns, output, room, e);
}

static void output_is_kept_and_cut(void **state)
{
	(void)state;
	char text[64], few[4];
	struct err e;
	assert_int_equal(shell("echo out; echo err >&2", LONG_NS, text, sizeof(text), &e), 0);
	assert_string_equal(text, "out\nerr\n");
	assert_int_equal(shell("echo 123456789", LONG_NS, few, sizeof(few), &e), 0);
	assert_string_equal(few, "123");
}

static void a_failure_names_status_and_last_line(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(shell("echo first; echo the reason; echo; exit 3", LONG_NS, NULL, 0, &e), -1);
	assert_int_equal(e.status, EXIT_MEASURED_BAD);
	assert_non_null(strstr(e.text, "failed with status 3: the reason"));
	assert_int_equal(shell("kill -KILL $$", LONG_NS, NULL, 0, &e), -1);
	assert_non_null(strstr(e.text, "signal 9"));
	assert_int_equal(process_runf(NULL, &e, "no-such-program"), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
}

/* With its output open, and with its output closed. */
static void nothing_is_waited_for_past_its_deadline(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(shell("sleep 20", 100 * NS_PER_MS, NULL, 0, &e), -1);
	assert_non_null(strstr(e.text, "did not end within"));
	assert_int_equal(shell("exec >&- 2>&-; sleep 20", 100 * NS_PER_MS, NULL, 0, &e), -1);
	assert_non_null(strstr(e.text, "did not end within"));
	assert_int_equal(shell("exec >&- 2>&-; sleep 0.2; exit 7", LONG_NS, NULL, 0, &e), -1);
	assert_non_null(strstr(e.text, "status 7"));
}

static void on_alarm(int number)
{
	(void)number;
}

/* Signals that interrupt every system call take nothing away. */
static void signals_cut_nothing(void **state)
{
	(void)state;
	enum { ROOM = 1 << 20 };
	const struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction before;
	struct err e;
	char *text = malloc(ROOM);
	assert_non_null(text);
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	int result = shell("seq 100000", LONG_NS, text, ROOM, &e);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(result, 0);
	assert_int_equal(strlen(text), 588895);
	free(text);
}

static void a_pid_file_has_one_pid_or_none(void **state)
{
	static const struct {
		const char *text;
		pid_t pid;
	} cases[] = { { "123\n", 123 }, { "", 0 }, { "qemu\n", 0 }, { "-5\n", 0 } };
	char path[] = "/tmp/migmeter-test-XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text, strlen(cases[i].text), 0), strlen(cases[i].text));
		assert_int_equal(process_pid_file(path), cases[i].pid);
	}
	close(fd);
	unlink(path);
	assert_int_equal(process_pid_file(path), 0);
}

static void a_child_keeps_the_begin_of_its_output_and_the_end_of_its_errors(void **state)
{
	(void)state;
	const char *const environment[] = { "WORD=a word; exit 9", NULL };
	const struct process_place place = { .environment = environment };
	const char *const argv[] = { "sh", "-c",
		                     "echo \"$WORD\"; for i in 1 2 3 4; do echo error $i >&2; done; exit 4", NULL };
	char output[8], errors[16];
	struct process_child c;
	struct err e = { 0 };
	assert_int_equal(process_child_start(&c, &place, argv, output, sizeof(output), errors, sizeof(errors), &e),
	                 0);
	while (!process_child_ended(&c, NS_PER_MS))
		;
	assert_string_equal(output, "a word;");
	assert_string_equal(errors, "rror 3\nerror 4\n");
	assert_int_equal(process_child_result(&c, "it", &e), -1);
	assert_string_equal(e.text, "it failed with status 4: error 4");
	process_child_end(&c, 0);
	process_child_end(&c, 0); /* once more is nothing */
	assert_null(getenv("WORD"));
}

/* One that heeds no SIGTERM, and what it started. */
static void a_child_ends_with_its_group(void **state)
{
	(void)state;
	const char *const argv[] = { "sh", "-c", "trap '' TERM; sleep 300 & echo $!; wait", NULL };
	char output[32] = "";
	struct process_child c;
	struct err e = { 0 };
	assert_int_equal(process_child_start(&c, NULL, argv, output, sizeof(output), NULL, 0, &e), 0);
	while (!strchr(output, '\n'))
		assert_false(process_child_ended(&c, NS_PER_MS));
	uint64_t started = process_start_time(atoi(output));
	assert_true(started != 0);
	process_child_end(&c, 50 * NS_PER_MS);
	for (int i = 0; i < 2000 && process_start_time(atoi(output)) == started; i++)
		clock_sleep(NS_PER_MS);
	assert_true(process_start_time(atoi(output)) != started);
}

static void *go_on(void *unused)
{
	(void)unused;
	clock_sleep(300 * NS_PER_MS);
	_exit(0);
}

/* Its first thread ends at SIGTERM, another one some time after. */
static void be_slow_to_end(int ready)
{
	sigset_t end;
	pthread_t thread;
	int signal_number;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	if (write(ready, "", 1) != 1 || sigwait(&end, &signal_number) || pthread_create(&thread, NULL, go_on, NULL))
		_exit(1);
	pthread_exit(NULL);
}

static void what_was_ended_is_reaped(void **state)
{
	int ready[2];
	char byte;
	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0)
		be_slow_to_end(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	process_end(pid, process_start_time(pid), LONG_NS);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_kept_and_cut),
		cmocka_unit_test(a_failure_names_status_and_last_line),
		cmocka_unit_test(nothing_is_waited_for_past_its_deadline),
		cmocka_unit_test(signals_cut_nothing),
		cmocka_unit_test(a_child_keeps_the_begin_of_its_output_and_the_end_of_its_errors),
		cmocka_unit_test(a_child_ends_with_its_group),
		cmocka_unit_test(what_was_ended_is_reaped),
		cmocka_unit_test(a_pid_file_has_one_pid_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
