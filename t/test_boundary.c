/* The search for a boundary: its logic on made outcomes, a study that follows it and goes on, and the page. */
#include "analysis/bisect.h"
#include "analysis/study.h"
#include "analysis/study_analyze.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "bench/study_search.h"
#include "reports/csv_table.h"
#include "reports/report.h"
#include "t/analysed.h"
#include "t/made_study.h"
#include "t/texts.h"

static const struct bisect_range range = { 0.1, 2, 0.05 };

/* Search with a truth: converges below `boundary`. Returns the number of runs. */
static int search(double boundary, struct bisect *is)
{
	struct bisect_outcome list[BISECT_STEPS_MAX + 1];
	int count = 0;
	for (;;) {
		bisect_look(&range, list, count, is);
		if (is->state != BISECT_OPEN)
			return count;
		assert_true(count < BISECT_STEPS_MAX);
		assert_true(is->next >= range.from && is->next <= range.to);
		list[count] = (struct bisect_outcome){ is->next, is->next < boundary };
		count++;
	}
}

static void test_finds(void **state)
{
	(void)state;
	struct bisect is;
	for (double boundary = 0.11; boundary < 2; boundary += 0.0137) {
		int runs = search(boundary, &is);
		assert_int_equal(is.state, BISECT_FOUND);
		assert_true(is.low < boundary && is.high >= boundary);
		assert_true(is.high - is.low <= range.until + 1e-4);
		assert_true(runs <= bisect_steps(&range));
		assert_int_equal(is.contrary, 0);
	}
	assert_int_equal(bisect_steps(&range), 8);
}

static void test_ends(void **state)
{
	(void)state;
	struct bisect is;
	assert_int_equal(search(0.05, &is), 1);
	assert_int_equal(is.state, BISECT_BELOW);
	assert_true(isnan(is.low) && is.high == 0.1);
	assert_int_equal(search(9, &is), 2);
	assert_int_equal(is.state, BISECT_ABOVE);
	assert_true(is.low == 2 && isnan(is.high));
}

/* Where outcomes contradict each other the lowest end of convergence is looked for. */
static void test_contrary(void **state)
{
	(void)state;
	struct bisect is;
	struct bisect_outcome list[] = { { 2, 0 }, { 0.1, 1 }, { 1.5, 1 }, { 1.05, 0 }, { 0.6, 1 }, { 1.8, 1 } };
	bisect_look(&range, list, 6, &is);
	assert_int_equal(is.state, BISECT_OPEN);
	assert_int_equal(is.contrary, 2);
	assert_near(is.next, 0.825, 1e-9, "between 0.6 and 1.05");
	/* Even the lowest end does not hold, whatever converged above it. */
	list[1].share = 0;
	bisect_look(&range, list, 6, &is);
	assert_int_equal(is.state, BISECT_BELOW);
	assert_int_equal(is.contrary, 3);
	/* The highest converged, one between did not. */
	const struct bisect_outcome bump[] = { { 0.1, 1 }, { 2, 1 }, { 1, 0 } };
	bisect_look(&range, bump, 3, &is);
	assert_int_equal(is.state, BISECT_OPEN);
	assert_near(is.next, 0.55, 1e-9, "below the bump");
	assert_int_equal(is.contrary, 1);
}

/* Repeats vote; what came to no result tells nothing, and where it is needed the search cannot go on. */
static void test_shares(void **state)
{
	(void)state;
	struct bisect is;
	struct bisect_outcome list[] = { { 0.1, 1 }, { 2, 0.5 }, { 1.05, 2. / 3 }, { 1.525, NAN } };
	bisect_look(&range, list, 3, &is);
	assert_true(is.low == 1.05 && is.high == 2);
	assert_near(is.next, 1.525, 1e-9, "the middle");
	bisect_look(&range, list, 4, &is);
	assert_int_equal(is.state, BISECT_STUCK);
	list[0].share = NAN;
	bisect_look(&range, list, 1, &is);
	assert_int_equal(is.state, BISECT_STUCK);
}

static void test_steps(void **state)
{
	(void)state;
	assert_int_equal(bisect_steps(&(struct bisect_range){ 0, 1, 2 }), 2);
	assert_int_equal(bisect_steps(&(struct bisect_range){ 1, 1, 0.1 }), -1);
	assert_int_equal(bisect_steps(&(struct bisect_range){ 0.1, 2, 0 }), -1);
	assert_int_equal(bisect_steps(&(struct bisect_range){ 0, 1e6, 1e-4 }), -1);
}

/* ---- a study ---- */

static const char config[] =
	"[experiment]\nname = made\n[vm vm1]\nmemory = 128M\nworkload = memdirty\n"
	"memdirty.region = 16M\n[bisect]\nkey = vm1.memdirty.rate\nof = 11.35M\nfrom = 0.1\nto = 2\n"
	"until = 0.1\nlabel = dirty rate / link rate\n[case mode precopy]\nmigration.mode = precopy\n"
	"[case mode converge]\nmigration.auto_converge = yes\n[case mode postcopy]\n"
	"migration.mode = postcopy\n";

static void study_open(struct study *s, bool resume)
{
	char path[128];
	struct err e = { 0 };
	snprintf(path, sizeof(path), "%s/a.conf", scratch);
	*s = (struct study){ .config_path = path, .scale = 1, .repeats = 2, .resume = resume };
	snprintf(s->directory, sizeof(s->directory), "%s/study", scratch);
	made_file(scratch, "a.conf", "%s", config);
	if (config_file_read(&s->config, path, &e) < 0 || study_prepare(s, &e) < 0)
		fail_msg("%s", e.text);
}

/* Pretend to run one: pre-copy converges below 0.8, with auto-converge below 1.3, post-copy always. */
static void study_pretend(struct study *s, long index)
{
	char folder[800], point[300], at[32];
	int number = (int)(index % s->points + 1), repeat = (int)(index / s->points + 1);
	const char *label = s->labels[index % s->points];
	study_run_folder(s, index, folder, sizeof(folder));
	assert_true(study_label_split(label, "at", point, sizeof(point), at, sizeof(at)));
	double value = strtod(at, NULL), boundary = strstr(label, "precopy")    ? 0.8
	                                            : strstr(label, "converge") ? 1.3
	                                                                        : 9;
	int converged = value < boundary;
	const struct made_metric metrics[] = {
		{ "converged", "migrating", "", converged },
		{ "migration_time", "migrating", "completion", converged ? 1e10 * (1 + value) : NAN },
		{ "baseline_rate", "migrating", "memdirty", value * 11.9e6 },
		{ "expected_downtime_error", "migrating", "first", converged ? 4e9 * value : NAN },
		{ "expected_downtime_error", "migrating", "median", converged ? 1e9 * value : NAN },
		{ "expected_downtime_error", "migrating", "last", converged ? -1e8 : NAN },
		{ "remaining_time_error", "migrating", "first", converged ? -9e9 * value : NAN },
		{ "remaining_time_error", "migrating", "median", converged ? -3e9 * value : NAN },
		{ "remaining_time_error", "migrating", "last", converged ? -1e8 : NAN },
	};
	/* The folder has the name that the study looks for. */
	char made[128];
	snprintf(made, sizeof(made), "%s/%03d-r%d", s->directory, number, repeat);
	mkdir(s->directory, 0755);
	made_point_run(s->directory, number, label, repeat, "complete", metrics, sizeof(metrics) / sizeof(*metrics));
	assert_int_equal(rename(made, folder), 0);
	s->states[index] = RUN_COMPLETE;
}

static void plan_make(const struct study *s)
{
	made_file(
		s->directory, "plan.json",
		"{\"scale\":1,\"points\":%ld,\"repeats\":2,\"keys\":{\"experiment.name\":\"made\",\"vm vm1.memory\":\"128M\","
		"\"vm vm1.workload\":\"memdirty\",\"vm vm1.memdirty.region\":\"16M\",\"bisect.key\":\"vm1.memdirty.rate\","
		"\"bisect.of\":\"11.35M\",\"bisect.from\":\"0.1\",\"bisect.to\":\"2\",\"bisect.until\":\"0.1\","
		"\"bisect.label\":\"dirty rate / link rate\",\"case mode precopy.migration.mode\":\"precopy\","
		"\"case mode converge.migration.auto_converge\":\"yes\",\"case mode postcopy.migration.mode\":\"postcopy\"}}\n",
		s->points);
}

/* The steps are run one after the other, all repeats of one before the next; after a break it goes on where it was. */
static void test_study(void **state)
{
	(void)state;
	struct study s;
	long runs = 0, i;
	study_open(&s, false);
	assert_int_equal(s.steps, 7);
	assert_int_equal(s.points, 21);
	while (runs < 5 && (i = study_next(&s)) >= 0) {
		assert_int_equal(i % s.points, runs / 2);
		study_pretend(&s, i);
		runs++;
	}
	plan_make(&s);
	study_free(&s);

	study_open(&s, true);
	assert_int_equal(s.states[0], RUN_COMPLETE);
	assert_near(s.at[2], 1.05, 1e-9, "the third step");
	assert_string_equal(s.labels[2], "mode=precopy at=1.05");
	i = study_next(&s);
	assert_int_equal(i, s.points + 2); /* the second repeat of the third step */
	for (; (i = study_next(&s)) >= 0; runs++)
		study_pretend(&s, i);
	study_free(&s);
	assert_int_equal(runs, 2 * (7 + 7 + 2));

	study_open(&s, true);
	assert_int_equal(study_next(&s), -1);
	study_free(&s);
}

/* The key's value at a step, in its own unit; a step to come is checked with an end of the range. */
static void test_point(void **state)
{
	(void)state;
	struct study s;
	struct config_file point;
	study_open(&s, false);
	s.at[1] = 0.5;
	assert_int_equal(study_point(&s, 1, &point, NULL), 0);
	const char *rate = "";
	for (size_t k = 0; k < point.count; k++)
		if (strcmp(point.entries[k].key, "memdirty.rate") == 0)
			rate = point.entries[k].value;
	assert_string_equal(rate, "5.675M");
	config_file_free(&point);
	assert_int_equal(study_point(&s, 8, &point, NULL), 0);
	assert_string_equal(s.labels[8], "mode=converge at=?");
	config_file_free(&point);
	study_free(&s);
}

static void test_page(void **state)
{
	(void)state;
	struct study s;
	struct err e = { 0 };
	struct csv_table *t;
	char path[800];
	study_open(&s, false);
	for (long i; (i = study_next(&s)) >= 0;)
		study_pretend(&s, i);
	plan_make(&s);
	if (analyze_study(s.directory, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(csv_table_load(&t, s.directory, "boundary.csv", 100, &e), 0);
	assert_int_equal(csv_table_rows(t), 3);
	assert_string_equal(csv_table_text(t, 1, "block"), "mode=converge");
	assert_true(csv_table_number(t, 1, "low") < 1.3 && csv_table_number(t, 1, "high") >= 1.3);
	assert_string_equal(csv_table_text(t, 2, "state"), "above");
	csv_table_free(t);
	if (report_study(s.directory, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	char *page = whole_file_read(path, 5 << 20);
	assert_non_null(page);
	static const char *const wanted[] = { "mode postcopy: still converges at 2, the highest tried",
		                              "mode precopy: converges up to 0.753", "Forecasts", "never converged" };
	ASSERT_HAS_ALL(page, wanted);
	free(page);
	study_free(&s);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds),  cmocka_unit_test(test_ends),  cmocka_unit_test(test_contrary),
		cmocka_unit_test(test_shares), cmocka_unit_test(test_steps), IN_SCRATCH(test_study),
		IN_SCRATCH(test_point),        IN_SCRATCH(test_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
