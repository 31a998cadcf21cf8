/* Whether a rate is steady: p against values that are known, noise, trends, a bin that was disturbed; and what a run says. */
#include "analysis/compare_write.h"
#include "analysis/warmup_metrics.h"
#include "bench/base/steady.h"
#include "reports/compare_view.h"
#include "t/compared.h"

static struct steady test_of(const double *rates, int count)
{
	return steady_test(rates, count, 0.05);
}

/* p of Kendall's S as R has it: 2 * pkendall(T, n), here by hand; cor.test(1:5, x, method = "kendall") */
static void p_is_exact(void **state)
{
	(void)state;
	const double rising[] = { 1, 2, 3, 4, 5 }, one_swapped[] = { 1, 2, 3, 5, 4 }, two[] = { 2, 1, 3, 5, 4 };
	const double ten[] = { 1, 2, 3, 4, 5, 6, 7, 8, 10, 9 };
	assert_near(test_of(rising, 5).p, 2 / 120., 1e-12, "p of 10 of 10 pairs");
	assert_near(test_of(one_swapped, 5).p, 2 * (1 + 4) / 120., 1e-12, "p of 9");
	assert_near(test_of(two, 5).p, 2 * (1 + 4 + 9) / 120., 1e-12, "p of 8");
	assert_near(test_of(ten, 10).p, 2 * (1 + 9) / 3628800., 1e-15, "p of 44 of 45");
	assert_false(test_of(rising, 4).known);
	assert_near(test_of(rising, 5).change, 4 / 3., 1e-12, "rises by 4 about 3");
}

static void a_trend_is_found(void **state)
{
	(void)state;
	double rates[10], falling[10];
	for (int i = 0; i < 10; i++) {
		rates[i] = 1e9 * (1 + 0.02 * i + 0.004 * ((i % 2) - 0.5));
		falling[i] = 1e9 * (1.3 - 0.02 * i);
	}
	struct steady is = test_of(rates, 10);
	assert_true(is.known && !is.steady);
	assert_near(is.change, 0.18 / 1.09, 0.01, "rises");
	is = test_of(falling, 10);
	assert_true(is.known && !is.steady && is.change < -0.1);
}

static void what_does_not_matter_is_steady(void **state)
{
	(void)state;
	double slight[10], disturbed[10] = { 10, 10.1, 9.9, 10, 2, 10.05, 9.95, 10, 10.02, 9.98 };
	const double idle[10] = { 0 }, once[10] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 3 };
	for (int i = 0; i < 10; i++)
		slight[i] = 1e9 * (1 + 0.004 * i);
	struct steady is = test_of(slight, 10);
	assert_true(is.steady && is.p < 0.01); /* sure, and too small to matter */
	assert_true(test_of(disturbed, 10).steady);
	assert_true(test_of(idle, 10).known && test_of(idle, 10).steady);
	assert_true(test_of(once, 10).steady);
}

/* Of noise without a trend at most one in twenty is called unsteady (4.7 % of 200,000). */
static void noise_is_steady(void **state)
{
	(void)state;
	int unsteady = 0;
	for (int round = 0; round < 2000; round++) {
		double rates[10];
		for (int i = 0; i < 10; i++)
			rates[i] = 1 + 0.4 * (made_random() - 0.5);
		unsteady += !test_of(rates, 10).steady;
	}
	assert_true(unsteady > 0 && unsteady <= 0.065 * 2000);
}

/* ---- a run ---- */

static struct json_object *manifest_of(const char *warmup)
{
	char text[1024];
	snprintf(text, sizeof(text), "{%s}", warmup);
	struct json_object *object = json_tokener_parse(text);
	assert_non_null(object);
	return object;
}

#define UNSTEADY                                                                                                       \
	"\"warmup\":{\"after_ns\":10000000000,\"window_ns\":2000000000,\"steady\":false,\"change\":0.123,\"p\":0.001," \
	"\"vm\":\"vm1\",\"workload\":\"intadd\"}"

static void a_run_says_so(void **state)
{
	(void)state;
	struct run run = { .manifest = manifest_of(UNSTEADY) };
	struct metrics m = { 0 };
	assert_int_equal(warmup_steady(run.manifest), 0);
	warmup_metrics(&run, &m);
	assert_int_equal(m.count, 2);
	assert_true(m.values[0].value == 0 && m.values[1].value == 1e10);
	assert_string_equal(m.warnings[0],
	                    "'intadd' in vm1 still changed by +12.3 % in the last 2 s of warm-up, which took "
	                    "10 s: the baseline is not steady");
	json_object_put(run.manifest);
	metrics_free(&m);
	/* an older run says nothing of it, and one with too few samples why */
	m = (struct metrics){ 0 };
	run.manifest = manifest_of("\"status\":\"complete\"");
	assert_int_equal(warmup_steady(run.manifest), -1);
	warmup_metrics(&run, &m);
	assert_int_equal(m.count, 0);
	json_object_put(run.manifest);
	run.manifest =
		manifest_of("\"warmup\":{\"after_ns\":1,\"window_ns\":1,\"reason\":\"too few samples to tell\"}");
	warmup_metrics(&run, &m);
	assert_true(isnan(m.values[0].value));
	assert_string_equal(m.values[0].reason, "too few samples to tell");
	json_object_put(run.manifest);
	metrics_free(&m);
}

/* Runs that were not steady are compared, and the reader is told. */
static void compare_warns(void **state)
{
	(void)state;
	char path[256], text[4096];
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 7, 6, &usual, 1e9, 200);
	for (int i = 7; i < 9; i++) {
		snprintf(path, sizeof(path), "%s/%03d/manifest.json", new_path, i);
		struct json_object *manifest = json_object_from_file(path), *more = manifest_of(UNSTEADY), *warmup;
		json_object_object_get_ex(more, "warmup", &warmup);
		json_object_object_add(manifest, "warmup", json_object_get(warmup));
		json_object_to_file(path, manifest);
		json_object_put(manifest);
		json_object_put(more);
	}
	compare();
	assert_int_equal(compared.cases[0].unsteady[COMPARE_BASE], 0);
	assert_int_equal(compared.cases[0].unsteady[COMPARE_NEW], 2);
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	assert_string_equal(compare_cautions(comparison_case(doc, 0), text, sizeof(text)),
	                    "2 of 6 runs of NEW were not steady at the end of warm-up");
	json_object_put(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p_is_exact),
		cmocka_unit_test(a_trend_is_found),
		cmocka_unit_test(what_does_not_matter_is_steady),
		cmocka_unit_test(noise_is_steady),
		cmocka_unit_test(a_run_says_so),
		IN_FOLDERS(compare_warns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
