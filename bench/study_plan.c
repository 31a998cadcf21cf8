#include "bench/study_plan.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/json_file.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_directory.h"
#include "bench/study_search.h"

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
	long runs = 0; /* that --only leaves out are not planned, unless they are there */
	for (long i = 0; i < study_run_count(s); i++)
		runs += s->states[i] != RUN_LEFT_OUT;
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

/* ---- what would be run ---- */

/* Of the steps of a search only those are shown that are known, and the first. */
static bool is_shown(const struct study *s, long point)
{
	return s->states[point] != RUN_LEFT_OUT && (s->steps == 1 || point % s->steps == 0 || !isnan(s->at[point]));
}

static long point_left(const struct study *s, long point)
{
	long left = 0;
	for (long r = 0; r < s->repeats; r++)
		left += s->states[r * s->points + point] == RUN_TO_COME;
	return left;
}

static void print_text(const struct study *s)
{
	long to_come = 0;
	bool same = true;
	for (long i = 0; i < s->points; i++) {
		to_come += point_left(s, i);
		same &= s->wanted[i] == s->repeats;
	}
	printf("%ld point%s x %s%ld repeat%s, results in %s", s->points, s->points == 1 ? "" : "s",
	       same ? "" : "up to ", s->repeats, s->repeats == 1 ? "" : "s", s->directory);
	printf(to_come < study_run_count(s) ? ", %ld of %ld runs to come\n" : "\n", to_come, study_run_count(s));
	if (s->steps > 1)
		printf("  by bisection of %s from %g to %g times %s: at most %ld steps at each\n", s->search.key,
		       s->search.from, s->search.to, s->search.of, s->steps);
	for (long i = 0; i < s->points; i++)
		if (is_shown(s, i))
			printf("  %ld: %s\n", i + 1, s->labels[i][0] ? s->labels[i] : "(no lists)");
}

void plan_row_add(struct json_object *plan, long point, const char *label, long repeats, long to_come)
{
	struct json_object *list = json_object_object_get(plan, "list"), *row = json_object_new_object();
	if (!list)
		json_object_object_add(plan, "list", list = json_object_new_array());
	json_object_object_add(row, "point", json_object_new_int64(point));
	json_object_object_add(row, "label", json_object_new_string(label));
	json_object_object_add(row, "repeats", json_object_new_int64(repeats));
	json_object_object_add(row, "to_come", json_object_new_int64(to_come));
	json_object_array_add(list, row);
}

static void print_csv(struct json_object *list)
{
	puts("point,label,repeats,to_come");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		printf("%s,", json_object_get_string(json_object_object_get(row, "point")));
		field_text(stdout, json_object_get_string(json_object_object_get(row, "label")));
		printf(",%s", json_object_get_string(json_object_object_get(row, "repeats")));
		printf(",%s\n", json_object_get_string(json_object_object_get(row, "to_come")));
	}
}

void plan_print(struct json_object *plan, enum report_format format)
{
	if (format == REPORT_CSV)
		print_csv(json_object_object_get(plan, "list"));
	else
		puts(json_object_to_json_string_ext(plan, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(plan);
}

void study_plan_print(const struct study *s, enum report_format format)
{
	if (format == REPORT_TEXT) {
		print_text(s);
		return;
	}
	struct json_object *plan = plan_json(s);
	json_object_object_add(plan, "directory", json_object_new_string(s->directory));
	for (long i = 0; i < s->points; i++)
		if (is_shown(s, i))
			plan_row_add(plan, i + 1, s->labels[i], s->wanted[i], point_left(s, i));
	plan_print(plan, format);
}

/* ---- where it stands ---- */

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
