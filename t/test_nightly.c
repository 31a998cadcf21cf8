/* Nights: every verdict on a set of runs, which set is the baseline, what is removed, and whole nights from made runs. */
#include "analysis/nightly.h"
#include "analysis/nightly_write.h"
#include "bench/base/json_file.h"
#include "bench/base/whole_file.h"
#include "bench/experiment/progress.h"
#include "bench/nightly.h"
#include "bench/nightly_sets.h"
#include "t/compared.h"

#include <sys/wait.h>

/* ---- verdicts ---- */

static struct night judged;

static void judge(int has_baseline, int interrupted)
{
	if (!has_baseline)
		snprintf(base_path, sizeof(base_path), "%s", new_path);
	compare();
	night_judge(&judged, &compared, has_baseline, interrupted);
}

static void assert_night(enum night_verdict verdict, int status)
{
	if (judged.verdict != verdict)
		fail_msg("%s, not %s: %s", night_verdict_name(judged.verdict), night_verdict_name(verdict),
		         judged.why);
	assert_int_equal(night_status(judged.verdict), status);
	assert_int_equal(night_verdict_find(night_verdict_name(verdict)), verdict);
}

static const struct made_conditions failed = { .status = "failed", .reason = "the guest did not boot" };
static const struct made_conditions skipped = { .status = "skipped", .reason = "no userfaultfd" };

static void the_first_is_the_baseline(void **state)
{
	(void)state;
	made_set(new_path, 1, 6, &usual, 1e9, 200);
	judge(0, 0);
	assert_night(NIGHT_BASELINE, EXIT_DONE);
	assert_true(night_is_good(judged.verdict));
	assert_int_equal(judged.complete, 6);
	assert_string_equal(judged.why, "");
}

static void a_first_of_failed_runs_is_not(void **state)
{
	(void)state;
	made_set(new_path, 1, 3, &usual, 1e9, 200);
	made_set(new_path, 4, 3, &failed, 1e9, 200);
	judge(0, 0);
	assert_night(NIGHT_BROKEN, EXIT_MEASURED_BAD);
	assert_false(night_is_good(judged.verdict));
	assert_string_equal(judged.why, "3 of 6 runs failed: the guest did not boot");
}

static void the_same_is_fine(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &usual, 1e9, 200);
	judge(1, 0);
	assert_night(NIGHT_FINE, EXIT_DONE);
	assert_true(night_is_good(judged.verdict));
}

static void slower_regressed(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &usual, 0.88e9, 120);
	judge(1, 0); /* although its downtime improved */
	assert_night(NIGHT_REGRESSED, EXIT_MEASURED_BAD);
	assert_false(night_is_good(judged.verdict));
}

static void faster_is_improved(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &usual, 1.12e9, 200);
	judge(1, 0);
	assert_night(NIGHT_IMPROVED, EXIT_DONE);
	assert_true(night_is_good(judged.verdict));
}

static void some_failures_are_borne(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 9, &usual, 1e9, 200);
	made_set(new_path, 18, 1, &failed, 1e9, 200);
	judge(1, 0);
	assert_night(NIGHT_FINE, EXIT_DONE);
	assert_int_equal(judged.failed, 1);
}

/* One case is broken, and the other one is compared all the same. */
static void a_broken_case(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	const struct made_conditions bad = { .point = "load=b", .status = "failed", .reason = "lost" };
	made_set(base_path, 1, 8, &a, 1e9, 200);
	made_set(base_path, 9, 8, &b, 1e9, 200);
	made_set(new_path, 17, 8, &a, 1e9, 200);
	made_set(new_path, 25, 8, &bad, 1e9, 200);
	judge(1, 0);
	assert_night(NIGHT_BROKEN, EXIT_MEASURED_BAD);
	assert_string_equal(judged.why, "load=b: 8 of 8 runs of NEW failed: lost");
	assert_true(compared.counts[COMPARE_SAME] > 0);
	made_set(new_path, 33, 8, &a, 0.5e9, 200); /* now half of its runs are much slower */
	made_set(new_path, 17, 8, &a, 0.5e9, 200);
	judge(1, 0);
	assert_night(NIGHT_REGRESSED, EXIT_MEASURED_BAD);
	assert_int_equal(judged.broken, 1);
}

static void a_case_that_this_machine_cannot_make(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	const struct made_conditions none = { .point = "load=b", .status = "skipped", .reason = "no userfaultfd" };
	made_set(base_path, 1, 8, &a, 1e9, 200);
	made_set(base_path, 9, 8, &none, 1e9, 200);
	made_set(new_path, 17, 8, &a, 1e9, 200);
	made_set(new_path, 25, 8, &none, 1e9, 200);
	judge(1, 0); /* it never could */
	assert_night(NIGHT_FINE, EXIT_DONE);
	made_set(base_path, 9, 8, &b, 1e9, 200);
	judge(1, 0); /* it could */
	assert_night(NIGHT_BROKEN, EXIT_MEASURED_BAD);
	assert_string_equal(judged.why, "load=b: 8 of 8 runs of NEW were skipped: no userfaultfd");
}

static void a_case_that_is_gone_or_new(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" }, c = { .point = "load=c" };
	made_set(base_path, 1, 8, &a, 1e9, 200);
	made_set(base_path, 9, 8, &b, 1e9, 200);
	made_set(new_path, 17, 8, &a, 1e9, 200);
	made_set(new_path, 25, 8, &c, 1e9, 200);
	judge(1, 0);
	assert_night(NIGHT_FINE, EXIT_DONE);
}

static void nothing_could_be_run(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &skipped, 1e9, 200);
	judge(1, 0);
	assert_night(NIGHT_SKIPPED, EXIT_CANNOT);
	judge(0, 0);
	assert_night(NIGHT_SKIPPED, EXIT_CANNOT);
	assert_false(night_is_good(judged.verdict));
}

static void other_conditions_begin_anew(void **state)
{
	(void)state;
	const struct made_conditions fast = { .rate = "1000000000bit/s" };
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &fast, 0.5e9, 200);
	judge(1, 0);
	assert_night(NIGHT_NOT_COMPARABLE, EXIT_DONE);
	assert_true(night_is_good(judged.verdict));
	assert_non_null(strstr(judged.why, "another link"));
}

static void an_interrupted_one_is_no_baseline(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 8, &usual, 1e9, 200);
	judge(1, 1);
	assert_night(NIGHT_INTERRUPTED, EXIT_INTERRUPTED);
	assert_false(night_is_good(judged.verdict));
}

/* ---- sets ---- */

static char root[128];

/* A set of the experiment that began in minute `number`; verdict NULL: it still runs, or was killed. */
static void made_night(int number, const char *name, const char *verdict)
{
	char path[256];
	mkdir(root, 0755);
	snprintf(path, sizeof(path), "%s/%03d", root, number);
	mkdir(path, 0755);
	made_file(path, NIGHT_FILE,
	          "{\"format\":1,\"kind\":\"nightly\",\"name\":\"%s\",\"began_ns\":%d000000000,\"verdict\":\"%s\"}\n",
	          name, 60 * number, verdict ? verdict : NIGHT_RUNNING);
	made_file(path, "summary.txt", "a night\n");
}

static int is_there(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static struct nightly_sets read_sets(void)
{
	struct nightly_sets sets;
	struct err e = { 0 };
	if (nightly_sets_read(&sets, root, &e) < 0)
		fail_msg("%s", e.text);
	return sets;
}

static int sets_begin(void **state)
{
	int result = begin(state);
	snprintf(root, sizeof(root), "%s/nightly", scratch);
	progress_quiet(true);
	return result;
}

static void the_baseline_is_the_last_good_one(void **state)
{
	(void)state;
	struct nightly_sets sets = read_sets(); /* of a folder that is not there */
	assert_int_equal(sets.count, 0);
	assert_null(nightly_sets_baseline(&sets, "made", INT64_MAX));
	nightly_sets_free(&sets);
	made_night(1, "made", "baseline");
	made_night(2, "made", "fine");
	made_night(3, "other", "fine");
	made_night(4, "made", "regressed");
	made_night(5, "made", "broken");
	made_night(6, "made", "interrupted");
	made_night(7, "made", NULL);
	made_night(8, "made", "skipped");
	sets = read_sets();
	assert_int_equal(sets.count, 8);
	assert_non_null(strstr(nightly_sets_baseline(&sets, "made", INT64_MAX)->path, "/002"));
	assert_non_null(strstr(nightly_sets_baseline(&sets, "made", sets.list[1].began_ns)->path, "/001"));
	assert_non_null(strstr(nightly_sets_baseline(&sets, "other", INT64_MAX)->path, "/003"));
	nightly_sets_free(&sets);
}

static void the_old_ones_go(void **state)
{
	(void)state;
	char kept[256], foreign[256], link[256];
	struct err e = { 0 };
	made_night(1, "made", "fine"); /* pinned */
	made_night(2, "made", "baseline");
	made_night(3, "made", "fine"); /* the last good one */
	made_night(4, "other", "fine");
	for (int i = 5; i < 10; i++)
		made_night(i, "made", i % 2 ? "regressed" : NULL);
	snprintf(foreign, sizeof(foreign), "%s/000-notes", root);
	mkdir(foreign, 0755);
	made_file(foreign, NIGHT_FILE, "{\"kind\":\"something else\"}\n");
	snprintf(link, sizeof(link), "%s/000-link", root);
	snprintf(kept, sizeof(kept), "%s/001", root);
	assert_int_equal(symlink(kept, link), 0);
	struct nightly_sets sets = read_sets();
	assert_int_equal(nightly_sets_trim(&sets, "made", 100, "", &e), 0);
	assert_int_equal(nightly_sets_trim(&sets, "made", 2, kept, &e), 4);
	nightly_sets_free(&sets);
	const char *const stay[] = { "001", "003", "004", "008", "009", "000-notes", "000-link" };
	const char *const gone[] = { "002", "005", "006", "007" };
	for (size_t i = 0; i < sizeof(stay) / sizeof(*stay); i++)
		if (!is_there(stay[i]))
			fail_msg("%s was removed", stay[i]);
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		if (is_there(gone[i]))
			fail_msg("%s was not removed", gone[i]);
}

/* ---- whole nights ---- */

static char database[128], textfile[128], printed[65536];
static struct nightly_options options;

static int nights_begin(void **state)
{
	int result = sets_begin(state);
	snprintf(database, sizeof(database), "%s/history/of.sqlite", scratch);
	snprintf(textfile, sizeof(textfile), "%s/migmeter.prom", scratch);
	options = (struct nightly_options){ .root = root, .database = database, .textfile = textfile, .keep = 30 };
	return result;
}

/* A night of six runs; its exit status, and its set's path. */
static int night(int number, const struct made_conditions *c, double rate, char *set, size_t room)
{
	struct nightly n;
	struct err e = { 0 };
	char path[512];
	if (nightly_open(&n, &options, &e) < 0)
		fail_msg("%s", e.text);
	n.began_ns = INT64_C(1795000000000000000) + number * INT64_C(86400000000000);
	if (nightly_begin(&n, "made", "made.conf", &e) < 0)
		fail_msg("%s", e.text);
	made_set(nightly_set_runs(n.set, path, sizeof(path)), 100 * number, 6, c, rate, 200);
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	int status = nightly_conclude(&n, 0, out);
	fclose(out);
	nightly_close(&n);
	snprintf(set, room, "%s", n.set);
	return status;
}

static void assert_printed(const char *text)
{
	if (!strstr(printed, text))
		fail_msg("'%s' is not in: %s", text, printed);
}

static void assert_file(const char *set, const char *name, int is)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", set, name);
	if ((access(path, F_OK) == 0) != is)
		fail_msg("%s %s", path, is ? "is not there" : "is there");
}

static void nights_follow_each_other(void **state)
{
	(void)state;
	char first[512], second[512], slow[512], third[512];
	assert_int_equal(night(1, &usual, 1e9, first, sizeof(first)), EXIT_DONE);
	assert_printed("\nbaseline: nothing to compare with");
	assert_file(first, "compare", 0);
	assert_int_equal(night(2, &usual, 1e9, second, sizeof(second)), EXIT_DONE);
	assert_printed("\nfine; 4 comparisons: 4 no difference shown\n");
	assert_printed(strrchr(first, '/'));
	static const char *const files[] = {
		"summary.txt",     "index.html", "metrics.prom", "compare/compare.html", "compare/comparison.json",
		"trend/trend.html"
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_file(second, files[i], 1);
	assert_int_equal(night(3, &usual, 0.85e9, slow, sizeof(slow)), EXIT_MEASURED_BAD);
	assert_printed("\nregressed; 4 comparisons: 1 regressed");
	assert_printed("\nregressed: baseline rate of vm1 (migrating): ");
	/* still slow: compared with the last good one, not with the one before */
	assert_int_equal(night(4, &usual, 0.85e9, third, sizeof(third)), EXIT_MEASURED_BAD);
	assert_printed(strrchr(second, '/'));
	/* it is accepted: once named, the night is good, and a baseline itself */
	options.pinned = slow;
	assert_int_equal(night(5, &usual, 0.85e9, third, sizeof(third)), EXIT_DONE);
	assert_printed(" (named)");
	options.pinned = NULL;
	options.keep = 2;
	assert_int_equal(night(6, &usual, 0.85e9, third, sizeof(third)), EXIT_DONE);
	assert_file(first, "", 0);
	assert_file(slow, "", 0);
	struct nightly_sets sets = read_sets();
	assert_int_equal(sets.count, 2);
	nightly_sets_free(&sets);
}

static void a_baseline_that_is_none(void **state)
{
	(void)state;
	struct nightly n;
	struct err e = { 0 };
	options.pinned = "/nonexistent";
	assert_int_equal(nightly_open(&n, &options, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "--baseline"));
	nightly_close(&n);
}

/* What cannot be done is told, and the rest is. */
static void a_history_that_cannot_be_kept(void **state)
{
	(void)state;
	char set[512];
	options.database = "/proc/none/history.sqlite";
	assert_int_equal(night(1, &usual, 1e9, set, sizeof(set)), EXIT_CANNOT);
	assert_printed("\nnot done: ");
	assert_file(set, "index.html", 1);
	assert_file(set, "metrics.prom", 1);
}

static void a_night_without_runs(void **state)
{
	(void)state;
	struct nightly n;
	struct err e = { 0 };
	assert_int_equal(nightly_open(&n, &options, &e), 0);
	assert_int_equal(nightly_begin(&n, "made", "made.conf", &e), 0);
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	assert_int_equal(nightly_conclude(&n, 0, out), EXIT_CANNOT);
	fclose(out);
	assert_printed("\nskipped; ");
	assert_printed("\n0 runs complete, 0 failed, 0 skipped; baseline: none\n");
	assert_file(n.set, "index.html", 1);
	nightly_close(&n);
}

/* Runs that this machine refused leave no folders: what it said is told, and a case that the baseline has is missed. */
static void runs_that_were_refused(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	char labels[2][300] = { "load=a", "load=b" }, path[512], set[512];
	enum study_state states[12];
	for (int i = 0; i < 12; i++)
		states[i] = RUN_SKIPPED;
	struct study s = { .points = 2, .repeats = 6, .labels = labels, .states = states, .skipped = "no memory" };
	struct nightly n;
	struct err e = { 0 };
	assert_int_equal(night(1, &a, 1e9, set, sizeof(set)), EXIT_DONE);
	made_set(nightly_set_runs(set, path, sizeof(path)), 150, 6, &b, 1e9, 200);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(nightly_open(&n, &options, &e), 0);
		n.began_ns = INT64_C(1795000000000000000) + (2 + round) * INT64_C(86400000000000);
		assert_int_equal(nightly_begin(&n, "made", "made.conf", &e), 0);
		n.study = &s;
		nightly_set_runs(n.set, path, sizeof(path));
		made_study(path, "");
		if (round == 1)
			made_set(path, 300, 6, &b, 1e9, 200);
		FILE *out = fmemopen(printed, sizeof(printed), "w");
		int status = nightly_conclude(&n, 0, out);
		fclose(out);
		assert_int_equal(status, round ? EXIT_MEASURED_BAD : EXIT_CANNOT);
		assert_printed(round ? "\nbroken; " : "\nskipped; ");
		assert_printed("\nbroken: load=a: 6 of 6 runs of NEW were skipped: no memory\n");
		nightly_close(&n);
	}
}

/* What an interrupt came before was not skipped. */
static void runs_that_were_not_come_to(void **state)
{
	(void)state;
	const struct made_conditions b = { .point = "load=b" };
	char labels[2][300] = { "load=a", "load=b" }, path[512], set[512];
	enum study_state states[4] = { RUN_INTERRUPTED, RUN_COMPLETE, RUN_TO_COME, RUN_COMPLETE };
	struct study s = { .points = 2, .repeats = 2, .labels = labels, .states = states };
	const struct made_conditions a = { .point = "load=a" };
	struct nightly n;
	struct err e = { 0 };
	assert_int_equal(night(1, &a, 1e9, set, sizeof(set)), EXIT_DONE);
	made_set(nightly_set_runs(set, path, sizeof(path)), 150, 6, &b, 1e9, 200);
	assert_int_equal(nightly_open(&n, &options, &e), 0);
	n.began_ns = INT64_C(1795000000000000000) + 2 * INT64_C(86400000000000);
	assert_int_equal(nightly_begin(&n, "made", "made.conf", &e), 0);
	n.study = &s;
	made_set(nightly_set_runs(n.set, path, sizeof(path)), 200, 2, &b, 1e9, 200);
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	assert_int_equal(nightly_conclude(&n, 1, out), EXIT_INTERRUPTED);
	fclose(out);
	assert_printed("\n2 runs complete, 0 failed, 0 skipped; ");
	assert_printed("\nno runs: load=a: none of its runs had ended when the night was interrupted\n");
	nightly_close(&n);
}

static void two_do_not_overlap(void **state)
{
	(void)state;
	struct nightly first, second;
	struct err e = { 0 };
	char pid[32];
	assert_int_equal(nightly_open(&first, &options, &e), 0);
	assert_int_equal(nightly_begin(&first, "made", "made.conf", &e), 0);
	assert_int_equal(nightly_open(&second, &options, &e), 0);
	second.began_ns += INT64_C(86400000000000);
	pid_t child = fork(); /* the lock is a process's */
	if (child == 0) {
		snprintf(pid, sizeof(pid), "pid %d since ", (int)getppid());
		_exit(nightly_begin(&second, "made", "made.conf", &e) == -1 && e.status == EXIT_CANNOT &&
		                      strstr(e.text, "another nightly (") && strstr(e.text, pid)
		              ? 0
		              : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	nightly_close(&first);
	assert_int_equal(nightly_begin(&second, "made", "made.conf", &e), 0);
	nightly_close(&second);
}

#define OF_SETS(test) cmocka_unit_test_setup_teardown(test, sets_begin, end)
#define OF_NIGHTS(test) cmocka_unit_test_setup_teardown(test, nights_begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDERS(the_first_is_the_baseline),
		IN_FOLDERS(a_first_of_failed_runs_is_not),
		IN_FOLDERS(the_same_is_fine),
		IN_FOLDERS(slower_regressed),
		IN_FOLDERS(faster_is_improved),
		IN_FOLDERS(some_failures_are_borne),
		IN_FOLDERS(a_broken_case),
		IN_FOLDERS(a_case_that_this_machine_cannot_make),
		IN_FOLDERS(a_case_that_is_gone_or_new),
		IN_FOLDERS(nothing_could_be_run),
		IN_FOLDERS(other_conditions_begin_anew),
		IN_FOLDERS(an_interrupted_one_is_no_baseline),
		OF_SETS(the_baseline_is_the_last_good_one),
		OF_SETS(the_old_ones_go),
		OF_NIGHTS(nights_follow_each_other),
		OF_NIGHTS(a_baseline_that_is_none),
		OF_NIGHTS(a_history_that_cannot_be_kept),
		OF_NIGHTS(a_night_without_runs),
		OF_NIGHTS(runs_that_were_refused),
		OF_NIGHTS(runs_that_were_not_come_to),
		OF_NIGHTS(two_do_not_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
