/* scratch_database.h - for tests: a folder with a place for a database in it, and what that says. */
#ifndef T_SCRATCH_DATABASE_H
#define T_SCRATCH_DATABASE_H

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct scratch_database {
	char directory[64], path[96];
};

static void scratch_database_make(struct scratch_database *d)
{
	strcpy(d->directory, "/tmp/test_database.XXXXXX");
	assert_non_null(mkdtemp(d->directory));
	snprintf(d->path, sizeof(d->path), "%s/monitor.sqlite", d->directory);
}

/* Nothing else is left in its folder. */
static void scratch_database_remove(const struct scratch_database *d)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (int i = 0; i < 3; i++) {
		char path[112];
		snprintf(path, sizeof(path), "%s%s", d->path, suffixes[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(d->directory), 0);
}

__attribute__((unused)) static sqlite3 *open_client(const char *path)
{
	sqlite3 *client;
	assert_int_equal(sqlite3_open(path, &client), SQLITE_OK);
	return client;
}

/* The first column of the first row as text; "NULL" and "none" are words. */
__attribute__((unused)) static const char *ask(sqlite3 *client, const char *sql)
{
	static char answer[4096];
	sqlite3_stmt *statement;
	if (sqlite3_prepare_v2(client, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(client));
	int step = sqlite3_step(statement);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(client));
	const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : "none";
	snprintf(answer, sizeof(answer), "%s", text ? text : "NULL");
	sqlite3_finalize(statement);
	return answer;
}

/* Ask as one that comes and goes. */
__attribute__((unused)) static const char *ask_file(const struct scratch_database *d, const char *sql)
{
	sqlite3 *client = open_client(d->path);
	const char *answer = ask(client, sql);
	sqlite3_close(client);
	return answer;
}

#endif
