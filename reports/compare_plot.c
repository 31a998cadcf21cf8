#include "reports/compare_plot.h"

#include "bench/base/err.h"
#include "reports/compare_view.h"
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/gnuplot.h"
#include "reports/run_data.h"

#include <glob.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { PANELS_MAX = 60, PANEL_COLUMNS = 3, TIMELINES_MAX = 4, RUNS_DRAWN = 12 };

/* ---- how the values lie ---- */

struct panel {
	struct shown_comparison row;
	double low, high; /* of its axis, per cent of BASE's centre */
};

struct values_of {
	struct json_object *doc, *of;
};

static double percent_of(const struct shown_comparison *row, double value)
{
	return 100 * (value - row->base.center) / fabs(row->base.center);
}

/* A value of a side; INFINITY: endless. */
static double side_value(const struct shown_side *side, size_t index)
{
	struct json_object *value = json_object_array_get_idx(side->values, index);
	return json_object_is_type(value, json_type_string) ? INFINITY : json_object_get_double(value);
}

static size_t side_length(const struct shown_side *side)
{
	return side->values ? json_object_array_length(side->values) : 0;
}

static void widen(struct panel *p, double percent)
{
	if (isfinite(percent)) {
		p->low = fmin(p->low, percent);
		p->high = fmax(p->high, percent);
	}
}

/* The values lie one above the other a little, so that none hides another. */
static void put_side(FILE *data, struct panel *p, const struct shown_side *side, int row)
{
	size_t n = side_length(side);
	for (size_t i = 0; i < n; i++) {
		double value = side_value(side, i), percent = percent_of(&p->row, value);
		double aside = n > 1 ? 0.5 * ((double)(i * 7 % n) / (double)(n - 1) - 0.5) : 0;
		widen(p, percent);
		fprintf(data, "%d %.9g %d %.3f\n", row, isfinite(value) ? percent : 0.0, !isfinite(value), aside);
	}
}

static void put_titles(FILE *s, int number, const struct panel *p)
{
	char label[160], text[256], more[192];
	int regressed = comparison_is(&p->row, "regressed"), improved = comparison_is(&p->row, "improved");
	compare_label(&p->row, label, sizeof(label));
	snprintf(text, sizeof(text), "%.60s%s%.30s", label, *p->row.vm ? " of " : "", p->row.vm);
	gnuplot_set_item(s, "PANEL", number, text);
	/* Short, to have room: the table says the rest. */
	if (regressed || improved)
		snprintf(text, sizeof(text), "%s: %s", p->row.verdict,
		         compare_difference(&p->row, more, sizeof(more)));
	else
		snprintf(text, sizeof(text), "%s", p->row.verdict);
	gnuplot_set_item(s, "RIGHT", number, text);
	fprintf(s, "COLOR[%d] = %d\n", number, regressed ? 1 : improved ? 2 : 0);
}

/* 1, 2 or 5 times a power of ten: at most five of them in the span, so that there is room for their labels. */
static double tick_step(double span)
{
	double least = span / 5, ten = pow(10, floor(log10(least)));
	return ten * (least <= ten ? 1 : least <= 2 * ten ? 2 : least <= 5 * ten ? 5 : 10);
}

static int put_panel(const struct gnuplot *g, FILE *s, int number, struct panel *p, struct err *e)
{
	char path[5000];
	const struct shown_comparison *row = &p->row;
	double base = fabs(row->base.center), matters = 100 * row->threshold / base;
	snprintf(path, sizeof(path), "%s/values-%d.data", g->work, number);
	FILE *data = fopen(path, "we");
	if (!data)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	put_side(data, p, &row->base, 2);
	put_side(data, p, &row->new, 1);
	if (fclose(data) != 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	int interval = isfinite(row->low) && isfinite(row->high);
	widen(p, 1.15 * matters);
	widen(p, -1.15 * matters);
	widen(p, interval ? 100 * row->low / base : 0);
	widen(p, interval ? 100 * row->high / base : 0);
	double margin = fmax(0.5, 0.06 * (p->high - p->low));
	gnuplot_set_item(s, "FILE", number, path);
	put_titles(s, number, p);
	gnuplot_set_number_item(s, "LOW", number, p->low - margin);
	gnuplot_set_number_item(s, "HIGH", number, p->high + margin);
	gnuplot_set_number_item(s, "STEP", number, tick_step(p->high - p->low + 2 * margin));
	gnuplot_set_number_item(s, "BASEAT", number, 0);
	gnuplot_set_number_item(s, "NEWAT", number, percent_of(row, row->new.center));
	gnuplot_set_number_item(s, "FROM", number, interval ? 100 * row->low / base : NAN);
	gnuplot_set_number_item(s, "TO", number, interval ? 100 * row->high / base : NAN);
	gnuplot_set_number_item(s, "MATTERS", number, matters);
	return 0;
}

/* Of what has values on both sides and a centre to take per cent of. */
static int is_drawn(const struct shown_comparison *row, struct json_object *of)
{
	double base = row->base.center;
	return comparison_is_of(row, of) && isfinite(base) && base != 0 && row->new.n > 0;
}

static int prepare_values(const struct gnuplot *g, FILE *s, const struct values_of *of, struct err *e)
{
	static const char *const arrays[] = { "FILE", "PANEL",  "RIGHT", "COLOR", "LOW", "HIGH",
		                              "STEP", "BASEAT", "NEWAT", "FROM",  "TO",  "MATTERS" };
	int count = 0, number = 0, endless = 0, result = 0;
	for (int i = 0; i < comparison_count(of->doc) && count < PANELS_MAX; i++) {
		struct shown_comparison row = comparison_row(of->doc, i);
		count += is_drawn(&row, of->of);
		endless += is_drawn(&row, of->of) ? row.base.endless + row.new.endless : 0;
	}
	if (!count)
		return 1;
	fprintf(s, "COUNT = %d\nCOLUMNS = %d\nENDLESS = %d\n", count, PANEL_COLUMNS, endless);
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), count);
	for (int i = 0; result == 0 && i < comparison_count(of->doc) && number < count; i++) {
		struct panel panel = { .row = comparison_row(of->doc, i) };
		if (is_drawn(&panel.row, of->of))
			result = put_panel(g, s, ++number, &panel, e);
	}
	return result;
}

int compare_draw_values(struct gnuplot *g, struct json_object *doc, int index, const char *name, struct err *e)
{
	const struct values_of of = { doc, comparison_case(doc, index) };
	FILE *s = gnuplot_picture_begin(g, name, json_text(of.of, "case"), e);
	return s ? gnuplot_picture_end(g, name, "compare.gp", s, prepare_values(g, s, &of, e), e) : -1;
}

/* ---- the work rates ---- */

struct span {
	double first_s, last_s;
};

/* One run's series of a VM as NAME-NUMBER.data: 1, or 0 when it has none. */
static int draw_run(const char *folder, const char *series, const char *name, int number, struct span *span)
{
	char path[5000], out[5100];
	struct drawn drawn;
	snprintf(path, sizeof(path), "%.4300s/plots/%.300s", folder, series);
	snprintf(out, sizeof(out), "%s-%d.data", name, number);
	struct draw_request request = {
		.path = path, .values = { "percent_smooth" }, .from_s = -INFINITY, .to_s = INFINITY
	};
	if (draw_series(&request, out, &drawn, NULL) < 0 || drawn.numbers == 0)
		return 0;
	span->first_s = fmin(span->first_s, drawn.first_s);
	span->last_s = fmax(span->last_s, drawn.last_s);
	return 1;
}

/* Every run of a side, the typical one last; how many were drawn. */
static int draw_side(struct json_object *side, const char *series, const char *name, struct span *span)
{
	const char *typical = json_text(side, "typical");
	int count = 0;
	for (int i = 0; i < json_length(side, "folders") && count < RUNS_DRAWN - 1; i++) {
		const char *folder = json_object_get_string(json_element(side, "folders", i));
		if (strcmp(folder, typical) != 0)
			count += draw_run(folder, series, name, count, span);
	}
	return count + draw_run(typical, series, name, count, span);
}

static double end_of(struct json_object *side)
{
	struct csv_table *marks;
	csv_table_load(&marks, json_text(side, "typical"), "plots/marks.csv", 100000, NULL);
	double at_s = mark_time(marks, "done", 0);
	csv_table_free(marks);
	return at_s;
}

static int put_timeline(const struct gnuplot *g, FILE *s, struct json_object *of, int number, const char *series,
                        struct span *span)
{
	static const char *const sides[] = { "base", "new" };
	static const char *const counts[] = { "BASES", "NEWS" }, *const files[] = { "BASEFILE", "NEWFILE" };
	static const char *const ends[] = { "BASEEND", "NEWEND" };
	char name[4800], title[300];
	int all = 0;
	for (int side = 0; side < 2; side++) {
		struct json_object *runs = json_at(of, sides[side]);
		snprintf(name, sizeof(name), "%s/%s-%d", g->work, sides[side], number);
		int drawn = draw_side(runs, series, name, span);
		fprintf(s, "%s[%d] = %d\n", counts[side], number, drawn);
		gnuplot_set_item(s, files[side], number, name);
		gnuplot_set_number_item(s, ends[side], number, end_of(runs));
		all += drawn;
	}
	/* "timeline-vm1-intadd.csv" as "vm1: intadd" */
	const char *stem = series + strlen("timeline-");
	size_t vm = strcspn(stem, "-."), workload = strcspn(stem + vm, ".");
	snprintf(title, sizeof(title), "%.*s%s%.*s", (int)vm, stem, workload ? ": " : "",
	         workload ? (int)workload - 1 : 0, stem + vm + (workload > 0));
	gnuplot_set_item(s, "PANEL", number, title);
	return all > 0;
}

static int prepare_timelines(const struct gnuplot *g, FILE *s, struct json_object *of)
{
	static const char *const arrays[] = { "PANEL", "BASES", "NEWS", "BASEFILE", "NEWFILE", "BASEEND", "NEWEND" };
	struct span span = { NAN, NAN };
	char pattern[5000];
	glob_t found = { 0 };
	int panels = 0;
	snprintf(pattern, sizeof(pattern), "%.4300s/plots/timeline-*.csv", json_text(of, "base.typical"));
	if (glob(pattern, 0, NULL, &found) != 0)
		return 1;
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), TIMELINES_MAX);
	for (size_t i = 0; i < found.gl_pathc && panels < TIMELINES_MAX; i++)
		panels += put_timeline(g, s, of, panels + 1, strrchr(found.gl_pathv[i], '/') + 1, &span);
	globfree(&found);
	double before_s = fmax(2, 0.2 * span.last_s);
	fprintf(s, "PANELS = %d\nT0 = %.6g\nT1 = %.6g\n", panels, fmax(span.first_s, -before_s), span.last_s);
	return panels ? 0 : 1;
}

int compare_draw_timelines(struct gnuplot *g, struct json_object *doc, int index, const char *name, struct err *e)
{
	struct json_object *of = comparison_case(doc, index);
	FILE *s = gnuplot_picture_begin(g, name, json_text(of, "case"), e);
	return s ? gnuplot_picture_end(g, name, "compare_timeline.gp", s, prepare_timelines(g, s, of), e) : -1;
}
