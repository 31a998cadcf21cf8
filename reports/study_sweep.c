/* A comparison whose members are quantities (round trips, say): what it goes by against them, a line a block. */
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/ranking_rows.h"
#include "reports/study_section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PANELS_MAX = 3, LINES_MAX = 8, POINTS_LEAST = 3 };

struct panel {
	const char *metric, *estimator;
};

/* "10ms" as 10 and "ms"; what has no number is none. */
static double quantity(const char *member, const char **ret_unit)
{
	char *end;
	double value = strtod(member, &end);
	*ret_unit = end;
	return end == member || !isfinite(value) ? NAN : value;
}

/* Whether all members are quantities in one unit, and several; ret_unit is of the table. */
static bool quantities(const struct csv_table *t, const char **ret_unit)
{
	const char *first = NULL, *unit;
	int count = 0;
	for (int row = 0; row < csv_table_rows(t); row = ranking_member_end(t, row)) {
		if (isnan(quantity(csv_table_text(t, row, "member"), &unit)) || (first && strcmp(unit, first) != 0))
			return false;
		first = unit;
		count += ranking_same(t, row, 0, "block");
	}
	*ret_unit = first;
	return count >= POINTS_LEAST;
}

static bool is_there(const struct study_view *v)
{
	const char *unit;
	return v->ranking && quantities(v->ranking, &unit);
}

/* What the ranking goes by, how long migrations took, and what the network saw of them. */
static int panels_choose(const struct csv_table *t, struct panel ret[PANELS_MAX])
{
	static const struct panel seen[] = { { "stream_gap", "tcp:to-guest" },
		                             { "downtime", "network" },
		                             { "downtime", "stop_resume" } };
	static const struct panel time = { "migration_time", "completion" };
	int row = 0, count = 0;
	while (row < csv_table_rows(t) && !*csv_table_text(t, row, "metric"))
		row++;
	ret[count++] = (struct panel){ csv_table_text(t, row, "metric"), csv_table_text(t, row, "estimator") };
	if (strcmp(ret[0].metric, time.metric) != 0)
		ret[count++] = time;
	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen) && count < PANELS_MAX; i++)
		if (strcmp(ret[0].metric, seen[i].metric) != 0 &&
		    ranking_column_row(t, row, seen[i].metric, seen[i].estimator) >= 0) {
			ret[count++] = seen[i];
			break;
		}
	return count;
}

struct at {
	double x;
	int row;
};

static int by_x(const void *a, const void *b)
{
	const struct at *p = a, *q = b;
	return (p->x > q->x) - (p->x < q->x);
}

/* The rows of a panel's values in the block that begins at `from`, by quantity. */
static int collect(const struct csv_table *t, int from, const struct panel *panel, struct at *ret)
{
	const char *unit;
	int count = 0;
	for (int row = from; row < ranking_block_end(t, from); row = ranking_member_end(t, row)) {
		int at = ranking_column_row(t, row, panel->metric, panel->estimator);
		if (ranking_is_class(t, row, "never converged") || isnan(csv_table_number(t, at, "value")))
			continue;
		ret[count++] = (struct at){ quantity(csv_table_text(t, row, "member"), &unit), at };
	}
	qsort(ret, (size_t)count, sizeof(*ret), by_x);
	return count;
}

/* ---- the picture ---- */

/* Each block as an index of the file: quantity, mean, and the interval where there is one. Returns the highest value. */
static double write_panel(const struct csv_table *t, const struct panel *panel, struct at *scratch, FILE *data)
{
	double highest = 0;
	for (int from = 0, line = 0; from < csv_table_rows(t) && line < LINES_MAX;
	     from = ranking_block_end(t, from), line++) {
		int count = collect(t, from, panel, scratch);
		for (int i = 0; i < count; i++) {
			double mean = csv_table_number(t, scratch[i].row, "value"),
			       low = csv_table_number(t, scratch[i].row, "low"),
			       high = csv_table_number(t, scratch[i].row, "high");
			fprintf(data, "%.9g", scratch[i].x);
			gnuplot_put_number(data, mean);
			gnuplot_put_number(data, isnan(low) ? mean : fmax(low, 0));
			gnuplot_put_number(data, isnan(high) ? mean : high);
			putc('\n', data);
			highest = fmax(highest, isnan(high) ? mean : high);
		}
		if (!count)
			fputs("NaN NaN NaN NaN\n", data);
		fputs("\n\n", data);
	}
	return highest;
}

static void set_panels(const struct csv_table *t, const struct panel *panels, int count, struct at *scratch,
                       FILE *data, FILE *s)
{
	for (int p = 0; p < count; p++) {
		char name[128], unit[64], title[300], which[64] = "";
		double highest = write_panel(t, &panels[p], scratch, data);
		int row = 0;
		while (row < csv_table_rows(t) && !(strcmp(csv_table_text(t, row, "metric"), panels[p].metric) == 0 &&
		                                    *csv_table_text(t, row, "unit")))
			row++;
		double factor = unit_of_axis(highest, csv_table_text(t, row, "unit"), unit, sizeof(unit));
		name_format(panels[p].metric, name, sizeof(name));
		if (strcmp(panels[p].metric, "migration_time") != 0)
			name_format(panels[p].estimator, which, sizeof(which));
		snprintf(title, sizeof(title), "%s%s%s%s%s%s", name, *which ? " " : "", which, *unit ? " (" : "",
		         unit, *unit ? ")" : "");
		gnuplot_set_item(s, "PANEL", p + 1, title);
		gnuplot_set_number_item(s, "FACTOR", p + 1, factor);
		gnuplot_set_number_item(s, "HIGH", p + 1, highest > 0 ? highest / factor : 1);
	}
}

static int prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct csv_table *t = d->view->ranking;
	struct panel panels[PANELS_MAX];
	char path[5000], text[300];
	const char *unit = "";
	int lines = 0, count = panels_choose(t, panels);
	double low = INFINITY, high = -INFINITY;
	struct at *scratch = calloc((size_t)csv_table_rows(t) + 1, sizeof(*scratch));
	snprintf(path, sizeof(path), "%s/%s.data", d->work, plot->name);
	FILE *data = scratch ? fopen(path, "we") : NULL;
	if (!data) {
		free(scratch);
		return 1;
	}
	fprintf(s, "PANELS = %d\narray PANEL[%d]\narray FACTOR[%d]\narray HIGH[%d]\narray LINE[%d]\n", count, count,
	        count, count, LINES_MAX);
	set_panels(t, panels, count, scratch, data, s);
	fclose(data);
	free(scratch);
	for (int from = 0; from < csv_table_rows(t) && lines < LINES_MAX; from = ranking_block_end(t, from))
		gnuplot_set_item(s, "LINE", ++lines,
		                 block_format(csv_table_text(t, from, "block"), text, sizeof(text)));
	for (int row = 0; row < csv_table_rows(t); row++) {
		double x = quantity(csv_table_text(t, row, "member"), &unit);
		low = fmin(low, x);
		high = fmax(high, x);
	}
	fprintf(s, "LINES = %d\n", lines);
	gnuplot_set_number(s, "FROM", low);
	gnuplot_set_number(s, "TO", high);
	snprintf(text, sizeof(text), "%s%s%s%s", d->view->compare, *unit ? " (" : "", unit, *unit ? ")" : "");
	gnuplot_set_text(s, "AXIS", text);
	gnuplot_set_text(s, "FILE", path);
	return lines == 0 || !(high > low);
}

static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	char name[128];
	if (room < 1)
		return 0;
	*ret = (struct study_plot){
		.script = "study_sweep.gp", .part = PART_SWEEP, .prepare = prepare, .name = "sweep"
	};
	name_format(csv_table_text(v->ranking, 0, "metric"), name, sizeof(name));
	snprintf(ret->heading, sizeof(ret->heading), "%s against %s", *name ? name : "values", v->compare);
	return 1;
}

/* ---- the page ---- */

static void put_end(FILE *out, const struct csv_table *t, const struct at *p)
{
	char text[128];
	html_text(out, value_format(csv_table_number(t, p->row, "value"), csv_table_text(t, p->row, "unit"), text,
	                            sizeof(text)));
	html_textf(out, " at %s", csv_table_text(t, p->row, "member"));
}

/* A line a block: from one end to the other. */
static void put_summary(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->ranking;
	struct panel panels[PANELS_MAX];
	struct at *points = calloc((size_t)csv_table_rows(t) + 1, sizeof(*points));
	panels_choose(t, panels);
	fputs("<ul class=\"verdict\">\n", out);
	for (int from = 0; points && from < csv_table_rows(t); from = ranking_block_end(t, from)) {
		char name[128], block[300], ratio[64];
		int count = collect(t, from, &panels[0], points);
		fputs("<li>", out);
		if (*csv_table_text(t, from, "block"))
			html_textf(out, "%s: ", block_format(csv_table_text(t, from, "block"), block, sizeof(block)));
		if (count) {
			const struct at *first = &points[0], *last = &points[count - 1];
			double times =
				csv_table_number(t, last->row, "value") / csv_table_number(t, first->row, "value");
			html_textf(out, "%s is ", name_format(panels[0].metric, name, sizeof(name)));
			put_end(out, t, first);
			if (count > 1) {
				fputs(", ", out);
				put_end(out, t, last);
				if (isfinite(times))
					html_textf(out, " (× %s)", ratio_format(times, ratio, sizeof(ratio)));
			}
		} else {
			fputs("nothing converged", out);
		}
		fputs("</li>\n", out);
	}
	free(points);
	fputs("</ul>\n", out);
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	fputs("<section>\n<h2>", out);
	html_textf(out, "Against %s", v->compare);
	fputs("</h2>\n<p class=\"note\">Means of the repeats; a bar is their 95 % interval.</p>\n", out);
	study_plots_put(out, v, plots, plot_count, PART_SWEEP, 0);
	fputs("</section>\n", out);
}

const struct study_section sweep_section = { is_there, plots, put_summary, put };
