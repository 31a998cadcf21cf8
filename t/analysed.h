/* analysed.h - for tests: analyse a made run in a scratch folder and look its metrics up. */
#ifndef T_ANALYSED_H
#define T_ANALYSED_H

#include "analysis/analyze.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"
#include "t/made_run.h"
#include "t/scratch.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static char run_path[64];
static struct json_object *analysed;
static struct err analysed_err;

static int run_make(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	snprintf(run_path, sizeof(run_path), "%.50s/run", scratch);
	return 0;
}

static int run_remove(void **state)
{
	json_object_put(analysed);
	analysed = NULL;
	return scratch_remove(state);
}

/* Analyse run_path; the result of analyze_run(). */
static int analyse(void)
{
	char path[128];
	json_object_put(analysed);
	memset(&analysed_err, 0, sizeof(analysed_err));
	int result = analyze_run(run_path, &analysed_err);
	snprintf(path, sizeof(path), "%s/metrics.json", run_path);
	analysed = json_object_from_file(path);
	return result;
}

__attribute__((unused)) static void analyse_well(void)
{
	if (analyse() < 0)
		fail_msg("%s", analysed_err.text);
	assert_non_null(analysed);
}

/* A member of the row, NULL for null; fails when there is no such row. vm and estimator may be NULL for any. */
static struct json_object *metric_member(const char *metric, const char *vm, const char *estimator,
                                         const char *member)
{
	struct json_object *rows = json_object_object_get(analysed, "metrics");
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		if (!strcmp(json_object_get_string(json_object_object_get(row, "metric")), metric) &&
		    (!vm || !strcmp(json_object_get_string(json_object_object_get(row, "vm")), vm)) &&
		    (!estimator ||
		     !strcmp(json_object_get_string(json_object_object_get(row, "estimator")), estimator)))
			return json_object_object_get(row, member);
	}
	fail_msg("no metric '%s' of '%s' by '%s'", metric, vm ? vm : "", estimator ? estimator : "");
	return NULL;
}

static double metric_number(const char *metric, const char *vm, const char *estimator, const char *member)
{
	struct json_object *value = metric_member(metric, vm, estimator, member);
	return value ? json_object_get_double(value) : NAN;
}

/* Value of the moved VM. */
static double metric(const char *name, const char *estimator)
{
	return metric_number(name, "vm1", estimator, "value");
}

static const char *metric_reason(const char *name, const char *estimator)
{
	return json_object_get_string(metric_member(name, "vm1", estimator, "reason"));
}

__attribute__((unused)) static void assert_near(double value, double truth, double error, const char *what)
{
	if (!(fabs(value - truth) <= error))
		fail_msg("%s: %.9g is not within %.9g of %.9g", what, value, error, truth);
}

/* Value near the truth, and the truth within low..high. */
__attribute__((unused)) static void assert_downtime(const char *estimator, double truth_ms, double error_ms)
{
	assert_near(metric("downtime", estimator) / 1e6, truth_ms, error_ms, estimator);
	assert_true(metric_number("downtime", "vm1", estimator, "low") <= truth_ms * 1e6);
	assert_true(metric_number("downtime", "vm1", estimator, "high") >= truth_ms * 1e6);
}

__attribute__((unused)) static void assert_missing(const char *name, const char *estimator, const char *reason)
{
	assert_null(metric_member(name, "vm1", estimator, "value"));
	if (!strstr(metric_reason(name, estimator), reason))
		fail_msg("%s: '%s' does not say '%s'", name, metric_reason(name, estimator), reason);
}

#endif
