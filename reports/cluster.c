#include "reports/cluster.h"

#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/gnuplot.h"
#include "reports/label_rows.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { SERIES = 3, MARKS = 600, TEXTS = 40, MARK_ROWS = 100000 };
enum { LINE_CORE, LINE_FIRST, LINE_SECOND }; /* as cluster.gp draws them */

/* Of the plot area of all columns, in px; see cluster.gp. */
static const double area_px = 1104;

struct row {
	char name[64];
	int is_vm;
};

struct cluster {
	FILE *script;
	const char *work, *name;
	const struct cluster_column *columns;
	int count, row_count, drawn;
	struct row rows[CLUSTER_ROWS_MAX];
	double end_s, highest;
	int marks, texts;
	struct label_rows label_rows[CLUSTER_COLUMNS_MAX];
};

/* ---- rows ---- */

static void add_row(struct cluster *c, const char *name, int is_vm)
{
	if (c->row_count == CLUSTER_ROWS_MAX)
		return;
	struct row *row = &c->rows[c->row_count++];
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->is_vm = is_vm;
}

static void find_rows(struct cluster *c, const struct run_data *run)
{
	struct json_object *nodes = json_at(run->manifest, "consolidate.active_ns");
	if (json_object_is_type(nodes, json_type_object)) {
		json_object_object_foreach(nodes, node, ns)
		{
			(void)ns;
			add_row(c, node, 0);
		}
	}
	for (int i = 0; i < json_length(run->manifest, "vms"); i++)
		add_row(c, json_text(json_element(run->manifest, "vms", i), "name"), 1);
}

/* Row of a node or VM, -1: it has none. */
static int row_of(const struct cluster *c, const char *name, int is_vm)
{
	for (int i = 0; i < c->row_count; i++)
		if (c->rows[i].is_vm == is_vm && strcmp(c->rows[i].name, name) == 0)
			return i;
	return -1;
}

/* ---- one panel ---- */

/* Keys are node and VM. */
static int is_of_row(const void *context, const char *const keys[4])
{
	const struct row *row = context;
	if (row->is_vm)
		return strcmp(keys[1], row->name) == 0;
	return strcmp(keys[0], row->name) == 0 && (!*keys[1] || strcmp(keys[1], "*") == 0);
}

/* What a series, "NODE VM", "NODE *" or "NODE", is called in its panel, and how it is drawn. */
static int line_of(const struct cluster *c, const struct row *row, const char *series, char *label, size_t room)
{
	char node[64];
	int length = (int)strcspn(series, " ");
	snprintf(node, sizeof(node), "%.*s", length < 63 ? length : 63, series);
	if (row->is_vm) {
		snprintf(label, room, "on %s", node);
		return row_of(c, node, 0) == 0 ? LINE_FIRST : LINE_SECOND;
	}
	snprintf(label, room, "%s", series[length] ? "its VMs" : "its core");
	return series[length] ? LINE_FIRST : LINE_CORE;
}

static int draw(const struct cluster *c, const struct draw_request *request, const char *kind, int panel, char *path,
                size_t room, struct drawn *ret)
{
	snprintf(path, room, "%s/%s-%s-%d.data", c->work, c->name, kind, panel);
	if (draw_series(request, path, ret, NULL) < 0 || ret->numbers == 0)
		path[0] = '\0';
	return path[0] != '\0';
}

static void put_panel(struct cluster *c, int row, int column)
{
	const struct cluster_column *of = &c->columns[column];
	const struct row *r = &c->rows[row];
	char csv[5000], path[5000] = "", label[96], title[200];
	int panel = row * c->count + column + 1, series = 0;
	struct drawn drawn = { .series = 0 };
	if (of->run) {
		snprintf(csv, sizeof(csv), "%s/plots/cluster.csv", of->run->directory);
		struct draw_request request = { .path = csv,
			                        .keys = { "node", "vm" },
			                        .values = { "percent" },
			                        .from_s = 0,
			                        .to_s = c->end_s,
			                        .wanted = is_of_row,
			                        .context = r };
		if (draw(c, &request, "cpu", panel, path, sizeof(path), &drawn)) {
			series = drawn.series < SERIES ? drawn.series : SERIES;
			c->highest = fmax(c->highest, drawn.highest);
			c->drawn++;
		}
	}
	for (int i = 0; i < series; i++) {
		fprintf(c->script, "LINE[%d] = %d\n", (panel - 1) * SERIES + i + 1,
		        line_of(c, r, drawn.label[i], label, sizeof(label)));
		gnuplot_set_item(c->script, "LABEL", (panel - 1) * SERIES + i + 1, label);
	}
	int numbered = row < of->number_count && of->numbers[row];
	snprintf(title, sizeof(title), "%s%s%s%.100s", numbered ? of->numbers[row] : "", numbered ? ". " : "",
	         r->is_vm ? "" : "node ", r->name);
	fprintf(c->script, "SERIES[%d] = %d\n", panel, series);
	gnuplot_set_item(c->script, "FILE", panel, path);
	gnuplot_set_item(c->script, "TITLE", panel, title);
	path[0] = '\0';
	if (of->run && r->is_vm) {
		snprintf(csv, sizeof(csv), "%s/plots/asked-%s.csv", of->run->directory, r->name);
		struct draw_request request = {
			.path = csv, .values = { "percent" }, .from_s = -INFINITY, .to_s = INFINITY
		};
		draw(c, &request, "asked", panel, path, sizeof(path), &drawn);
	}
	gnuplot_set_item(c->script, "ASKED", panel, path);
}

/* ---- marks ---- */

static void put_mark(struct cluster *c, const struct csv_table *t, int i, int column, int row, const char *text)
{
	double from_s = csv_table_number(t, i, "time_s"), until_s = csv_table_number(t, i, "until_s");
	if (c->marks == MARKS || isnan(from_s))
		return;
	until_s = isnan(until_s) ? from_s : fmin(until_s, c->end_s);
	/* A text that does not fit within what it is about is left out. */
	int fits = label_small_px(text) < (until_s - from_s) / c->end_s * area_px / c->count;
	c->marks++;
	gnuplot_set_item(c->script, "MARK_KIND", c->marks, csv_table_text(t, i, "kind"));
	gnuplot_set_item(c->script, "MARK_TEXT", c->marks, fits ? text : "");
	fprintf(c->script, "MARK_COLUMN[%d] = %d\nMARK_ROW[%d] = %d\nMARK_FROM[%d] = %.6f\nMARK_TO[%d] = %.6f\n",
	        c->marks, column + 1, c->marks, row + 1, c->marks, from_s, c->marks, until_s);
}

/* In the strip above a single column; several have no room for it. */
static void put_text(struct cluster *c, double at_s, const char *text)
{
	double width = label_small_px(text) + 8, left = at_s / c->end_s * area_px;
	if (c->count > 1 || c->texts == TEXTS || isnan(at_s))
		return;
	int right = left + width > area_px;
	c->texts++;
	gnuplot_set_item(c->script, "TEXT", c->texts, text);
	fprintf(c->script, "TEXT_AT[%d] = %.6f\nTEXT_RIGHT[%d] = %d\nTEXT_ROW[%d] = %d\n", c->texts, at_s, c->texts,
	        right, c->texts, label_row(&c->label_rows[0], right ? left - width : left, width));
}

static void put_row_of_marks(struct cluster *c, const struct csv_table *t, int i, int column)
{
	const char *kind = csv_table_text(t, i, "kind"), *vm = csv_table_text(t, i, "vm");
	const char *node = csv_table_text(t, i, "node"), *label = csv_table_text(t, i, "label");
	double at_s = csv_table_number(t, i, "time_s");
	char text[200];
	if (strcmp(kind, "plan") == 0) {
		snprintf(text, sizeof(text), "%s: %s", vm, label);
		put_text(c, at_s, text);
		put_mark(c, t, i, column, -1, "");
	} else if (strcmp(kind, "switch") == 0) {
		snprintf(text, sizeof(text), "%s runs on %s", vm, node);
		put_text(c, at_s, text);
		put_mark(c, t, i, column, -1, "");
	} else if (strcmp(kind, "move") == 0) {
		put_mark(c, t, i, column, -1, "");
	} else if (row_of(c, node, 0) >= 0) {
		put_mark(c, t, i, column, row_of(c, node, 0),
		         strcmp(kind, "asleep") == 0   ? "asleep"
		         : strcmp(kind, "waking") == 0 ? "wakes"
		                                       : "");
	}
}

static void put_marks(struct cluster *c, int column)
{
	struct csv_table *t;
	if (!c->columns[column].run)
		return;
	csv_table_load(&t, c->columns[column].run->directory, "plots/cluster-marks.csv", MARK_ROWS, NULL);
	for (int i = 0; i < csv_table_rows(t); i++)
		put_row_of_marks(c, t, i, column);
	csv_table_free(t);
}

/* ---- all ---- */

static void declare(const struct cluster *c)
{
	static const char *const of_panel[] = { "FILE", "TITLE", "SERIES", "ASKED" };
	static const char *const of_mark[] = { "MARK_KIND", "MARK_TEXT", "MARK_COLUMN",
		                               "MARK_ROW",  "MARK_FROM", "MARK_TO" };
	static const char *const of_text[] = { "TEXT", "TEXT_AT", "TEXT_RIGHT", "TEXT_ROW" };
	int panels = c->row_count * c->count;
	fprintf(c->script, "COLUMNS = %d\nROWS = %d\nEACH = %d\narray LINE[%d]\narray LABEL[%d]\narray HEADING[%d]\n",
	        c->count, c->row_count, SERIES, panels * SERIES, panels * SERIES, c->count);
	gnuplot_arrays(c->script, of_panel, sizeof(of_panel) / sizeof(*of_panel), panels);
	gnuplot_arrays(c->script, of_mark, sizeof(of_mark) / sizeof(*of_mark), MARKS);
	gnuplot_arrays(c->script, of_text, sizeof(of_text) / sizeof(*of_text), TEXTS);
	for (int i = 0; i < c->count; i++)
		gnuplot_set_item(c->script, "HEADING", i + 1, c->columns[i].title);
}

int cluster_prepare(FILE *script, const char *work, const char *name, const struct cluster_column *columns, int count)
{
	struct cluster c = { .script = script, .work = work, .name = name, .columns = columns, .count = count };
	for (int i = 0; i < count; i++) {
		const struct run_data *run = columns[i].run;
		if (run && !c.row_count)
			find_rows(&c, run);
		if (run)
			c.end_s = fmax(c.end_s, json_number(run->manifest, "consolidate.length_ns") / 1e9);
	}
	if (!c.row_count || !(c.end_s > 0))
		return 1;
	declare(&c);
	for (int row = 0; row < c.row_count; row++)
		for (int column = 0; column < count; column++)
			put_panel(&c, row, column);
	for (int column = 0; column < count; column++)
		put_marks(&c, column);
	fprintf(script, "MARKS = %d\nTEXTS = %d\nTEXT_ROWS = %d\nEND = %.6f\nHIGH = %.6g\n", c.marks, c.texts,
	        c.label_rows[0].used, c.end_s, fmax(112, c.highest * 1.08));
	return c.drawn == 0;
}
