/* Runs made into a transfer model: the fit by hand, what of a run is taken, and which runs are of no use. */
#include "analysis/least_squares.h"
#include "analysis/transfer_run.h"
#include "bench/base/err.h"
#include "t/made_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void a_line_by_hand(void **state)
{
	(void)state;
	/* y = 1 + 2 x with errors of 1, -2, 1 about it: the fit is 1 + 2 x itself, since they are orthogonal to 1 and x. */
	static const double x[] = { 1, 0, 1, 1, 1, 2 }, y[] = { 1 + 1, 3 - 2, 5 + 1 };
	struct least_squares l;
	struct err e = { 0 };
	assert_int_equal(least_squares_fit(x, y, 3, 2, &l, &e), 0);
	assert_true(fabs(l.coefficients[0] - 1) < 1e-12 && fabs(l.coefficients[1] - 2) < 1e-12);
	/* Squares left 6, one degree of freedom; about the mean 3: 1 + 4 + 9. Errors sqrt(6 * 5 / 6), sqrt(6 / 2). */
	assert_true(fabs(l.residual - sqrt(6)) < 1e-12 && fabs(l.explained - (1 - 6 / 14.)) < 1e-12);
	assert_true(fabs(l.errors[0] - sqrt(5)) < 1e-12 && fabs(l.errors[1] - sqrt(3)) < 1e-12);
	assert_int_equal(least_squares_fit(x, y, 1, 2, &l, &e), -1);
	assert_string_equal(e.text, "1 runs are too few to fit 2 coefficients");
	assert_int_equal(least_squares_fit(x, y, 2, 2, &l, &e), 0);
	assert_true(isnan(l.residual) && isnan(l.errors[0]));
}

/* A term that is always 0 gets nothing, and does not disturb the others. */
static void a_term_that_never_varies(void **state)
{
	(void)state;
	static const double x[] = { 1, 0, 0, 1, 1, 0, 1, 2, 0, 1, 3, 0 }, y[] = { 1, 3, 5, 7 };
	struct least_squares l;
	assert_int_equal(least_squares_fit(x, y, 4, 3, &l, NULL), 0);
	assert_true(fabs(l.coefficients[0] - 1) < 1e-9 && fabs(l.coefficients[1] - 2) < 1e-9);
	assert_true(l.coefficients[2] == 0);
}

static void run_make(const char *study, const char *name, const char *mode, const char *fill, const char *status,
                     const char *workload, double lost_s)
{
	const struct made_metric metrics[] = { { "migration_time", "migrating", "completion", 12.5e9 },
		                               { "lost_work", "migrating", workload, lost_s },
		                               { "baseline_rate", "migrating", workload, 7e6 } };
	char folder[4096];
	snprintf(folder, sizeof(folder), "%.2000s/%s", study, name);
	mkdir(folder, 0755);
	made_file(
		folder, "manifest.json",
		"{\"status\":\"%s\",\"config\":{\"link\":{\"rate\":\"100000000bit/s\",\"rtt\":\"6000000ns\"},"
		"\"migration\":{\"mode\":\"%s\"}},\"link\":{\"asked\":{\"rate\":\"100M\"}},\"vms\":[{\"name\":\"vm1\","
		"\"role\":\"migrating\",\"memory_bytes\":109051904,\"spare_bytes\":41943040,\"memory_fill\":\"%s\","
		"\"workloads\":[{\"name\":\"%s\"}]}]}\n",
		status, mode, fill, workload);
	made_metrics(folder, metrics, 3);
}

static void runs_are_taken(void **state)
{
	(void)state;
	static const char *const expected[] = {
		"",
		"",
		"it is no pre-copy migration",
		"the VM's memory was not filled: what of it is used is not known",
		"the run is not complete",
		"it was not there",
	};
	char directory[] = "/tmp/test_transfer_fit.XXXXXX", command[100];
	struct transfer_run *runs = NULL;
	struct err e = { 0 };
	int count = 0;
	assert_non_null(mkdtemp(directory));
	made_study(directory, "");
	run_make(directory, "1", "precopy", "random", "complete", "memdirty", 2.5);
	run_make(directory, "2", "precopy", "random", "complete", "intadd", 2.5);
	run_make(directory, "3", "postcopy", "random", "complete", "intadd", 2.5);
	run_make(directory, "4", "precopy", "none", "complete", "intadd", 2.5);
	run_make(directory, "5", "precopy", "random", "failed", "intadd", 2.5);
	run_make(directory, "6", "precopy", "random", "complete", "intadd", NAN);
	assert_int_equal(transfer_runs_read(directory, &runs, &count, &e), 0);
	assert_int_equal(count, 6);
	for (int i = 0; i < 6; i++)
		assert_string_equal(runs[i].reason, expected[i]);
	assert_true(runs[0].used_bytes == 64 << 20 && runs[0].rtt_ns == 6e6 && runs[0].rate_bits_per_s == 1e8);
	assert_true(runs[0].time_s == 12.5 && runs[0].lost_s == 2.5 && runs[0].dirty_per_s == 7e6);
	assert_true(runs[1].dirty_per_s == 0);
	free(runs);
	runs = NULL;
	count = 0;
	assert_int_equal(transfer_runs_read("/tmp", &runs, &count, &e), -1);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_by_hand),
		cmocka_unit_test(a_term_that_never_varies),
		cmocka_unit_test(runs_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
