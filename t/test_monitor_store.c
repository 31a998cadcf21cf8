/* The monitor's database: what it says of itself, ageing, readers, other files, and a writer that is killed. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/monitor_store.h"
#include "t/scratch_database.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct scratch_database *d = calloc(1, sizeof(*d));
	scratch_database_make(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	scratch_database_remove(*state);
	free(*state);
	return 0;
}

static struct monitor_store *open_store(const struct scratch_database *d, int64_t keep_ns)
{
	struct monitor_store *s = NULL;
	struct err e = { 0 };
	if (monitor_store_open(&s, d->path, keep_ns, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void run(sqlite3 *client, const char *sql)
{
	char *words = NULL;
	if (sqlite3_exec(client, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s: %s", sql, words);
}

static long long number(sqlite3 *client, const char *sql)
{
	return atoll(ask(client, sql));
}

static struct monitor_reading whole_reading(const char *vm, int64_t head_ns)
{
	struct monitor_reading r = { 0 };
	monitor_reading_clear(&r, vm, NULL);
	r.state = vm[0] ? MONITOR_RUNNING : MONITOR_ANSWERING;
	r.head_ns = head_ns;
	for (int q = 0; q < MONITOR_QUANTITIES; q++)
		r.value[q] = 1000 + q;
	return r;
}

enum { ROWS = 20 };

/* One second of a node with ROWS - 1 VMs. */
static int write_second(struct monitor_store *s, int64_t due_ns, struct err *e)
{
	if (monitor_store_begin(s, e) < 0)
		return -1;
	for (int i = 0; i < ROWS; i++) {
		char vm[16] = "";
		if (i)
			snprintf(vm, sizeof(vm), "vm%d", i);
		struct monitor_reading r = whole_reading(vm, due_ns + 1);
		if (monitor_store_add(s, due_ns, "n0", &r, e) < 0)
			return -1;
	}
	return monitor_store_commit(s, due_ns, e);
}

static void must_write(struct monitor_store *s, int64_t due_ns)
{
	struct err e = { 0 };
	if (write_second(s, due_ns, &e) < 0)
		fail_msg("%s", e.text);
}

static void columns_have_names_and_units(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	struct err e = { 0 };
	struct monitor_reading node = whole_reading("", 7), vm = whole_reading("a", 8), lost = { 0 };
	monitor_reading_clear(&lost, "b", "no answer");
	assert_int_equal(monitor_store_begin(s, &e), 0);
	int64_t due_ns = clock_now_ns();
	assert_int_equal(monitor_store_add(s, due_ns, "n0", &node, &e), 0);
	assert_int_equal(monitor_store_add(s, due_ns, "n0", &vm, &e), 0);
	assert_int_equal(monitor_store_add(s, due_ns, "n0", &lost, &e), 0);
	assert_int_equal(monitor_store_commit(s, due_ns, &e), 0);
	sqlite3 *client = open_client(d->path);
	assert_string_equal(ask(client, "PRAGMA journal_mode"), "wal");
	sqlite3_close(client);
	monitor_store_close(s);

	/* In the end it is one file that needs nothing beside it. */
	client = open_client(d->path);
	assert_string_equal(ask(client, "PRAGMA journal_mode"), "delete");
	char beside[600];
	snprintf(beside, sizeof(beside), "%.500s-wal", d->path);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(number(client, "PRAGMA user_version"), MONITOR_SCHEMA_VERSION);
	assert_string_equal(ask(client, "SELECT state FROM sample WHERE vm = ''"), "answering");
	assert_int_equal(number(client, "SELECT head_ns FROM sample WHERE vm = 'a'"), 8);
	for (int q = 0; q < MONITOR_QUANTITIES; q++) {
		char sql[128];
		snprintf(sql, sizeof(sql), "SELECT %s FROM sample WHERE vm = 'a'", monitor_quantities[q].name);
		assert_int_equal(number(client, sql), 1000 + q);
		snprintf(sql, sizeof(sql), "SELECT %s FROM sample WHERE vm = 'b'", monitor_quantities[q].name);
		assert_string_equal(ask(client, sql), "NULL");
	}
	assert_string_equal(ask(client, "SELECT missing FROM sample WHERE vm = 'a'"), "NULL");
	assert_string_equal(ask(client, "SELECT missing FROM sample WHERE vm = 'b'"), "no answer");
	/* Every column is explained. */
	const char *schema = ask(client, "SELECT sql FROM sqlite_master WHERE name = 'sample'");
	assert_non_null(strstr(schema, "-- CPU time, cumulative"));
	assert_non_null(strstr(schema, "ns of the head's CLOCK_MONOTONIC"));
	/* A clock pair maps to the wall clock of now. */
	assert_true(llabs(number(client, "SELECT wall_ns FROM rate WHERE vm = ''") - clock_wall_ns()) <
	            3600 * NS_PER_S);
	sqlite3_close(client);
}

static void nothing_is_missing_without_a_reason(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	int64_t due_ns = clock_now_ns();
	for (int q = -3; q < MONITOR_QUANTITIES; q++) {
		struct err e = { 0 };
		struct monitor_reading good = whole_reading("", 1), bad = whole_reading("a", 1);
		if (q == -3)
			bad.state = NULL;
		else if (q == -2)
			bad.state = MONITOR_SILENT;
		else if (q == -1)
			bad.head_ns = MONITOR_MISSING;
		else
			bad.value[q] = MONITOR_MISSING;
		assert_int_equal(monitor_store_begin(s, &e), 0);
		assert_int_equal(monitor_store_add(s, due_ns, "n0", &good, &e), 0);
		assert_int_equal(monitor_store_add(s, due_ns, "n0", &bad, &e), -1);
		assert_non_null(strstr(e.text, "CHECK"));
	}
	assert_string_equal(ask_file(d, "SELECT count(*) FROM sample"), "0");
	must_write(s, due_ns);
	assert_int_equal(atoi(ask_file(d, "SELECT count(*) FROM sample")), ROWS);
	monitor_store_close(s);
}

static void a_transaction_left_open_is_dropped(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	struct err e = { 0 };
	struct monitor_reading r = whole_reading("left", 1);
	int64_t due_ns = clock_now_ns();
	assert_int_equal(monitor_store_begin(s, &e), 0);
	assert_int_equal(monitor_store_add(s, due_ns, "n0", &r, &e), 0);
	must_write(s, due_ns);
	assert_string_equal(ask_file(d, "SELECT count(*) FROM sample WHERE vm = 'left'"), "0");
	monitor_store_close(s);
}

static void age_bounds_the_file(void **state)
{
	const struct scratch_database *d = *state;
	const int keep_s = 200;
	struct monitor_store *s = open_store(d, keep_s * NS_PER_S);
	sqlite3 *client = open_client(d->path);
	int64_t start_ns = clock_now_ns(), k = 0;
	char sql[128];
	for (; k <= keep_s; k++)
		must_write(s, start_ns + k * NS_PER_S);
	long long pages = number(client, "PRAGMA page_count");
	for (; k < 5 * keep_s; k++)
		must_write(s, start_ns + k * NS_PER_S);
	assert_true(number(client, "PRAGMA page_count") <= pages + pages / 5);
	assert_int_equal(number(client, "SELECT count(*) FROM sample"), ROWS * (keep_s + 1));
	snprintf(sql, sizeof(sql), "SELECT min(due_ns) = %" PRId64 " FROM sample",
	         start_ns + (k - 1 - keep_s) * NS_PER_S);
	assert_int_equal(number(client, sql), 1);
	/* A pair a minute, and one that dates the oldest row. */
	assert_in_range(number(client, "SELECT count(*) FROM clock_pair"), keep_s / 60, keep_s / 60 + 2);
	assert_int_equal(number(client, "SELECT count(*) FROM rate WHERE wall_ns IS NULL"), 0);
	sqlite3_close(client);
	monitor_store_close(s);
}

static void age_counts_while_nobody_writes(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	int64_t now_ns = clock_now_ns();
	must_write(s, now_ns - 100 * NS_PER_S);
	must_write(s, now_ns - 20 * NS_PER_S);
	monitor_store_close(s);
	assert_int_equal(atoi(ask_file(d, "SELECT count(*) FROM sample")), 2 * ROWS);
	monitor_store_close(open_store(d, 60 * NS_PER_S));
	assert_int_equal(atoi(ask_file(d, "SELECT count(*) FROM sample")), ROWS);
}

static void rates_are_derived_when_read(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	struct err e = { 0 };
	int64_t start_ns = clock_now_ns();
	/* Half a core and 3 MB/s for a second; one is missing; then a QEMU that began anew. */
	static const int64_t rows[][2] = {
		{ 5000000000, 1000000 },
		{ 5500000000, 4000000 },
		{ MONITOR_MISSING, MONITOR_MISSING },
		{ 7000000000, 9000000 },
		{ 100, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t due_ns = start_ns + (int64_t)i * NS_PER_S;
		struct monitor_reading r = whole_reading("a", due_ns + 1000);
		if (rows[i][0] == MONITOR_MISSING)
			monitor_reading_clear(&r, "a", "no answer");
		r.value[MONITOR_CPU_NS] = rows[i][0];
		r.value[MONITOR_DISK_READ] = rows[i][1];
		assert_int_equal(monitor_store_begin(s, &e), 0);
		assert_int_equal(monitor_store_add(s, due_ns, "n0", &r, &e), 0);
		assert_int_equal(monitor_store_commit(s, due_ns, &e), 0);
	}
	monitor_store_close(s);
	sqlite3 *client = open_client(d->path);
	char sql[160];
	for (int64_t k = 0; k < 5; k++) {
		snprintf(sql, sizeof(sql),
		         "SELECT cpu_cores || ' ' || disk_read_bytes_per_s FROM rate WHERE due_ns = %" PRId64,
		         start_ns + k * NS_PER_S);
		assert_string_equal(ask(client, sql), k == 1 ? "0.5 3000000.0" : "NULL");
	}
	sqlite3_close(client);
}

static void must_refuse(const struct scratch_database *d, const char *words)
{
	struct monitor_store *s = NULL;
	struct err e = { 0 };
	assert_int_equal(monitor_store_open(&s, d->path, NS_PER_S, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
}

static void other_files_are_left_alone(void **state)
{
	const struct scratch_database *d = *state;
	static const char text[] = "a file of mine, longer than the hundred bytes of the head of an SQLite database "
				   "so that it can be told from one\n";
	char back[sizeof(text)] = "";
	FILE *file = fopen(d->path, "we");
	fputs(text, file);
	fclose(file);
	must_refuse(d, "not a database");
	file = fopen(d->path, "re");
	assert_int_equal(fread(back, 1, sizeof(back), file), strlen(text));
	fclose(file);
	assert_string_equal(back, text);
	unlink(d->path);

	sqlite3 *client = open_client(d->path);
	run(client, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
	must_refuse(d, "not a monitor's");
	assert_int_equal(number(client, "SELECT count(*) FROM sqlite_master"), 1);
	assert_string_equal(ask(client, "PRAGMA journal_mode"), "delete");
	sqlite3_close(client);
	unlink(d->path);

	monitor_store_close(open_store(d, NS_PER_S));
	client = open_client(d->path);
	run(client, "PRAGMA user_version = 99");
	must_refuse(d, "schema version 99");
	run(client, "PRAGMA user_version = 1");
	monitor_store_close(open_store(d, NS_PER_S)); /* ours is gone on with */
	run(client, "UPDATE clock_pair SET boot_id = 'another'");
	must_refuse(d, "before this machine booted");
	sqlite3_close(client);
}

/* A reader keeps what it began to read; neither waits for the other. */
static void reader_and_writer_meet(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	sqlite3 *client = open_client(d->path);
	int64_t start_ns = clock_now_ns();
	must_write(s, start_ns);
	run(client, "BEGIN");
	assert_int_equal(number(client, "SELECT count(*) FROM sample"), ROWS);
	for (int k = 1; k <= 50; k++)
		must_write(s, start_ns + k * NS_PER_S);
	assert_int_equal(number(client, "SELECT count(*) FROM sample"), ROWS);
	run(client, "COMMIT");
	assert_int_equal(number(client, "SELECT count(*) FROM sample"), 51 * ROWS);
	sqlite3_close(client);
	monitor_store_close(s);
}

static void lock_of_another_is_an_error_and_passes(void **state)
{
	const struct scratch_database *d = *state;
	struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
	sqlite3 *client = open_client(d->path);
	struct err e = { 0 };
	int64_t due_ns = clock_now_ns();
	run(client, "BEGIN IMMEDIATE");
	assert_int_equal(write_second(s, due_ns, &e), -1);
	assert_non_null(strstr(e.text, "locked"));
	run(client, "COMMIT");
	must_write(s, due_ns);
	assert_int_equal(number(client, "SELECT count(*) FROM sample"), ROWS);
	sqlite3_close(client);
	monitor_store_close(s);
}

/* In the child: write until killed; a byte through the pipe for each second. */
static void write_for_ever(const char *path, int pipe_fd)
{
	struct monitor_store *s;
	struct err e = { 0 };
	if (monitor_store_open(&s, path, 50 * NS_PER_S, &e) < 0)
		_exit(1);
	for (int64_t due_ns = clock_now_ns();; due_ns += NS_PER_S)
		if (write_second(s, due_ns, &e) < 0 || write(pipe_fd, ".", 1) != 1)
			_exit(1);
}

static void killed_writer_leaves_whole_seconds(void **state)
{
	const struct scratch_database *d = *state;
	for (int round = 0; round < 12; round++) {
		int pipe_fd[2], status;
		char byte;
		unlink(d->path);
		assert_int_equal(pipe(pipe_fd), 0);
		pid_t child = fork();
		if (child == 0)
			write_for_ever(d->path, pipe_fd[1]);
		close(pipe_fd[1]);
		/* From the first second to well into ageing and checkpoints; somewhere in the next second. */
		for (int k = 0; k < 1 + round * 20; k++)
			assert_int_equal(read(pipe_fd[0], &byte, 1), 1);
		clock_sleep(round * 37 * NS_PER_US);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(pipe_fd[0]);

		sqlite3 *client = open_client(d->path);
		assert_string_equal(ask(client, "PRAGMA integrity_check"), "ok");
		assert_true(number(client, "SELECT count(DISTINCT due_ns) FROM sample") >= (round ? 20 : 1));
		assert_string_equal(ask(client, "SELECT due_ns FROM sample GROUP BY due_ns HAVING count(*) <> 20"),
		                    "none");
		sqlite3_close(client);
		/* The next monitor goes on with it. */
		struct monitor_store *s = open_store(d, 3600 * NS_PER_S);
		must_write(s, clock_now_ns() + 3600 * NS_PER_S);
		monitor_store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(columns_have_names_and_units, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_missing_without_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(a_transaction_left_open_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(age_bounds_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(age_counts_while_nobody_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(rates_are_derived_when_read, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_and_writer_meet, setup, teardown),
		cmocka_unit_test_setup_teardown(lock_of_another_is_an_error_and_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_writer_leaves_whole_seconds, setup, teardown),
	};
	return cmocka_run_group_tests_name("monitor store", tests, NULL, NULL);
}
