/* Running other programs: what is captured, what is said of a failure, and that none is waited for past its time. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_kept_and_cut),
		cmocka_unit_test(a_failure_names_status_and_last_line),
		cmocka_unit_test(nothing_is_waited_for_past_its_deadline),
		cmocka_unit_test(signals_cut_nothing),
		cmocka_unit_test(a_pid_file_has_one_pid_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
