/* The history of runs and where a series changed. */
#include "analysis/change_points.h"
#include "analysis/history.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "t/analysed.h"
#include "t/made_comparison.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[128], folder[128];

static int begin(void **state)
{
	made_state = 88172645463325252u;
	if (run_make(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/history.sqlite", scratch);
	snprintf(folder, sizeof(folder), "%s/runs", scratch);
	return 0;
}

/* The first column of the first row. */
static int ask(const char *sql)
{
	sqlite3 *database;
	sqlite3_stmt *s;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	if (sqlite3_prepare_v2(database, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int value = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(database);
	return value;
}

static void run_sql(const char *sql)
{
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	sqlite3_close(database);
}

/* Add every run of the folder; how many were new. */
static int add_all(void)
{
	struct err e = { 0 };
	struct history *h = NULL;
	struct study_runs s;
	int count = 0;
	if (history_open(&h, path, &e) < 0 || study_read_any(&s, folder, &e) < 0)
		fail_msg("%s", e.text);
	for (int i = 0; i < s.count; i++) {
		int new = 0;
		if (history_add(h, &s.runs[i], &new, &e) < 0)
			fail_msg("%s", e.text);
		count += new;
	}
	study_runs_free(&s);
	history_close(h);
	return count;
}

/* A file of the first version, as it was published. It must be readable for ever: never change this text. */
static const char version_1[] =
	"CREATE TABLE run (id TEXT PRIMARY KEY, wall_ns INTEGER, directory TEXT NOT NULL, name TEXT NOT NULL, point TEXT NOT NULL,"
	"repeat INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, scale REAL, link_rate TEXT NOT NULL, mode TEXT NOT "
	"NULL, accelerator TEXT NOT NULL, cpu TEXT NOT NULL, kernel TEXT NOT NULL, guest_kernel TEXT NOT NULL, qemu TEXT NOT NULL,"
	"libvirt TEXT NOT NULL, version TEXT NOT NULL, revision TEXT NOT NULL);"
	"CREATE TABLE value (run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE, metric TEXT NOT NULL, vm TEXT NOT NULL, role "
	"TEXT NOT NULL, estimator TEXT NOT NULL, unit TEXT NOT NULL, value REAL, reason TEXT NOT NULL, PRIMARY KEY (run, metric, "
	"vm, role, estimator)) WITHOUT ROWID;"
	"CREATE INDEX value_by_metric ON value (metric, run);"
	"INSERT INTO run VALUES ('abc', 1795292586021322319, '/kept', 'nightly', 'load=cpu', 1, 'complete', '', 1.0, "
	"'100000000bit/s', 'precopy', 'tcg', 'a cpu', '6.1', '6.1', '7.2.22', '9.0.0', '0.1', 'abcdef');"
	"INSERT INTO value VALUES ('abc', 'downtime', 'vm1', 'migrating', 'network', 'ns', 2e8, '');"
	"PRAGMA application_id = 1835886697; PRAGMA user_version = 1";

static void adding_twice_is_adding_once(void **state)
{
	(void)state;
	const struct made_conditions failed = { .status = "failed", .reason = "it's gone" };
	made_set(folder, 1, 3, &(struct made_conditions){ 0 }, 1e9, 200);
	made_set(folder, 4, 1, &failed, 0, 0);
	assert_int_equal(add_all(), 4);
	assert_int_equal(add_all(), 0);
	assert_int_equal(ask("SELECT count(*) FROM run"), 4);
	assert_int_equal(ask("SELECT count(*) FROM value"), 3 * 6);
	assert_int_equal(ask("SELECT count(*) FROM run WHERE reason = 'it''s gone'"), 1);
	/* analysed again: the new values count, and no old one stays */
	char rows[512] = "";
	made_row(rows, "baseline_rate", "intadd", "additions/s", 7, "");
	made_compared(folder, 2, &(struct made_conditions){ 0 }, rows);
	assert_int_equal(add_all(), 0);
	assert_int_equal(ask("SELECT count(*) FROM value"), 2 * 6 + 1);
	assert_int_equal(ask("SELECT count(*) FROM value WHERE value = 7"), 1);
}

/* Two that begin at once, on a new file and on an old one: one makes or upgrades it, and the other waits. */
static void several_at_once(void **state)
{
	(void)state;
	enum { AT_ONCE = 8 };
	for (int old = 0; old < 2; old++) {
		unlink(path);
		if (old)
			run_sql(version_1);
		pid_t children[AT_ONCE];
		for (int i = 0; i < AT_ONCE; i++)
			if ((children[i] = fork()) == 0) {
				struct err e = { 0 };
				struct history *h;
				int result = history_open(&h, path, &e);
				if (result < 0)
					print_message("%s\n", e.text);
				_exit(result < 0);
			}
		for (int i = 0; i < AT_ONCE; i++) {
			int status = -1;
			assert_int_equal(waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
		}
		assert_int_equal(ask("PRAGMA user_version"), HISTORY_SCHEMA_VERSION);
		assert_int_equal(ask("SELECT count(*) FROM run"), old);
	}
}

/* What is to be read is not made; nor is a name taken that SQLite would not keep. */
static void what_is_not_there(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct history *h;
	char name[600];
	assert_int_equal(history_open_made(&h, path, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "which 'migmeter history add' makes"));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(history_open(&h, "", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(history_open(&h, name, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_int_equal(history_open(&h, path, &e), 0);
	history_close(h);
	assert_int_equal(history_open_made(&h, path, &e), 0);
	history_close(h);
}

/* Missing is never 0. */
static void what_is_no_number_is_missing(void **state)
{
	(void)state;
	static const char rows[] = "5,null,[],{\"value\":3},"
				   "{\"metric\":\"moves\",\"estimator\":\"a\",\"value\":[1]},"
				   "{\"metric\":\"moves\",\"estimator\":\"b\",\"value\":\"much\"},"
				   "{\"metric\":\"moves\",\"estimator\":\"c\",\"value\":1e999},"
				   "{\"metric\":\"moves\",\"estimator\":\"d\",\"value\":7}";
	made_compared(folder, 1, &(struct made_conditions){ 0 }, rows);
	assert_int_equal(add_all(), 1);
	assert_int_equal(ask("SELECT count(*) FROM value"), 4);
	assert_int_equal(ask("SELECT count(*) FROM value WHERE value IS NULL"), 3);
	assert_int_equal(ask("SELECT count(*) FROM value WHERE value = 7"), 1);
}

static void what_has_not_ended_is_refused(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct history *h;
	struct study_runs s;
	int new;
	const struct made_conditions running = { .status = "running" };
	made_set(folder, 1, 1, &running, 1e9, 200);
	assert_int_equal(history_open(&h, path, &e), 0);
	assert_int_equal(study_read_any(&s, folder, &e), 0);
	assert_int_equal(history_add(h, &s.runs[0], &new, &e), -1);
	assert_non_null(strstr(e.text, "has not ended"));
	study_runs_free(&s);
	history_close(h);
	assert_int_equal(ask("SELECT count(*) FROM run"), 0);
}

static void assert_refused(const char *says)
{
	struct err e = { 0 };
	struct history *h;
	assert_int_equal(history_open(&h, path, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	if (!strstr(e.text, says))
		fail_msg("'%s' does not say '%s'", e.text, says);
}

static void files_of_others_are_refused(void **state)
{
	(void)state;
	run_sql("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (5)");
	assert_refused("no history of runs");
	assert_int_equal(ask("SELECT x FROM theirs"), 5);
	FILE *file = fopen(path, "w");
	fputs("this is a text, and a long one, that no database begins with\n", file);
	fclose(file);
	assert_refused("cannot read the history");
}

struct seen {
	int count;
	double values[64];
	char qemu[64][16];
};

static int see(void *context, const struct history_run *run, struct err *e)
{
	struct seen *s = context;
	(void)e;
	if (s->count < 64) {
		snprintf(s->qemu[s->count], sizeof(s->qemu[0]), "%s", run->qemu);
		s->values[s->count] = run->value;
	}
	s->count++;
	return 0;
}

static struct seen values_of(const char *metric_name, const char *estimator, const char *point)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	struct history *h;
	if (history_open(&h, path, &e) < 0 || history_values(h, NULL, point, metric_name, estimator, see, &s, &e) < 0)
		fail_msg("%s", e.text);
	history_close(h);
	return s;
}

static void the_first_version_stays_readable(void **state)
{
	(void)state;
	run_sql(version_1);
	struct seen s = values_of("downtime", "network", "load=cpu");
	assert_int_equal(s.count, 1);
	assert_near(s.values[0], 2e8, 0, "value");
	assert_string_equal(s.qemu[0], "7.2.22");
	made_set(folder, 1, 2, &(struct made_conditions){ 0 }, 1e9, 200);
	assert_int_equal(add_all(), 2);
	assert_int_equal(ask("SELECT count(*) FROM run"), 3);
	assert_int_equal(ask("PRAGMA user_version"), HISTORY_SCHEMA_VERSION);
	run_sql("PRAGMA user_version = 99");
	assert_refused("schema version 99");
}

/* What it could not know is not known until the run is added again. */
static void a_file_of_the_first_version_is_brought_up_to_date(void **state)
{
	(void)state;
	run_sql(version_1);
	run_sql("UPDATE run SET id = '0000000000000002'; UPDATE value SET run = '0000000000000002'");
	assert_int_equal(values_of("downtime", "network", NULL).count, 1);
	assert_int_equal(ask("PRAGMA user_version"), 2);
	assert_int_equal(ask("SELECT count(*) FROM run WHERE conditions = '' AND directory = '/kept'"), 1);
	made_set(folder, 1, 2, &(struct made_conditions){ .rate = "1000bit/s" }, 1e9, 200);
	assert_int_equal(add_all(), 1);
	assert_int_equal(ask("SELECT count(*) FROM run"), 2);
	assert_int_equal(ask("SELECT count(*) FROM run WHERE "
	                     "json_extract(conditions, '$.\"link.asked\".rate') = '1000bit/s'"),
	                 2);
	assert_int_equal(ask("SELECT count(*) FROM value WHERE estimator = 'network'"), 0);
	/* and not again */
	assert_int_equal(add_all(), 0);
	assert_int_equal(ask("PRAGMA user_version"), 2);
}

static void an_upgrade_that_fails_changes_nothing(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct history *h;
	run_sql(version_1);
	run_sql("ALTER TABLE run ADD COLUMN conditions");
	assert_int_equal(history_open(&h, path, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "cannot bring up to date the history"));
	assert_int_equal(ask("PRAGMA user_version"), 1);
	assert_int_equal(ask("SELECT count(*) FROM run JOIN value ON run = id"), 1);
}

static void values_in_order(void **state)
{
	(void)state;
	const char *never = "never converged: aborted after 9 s";
	for (int i = 3; i >= 1; i--) { /* the ids, and so the times, ascend */
		char rows[1024] = "";
		made_row(rows, "migration_time", "completion", "ns", i == 2 ? NAN : i * 1e9, i == 2 ? never : "");
		made_row(rows, "downtime", "network", "ns", i == 3 ? NAN : i * 1e8, "there was no stop");
		made_compared(folder, i, &(struct made_conditions){ 0 }, rows);
	}
	add_all();
	struct seen s = values_of("migration_time", "", NULL);
	assert_int_equal(s.count, 3);
	assert_near(s.values[0], 1e9, 0, "first");
	assert_true(isinf(s.values[1]));
	assert_near(s.values[2], 3e9, 0, "last");
	s = values_of("downtime", "network", NULL);
	assert_true(isnan(s.values[2]));
	assert_int_equal(values_of("downtime", "work", NULL).count, 0);
	assert_int_equal(values_of("downtime", "", "another").count, 0);
}

/* ---- change points ---- */

static double noise(void)
{
	double sum = 0;
	for (int i = 0; i < 12; i++)
		sum += made_random();
	return sum - 6;
}

static void steps_are_found(void **state)
{
	(void)state;
	double values[90];
	struct change_point found[CHANGE_POINTS_MAX];
	for (int i = 0; i < 90; i++)
		values[i] = (i < 30 ? 100 : i < 60 ? 110 : 95) + 2 * noise();
	assert_int_equal(change_points(values, 90, found), 2);
	assert_in_range(found[0].at, 29, 31);
	assert_in_range(found[1].at, 59, 61);
	assert_near(found[0].median_before, 100, 1.5, "before");
	assert_near(found[0].median_after, 110, 1.5, "between");
	assert_near(found[1].median_after, 95, 1.5, "after");
	assert_true(found[0].p <= 0.05);
	struct change_point again[CHANGE_POINTS_MAX];
	assert_int_equal(change_points(values, 90, again), 2);
	assert_memory_equal(&found[1], &again[1], sizeof(found[1]));
}

static void noise_is_no_change(void **state)
{
	(void)state;
	int alarms = 0;
	for (int round = 0; round < 100; round++) {
		double values[40];
		struct change_point found[CHANGE_POINTS_MAX];
		for (int i = 0; i < 40; i++)
			values[i] = 100 + noise();
		alarms += change_points(values, 40, found) > 0;
	}
	assert_in_range(alarms, 0, 12); /* of 100, at a level of 5 %: more than 12 in less than one of 600 */
}

/* Where there are changes, others are no more often seen than where there are none. */
static void parts_are_not_cut_by_chance(void **state)
{
	(void)state;
	enum { ROUNDS = 100, PART = 14, PARTS = 4 };
	int more = 0, fewer = 0;
	for (int round = 0; round < ROUNDS; round++) {
		double values[PARTS * PART];
		struct change_point found[CHANGE_POINTS_MAX];
		for (int i = 0; i < PARTS * PART; i++)
			values[i] = 100 + 20 * (i / PART) + noise();
		int count = change_points(values, PARTS * PART, found);
		more += count > PARTS - 1;
		fewer += count < PARTS - 1;
		for (int i = 1; i < count; i++)
			assert_true(found[i].at >= found[i - 1].at + CHANGE_PART_LEAST);
	}
	assert_int_equal(fewer, 0);
	assert_in_range(more, 0, 12); /* at a level of 5 %; were each part a test of its own, 19 were due */
}

static void odd_series(void **state)
{
	(void)state;
	struct change_point found[CHANGE_POINTS_MAX];
	double few[7] = { 1, 1, 1, 9, 9, 9, 9 }, same[20], spike[30], never[30];
	assert_int_equal(change_points(few, 7, found), 0); /* no room for two parts */
	assert_int_equal(change_points(few, 0, found), 0);
	for (int i = 0; i < 30; i++) {
		same[i % 20] = 5;
		spike[i] = i == 15 ? 1000 : 10 + i % 3;
		never[i] = i < 15 ? 10 + i % 3 : INFINITY;
	}
	assert_int_equal(change_points(same, 20, found), 0);
	assert_int_equal(change_points(spike, 30, found), 0);
	assert_int_equal(change_points(never, 30, found), 1);
	assert_int_equal(found[0].at, 15);
	assert_true(isinf(found[0].median_after));
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, begin, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(adding_twice_is_adding_once),
		IN_SCRATCH(several_at_once),
		IN_SCRATCH(what_is_not_there),
		IN_SCRATCH(what_is_no_number_is_missing),
		IN_SCRATCH(what_has_not_ended_is_refused),
		IN_SCRATCH(files_of_others_are_refused),
		IN_SCRATCH(the_first_version_stays_readable),
		IN_SCRATCH(a_file_of_the_first_version_is_brought_up_to_date),
		IN_SCRATCH(an_upgrade_that_fails_changes_nothing),
		IN_SCRATCH(values_in_order),
		cmocka_unit_test(steps_are_found),
		cmocka_unit_test(noise_is_no_change),
		cmocka_unit_test(parts_are_not_cut_by_chance),
		cmocka_unit_test(odd_series),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
