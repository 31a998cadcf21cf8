/* Nights after odd nights: what a case is compared with, and what is not to pass for fine. */
#include "t/exposition.h"
#include "t/made_nights.h"

static const struct made_conditions a = { .point = "load=a" }, b = { .point = "load=b" };

/* The name of a set, as the summary has it. */
static const char *name_of(const char *set)
{
	return strrchr(set, '/');
}

static void assert_case(const char *label, const char *verdict)
{
	char of[80], is[80];
	snprintf(of, sizeof(of), "case=\"%s\"", label);
	snprintf(is, sizeof(is), "verdict=\"%s\"", verdict);
	exposition_read(textfile);
	if (!(EXPOSED("migmeter_nightly_case_verdict", of, is) == 1))
		fail_msg("%s is not %s: %s", label, verdict, printed);
}

/* ---- runs that were refused ---- */

/* A night of ten runs of load=a, of which the first were refused before they had a folder. */
static int night_of_refused(int number, int refused, enum study_state as, char *set)
{
	char labels[1][300] = { "load=a" };
	enum study_state states[10];
	struct study s = { .points = 1, .repeats = 10, .labels = labels, .states = states, .skipped = "no memory" };
	for (int i = 0; i < 10; i++)
		states[i] = i < refused ? as : RUN_COMPLETE;
	const char *path = night_begins(number, &s);
	if (refused < 10)
		made_set(path, 100 * number, 10 - refused, &a, 1e9, 200);
	return night_ends(0, set);
}

static void most_runs_were_refused(void **state)
{
	(void)state;
	char none[512], first[512], odd[512];
	assert_int_equal(night_of_refused(1, 7, RUN_SKIPPED, none), EXIT_CANNOT); /* no baseline yet, and no begin */
	assert_printed("\nskipped: load=a: 7 of 10 runs were skipped: no memory\n");
	assert_int_equal(night_of_refused(2, 0, RUN_SKIPPED, first), EXIT_DONE);
	assert_printed("\nbaseline: nothing to compare with");
	assert_int_equal(night_of_refused(3, 8, RUN_SKIPPED, odd), EXIT_MEASURED_BAD);
	assert_printed("\n2 runs complete, 0 failed, 8 skipped; ");
	assert_printed("\nbroken: load=a: 8 of 10 runs of NEW were skipped: no memory\n");
	assert_int_equal(night_of_refused(4, 6, RUN_TO_COME, odd), EXIT_MEASURED_BAD); /* the study broke off */
	assert_int_equal(night_of_refused(5, 2, RUN_SKIPPED, odd), EXIT_DONE);
	assert_printed("\nfine; ");
	assert_printed("2 of 10 runs of NEW were skipped (no memory)\n");
	assert_printed(name_of(first));
	assert_int_equal(night_of_refused(6, 10, RUN_SKIPPED, odd), EXIT_CANNOT);
	assert_printed("\nbroken: load=a: 10 of 10 runs of NEW were skipped: no memory\n");
}

/* ---- other conditions ---- */

static void another_machine_for_a_night(void **state)
{
	(void)state;
	const struct made_conditions other = { .cpu = "another cpu" };
	char first[512], odd[512], second[512];
	options.keep = 1;
	assert_int_equal(night(1, &usual, 1e9, first), EXIT_DONE);
	assert_int_equal(night(2, &other, 0.5e9, odd), EXIT_DONE);
	assert_printed("\nnot comparable: ");
	assert_printed("another machine");
	assert_int_equal(night(3, &usual, 0.85e9, second), EXIT_MEASURED_BAD);
	assert_printed(name_of(first));
	/* the odd one is the baseline of its kind, and what it pushes out is not lost */
	assert_int_equal(night(4, &other, 0.5e9, second), EXIT_DONE);
	assert_printed("\nfine; ");
	assert_printed(name_of(odd));
	assert_int_equal(night(5, &other, 0.5e9, second), EXIT_DONE);
	assert_file(odd, "", 0);
	assert_file(first, "", 1);
	assert_int_equal(night(6, &usual, 0.85e9, second), EXIT_MEASURED_BAD);
	assert_printed(name_of(first));
	assert_int_equal(night(7, &(struct made_conditions){ .cpu = "a third" }, 1e9, second), EXIT_DONE);
	assert_case("", "not comparable");
}

/* ---- some of the cases only ---- */

static void a_night_of_one_case(void **state)
{
	(void)state;
	char labels[2][300] = { "load=a", "load=b" }, first[512], part[512];
	enum study_state states[2] = { RUN_LEFT_OUT, RUN_COMPLETE };
	const struct study only_b = { .points = 2, .repeats = 1, .labels = labels, .states = states };
	const char *path = night_begins(1, NULL);
	made_set(path, 100, 6, &a, 1e9, 200);
	made_set(path, 150, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, first), EXIT_DONE);
	made_set(night_begins(2, &only_b), 200, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, part), EXIT_DONE);
	assert_not_printed("load=a");
	/* cases by their names, though there is one on each side */
	assert_int_equal(night(3, &a, 0.85e9, NULL), EXIT_MEASURED_BAD);
	assert_printed(name_of(first));
	assert_not_printed("load=b");
	path = night_begins(4, NULL);
	made_set(path, 400, 6, &a, 1e9, 200);
	made_set(path, 450, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, NULL), EXIT_DONE);
	assert_printed("; baseline: of each case (the last good set)\n");
	char line[700];
	snprintf(line, sizeof(line), "\ncompared with: load=a: %s\n", first);
	assert_printed(line);
	snprintf(line, sizeof(line), "\ncompared with: load=b: %s\n", part);
	assert_printed(line);
	exposition_read(textfile);
	assert_true(EXPOSED("migmeter_nightly_baseline", "case=\"load=b\"", name_of(part)) == 1);
}

static void a_new_case_begins(void **state)
{
	(void)state;
	assert_int_equal(night(1, &a, 1e9, NULL), EXIT_DONE);
	const char *path = night_begins(2, NULL);
	made_set(path, 200, 6, &a, 1e9, 200);
	made_set(path, 250, 6, &b, 1e9, 200);
	assert_int_equal(night_ends(0, NULL), EXIT_DONE);
	assert_printed("\nfine; 4 comparisons: 4 no difference shown\n"); /* of the one that there was */
	assert_case("load=a", "fine");
	assert_case("load=b", "baseline");
	assert_int_equal(night(3, &b, 0.85e9, NULL), EXIT_MEASURED_BAD);
}

/* ---- one case is broken ---- */

static int night_of_two(int number, double rate_of_b, int a_fails, char *set)
{
	const struct made_conditions fails = { .point = "load=a", .status = "failed", .reason = "it did not boot" };
	const char *path = night_begins(number, NULL);
	made_set(path, 100 * number, 6, a_fails ? &fails : &a, 1e9, 200);
	made_set(path, 100 * number + 50, 6, &b, rate_of_b, 200);
	return night_ends(0, set);
}

static void a_broken_case_is_its_own(void **state)
{
	(void)state;
	char first[512], broken[512], slow[512];
	assert_int_equal(night_of_two(1, 1e9, 0, first), EXIT_DONE);
	assert_int_equal(night_of_two(2, 1.2e9, 1, broken), EXIT_MEASURED_BAD);
	/* its baseline is the broken night's set: what improved is not given back unseen */
	assert_int_equal(night_of_two(3, 1e9, 1, slow), EXIT_MEASURED_BAD);
	assert_printed(name_of(broken));
	assert_case("load=a", "broken");
	assert_case("load=b", "regressed");
	/* accepted, while the other one is still broken */
	options.pinned = slow;
	assert_int_equal(night_of_two(4, 1e9, 1, NULL), EXIT_MEASURED_BAD);
	assert_printed("\nbroken; ");
	assert_case("load=b", "fine");
	options.pinned = NULL;
	assert_int_equal(night_of_two(5, 1e9, 0, NULL), EXIT_DONE);
	assert_printed("\nfine; ");
	assert_printed(name_of(first)); /* of load=a */
}

/* A case that the pinned set does not have is compared as ever. */
static void what_is_pinned_has_one_case(void **state)
{
	(void)state;
	char labels[2][300] = { "load=a", "load=b" }, part[512];
	enum study_state states[2] = { RUN_LEFT_OUT, RUN_COMPLETE };
	const struct study only_b = { .points = 2, .repeats = 1, .labels = labels, .states = states };
	assert_int_equal(night_of_two(1, 1e9, 0, NULL), EXIT_DONE);
	made_set(night_begins(2, &only_b), 200, 6, &b, 0.85e9, 200);
	assert_int_equal(night_ends(0, part), EXIT_MEASURED_BAD);
	options.pinned = part;
	const char *path = night_begins(3, NULL);
	made_set(path, 300, 6, &a, 0.85e9, 200);
	made_set(path, 350, 6, &b, 0.85e9, 200);
	assert_int_equal(night_ends(0, NULL), EXIT_MEASURED_BAD);
	assert_case("load=a", "regressed");
	assert_case("load=b", "fine");
	assert_int_equal(night(4, &a, 1e9, NULL), EXIT_CANNOT);
	assert_printed("\nfine; ");
	assert_printed("\nnot done: the baseline '");
}

/* ---- too few runs ---- */

static int night_of_runs(int number, int count, double rate, char *set)
{
	made_set(night_begins(number, NULL), 100 * number, count, &usual, rate, 200);
	return night_ends(0, set);
}

static void too_few_runs_are_not_fine(void **state)
{
	(void)state;
	char first[512], enough[512];
	assert_int_equal(night_of_runs(1, 1, 1e9, first), EXIT_DONE);
	assert_printed("\nbaseline: ");
	assert_int_equal(night_of_runs(2, 1, 0.5e9, NULL), EXIT_DONE);
	assert_printed("\ninconclusive; ");
	assert_printed(
		"\ninconclusive: 1 and 1 runs are too few for a difference of any time or amount to be shown: ");
	assert_case("", "inconclusive");
	/* enough tonight, and never before */
	assert_int_equal(night_of_runs(3, 6, 1e9, enough), EXIT_DONE);
	assert_printed("\nbaseline: ");
	assert_int_equal(night_of_runs(4, 2, 0.85e9, NULL), EXIT_DONE);
	assert_printed("\ninconclusive; ");
	assert_int_equal(night_of_runs(5, 6, 0.85e9, NULL), EXIT_MEASURED_BAD);
	assert_printed(name_of(enough));
}

/* ---- metrics that are gone ---- */

/* Ten runs with a downtime of the network, or in `missing` of them none. */
static void made_measured(const char *path, int first, int missing, const char *reason)
{
	for (int i = 0; i < 10; i++) {
		char rows[2048] = "";
		made_row(rows, "migration_time", "completion", "ns", 6e9 + 1e6 * i, "");
		made_row(rows, "converged", "", "ratio", 1, "");
		made_row(rows, "downtime", "network", "ns", i < missing ? NAN : 3e8 + 1e5 * i,
		         i < missing ? reason : "");
		made_compared(path, first + i, &a, rows);
	}
}

static int night_measured(int number, int missing, const char *reason, char *set)
{
	made_measured(night_begins(number, NULL), 100 * number, missing, reason);
	return night_ends(0, set);
}

static void a_metric_that_is_gone(void **state)
{
	(void)state;
	const char *why = "no packets of the VM while migrating";
	char first[512], gone[512];
	assert_int_equal(night_measured(1, 2, why, first), EXIT_DONE); /* eight of ten have it */
	assert_int_equal(night_measured(2, 10, why, gone), EXIT_MEASURED_BAD);
	assert_printed("\nbroken; ");
	assert_printed(
		"\nbroken: load=a: no run of NEW has downtime:network of vm1: no packets of the VM while migrating\n");
	assert_printed(
		"\nmissing: downtime, network of vm1 (migrating): missing in NEW: no packets of the VM while migrating");
	assert_int_equal(night_measured(3, 9, why, NULL), EXIT_DONE); /* some have it */
	/* what most runs of the baseline have not is told */
	options.pinned = gone;
	assert_int_equal(night_measured(4, 10, why, NULL), EXIT_DONE);
	options.pinned = NULL;
}

/* No stop, no such time: that is what was measured. */
static void a_metric_that_can_not_be(void **state)
{
	(void)state;
	assert_int_equal(night_measured(1, 0, "", NULL), EXIT_DONE);
	assert_int_equal(night_measured(2, 10, "the VM did not move", NULL), EXIT_DONE);
	assert_printed("\nfine; ");
	assert_printed(
		"\nmissing: downtime, network of vm1 (migrating): missing in NEW: the VM did not move; load=a\n");
	add_moody(night_begins(3, NULL), 10, 0, 6);
	assert_int_equal(night_ends(0, NULL), EXIT_DONE);
	add_moody(night_begins(4, NULL), 10, 10, 6);
	assert_int_equal(night_ends(0, NULL), EXIT_MEASURED_BAD); /* they never converge any more */
	assert_printed("\nregressed; ");
}

/* ---- VMs that are lost ---- */

static int night_of_failures(int number, const char *reason, char *set)
{
	const struct made_conditions bad = { .point = "load=a", .status = "failed", .reason = reason };
	const char *path = night_begins(number, NULL);
	made_set(path, 100 * number, reason ? 8 : 10, &a, 1e9, 200);
	if (reason)
		made_set(path, 100 * number + 50, 2, &bad, 1e9, 200);
	return night_ends(0, set);
}

static void a_lost_vm_is_never_fine(void **state)
{
	(void)state;
	char lost[512];
	assert_int_equal(night_of_failures(1, NULL, NULL), EXIT_DONE);
	assert_int_equal(night_of_failures(2, "cannot watch process 7", NULL),
	                 EXIT_DONE); /* of these some are borne */
	assert_printed("\nfine; ");
	assert_int_equal(night_of_failures(3, "VM 'vm1' ended unexpectedly on node 'dst' (stopped/crashed)", lost),
	                 EXIT_MEASURED_BAD);
	assert_printed("\nbroken: load=a: 2 of 10 runs of NEW lost a VM: VM 'vm1' ended unexpectedly on node 'dst'");
	assert_int_equal(
		night_of_failures(4, "the guest of VM 'vm1' failed: page 7 of 9 of its memory has changed", NULL),
		EXIT_MEASURED_BAD);
	/* a baseline that has lost one, too, has been accepted */
	options.pinned = lost;
	assert_int_equal(night_of_failures(5, "after the switch to post-copy, the VM is lost", NULL), EXIT_DONE);
	options.pinned = NULL;
	assert_int_equal(night_of_failures(6, NULL, NULL), EXIT_DONE);
	/* as its manifest says */
	const char *path = night_begins(7, NULL);
	made_set(path, 700, 9, &a, 1e9, 200);
	char folder[600];
	snprintf(folder, sizeof(folder), "%s/709", path);
	mkdir(folder, 0755);
	made_file(folder, "manifest.json",
	          "{\"format\":1,\"status\":\"failed\",\"reason\":\"migration of 'vm1' failed\",\"name\":\"made\","
	          "\"point\":\"load=a\",\"repeat\":1,\"migration\":{\"vm\":\"vm1\",\"vm_lost\":true}}\n");
	assert_int_equal(night_ends(0, NULL), EXIT_MEASURED_BAD);
	assert_printed("1 of 10 runs of NEW lost a VM: migration of 'vm1' failed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OF_NIGHTS(most_runs_were_refused),    OF_NIGHTS(another_machine_for_a_night),
		OF_NIGHTS(a_night_of_one_case),       OF_NIGHTS(a_new_case_begins),
		OF_NIGHTS(a_broken_case_is_its_own),  OF_NIGHTS(what_is_pinned_has_one_case),
		OF_NIGHTS(too_few_runs_are_not_fine), OF_NIGHTS(a_metric_that_is_gone),
		OF_NIGHTS(a_metric_that_can_not_be),  OF_NIGHTS(a_lost_vm_is_never_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
