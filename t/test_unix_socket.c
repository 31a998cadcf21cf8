/* Unix sockets by their path: one that is left there is replaced, and what cannot be is told. */
#include "bench/base/err.h"
#include "bench/base/unix_socket.h"
#include "t/scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
	(void)state;
	char path[96], byte = 'x';
	struct err e = { 0 };
	snprintf(path, sizeof(path), "%s/socket", scratch);
	assert_int_equal(unix_connect(path), -1);
	assert_int_equal(errno, ENOENT);
	int left = unix_listen(path, &e), listening = unix_listen(path, &e);
	assert_true(left >= 0 && listening >= 0);
	assert_int_equal(accept(listening, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	int client = unix_connect(path), server = accept(listening, NULL, NULL);
	assert_true(client >= 0 && server >= 0);
	assert_int_equal(accept(left, NULL, NULL), -1);
	assert_int_equal(write(client, &byte, 1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	close(left);
	close(listening);
	close(client);
	close(server);
	/* Its file is left, and nobody behind it. */
	assert_int_equal(unix_connect(path), -1);
	assert_int_equal(errno, ECONNREFUSED);
}

static void what_cannot_be(void **state)
{
	(void)state;
	char path[200];
	struct err e = { 0 };
	snprintf(path, sizeof(path), "%s/%0150d", scratch, 0);
	assert_int_equal(unix_listen(path, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(unix_connect(path), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/no/folder", scratch);
	assert_int_equal(unix_listen(path, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back), cmocka_unit_test(what_cannot_be) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
