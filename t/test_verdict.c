/* The sentence on a run, from metrics as a report has them. */
#include "reports/run_data.h"
#include "reports/verdict.h"

#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GROUP(moves)                                                                                                 \
	"{\"config\":{\"group\":{\"schedule\":\"all\"}},\"nodes\":{\"big\":{\"cores\":16}},"                         \
	"\"group\":{\"vms\":[\"vm1\",\"vm2\"],\"arrived\":2,\"moves\":" moves "}}"

static struct shown_metric seconds(const char *metric, double value, double low, double high)
{
	return (struct shown_metric){ .metric = metric,
		                      .vm = "",
		                      .role = "",
		                      .estimator = "",
		                      .unit = "s",
		                      .reason = "",
		                      .value = value,
		                      .low = low,
		                      .high = high,
		                      .n = 1 };
}

static char *verdict_of(const char *manifest, double lost, double margin, const char *node, double cores)
{
	static char text[600];
	struct shown_metric shown[] = { seconds("group_time", 51.5, NAN, NAN),
		                        seconds("group_lost_work", lost, lost - margin, lost + margin),
		                        seconds("cpu_node", cores, NAN, NAN) };
	shown[2].estimator = node;
	struct run_data run = { .manifest = json_tokener_parse(manifest),
		                .status = "complete",
		                .reason = "",
		                .shown = shown,
		                .shown_count = sizeof(shown) / sizeof(*shown) };
	assert_non_null(run.manifest);
	verdict_format(&run, text, sizeof(text));
	json_object_put(run.manifest);
	return text;
}

#define MOVED "Schedule all: 2 of 2 VMs moved in 51.5 s; together they "

static void a_group_loses_work(void **state)
{
	(void)state;
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"src\"}]"), 12.3, 1, "src:baseline", 1),
	                    MOVED "lost 12.3 s of work.");
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"src\"}]"), 12.3, 20, "src:baseline", 1),
	                    MOVED "lost no work beyond the uncertainty (12.3 s).");
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"src\"}]"), NAN, 1, "src:baseline", 1),
	                    "Schedule all: 2 of 2 VMs moved in 51.5 s.");
}

/* Where a source is full, those that leave make room for the others. */
static void a_group_gains_work(void **state)
{
	(void)state;
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"src\"}]"), -68.2, 1, "src:baseline", 0.996),
	                    MOVED "gained 68.2 s of work (src was 99.6 % busy while all were there).");
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"src\"}]"), -68.2, 1, "src:baseline", 0.5),
	                    MOVED "gained 68.2 s of work.");
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"big\"}]"), -68.2, 1, "big:baseline", 8),
	                    MOVED "gained 68.2 s of work.");
	assert_string_equal(verdict_of(GROUP("[{\"from\":\"big\"}]"), -68.2, 1, "big:baseline", 16),
	                    MOVED "gained 68.2 s of work (big was 100 % busy while all were there).");
}

/* A manifest is a file that anyone may have written. */
static void moves_may_be_anything(void **state)
{
	(void)state;
	static const char *const manifests[] = { GROUP("[]"), GROUP("7"), GROUP("[null]"), GROUP("[{\"from\":3}]") };
	for (size_t i = 0; i < sizeof(manifests) / sizeof(*manifests); i++)
		assert_string_equal(verdict_of(manifests[i], -68.2, 1, "src:baseline", 1),
		                    MOVED "gained 68.2 s of work.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_loses_work),
		cmocka_unit_test(a_group_gains_work),
		cmocka_unit_test(moves_may_be_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
