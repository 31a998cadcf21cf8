#include "analysis/metrics_write.h"

#include "analysis/csv_field.h"
#include "analysis/json_field.h"
#include "analysis/results.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/whole_file.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

int64_t run_origin_ns(const struct run *run)
{
	if (run->migrate_start_ns != MISSING)
		return run->migrate_start_ns;
	return run->event_count ? run->events[0].head_ns : MISSING;
}

static void put_end(FILE *file, double value)
{
	if (isnan(value))
		putc(',', file);
	else
		field_number(file, value);
}

int metrics_write_csv(const struct run *run, const struct metrics *metrics, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, run->directory, "metrics.csv", e) < 0)
		return -1;
	fputs("metric,vm,role,estimator,value,unit,low,high,n\n", out.file);
	for (int i = 0; i < metrics->count; i++) {
		const struct metric_value *v = &metrics->values[i];
		fputs(v->definition->name, out.file);
		const char *const texts[] = { v->vm, v->role, v->variant };
		for (int t = 0; t < 3; t++) {
			putc(',', out.file);
			field_text(out.file, texts[t]);
		}
		field_number(out.file, v->value);
		putc(',', out.file);
		field_text(out.file, v->unit);
		put_end(out.file, v->low);
		put_end(out.file, v->high);
		fprintf(out.file, ",%lld\n", (long long)v->n);
	}
	return whole_file_close(&out, 0, e);
}

static struct json_object *definitions_of(void)
{
	struct json_object *list = json_object_new_array();
	for (const struct metric_definition *d = metric_definitions; d->name; d++) {
		struct json_object *row = json_object_new_object();
		json_object_object_add(row, "metric", json_of_text(d->name));
		json_object_object_add(row, "unit", json_of_text(d->unit));
		json_object_object_add(row, "formula", json_of_text(d->formula));
		json_object_object_add(row, "better", json_of_text(metric_better_name(d->better)));
		json_object_object_add(row, "help", json_of_text(d->help));
		json_object_array_add(list, row);
	}
	return list;
}

static struct json_object *value_of(const struct metric_value *v)
{
	struct json_object *row = json_object_new_object();
	json_object_object_add(row, "metric", json_of_text(v->definition->name));
	json_object_object_add(row, "vm", json_of_text(v->vm));
	json_object_object_add(row, "role", json_of_text(v->role));
	json_object_object_add(row, "estimator", json_of_text(v->variant));
	json_object_object_add(row, "value", json_of_number(v->value));
	json_object_object_add(row, "unit", json_of_text(v->unit));
	json_object_object_add(row, "low", json_of_number(v->low));
	json_object_object_add(row, "high", json_of_number(v->high));
	json_object_object_add(row, "n", json_object_new_int64(v->n));
	json_object_object_add(row, "reason", json_of_text(v->reason));
	return row;
}

static struct json_object *phases_of(const struct run *run)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < run->phase_count; i++) {
		struct json_object *row = json_object_new_object();
		json_object_object_add(row, "name", json_of_text(run->phases[i].name));
		json_object_object_add(row, "start_ns", json_object_new_int64(run->phases[i].start_ns));
		json_object_object_add(row, "end_ns", json_object_new_int64(run->phases[i].end_ns));
		json_object_array_add(list, row);
	}
	return list;
}

static struct json_object *warnings_of(const struct metrics *metrics)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < metrics->warning_count; i++)
		json_object_array_add(list, json_of_text(metrics->warnings[i]));
	return list;
}

int metrics_write_json(const struct run *run, const char *status, const char *reason, const struct metrics *metrics,
                       struct err *e)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	int64_t origin_ns = run_origin_ns(run);
	for (int i = 0; i < metrics->count; i++)
		json_object_array_add(list, value_of(&metrics->values[i]));
	json_object_object_add(root, "format", json_object_new_int(1));
	json_object_object_add(root, "run", json_of_text(run->id));
	json_object_object_add(root, "status", json_of_text(status));
	json_object_object_add(root, "reason", json_of_text(reason));
	json_object_object_add(root, "made_of", results_made_of(run->directory));
	json_object_object_add(root, "definitions", definitions_of());
	json_object_object_add(root, "metrics", list);
	json_object_object_add(root, "warnings", warnings_of(metrics));
	json_object_object_add(root, "phases", phases_of(run));
	json_object_object_add(root, "origin_ns", origin_ns == MISSING ? NULL : json_object_new_int64(origin_ns));
	int result = json_file_write(run->directory, "metrics.json", root, e);
	json_object_put(root);
	return result;
}

int marks_write(const struct run *run, struct err *e)
{
	static const struct {
		const char *event, *kind, *label;
	} kinds[] = {
		{ "phase", "phase", "" },
		{ "migrate-start", "start", "migration begins" },
		{ "setup-done", "setup", "set up" },
		{ "iteration", "iteration", "" },
		{ "postcopy-start", "postcopy", "post-copy" },
		{ "stop", "stop", "stop" },
		{ "resume", "resume", "resume" },
		{ "migrate-done", "done", "completed" },
		{ "migrate-failed", "failed", "" },
		{ "source-released", "released", "source released" },
		{ "link-cut", "cut", "link cut" },
		{ "link-restored", "restored", "link restored" },
	};
	struct whole_file out = { 0 };
	int64_t origin_ns = run_origin_ns(run);
	if (whole_file_open(&out, run->directory, "plots/marks.csv", e) < 0)
		return -1;
	fputs("time_s,vm,kind,label\n", out.file);
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			if (strcmp(event->event, kinds[k].event) != 0)
				continue;
			fprintf(out.file, "%.6f,", (double)(event->head_ns - origin_ns) / 1e9);
			field_text(out.file, event->vm);
			fprintf(out.file, ",%s,", kinds[k].kind);
			field_text(out.file, kinds[k].label[0] ? kinds[k].label : event->detail);
			putc('\n', out.file);
		}
	}
	return whole_file_close(&out, 0, e);
}

void downtime_plot_row(FILE *file, const char *vm, const char *estimator, const struct downtime *d, int64_t origin_ns)
{
	field_text(file, vm);
	putc(',', file);
	field_text(file, estimator);
	field_ms(file, d->value_ns);
	field_ms(file, d->low_ns);
	field_ms(file, d->high_ns);
	field_ms(file, d->floor_ns);
	field_time(file, d->at_ns, origin_ns);
	putc('\n', file);
}
