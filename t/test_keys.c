/* The tables of keys: what each says of itself can be written into a config, and which command a config is for. */
#include "bench/base/err.h"
#include "bench/experiment/config_file.h"
#include "bench/experiment/simulated.h"
#include "bench/migrate/feature.h"
#include "bench/placement/group_schedule.h"
#include "bench/placement/policy.h"
#include "workloads/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int rows_seen;

/* Its default, its lowest and its highest value are taken. */
static void rows_check(const char *table, const struct option_row *rows)
{
	_Alignas(max_align_t) char value[OPTION_LONG_ROOM];
	for (; rows && rows->name; rows++) {
		const struct option_row alone[] = { { rows->name, rows->type, 0, rows->initial, rows->minimum,
			                              rows->maximum, rows->help },
			                            OPTION_END };
		const bool ranged = rows->type != OPTION_STRING && rows->type != OPTION_LONG &&
		                    rows->type != OPTION_BOOLEAN && rows->type != OPTION_CHOICE;
		const char *const texts[] = { rows->initial, ranged ? rows->minimum : NULL,
			                      ranged ? rows->maximum : NULL };
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			struct err e = { 0 };
			if (texts[i] && option_set(alone, value, rows->name, texts[i], &e) < 0)
				fail_msg("[%s] %s: %s", table, rows->name, e.text);
		}
		assert_true(rows->help && rows->help[0]);
		rows_seen++;
	}
}

static void limits_can_be_written(void **state)
{
	(void)state;
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		rows_check(s->name, s->rows);
	for (const struct experiment_section *s = simulated_sections; s->name; s++)
		rows_check(s->name, s->rows);
	for (size_t i = 0; policies[i]; i++)
		rows_check(policies[i]->name, policies[i]->options);
	for (size_t i = 0; workloads[i]; i++)
		rows_check(workloads[i]->name, workloads[i]->options);
	rows_check("migration", feature_rows);
	rows_check("group", group_schedule_rows);
	assert_true(rows_seen > 200);
}

/* A section of the other kind of config is no misspelt one. */
static void the_other_command_is_named(void **state)
{
	(void)state;
	struct config_file run = { 0 }, simulation = { 0 };
	struct simulated_config simulated;
	struct experiment experiment;
	struct err e = { 0 };
	assert_int_equal(config_assign(&run, "experiment.name", "x", "a.conf:1", &e), 0);
	assert_int_equal(config_assign(&simulation, "sites.count", "3", "b.conf:1", &e), 0);
	assert_int_equal(simulated_build(&simulated, &run, NULL, 0, &e), -1);
	assert_string_equal(e.text,
	                    "a.conf:1: section [experiment] is of an experiment on machines, for 'migmeter run', and "
	                    "not of a simulation");
	assert_int_equal(experiment_build(&experiment, &simulation, 1, &e), -1);
	assert_string_equal(e.text,
	                    "b.conf:1: section [sites] is of a simulation, for 'migmeter simulate', and not of an "
	                    "experiment on machines");
	config_file_free(&run);
	config_file_free(&simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_can_be_written),
		cmocka_unit_test(the_other_command_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
