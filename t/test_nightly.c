/* Nights: every verdict on a set of runs, which set is the baseline, what is removed, and whole nights from made runs. */
#include "t/made_nights.h"

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

static void assert_found(const struct nightly_sets *sets, const char *name, const char *label, int64_t before_ns,
                         const char *end_of_path)
{
	int place = nightly_sets_find(sets, name, label, before_ns, INT_MAX);
	if (!end_of_path)
		assert_int_equal(place, -1);
	else if (place < 0 || !strstr(sets->list[place].path, end_of_path))
		fail_msg("of '%s' it is %s, not %s", label, place < 0 ? "none" : sets->list[place].path, end_of_path);
}

static void the_baseline_is_the_last_good_one(void **state)
{
	(void)state;
	struct nightly_sets sets = read_sets(); /* of a folder that is not there */
	assert_int_equal(sets.count, 0);
	assert_found(&sets, "made", "", INT64_MAX, NULL);
	nightly_sets_free(&sets);
	made_night(1, "made", "baseline");
	made_night(2, "made", "fine");
	made_night(3, "other", "fine");
	made_night(4, "made", "regressed");
	made_night(5, "made", "broken");
	made_night(6, "made", "interrupted");
	made_night(7, "made", NULL);
	made_night(8, "made", "skipped");
	made_night(9, "made", "inconclusive");
	sets = read_sets();
	assert_int_equal(sets.count, 9);
	assert_found(&sets, "made", "", INT64_MAX, "/002");
	assert_found(&sets, "made", "", sets.list[1].began_ns, "/001");
	assert_found(&sets, "made", "load=b", INT64_MAX, NULL);
	assert_found(&sets, "other", "", INT64_MAX, "/003");
	nightly_sets_free(&sets);
}

/* Sets of earlier versions, too. */
static void each_case_has_its_own(void **state)
{
	(void)state;
#define ROW(label, verdict, complete, failed)                                                                        \
	"{\"case\":\"" label "\",\"verdict\":\"" verdict "\",\"complete\":" #complete ",\"failed\":" #failed         \
	",\"skipped\":0}"
	made_night_of(1, "made", "fine",
	              ROW("load=a", "no difference shown", 6, 0) "," ROW("load=b", "improved", 6, 1));
	made_night_of(2, "made", "broken",
	              ROW("load=a", "no difference shown", 6, 0) "," ROW("load=b", "broken", 2, 4));
	made_night_of(3, "made", "regressed",
	              ROW("load=a", "regressed", 6, 0) "," ROW("load=b", "not comparable", 3, 3));
	made_night_of(4, "made", "interrupted", ROW("load=a", "fine", 6, 0) "," ROW("load=b", "fine", 6, 0));
	made_night_of(5, "made", "fine", ROW("load=a", "not comparable", 0, 0) "," ROW("load=c", "baseline", 6, 0));
	struct nightly_sets sets = read_sets();
	assert_found(&sets, "made", "load=a", INT64_MAX, "/002");
	assert_found(&sets, "made", "load=b", INT64_MAX, "/001");
	assert_found(&sets, "made", "load=c", INT64_MAX, "/005");
	assert_found(&sets, "made", NULL, INT64_MAX, "/005");
	nightly_sets_free(&sets);
}

static void the_old_ones_go(void **state)
{
	(void)state;
	char kept[256], foreign[256], link[256], left[256], stays[16] = { 1, 0, 1 };
	struct err e = { 0 };
	made_night(1, "made", "fine"); /* it must stay */
	made_night(2, "made", "baseline");
	made_night(3, "made", "fine"); /* and so must this */
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
	assert_int_equal(nightly_sets_trim(&sets, root, "made", 100, stays, &e), 0);
	/* Another night was killed while it removed one. */
	snprintf(left, sizeof(left), "%s/.removing-000", root);
	mkdir(left, 0755);
	made_file(left, "something", "more\n");
	assert_int_equal(nightly_sets_trim(&sets, root, "made", 2, stays, &e), 4);
	assert_int_equal(access(left, F_OK), -1);
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

static void nights_follow_each_other(void **state)
{
	(void)state;
	char first[512], second[512], slow[512], third[512];
	assert_int_equal(night(1, &usual, 1e9, first), EXIT_DONE);
	assert_printed("\nbaseline: nothing to compare with");
	assert_file(first, "compare", 0);
	assert_int_equal(night(2, &usual, 1e9, second), EXIT_DONE);
	assert_printed("\nfine; 4 comparisons: 4 no difference shown\n");
	assert_printed(strrchr(first, '/'));
	static const char *const files[] = {
		"summary.txt",     "index.html", "metrics.prom", "compare/compare.html", "compare/comparison.json",
		"trend/trend.html"
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_file(second, files[i], 1);
	assert_int_equal(night(3, &usual, 0.85e9, slow), EXIT_MEASURED_BAD);
	assert_printed("\nregressed; 4 comparisons: 1 regressed");
	assert_printed("\nregressed: baseline rate of vm1 (migrating): ");
	/* still slow: compared with the last good one, not with the one before */
	assert_int_equal(night(4, &usual, 0.85e9, third), EXIT_MEASURED_BAD);
	assert_printed(strrchr(second, '/'));
	/* it is accepted: once named, the night is good, and a baseline itself */
	options.pinned = slow;
	assert_int_equal(night(5, &usual, 0.85e9, third), EXIT_DONE);
	assert_printed(" (named)");
	options.pinned = NULL;
	options.keep = 2;
	assert_int_equal(night(6, &usual, 0.85e9, third), EXIT_DONE);
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
	assert_int_equal(night(1, &usual, 1e9, set), EXIT_CANNOT);
	assert_printed("\nnot done: ");
	assert_file(set, "index.html", 1);
	assert_file(set, "metrics.prom", 1);
}

static void a_night_without_runs(void **state)
{
	(void)state;
	char set[512];
	night_begins(1, NULL);
	assert_int_equal(night_ends(0, set), EXIT_CANNOT);
	assert_printed("\nskipped; ");
	assert_printed("\n0 runs complete, 0 failed, 0 skipped; baseline: none\n");
	assert_file(set, "index.html", 1);
}

/* Runs that this machine refused leave no folders: what it said is told, and a case that the baseline has is missed. */
static void runs_that_were_refused(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	char labels[2][300] = { "load=a", "load=b" };
	enum study_state states[12];
	for (int i = 0; i < 12; i++)
		states[i] = RUN_SKIPPED;
	struct study s = { .points = 2, .repeats = 6, .labels = labels, .states = states, .skipped = "no memory" };
	const char *path = night_begins(1, NULL);
	made_set(path, 100, 6, &a, 1e9, 200);
	made_set(path, 150, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, NULL), EXIT_DONE);
	for (int round = 0; round < 2; round++) {
		path = night_begins(2 + round, &s);
		made_study(path, "");
		for (int i = 1; round && i < 12; i += 2)
			states[i] = RUN_COMPLETE;
		if (round == 1)
			made_set(path, 300, 6, &b, 1e9, 200);
		assert_int_equal(night_ends(0, NULL), round ? EXIT_MEASURED_BAD : EXIT_CANNOT);
		assert_printed(round ? "\nbroken; " : "\nskipped; ");
		assert_printed("\nbroken: load=a: 6 of 6 runs of NEW were skipped: no memory\n");
	}
}

/* What an interrupt came before was not skipped. */
static void runs_that_were_not_come_to(void **state)
{
	(void)state;
	const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };
	char labels[2][300] = { "load=a", "load=b" };
	enum study_state states[4] = { RUN_INTERRUPTED, RUN_COMPLETE, RUN_TO_COME, RUN_COMPLETE };
	struct study s = { .points = 2, .repeats = 2, .labels = labels, .states = states };
	const char *path = night_begins(1, NULL);
	made_set(path, 100, 6, &a, 1e9, 200);
	made_set(path, 150, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, NULL), EXIT_DONE);
	made_set(night_begins(2, &s), 200, 2, &b, 1e9, 200);
	assert_int_equal(night_ends(1, NULL), EXIT_INTERRUPTED);
	assert_printed("\n2 runs complete, 0 failed, 0 skipped; ");
	assert_printed("\nno runs: load=a: none of its runs had ended when the night was interrupted\n");
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

/* A night whose runs have none of what is compared shows nothing, and others are not to be compared with it. */
static void a_night_without_values_is_no_baseline(void **state)
{
	(void)state;
	struct compared row = { .verdict = COMPARE_NOT };
	struct compare_case of = { .runs = { 6, 6 }, .complete_count = { 6, 6 } };
	const struct comparison c = { .cases = &of, .case_count = 1, .list = &row, .count = 1, .needed = 4 };
	struct night_case one;
	row.sides[COMPARE_BASE].n = 6;
	night_judge_case(&one, &c, 0, 1);
	assert_int_equal(one.verdict, NIGHT_INCONCLUSIVE);
	assert_false(night_is_good(one.verdict));
	assert_string_equal(one.why, "no run of NEW has a value of what is compared");
	/* the first that has some begins anew */
	row.sides[COMPARE_BASE].n = 0;
	row.sides[COMPARE_NEW].n = 6;
	night_judge_case(&one, &c, 0, 1);
	assert_int_equal(one.verdict, NIGHT_NOT_COMPARABLE);
	assert_true(night_is_good(one.verdict));
}

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
		OF_SETS(each_case_has_its_own),
		OF_SETS(the_old_ones_go),
		cmocka_unit_test(a_night_without_values_is_no_baseline),
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
