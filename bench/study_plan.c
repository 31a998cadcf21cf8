#include "bench/study_plan.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_directory.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	TABLE_LINES = 40, /* a longer table would push everything else off the screen */
	MARKS = 64,       /* in a line */
};

static struct json_object *plan_json(const struct study *s)
{
	long runs = 0;
	for (long i = 0; i < s->points; i++)
		runs += s->wanted[i];
	struct json_object *plan = json_object_new_object();
	json_object_object_add(plan, "config", json_object_new_string(s->config_path));
	json_object_object_add(plan, "scale", json_object_new_double(s->scale));
	json_object_object_add(plan, "points", json_object_new_int64(s->points));
	json_object_object_add(plan, "repeats", json_object_new_int64(s->repeats));
	json_object_object_add(plan, "runs", json_object_new_int64(runs));
	json_object_object_add(plan, "order",
	                       json_object_new_string(s->steps > 1 ? "search"
	                                              : s->listed  ? "listed"
	                                                           : "random within each repeat"));
	json_object_object_add(plan, "seed", json_object_new_int64(s->seed));
	json_object_object_add(plan, "keys", config_file_json(&s->config));
	return plan;
}

int study_plan_write(const struct study *s, struct err *e)
{
	if (directory_make(s->directory, e) < 0)
		return -1;
	struct json_object *plan = plan_json(s);
	int result = json_file_write(s->directory, "plan.json", plan, e);
	json_object_put(plan);
	return result;
}

int study_plan_fits(const struct study *s, struct err *e)
{
	struct json_object *is_keys = NULL, *is_scale = NULL, *keys, *scale;
	struct json_object *is = json_file_read(s->directory, "plan.json"), *wanted = plan_json(s);
	bool there = is && json_object_object_get_ex(is, "keys", &is_keys) &&
	             json_object_object_get_ex(is, "scale", &is_scale);
	json_object_object_get_ex(wanted, "keys", &keys);
	json_object_object_get_ex(wanted, "scale", &scale);
	bool fits = there && json_object_equal(keys, is_keys) &&
	            json_object_get_double(scale) == json_object_get_double(is_scale);
	json_object_put(is);
	json_object_put(wanted);
	if (!there)
		return err_set(e, EXIT_USAGE, "'%s' holds no study that could go on (no plan.json)", s->directory);
	if (!fits)
		return err_set(
			e, EXIT_USAGE,
			"'%s' holds a study with other keys or another scale: give the same config, -s and --scale, "
			"or another folder",
			s->directory);
	return 0;
}

long study_left(const struct study *s)
{
	long left = 0;
	for (long i = 0; i < s->points * s->repeats; i++)
		left += s->states[i] == RUN_TO_COME || s->states[i] == RUN_RUNNING || s->states[i] == RUN_INTERRUPTED;
	return left;
}

static const char marks[] = { [RUN_TO_COME] = '.', [RUN_RUNNING] = '>',  [RUN_COMPLETE] = '+',   [RUN_FAILED] = 'x',
	                      [RUN_SKIPPED] = '-', [RUN_LEFT_OUT] = ' ', [RUN_INTERRUPTED] = '.' };

/* A line a point. */
static void points_show(const struct study *s)
{
	for (long p = 0; p < s->points; p++) {
		char line[MARKS + 1];
		long used = 0;
		for (long r = 0; r < s->repeats && used < MARKS; r++)
			line[used++] = marks[s->states[r * s->points + p]];
		line[used] = '\0';
		if ((s->at && isnan(s->at[p])) || strspn(line, " ") == strlen(line))
			continue;
		progress_note("  %s  %s", line, s->labels[p]);
	}
}

/* A mark a run, in the order of the config, and what is running. */
static void runs_show(const struct study *s)
{
	char line[MARKS + 1];
	int used = 0;
	long count = s->points * s->repeats, running = -1;
	for (long i = 0; i <= count; i++) {
		if (used && (used == MARKS || i == count)) {
			line[used] = '\0';
			progress_note("  %s", line);
			used = 0;
		}
		if (i == count || s->states[i] == RUN_LEFT_OUT)
			continue;
		line[used++] = marks[s->states[i]];
		running = s->states[i] == RUN_RUNNING ? i : running;
	}
	if (running >= 0)
		progress_note("  >  %s, repeat %ld", s->labels[running % s->points], running / s->points + 1);
}

void study_table_show(const struct study *s, int64_t mean_run_ns)
{
	long counts[7] = { 0 };
	char left[80] = "";
	for (long i = 0; i < s->points * s->repeats; i++)
		counts[s->states[i]]++;
	long left_runs = study_left(s);
	if (mean_run_ns && left_runs)
		snprintf(left, sizeof(left), "; about %lld min to go",
		         (long long)((left_runs * mean_run_ns + 60 * NS_PER_S - 1) / (60 * NS_PER_S)));
	progress_note("runs: %ld done (+), %ld failed (x), %ld skipped (-), %ld running (>), %ld to come (.)%s",
	              counts[RUN_COMPLETE], counts[RUN_FAILED], counts[RUN_SKIPPED], counts[RUN_RUNNING],
	              counts[RUN_TO_COME] + counts[RUN_INTERRUPTED], left);
	if (s->points <= TABLE_LINES)
		points_show(s);
	else
		runs_show(s);
}
