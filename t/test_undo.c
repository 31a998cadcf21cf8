/* The undo register: commands, which cannot be undone twice. */
#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct undo *open_register(void)
{
	struct undo *u;
	struct err e = { 0 };
	char path[256];
	snprintf(path, sizeof(path), "%s/register", scratch);
	if (undo_open(&u, path, &e) < 0)
		fail_msg("%s", e.text);
	return u;
}

/* What the commands wrote. */
static const char *written(void)
{
	static char text[256];
	char path[256];
	snprintf(path, sizeof(path), "%s/log", scratch);
	FILE *f = fopen(path, "r");
	size_t length = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[length] = '\0';
	if (f)
		fclose(f);
	unlink(path);
	return text;
}

/* As after a kill: another process opens the register. */
static void commands_are_run_by_whoever_finds_them(void **state)
{
	(void)state;
	char line[400], other[400];
	struct err e = { 0 };
	snprintf(line, sizeof(line), "pm1 echo wake $1 >>%s/log", scratch);
	snprintf(other, sizeof(other), "pm2 echo wake $1 >>%s/log", scratch);
	struct undo *u = open_register();
	assert_int_equal(undo_add(u, UNDO_COMMAND, line, &e), 0);
	assert_int_equal(undo_add(u, UNDO_COMMAND, other, &e), 0);
	undo_close(u);
	u = open_register();
	assert_int_equal(undo_run(u, &e), 0);
	undo_close(u);
	assert_string_equal(written(), "wake pm2\nwake pm1\n");

	/* What was done meanwhile is not done again, but for a promise made anew. */
	u = open_register();
	assert_int_equal(undo_add(u, UNDO_COMMAND, line, &e), 0);
	assert_int_equal(undo_add(u, UNDO_COMMAND, other, &e), 0);
	assert_int_equal(undo_forget(u, UNDO_COMMAND, line, &e), 0);
	assert_int_equal(undo_forget(u, UNDO_COMMAND, other, &e), 0);
	assert_int_equal(undo_add(u, UNDO_COMMAND, line, &e), 0);
	assert_int_equal(undo_run(u, &e), 0);
	undo_close(u);
	assert_string_equal(written(), "wake pm1\n");
}

static void a_command_that_fails_stays(void **state)
{
	(void)state;
	char line[400];
	struct err e = { 0 };
	snprintf(line, sizeof(line), "pm1 echo $1 >>%s/log; test -e %s/power", scratch, scratch);
	struct undo *u = open_register();
	assert_int_equal(undo_add(u, UNDO_COMMAND, line, &e), 0);
	assert_int_equal(undo_run(u, &e), -1);
	undo_close(u);
	char path[256];
	snprintf(path, sizeof(path), "%s/power", scratch);
	fclose(fopen(path, "w"));
	u = open_register();
	assert_int_equal(undo_run(u, &e), 0);
	undo_close(u);
	assert_string_equal(written(), "pm1\npm1\n");
}

static void what_the_register_cannot_hold_is_refused(void **state)
{
	(void)state;
	char long_line[600];
	struct err e = { 0 };
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	struct undo *u = open_register();
	assert_int_equal(undo_add(u, UNDO_COMMAND, long_line, &e), -1);
	assert_int_equal(undo_add(u, UNDO_COMMAND, "pm1 true\ntrue", &e), -1);
	assert_non_null(strstr(e.text, "more than a line"));
	assert_int_equal(undo_run(u, &e), 0);
	undo_close(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_run_by_whoever_finds_them),
		cmocka_unit_test(a_command_that_fails_stays),
		cmocka_unit_test(what_the_register_cannot_hold_is_refused),
	};
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
