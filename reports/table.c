/* The table of the main metrics, as text, CSV or JSON. */
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "reports/main_metric.h"
#include "reports/report.h"
#include "reports/run_data.h"
#include "reports/verdict.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns a UTF-8 text takes on a terminal. */
static int width_of(const char *text)
{
	int width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* A terminal must not obey what a file says. */
static void put_safe(FILE *out, const char *text, int width)
{
	int left = width - width_of(text);
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
	while (left-- > 0)
		fputc(' ', out);
}

struct row {
	const struct shown_metric *metric;
	char label[256];
};

/* The main metrics in their order, then, when none of them is there, all. */
static struct row *choose(const struct run_data *run, int *ret_count)
{
	struct row *rows = calloc((size_t)run->shown_count + 1, sizeof(*rows));
	int count = 0;
	for (int main = 0; rows && main < main_metric_count; main++)
		for (int i = 0; i < run->shown_count; i++)
			if (main_metric_find(run, &run->shown[i]) == main)
				rows[count++].metric = &run->shown[i];
	for (int i = 0; rows && count == 0 && i < run->shown_count; i++)
		rows[i].metric = &run->shown[i];
	for (int i = 0; rows && i < run->shown_count; i++) {
		const struct shown_metric *m = rows[i].metric;
		int main = m ? main_metric_find(run, m) : -1;
		if (main >= 0)
			main_metric_label(run, &main_metrics[main], m, rows[i].label, sizeof(rows[i].label));
		else if (m)
			name_format(m->metric, rows[i].label, sizeof(rows[i].label));
	}
	*ret_count = rows ? (count ? count : run->shown_count) : 0;
	return rows;
}

static void print_text(FILE *out, const struct run_data *run, const struct row *rows, int count)
{
	int label = 6, vm = 2;
	char value[256], verdict[4096];
	for (int i = 0; i < count; i++) {
		label = width_of(rows[i].label) > label ? width_of(rows[i].label) : label;
		vm = width_of(rows[i].metric->vm) > vm ? width_of(rows[i].metric->vm) : vm;
	}
	put_safe(out, verdict_format(run, verdict, sizeof(verdict)), 0);
	fputc('\n', out);
	if (count == 0)
		return;
	fprintf(out, "\n%-*s  %-*s  %s\n", label, "metric", vm, "vm", "value");
	for (int i = 0; i < count; i++) {
		const struct shown_metric *m = rows[i].metric;
		put_safe(out, rows[i].label, label);
		fputs("  ", out);
		put_safe(out, m->vm, vm);
		fputs("  ", out);
		put_safe(out, metric_format(m, value, sizeof(value)), 0);
		if (*m->reason) {
			fputs(isnan(m->value) ? ": " : "; ", out);
			put_safe(out, m->reason, 0);
		}
		fputc('\n', out);
	}
	const char *moved = run_moved_vm(run);
	verdict_downtimes(run, *moved ? moved : run->shown[0].vm, verdict, sizeof(verdict));
	if (*verdict) {
		fputc('\n', out);
		put_safe(out, verdict, 0);
		fputc('\n', out);
	}
}

static void csv_text(FILE *out, const char *text, char after)
{
	field_text(out, text);
	fputc(after, out);
}

static void csv_value(FILE *out, double value, char after)
{
	if (isnan(value))
		fprintf(out, "missing%c", after);
	else
		fprintf(out, "%.9g%c", value, after);
}

static const char csv_header[] = "run,metric,vm,role,estimator,value,unit,low,high,n,reason\n";

static void print_csv(FILE *out, const struct run_data *run, const struct row *rows, int count)
{
	for (int i = 0; i < count; i++) {
		const struct shown_metric *m = rows[i].metric;
		csv_text(out, run->directory, ',');
		csv_text(out, m->metric, ',');
		csv_text(out, m->vm, ',');
		csv_text(out, m->role, ',');
		csv_text(out, m->estimator, ',');
		csv_value(out, m->value, ',');
		csv_text(out, m->unit, ',');
		csv_value(out, m->low, ',');
		csv_value(out, m->high, ',');
		fprintf(out, "%d,", m->n);
		csv_text(out, m->reason, '\n');
	}
}

static void add_number(struct json_object *to, const char *key, double value)
{
	char text[64];
	snprintf(text, sizeof(text), "%.9g", value);
	json_object_object_add(to, key, isnan(value) ? NULL : json_object_new_double_s(value, text));
}

static struct json_object *run_json(const struct run_data *run, const struct row *rows, int count)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	char verdict[4096];
	json_object_object_add(root, "run", json_object_new_string(run->name));
	json_object_object_add(root, "directory", json_object_new_string(run->directory));
	json_object_object_add(root, "status", json_object_new_string(run->status));
	json_object_object_add(root, "reason", json_object_new_string(*run->reason ? run->reason : run->no_result));
	json_object_object_add(root, "verdict",
	                       json_object_new_string(verdict_format(run, verdict, sizeof(verdict))));
	for (int i = 0; i < count; i++) {
		const struct shown_metric *m = rows[i].metric;
		struct json_object *row = json_object_new_object();
		json_object_object_add(row, "metric", json_object_new_string(m->metric));
		json_object_object_add(row, "vm", json_object_new_string(m->vm));
		json_object_object_add(row, "role", json_object_new_string(m->role));
		json_object_object_add(row, "estimator", json_object_new_string(m->estimator));
		add_number(row, "value", m->value);
		json_object_object_add(row, "unit", json_object_new_string(m->unit));
		add_number(row, "low", m->low);
		add_number(row, "high", m->high);
		json_object_object_add(row, "n", json_object_new_int(m->n));
		json_object_object_add(row, "reason", json_object_new_string(m->reason));
		json_object_array_add(list, row);
	}
	json_object_object_add(root, "metrics", list);
	return root;
}

static int print_run(FILE *out, const char *directory, enum report_format format, struct json_object *list,
                     struct err *e)
{
	struct run_data run;
	int count = 0, result = run_data_load(&run, directory, e);
	struct row *rows = result == 0 ? choose(&run, &count) : NULL;
	if (rows && format == REPORT_CSV)
		print_csv(out, &run, rows, count);
	else if (rows && format == REPORT_JSON)
		json_object_array_add(list, run_json(&run, rows, count));
	else if (rows)
		print_text(out, &run, rows, count);
	free(rows);
	run_data_free(&run);
	return result;
}

int report_tables(FILE *out, const char *const runs[], int count, enum report_format format, struct err *e)
{
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	struct json_object *list = json_object_new_array();
	int result = 0;
	if (format == REPORT_CSV)
		fputs(csv_header, out);
	for (int i = 0; i < count; i++) {
		if (i && format == REPORT_TEXT)
			fputc('\n', out);
		if (print_run(out, runs[i], format, list, result ? NULL : e) < 0)
			result = -1;
	}
	if (format == REPORT_JSON) {
		struct json_object *one = count == 1 ? json_object_array_get_idx(list, 0) : list;
		if (one)
			fprintf(out, "%s\n", json_object_to_json_string_ext(one, style));
	}
	json_object_put(list);
	if (result == 0 && (fflush(out) != 0 || ferror(out)))
		result = err_errno(e, EXIT_CANNOT, "cannot print the table");
	return result;
}

int report_sentence(FILE *out, const char *run_directory, struct err *e)
{
	struct run_data run;
	char verdict[4096];
	int result = run_data_load(&run, run_directory, e);
	if (result == 0) {
		put_safe(out, verdict_format(&run, verdict, sizeof(verdict)), 0);
		fputc('\n', out);
	}
	run_data_free(&run);
	return result;
}
