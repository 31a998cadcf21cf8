#include "reports/run_data.h"

#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/quantity.h"
#include "reports/csv_table.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TABLE_ROWS = 20000 };

struct json_object *json_at(struct json_object *object, const char *path)
{
	char key[128];
	while (object && *path) {
		size_t length = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)length, path);
		if (!json_object_is_type(object, json_type_object) ||
		    !json_object_object_get_ex(object, key, &object))
			return NULL;
		path += length + (path[length] == '.');
	}
	return object;
}

const char *json_text(struct json_object *object, const char *path)
{
	struct json_object *found = json_at(object, path);
	return found ? json_object_get_string(found) : "";
}

double json_number(struct json_object *object, const char *path)
{
	struct json_object *found = json_at(object, path);
	if (!found || json_object_is_type(found, json_type_null))
		return NAN;
	if (json_object_is_type(found, json_type_string))
		return csv_number(json_object_get_string(found));
	return json_object_get_double(found);
}

int json_count(struct json_object *object, const char *path)
{
	double count = json_number(object, path);
	return count >= 0 && count < 1e9 ? (int)count : 0;
}

int json_length(struct json_object *object, const char *path)
{
	struct json_object *list = json_at(object, path);
	return json_object_is_type(list, json_type_array) ? (int)json_object_array_length(list) : 0;
}

struct json_object *json_element(struct json_object *object, const char *path, int index)
{
	struct json_object *list = json_at(object, path);
	return index >= 0 && json_object_is_type(list, json_type_array)
	               ? json_object_array_get_idx(list, (size_t)index)
	               : NULL;
}

static void load_metrics(struct run_data *run)
{
	int count = json_length(run->metrics, "metrics");
	run->shown = calloc((size_t)count + 1, sizeof(*run->shown));
	for (int i = 0; run->shown && i < count; i++) {
		struct json_object *row = json_element(run->metrics, "metrics", i);
		double n = json_number(row, "n");
		run->shown[run->shown_count++] = (struct shown_metric){
			.metric = json_text(row, "metric"),
			.vm = json_text(row, "vm"),
			.role = json_text(row, "role"),
			.estimator = json_text(row, "estimator"),
			.unit = json_text(row, "unit"),
			.reason = json_text(row, "reason"),
			.value = json_number(row, "value"),
			.low = json_number(row, "low"),
			.high = json_number(row, "high"),
			.n = isnan(n) ? 0 : (int)n,
		};
	}
}

/* "1/16", "0.0625" and 0.0625 are all in use. */
static double read_scale(struct json_object *manifest)
{
	const char *text = json_text(manifest, "scale"), *slash = strchr(text, '/');
	double scale = slash ? strtod(text, NULL) / strtod(slash + 1, NULL) : strtod(text, NULL);
	return isfinite(scale) && scale > 0 ? scale : 1;
}

/* A file that is not what it was when the metrics were made of it, "" none. */
static const char *changed_file(const struct run_data *run)
{
	struct json_object *made_of = json_at(run->metrics, "made_of");
	if (!json_object_is_type(made_of, json_type_object))
		return "";
	json_object_object_foreach(made_of, name, bytes)
	{
		char path[sizeof(run->directory) + 300];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%.255s", run->directory, name);
		if (stat(path, &st) < 0 || st.st_size != json_object_get_int64(bytes))
			return name;
	}
	return "";
}

static void judge(struct run_data *run)
{
	const char *changed = changed_file(run);
	if (!json_object_is_type(run->manifest, json_type_object))
		snprintf(run->no_result, sizeof(run->no_result), "manifest.json is not there, or is no JSON object");
	else if (*changed)
		snprintf(run->no_result, sizeof(run->no_result),
		         "'%.255s' has changed since the analysis: run 'migmeter analyze' again", changed);
	else if (strcmp(json_text(run->metrics, "status"), "unanalysed") == 0)
		snprintf(run->no_result, sizeof(run->no_result), "the analysis failed: %s",
		         json_text(run->metrics, "reason"));
}

int run_data_load(struct run_data *run, const char *directory, struct err *e)
{
	memset(run, 0, sizeof(*run));
	size_t length = strlen(directory);
	while (length > 1 && directory[length - 1] == '/')
		length--;
	snprintf(run->directory, sizeof(run->directory), "%.*s", (int)length, directory);
	run->manifest = json_file_read(run->directory, "manifest.json");
	run->metrics = json_file_read(run->directory, "metrics.json");
	run->name = json_text(run->manifest, "name");
	run->question = json_text(run->manifest, "question");
	run->status = json_text(run->manifest, "status");
	run->reason = json_text(run->manifest, "reason");
	run->scale = read_scale(run->manifest);
	if (!run->manifest && !run->metrics)
		return err_set(e, EXIT_USAGE,
		               "'%s' is not a run directory: it has neither manifest.json nor metrics.json",
		               directory);
	judge(run);
	if (*run->no_result)
		return 0;
	load_metrics(run);
	run->calibration_facts = json_file_read(run->directory, "calibration.json");
	csv_table_load(&run->calibration, run->directory, "calibration.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->calibration_shares, run->directory, "calibration-shares.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->downtime, run->directory, "plots/downtime.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->latency, run->directory, "plots/latency.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->pages, run->directory, "plots/pages.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->pages_left, run->directory, "plots/pages-left.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->reuse, run->directory, "plots/reuse.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->reuse_moves, run->directory, "plots/reuse-moves.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->iterations, run->directory, "plots/iterations.csv", TABLE_ROWS, NULL);
	csv_table_load(&run->marks, run->directory, "plots/marks.csv", TABLE_ROWS, NULL);
	return 0;
}

void run_data_free(struct run_data *run)
{
	csv_table_free(run->calibration);
	csv_table_free(run->calibration_shares);
	csv_table_free(run->downtime);
	csv_table_free(run->latency);
	csv_table_free(run->iterations);
	csv_table_free(run->pages);
	csv_table_free(run->pages_left);
	csv_table_free(run->reuse);
	csv_table_free(run->reuse_moves);
	csv_table_free(run->marks);
	free(run->shown);
	json_object_put(run->manifest);
	json_object_put(run->metrics);
	json_object_put(run->calibration_facts);
	memset(run, 0, sizeof(*run));
}

struct json_object *run_vm_row(const struct run_data *run, const char *name)
{
	struct json_object *list = json_at(run->manifest, "vms");
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *vm = json_object_array_get_idx(list, i);
		if (strcmp(json_text(vm, "name"), name) == 0)
			return vm;
	}
	return NULL;
}

const char *run_moved_vm(const struct run_data *run)
{
	return json_text(run->manifest, "migration.vm");
}

double run_link_rate(const struct run_data *run)
{
	int64_t bits_per_s;
	if (rate_parse(json_text(run->manifest, "link.asked.rate"), &bits_per_s, NULL) == 0 && bits_per_s > 0)
		return (double)bits_per_s;
	return NAN;
}

const struct shown_metric *run_metric(const struct run_data *run, const char *metric, const char *vm,
                                      const char *estimator)
{
	for (int i = 0; i < run->shown_count; i++) {
		const struct shown_metric *m = &run->shown[i];
		if (strcmp(m->metric, metric) == 0 && (!vm || strcmp(m->vm, vm) == 0) &&
		    (!estimator || strcmp(m->estimator, estimator) == 0))
			return m;
	}
	return NULL;
}

bool downtime_is_seen(const struct csv_table *t, int row)
{
	double value = csv_table_number(t, row, "value_ms");
	return !isnan(value) && !(value <= csv_table_number(t, row, "floor_ms"));
}

bool is_no_stop(const char *reason)
{
	return strncmp(reason, NO_STOP_SEEN, strlen(NO_STOP_SEEN)) == 0;
}

double mark_time(const struct csv_table *marks, const char *kind, double from_s)
{
	for (int i = 0; i < csv_table_rows(marks); i++) {
		double time_s = csv_table_number(marks, i, "time_s");
		if (strcmp(csv_table_text(marks, i, "kind"), kind) == 0 && time_s >= from_s)
			return time_s;
	}
	return NAN;
}
