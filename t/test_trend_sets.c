/* The trend of a metric over runs that were made together: a night's are one value of what changes from night to night. */
#include "analysis/json_field.h"
#include "analysis/trend.h"
#include "analysis/trend_sets.h"
#include "t/kept_history.h"

#include <sqlite3.h>

static sqlite3 *database;

static void run_sql(const char *sql)
{
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
}

/* A run that began at this second, with a work rate and a mean rate; NAN: its migration never converged. */
static void put_run(int second, const char *study, int repeat, double rate)
{
	char text[1200];
	snprintf(
		text, sizeof(text),
		"INSERT INTO run (id, wall_ns, directory, name, point, repeat, status, reason, scale, link_rate, mode, "
		"accelerator, cpu, kernel, guest_kernel, qemu, libvirt, version, revision) VALUES ('%d %s %d', "
		"1795292580000000000 + %d * 1000000000, '/%s/run-r%d', 'made', '', %d, 'complete', '', 1, '', '', '', '', "
		"'', '', '', '', '', '')",
		second, study, repeat, second, study, repeat, repeat);
	run_sql(text);
	snprintf(
		text, sizeof(text),
		"INSERT INTO value VALUES ('%d %s %d', 'baseline_rate', 'vm1', 'migrating', 'intadd', 'additions/s', %.9g, "
		"''), ('%d %s %d', 'mean_rate', 'vm1', 'migrating', 'intadd', 'additions/s', %.9g, ''), "
		"('%d %s %d', 'converged', 'vm1', 'migrating', '', 'ratio', %d, '')",
		second, study, repeat, isnan(rate) ? 1 : rate, second, study, repeat, isnan(rate) ? 1 : rate, second,
		study, repeat, !isnan(rate));
	run_sql(text);
}

static void runs_begin(void)
{
	run_sql("BEGIN; DELETE FROM value; DELETE FROM run");
}

static struct json_object *runs_end(const char *metric_name)
{
	struct err e = { 0 };
	run_sql("COMMIT");
	json_object_put(doc);
	doc = trend_json(history, metric_name, NULL, NULL, &e);
	if (!doc)
		fail_msg("%s", e.text);
	return doc;
}

static int begin_sql(void **state)
{
	return history_begin(state) < 0 || sqlite3_open(history_path, &database) != SQLITE_OK ? -1 : 0;
}

static int end_sql(void **state)
{
	sqlite3_close(database);
	return history_end(state);
}

enum { HOUR = 3600, DAY = 24 * HOUR };

static void assert_sets(const char *wanted)
{
	char sets[200] = "";
	runs_end("baseline_rate");
	size_t runs = json_object_array_length(json_array_at(doc, "/trends/0/runs"));
	for (size_t i = 0; i < runs; i++) {
		char at[40];
		snprintf(at, sizeof(at), "/trends/0/runs/%zu/set", i);
		snprintf(sets + strlen(sets), sizeof(sets) - strlen(sets), "%s%s", i ? " " : "",
		         json_text_at(doc, at));
	}
	assert_string_equal(sets, wanted);
}

/* However many trends go on at the same time, as in a study of many points, whose repeats come in blocks. */
static void many_trends_have_their_sets(void **state)
{
	(void)state;
	enum { TRENDS = 40, REPEATS = 3 };
	static char trends[TRENDS];
	struct trend_sets sets = { 0 };
	for (int day = 0; day < 2; day++)
		for (int repeat = 1; repeat <= REPEATS; repeat++)
			for (int i = 0; i < TRENDS; i++) {
				const struct history_run run = { .directory = "/results/kuno/001",
					                         .wall_ns = (int64_t)(1 + day) * DAY * 1000000000 +
					                                    repeat,
					                         .repeat = repeat };
				assert_int_equal(trend_set_of(&sets, &trends[i], &run, day + 1), day + 1);
			}
	assert_int_equal(sets.count, TRENDS);
	trend_sets_free(&sets);
}

static void a_set_is_the_runs_of_one_study(void **state)
{
	(void)state;
	/* two studies, made in turn on two machines; then one more */
	runs_begin();
	for (int i = 0; i < 3; i++) {
		put_run(HOUR * i, "one", 1 + i, 1);
		put_run(HOUR * i + 1, "two", 1 + i, 1);
	}
	put_run(DAY, "three", 1, 1);
	assert_sets("1 2 1 2 1 2 3");
	assert_shown("text", ", 7 runs in 3 sets\n");
	/* a folder that is used again, every hour */
	runs_begin();
	for (int i = 0; i < 6; i++)
		put_run(HOUR * (i / 2) + i % 2, "same", 1 + i % 2, 1);
	assert_sets("1 1 2 2 3 3");
	/* a study to which a repeat is added every day */
	runs_begin();
	for (int i = 0; i < 3; i++)
		put_run(DAY * i, "grows", 1 + i, 1);
	assert_sets("1 2 3");
	/* runs made alone, side by side */
	runs_begin();
	for (int i = 0; i < 3; i++)
		put_run(60 * i, "results", 1, 1);
	assert_sets("1 2 3");
	assert_shown("text", ", 3 runs\n");
}

/* Those that came to an end do not speak for a set of which one did not. */
static void a_set_with_one_that_never_converged(void **state)
{
	(void)state;
	runs_begin();
	for (int night = 0; night < 16; night++)
		for (int i = 0; i < 5; i++) {
			char study[16];
			int hard = night >= 8 && i < 3;
			snprintf(study, sizeof(study), "n%d", night);
			put_run(DAY * night + 60 * i, study, 1 + i,
			        hard ? NAN : (night >= 8 ? 2 : 1) + 0.01 * made_random());
		}
	runs_end("mean_rate");
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/verdict"), "");
	assert_shown("text", "80 runs in 16 sets, never converged in 24\n  no change found\n");
	/* of a share it is the mean that changes: the median of five is 1 where two did not */
	runs_begin();
	for (int night = 0; night < 16; night++)
		for (int i = 0; i < 5; i++) {
			char study[16];
			snprintf(study, sizeof(study), "n%d", night);
			put_run(DAY * night + 60 * i, study, 1 + i, night >= 8 && i < 2 ? NAN : 1);
		}
	runs_end("converged");
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/verdict"), "regressed");
	assert_string_equal(json_text_at(doc, "/trends/0/changes/0/at"), "40");
}

static double noise(void)
{
	double sum = 0;
	for (int i = 0; i < 12; i++)
		sum += made_random();
	return sum - 6;
}

enum { NIGHTS = 30, EACH = 10 };

static int rounds = 100;

/* Another rate for every run that is there, in their order. */
static void rates_change(double between, double change)
{
	sqlite3_stmt *update;
	assert_int_equal(sqlite3_prepare_v2(database,
	                                    "UPDATE value SET value = ?3 WHERE metric = 'baseline_rate' AND "
	                                    "run = (?1 || ' n' || ?2 || ' ' || ?4)",
	                                    -1, &update, NULL),
	                 SQLITE_OK);
	run_sql("BEGIN");
	for (int night = 0; night < NIGHTS; night++) {
		double level = 100 + between * noise() + (night < NIGHTS / 2 ? 0 : change);
		for (int i = 0; i < EACH; i++) {
			sqlite3_bind_int(update, 1, DAY * night + 60 * i);
			sqlite3_bind_int(update, 2, night);
			sqlite3_bind_double(update, 3, level + noise());
			sqlite3_bind_int(update, 4, 1 + i);
			assert_int_equal(sqlite3_step(update), SQLITE_DONE);
			assert_int_equal(sqlite3_changes(database), 1);
			sqlite3_reset(update);
		}
	}
	sqlite3_finalize(update);
}

/* In how many of so many histories of nights a change is found that is at most three nights from the middle (change not 0; else
 * any). Runs are 1 apart, nights `between`. */
static int count_found(double between, double change)
{
	int found = 0;
	runs_begin();
	for (int i = 0; i < NIGHTS * EACH; i++) {
		char study[16];
		snprintf(study, sizeof(study), "n%d", i / EACH);
		put_run(DAY * (i / EACH) + 60 * (i % EACH), study, 1 + i % EACH, 0);
	}
	run_sql("COMMIT");
	for (int round = 0; round < rounds; round++) {
		int hit = 0;
		rates_change(between, change);
		runs_end("baseline_rate");
		struct json_object *changes = json_array_at(doc, "/trends/0/changes");
		for (size_t i = 0; i < json_object_array_length(changes); i++) {
			int at = atoi(json_text_at(json_object_array_get_idx(changes, i), "/at"));
			hit |= change == 0 || abs(at - EACH * NIGHTS / 2) <= 3 * EACH;
		}
		found += hit;
	}
	return found;
}

/* What a night is like is no change, however much it is of what runs are apart. Of 100 at a level of 5 %: more than 12 in less
 * than one of 600. */
static void nights_are_no_change(void **state)
{
	(void)state;
	static const double between[] = { 0, 0.25, 0.5, 1 };
	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++) {
		int alarms = count_found(between[i], 0);
		print_message("nights %.2f of a run's sd apart: %d of %d histories without a change have one\n",
		              between[i], alarms, rounds);
		assert_in_range(alarms, 0, rounds * 12 / 100);
	}
}

/* Two sd of the nights, from one to the next. */
static void a_change_between_nights_is_found(void **state)
{
	(void)state;
	static const double between[] = { 0.5, 1 };
	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++) {
		int found = count_found(between[i], 2 * between[i]);
		print_message("nights %.2f of a run's sd apart: a change of twice that is found in %d of %d\n",
		              between[i], found, rounds);
		assert_in_range(found, rounds * 3 / 4, rounds);
	}
}

#define IN_SQL(test) cmocka_unit_test_setup_teardown(test, begin_sql, end_sql)

/* test_trend_sets.t ROUNDS: more of them than a test needs. */
int main(int argc, char **argv)
{
	rounds = argc > 1 ? atoi(argv[1]) : rounds;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_trends_have_their_sets), IN_SQL(a_set_is_the_runs_of_one_study),
		IN_SQL(a_set_with_one_that_never_converged),   IN_SQL(nights_are_no_change),
		IN_SQL(a_change_between_nights_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
