#include "reports/study_replies.h"

#include "reports/csv_table.h"
#include "reports/gnuplot.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { ROWS_MAX = 100000, MARKS = 200 };

struct replies {
	FILE *script;
	int columns, rows, drawn, marks;
	double end_s, highest;
};

static const char *vm_name(const struct run_data *run, int index)
{
	struct json_object *vms = json_at(run->manifest, "vms");
	int count = json_object_is_type(vms, json_type_array) ? (int)json_object_array_length(vms) : 0;
	return index < count ? json_text(json_object_array_get_idx(vms, (size_t)index), "name") : "";
}

static void put_panel(struct replies *r, const struct run_data *run, const char *number, int row, int column)
{
	char name[100], path[5000] = "", title[200];
	struct csv_table *t = NULL;
	int panel = row * r->columns + column + 1;
	if (run) {
		snprintf(name, sizeof(name), "plots/responses-%.60s.csv", vm_name(run, row));
		csv_table_load(&t, run->directory, name, ROWS_MAX, NULL);
	}
	for (int i = 0; i < csv_table_rows(t); i++) {
		double all = csv_table_number(t, i, "good_per_s") + csv_table_number(t, i, "tolerable_per_s") +
		             csv_table_number(t, i, "failed_per_s");
		r->highest = fmax(r->highest, all);
	}
	if (csv_table_rows(t)) {
		snprintf(path, sizeof(path), "%s/%s", run->directory, name);
		r->drawn++;
	}
	snprintf(title, sizeof(title), "%s%s%.100s", number ? number : "", number ? ". " : "",
	         run ? vm_name(run, row) : "");
	gnuplot_set_item(r->script, "FILE", panel, path);
	gnuplot_set_item(r->script, "TITLE", panel, title);
	csv_table_free(t);
}

/* When VMs began to move, and ran elsewhere. */
static void put_marks(struct replies *r, const struct run_data *run, int column)
{
	struct csv_table *t;
	csv_table_load(&t, run->directory, "plots/cluster-marks.csv", ROWS_MAX, NULL);
	for (int i = 0; i < csv_table_rows(t) && r->marks < MARKS; i++) {
		const char *kind = csv_table_text(t, i, "kind");
		double from_s = csv_table_number(t, i, "time_s"), to_s = csv_table_number(t, i, "until_s");
		if ((strcmp(kind, "move") != 0 && strcmp(kind, "switch") != 0) || isnan(from_s))
			continue;
		r->marks++;
		gnuplot_set_item(r->script, "MARK_KIND", r->marks, kind);
		gnuplot_set_number_item(r->script, "MARK_COLUMN", r->marks, column + 1);
		gnuplot_set_number_item(r->script, "MARK_FROM", r->marks, from_s);
		gnuplot_set_number_item(r->script, "MARK_TO", r->marks, isnan(to_s) ? from_s : fmin(to_s, r->end_s));
	}
	csv_table_free(t);
}

int study_replies_prepare(const struct study_view *v, const struct paper_loops *loops, FILE *script)
{
	static const char *const of_panel[] = { "FILE", "TITLE" };
	static const char *const of_mark[] = { "MARK_KIND", "MARK_COLUMN", "MARK_FROM", "MARK_TO" };
	struct replies r = { .script = script, .rows = 2 };
	while (r.columns < LOOP_POINTS && loops->columns[r.columns].point)
		r.columns++;
	fprintf(script, "COLUMNS = %d\nROWS = %d\narray HEADING[%d]\n", r.columns, r.rows, r.columns);
	gnuplot_arrays(script, of_panel, sizeof(of_panel) / sizeof(*of_panel), r.rows * r.columns);
	gnuplot_arrays(script, of_mark, sizeof(of_mark) / sizeof(*of_mark), MARKS);
	for (int column = 0; column < r.columns; column++) {
		const struct run_data *run = study_view_point(v, loops->columns[column].point);
		gnuplot_set_item(script, "HEADING", column + 1, loops->columns[column].title);
		if (run)
			r.end_s = fmax(r.end_s, json_number(run->manifest, "consolidate.length_ns") / 1e9);
		for (int row = 0; row < r.rows; row++)
			put_panel(&r, run, loops->columns[column].numbers[row], row, column);
	}
	for (int column = 0; column < r.columns; column++)
		if (study_view_point(v, loops->columns[column].point))
			put_marks(&r, study_view_point(v, loops->columns[column].point), column);
	fprintf(script, "MARKS = %d\nEND = %.6f\nHIGH = %.6g\n", r.marks, r.end_s,
	        r.highest > 0 ? r.highest * 1.08 : 1);
	return r.drawn == 0;
}
