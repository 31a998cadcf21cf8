/* The monitor of our own against a QEMU that is a thread: greeting, events in between, an error, an end. */
#include "bench/migrate/monitor.h"

#include "bench/base/err.h"

#include <pthread.h>
#include <setjmp.h>
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

static char directory[] = "/tmp/t-monitor-XXXXXX", path[64], asked[4][128];

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void *qemu_main(void *argument)
{
	static const char *const answers[] = {
		"{\"return\": {}}\r\n",
		"{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}\r\n{\"return\": {}}\r\n",
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n",
	};
	int listening = *(const int *)argument, fd = accept(listening, NULL, NULL);
	say(fd, "{\"QMP\": {\"version\": {}}}\r\n");
	for (int i = 0; i < 3; i++) {
		ssize_t got = read(fd, asked[i], sizeof(asked[i]) - 1);
		assert_true(got > 0);
		/* In two parts: an answer need not come at once. */
		assert_int_equal(write(fd, answers[i], 5), 5);
		say(fd, answers[i] + 5);
	}
	close(fd);
	return NULL;
}

static void test_monitor(void **state)
{
	(void)state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct monitor *m;
	struct err e = { 0 };
	pthread_t qemu;
	assert_non_null(mkdtemp(directory));
	assert_string_equal(monitor_path(directory, "vm1", path, sizeof(path)) + strlen(directory), "/vm1.monitor");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(monitor_open(&m, path, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(pthread_create(&qemu, NULL, qemu_main, &fd), 0);

	assert_int_equal(monitor_open(&m, path, &e), 0);
	assert_int_equal(monitor_execute(m, "stop", &e), 0);
	assert_int_equal(monitor_execute(m, "cont", &e), -1);
	assert_non_null(strstr(e.text, "\"desc\": \"no\""));
	pthread_join(qemu, NULL);
	assert_int_equal(monitor_execute(m, "cont", &e), -1);
	monitor_close(m);
	monitor_close(NULL);
	assert_string_equal(asked[0], "{\"execute\":\"qmp_capabilities\"}\n");
	assert_string_equal(asked[1], "{\"execute\":\"stop\"}\n");
	close(fd);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_monitor) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
