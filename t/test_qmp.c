/* The monitor of our own against a QEMU that is a thread: greeting, events in between, an error, an end. */
#include "bench/migrate/clock_trace.h"
#include "bench/migrate/qmp.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/t-monitor-XXXXXX", path[64], asked[4][256];

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void answer(int listening, const char *const answers[3])
{
	int fd = accept(listening, NULL, NULL);
	say(fd, "{\"QMP\": {\"version\": {}}}\r\n");
	for (int i = 0; i < 3; i++) {
		ssize_t got = read(fd, asked[i], sizeof(asked[i]) - 1);
		assert_true(got > 0);
		/* In two parts: an answer need not come at once. */
		assert_int_equal(write(fd, answers[i], 5), 5);
		say(fd, answers[i] + 5);
	}
	close(fd);
}

static void *qemu_main(void *argument)
{
	static const char *const answers[] = {
		"{\"return\": {}}\r\n",
		"{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}\r\n{\"return\": {}}\r\n",
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n",
	};
	answer(*(const int *)argument, answers);
	return NULL;
}

static void *qemu_obeys(void *argument)
{
	static const char *const answers[] = { "{\"return\": {}}\n", "{\"return\": \"\"}\n", "{\"return\": {}}\n" };
	answer(*(const int *)argument, answers);
	return NULL;
}

static void test_qmp(void **state)
{
	(void)state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct qmp *m;
	struct err e = { 0 };
	pthread_t qemu;
	assert_non_null(mkdtemp(directory));
	assert_string_equal(qmp_path(directory, "vm1", path, sizeof(path)) + strlen(directory), "/vm1.monitor");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(qmp_open(&m, path, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(pthread_create(&qemu, NULL, qemu_main, &fd), 0);

	assert_int_equal(qmp_open(&m, path, &e), 0);
	assert_int_equal(qmp_execute(m, "stop", NULL, &e), 0);
	assert_int_equal(qmp_execute(m, "cont", "{\"a\":1}", &e), -1);
	assert_non_null(strstr(e.text, "\"desc\": \"no\""));
	pthread_join(qemu, NULL);
	assert_int_equal(qmp_execute(m, "cont", NULL, &e), -1);
	qmp_close(m);
	qmp_close(NULL);
	assert_string_equal(asked[0], "{\"execute\":\"qmp_capabilities\"}\n");
	assert_string_equal(asked[1], "{\"execute\":\"stop\"}\n");
	assert_string_equal(asked[2], "{\"execute\":\"cont\",\"arguments\":{\"a\":1}}\n");
	close(fd);
	unlink(path);
	rmdir(directory);
}

/* QEMU's log of its states: other lines in between, and one that is written later. */
static void test_clock_trace(void **state)
{
	(void)state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct qmp *m;
	struct clock_trace *trace;
	struct err e = { 0 };
	pthread_t qemu;
	char log[80];
	int64_t at_ns, later_ns, wall_s = clock_wall_ns() / NS_PER_S;
	bool runs;
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	assert_non_null(mkdtemp(directory));
	qmp_path(directory, "vm1", path, sizeof(path));
	snprintf(log, sizeof(log), "%s/vm1.trace", directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	FILE *file = fopen(log, "w");
	assert_non_null(file);
	setlinebuf(file);

	/* It carries out the first command and not the second. */
	assert_int_equal(pthread_create(&qemu, NULL, qemu_main, &fd), 0);
	assert_int_equal(qmp_open(&m, path, &e), 0);
	assert_int_equal(clock_trace_open(&trace, m, log, &e), -1);
	assert_null(trace);
	pthread_join(qemu, NULL);
	qmp_close(m);
	assert_int_equal(pthread_create(&qemu, NULL, qemu_obeys, &fd), 0);
	assert_int_equal(qmp_open(&m, path, &e), 0);
	assert_int_equal(clock_trace_open(&trace, m, log, &e), 0);
	pthread_join(qemu, NULL);
	qmp_close(m);
	assert_non_null(strstr(asked[1], "logfile /tmp/t-monitor-"));
	assert_non_null(strstr(asked[2], "\"runstate_set\""));

	assert_int_equal(clock_trace_next(trace, &at_ns, &runs), 0);
	fprintf(file, "warning: something\n");
	fprintf(file, "7@%lld.000250:runstate_set current_run_state 9 (running) new_state 4 (paused)\n",
	        (long long)wall_s);
	fprintf(file, "7@%lld.000300:runstate_set current_run_state 4 (paused) new_state 7 (postmigrate)\n",
	        (long long)wall_s);
	assert_int_equal(clock_trace_next(trace, &at_ns, &runs), 1);
	assert_false(runs);
	assert_int_equal(clock_trace_next(trace, &later_ns, &runs), 0);
	fprintf(file, "7@%lld.020250:runstate_set current_run_state 4 (paused) new_state 9 (running)\n",
	        (long long)wall_s);
	assert_int_equal(clock_trace_next(trace, &later_ns, &runs), 1);
	assert_true(runs);
	assert_true(llabs(later_ns - at_ns - 20 * NS_PER_MS) < NS_PER_MS);
	clock_trace_close(trace);
	clock_trace_close(NULL);
	fclose(file);
	close(fd);
	unlink(log);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_qmp), cmocka_unit_test(test_clock_trace) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
