/* A study that repeats a paper: its claims judged, the sizes of its VMs, and its figures redrawn. */
#include "reports/cluster.h"

#include "bench/base/point_label.h"
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/html.h"
#include "reports/study_bars.h"
#include "reports/study_claims.h"
#include "reports/study_curves.h"
#include "reports/study_replies.h"
#include "reports/study_roles.h"
#include "reports/study_section.h"
#include "reports/study_tables.h"
#include "reports/study_times.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes ---- */

/* A value as people read it: "8388608B" is "8 MiB"; a text as it is. */
static const char *option_format(const char *text, char *buffer, size_t room)
{
	char *unit;
	double value = strtod(text, &unit);
	if (unit == text || isnan(value) || (*unit && strcmp(unit, "B") != 0))
		return text;
	return value_format(value, *unit ? "bytes" : "", buffer, room);
}

/* "job 5.00 G, repeat yes"; what is empty is left out. */
static void put_options(FILE *out, struct json_object *options)
{
	const char *gap = "";
	char fact[256], text[64];
	if (!json_object_is_type(options, json_type_object))
		return;
	json_object_object_foreach(options, key, value)
	{
		if (!*fact_format(key, value, fact, sizeof(fact)))
			continue;
		html_textf(out, "%s%s %s", gap, key, option_format(fact, text, sizeof(text)));
		gap = ", ";
	}
}

/* A VM's first workload, NULL: it has none. */
static struct json_object *workload_of(struct json_object *vm)
{
	struct json_object *list = json_at(vm, "workloads");
	return json_object_is_type(list, json_type_array) && json_object_array_length(list)
	               ? json_object_array_get_idx(list, 0)
	               : NULL;
}

static void put_size(FILE *out, const char *name, struct json_object *vm)
{
	const char *const sizes[] = { "memory_bytes", "spare_bytes", "disk_bytes" };
	char text[64];
	fputs("<tr><td>", out);
	html_text(out, name);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fputs("</td><td class=\"number\">", out);
		html_text(out, value_format(json_number(vm, sizes[i]), "bytes", text, sizeof(text)));
	}
	fputs("</td><td>", out);
	put_options(out, json_at(workload_of(vm), "options"));
	fputs("</td></tr>\n", out);
}

static const struct run_data *run_of_figure(const struct study_view *v, const struct paper_figure *f)
{
	const struct run_data *run = NULL;
	for (int r = 0; r < FIGURE_RATES && !run; r++)
		run = study_view_run(v, f->vms, f->workload, v->paper->rates_bits_per_s[r]);
	return run;
}

/* The VM that moves, for each workload. */
static void put_figure_sizes(FILE *out, const struct study_view *v)
{
	const char *last = "";
	for (const struct paper_figure *f = v->paper->figures; f && f->name; f++) {
		const struct run_data *run = run_of_figure(v, f);
		struct json_object *vm = run ? run_vm_row(run, run_moved_vm(run)) : NULL;
		if (!workload_of(vm) || f->vms != v->paper->figures[0].vms || strcmp(f->workload, last) == 0)
			continue;
		last = f->workload;
		put_size(out, f->workload, vm);
	}
}

/* All VMs of a loop, of the first point of each picture. */
static void put_loop_sizes(FILE *out, const struct study_view *v)
{
	char name[200];
	for (const struct paper_loops *l = v->paper->loops; l && l->name; l++) {
		const struct run_data *run = study_view_point(v, l->columns[0].point);
		struct json_object *vms = run ? json_at(run->manifest, "vms") : NULL;
		for (size_t i = 0; json_object_is_type(vms, json_type_array) && i < json_object_array_length(vms);
		     i++) {
			struct json_object *vm = json_object_array_get_idx(vms, i);
			snprintf(name, sizeof(name), "%.80s: %.80s", json_text(vm, "name"),
			         json_text(workload_of(vm), "name"));
			if (workload_of(vm))
				put_size(out, name, vm);
		}
	}
}

/* The VM of each point of the bars. */
static void put_point_sizes(FILE *out, const struct study_view *v)
{
	const struct paper_times *times = v->paper->times;
	for (int k = 0; times && k < TIMES_SERIES && times->series[k].label; k++)
		for (int g = 0; g < TIMES_GROUPS && times->groups[g]; g++) {
			const struct run_data *run = study_view_point(v, times->series[k].points[g]);
			struct json_object *vm = run ? run_vm_row(run, run_moved_vm(run)) : NULL;
			char name[200];
			snprintf(name, sizeof(name), "%.90s, %.90s", times->groups[g], times->series[k].label);
			if (vm)
				put_size(out, name, vm);
		}
}

/* The VM of each panel. */
static void put_curve_sizes(FILE *out, const struct study_view *v)
{
	for (int p = 0; v->paper->curves && p < CURVE_PANELS; p++) {
		const struct run_data *run = NULL;
		for (int i = 0; i < v->count && !run; i++)
			if (point_label_has(json_text(v->runs[i].manifest, "point"),
			                    v->paper->curves->panels[p].member))
				run = &v->runs[i];
		struct json_object *vm = run ? run_vm_row(run, run_moved_vm(run)) : NULL;
		if (vm)
			put_size(out, v->paper->curves->panels[p].title, vm);
	}
}

/* Whether all runs had the same link. */
static bool same_rate(const struct study_view *v)
{
	for (int i = 1; i < v->count; i++)
		if (fabs(run_link_rate(&v->runs[i]) - run_link_rate(&v->runs[0])) > 1)
			return false;
	return true;
}

/* All VMs, which are the same at each point. */
static void put_bar_sizes(FILE *out, const struct study_view *v)
{
	const struct run_data *any = v->paper->bars ? study_view_any(v) : NULL;
	struct json_object *vms = any ? json_at(any->manifest, "vms") : NULL;
	for (size_t i = 0; json_object_is_type(vms, json_type_array) && i < json_object_array_length(vms); i++) {
		struct json_object *vm = json_object_array_get_idx(vms, i);
		struct json_object *list = json_at(vm, "workloads");
		char name[400];
		size_t used = (size_t)snprintf(name, sizeof(name), "%.80s", json_text(vm, "name"));
		for (size_t w = 0; workload_of(vm) && w < json_object_array_length(list) && used < sizeof(name); w++)
			used += (size_t)snprintf(name + used, sizeof(name) - used, "%s%.80s", w ? "+" : ": ",
			                         json_text(json_object_array_get_idx(list, w), "name"));
		if (workload_of(vm))
			put_size(out, name, vm);
	}
}

static void put_sizes(FILE *out, const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	char rate[64];
	fputs("<section>\n<h2>Sizes</h2>\n<p class=\"note\">", out);
	if ((v->paper->loops || v->paper->times || v->paper->curves || v->paper->bars) && any && same_rate(v))
		html_textf(out, "VMs move over %s.", value_format(run_link_rate(any), "bit/s", rate, sizeof(rate)));
	fputs("</p>\n<table>\n<thead><tr><th>workload</th><th class=\"number\">memory of a VM</th>"
	      "<th class=\"number\">of it beyond the scale, zero</th><th class=\"number\">disk</th><th>its "
	      "keys</th></tr></thead>\n<tbody>\n",
	      out);
	put_figure_sizes(out, v);
	put_loop_sizes(out, v);
	put_point_sizes(out, v);
	put_curve_sizes(out, v);
	put_bar_sizes(out, v);
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	claims_put(out, v);
	tables_put(out, v);
	fputs("<section>\n<h2>Figures</h2>\n<p class=\"note\">", out);
	if (v->paper->bars)
		fputs("Means over the repeats, with their 95 % intervals from three on. ", out);
	else if (!v->paper->curves)
		fputs(v->paper->loops ? "Of each point the first run that moved VMs as most of its repeats did. "
		                      : "Of each point the first complete run. ",
		      out);
	html_text(out, v->paper->note);
	fputs("</p>\n", out);
	study_plots_put(out, v, plots, plot_count, PART_PAPER, 0);
	fputs("</section>\n", out);
	roles_put(out, v);
	put_sizes(out, v);
}

/* ---- panels of a figure ---- */

/* What a panel shows; file "" is none. */
struct panel {
	char file[5000], title[200];
	const char *unit;
	double factor, start_s, end_s, highest;
	double from_s, to_s, stop_s, resume_s;
};

static void read_marks(struct panel *p, const struct run_data *run)
{
	p->from_s = mark_time(run->marks, "start", -INFINITY);
	p->to_s = mark_time(run->marks, "done", p->from_s);
	p->stop_s = mark_time(run->marks, "stop", p->from_s);
	p->resume_s = mark_time(run->marks, "resume", p->stop_s);
}

static void read_panel(struct panel *p, const struct study_drawing *d, const struct paper_figure *f, int row,
                       int column)
{
	const struct paper *paper = d->view->paper;
	const struct run_data *run = study_view_run(d->view, f->vms, f->workload, paper->rates_bits_per_s[column]);
	char path[5000];
	struct drawn drawn;
	memset(p, 0, sizeof(*p));
	snprintf(p->title, sizeof(p->title), "%s. vm%d at %s", f->numbers[row][column], row + 1,
	         paper->rate_names[column]);
	p->unit = work_unit(f->workload, &p->factor);
	if (!run)
		return;
	snprintf(path, sizeof(path), "%s/plots/coarse-vm%d-%s.csv", run->directory, row + 1, f->workload);
	snprintf(p->file, sizeof(p->file), "%s/%s-%d-%d.data", d->work, f->name, row, column);
	struct draw_request request = { .path = path, .values = { "rate" }, .from_s = -INFINITY, .to_s = INFINITY };
	if (draw_series(&request, p->file, &drawn, NULL) < 0 || drawn.numbers == 0) {
		p->file[0] = '\0';
		return;
	}
	p->start_s = drawn.first_s;
	p->end_s = drawn.last_s;
	p->highest = drawn.highest;
	read_marks(p, run);
}

/* Panels of one VM share their axis where that still shows each of them. */
static double axis_high(const struct panel *row, int column)
{
	double low = INFINITY, high = 0;
	for (int i = 0; i < FIGURE_RATES; i++)
		if (row[i].file[0] && row[i].highest > 0) {
			low = fmin(low, row[i].highest);
			high = fmax(high, row[i].highest);
		}
	double of = high <= 3 * low ? high : row[column].highest;
	return of > 0 ? 1.08 * of / row[column].factor : 1;
}

static void put_panel(FILE *s, int index, const struct panel *p, double high)
{
	gnuplot_set_item(s, "FILE", index, p->file);
	gnuplot_set_item(s, "PANEL", index, p->title);
	gnuplot_set_item(s, "UNIT", index, p->unit);
	gnuplot_set_number_item(s, "FACTOR", index, p->factor);
	gnuplot_set_number_item(s, "START", index, p->start_s);
	gnuplot_set_number_item(s, "END", index, p->end_s);
	gnuplot_set_number_item(s, "HIGH", index, high);
	gnuplot_set_number_item(s, "FROM", index, isnan(p->from_s) ? p->start_s : p->from_s);
	gnuplot_set_number_item(s, "TO", index, isnan(p->to_s) ? p->start_s : p->to_s);
	gnuplot_set_number_item(s, "STOP", index, p->stop_s);
	gnuplot_set_number_item(s, "RESUME", index, p->resume_s);
}

/* 0, or 1 when no panel has a run. */
static int figure_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct paper_figure *f = plot->of;
	static const char *const arrays[] = { "FILE", "PANEL", "UNIT", "FACTOR", "START", "END",
		                              "HIGH", "FROM",  "TO",   "STOP",   "RESUME" };
	struct panel(*panels)[FIGURE_RATES] = calloc(FIGURE_VMS, sizeof(*panels));
	int there = 0;
	fprintf(s, "ROWS = %d\nCOLUMNS = %d\n", f->vms, FIGURE_RATES);
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), f->vms * FIGURE_RATES);
	for (int row = 0; panels && row < f->vms; row++) {
		for (int column = 0; column < FIGURE_RATES; column++) {
			read_panel(&panels[row][column], d, f, row, column);
			there += panels[row][column].file[0] != '\0';
		}
		for (int column = 0; column < FIGURE_RATES; column++)
			put_panel(s, row * FIGURE_RATES + column + 1, &panels[row][column],
			          axis_high(panels[row], column));
	}
	free(panels);
	return !there;
}

static int times_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	(void)plot;
	return study_times_prepare(d->view, s);
}

static int loops_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct paper_loops *loops = plot->of;
	struct cluster_column columns[LOOP_POINTS];
	int count = 0;
	for (; count < LOOP_POINTS && loops->columns[count].point; count++)
		columns[count] =
			(struct cluster_column){ .run = study_view_point(d->view, loops->columns[count].point),
			                         .title = loops->columns[count].title,
			                         .numbers = loops->columns[count].numbers,
			                         .number_count = LOOP_ROWS };
	return cluster_prepare(s, d->work, plot->name, columns, count);
}

/* "Shown: post-copy, repeat 2 of 3" */
static void say_repeats(char *note, size_t room, const struct study_view *v, const struct paper_loops *loops)
{
	size_t used = 0;
	for (int i = 0; i < LOOP_POINTS && loops->columns[i].point && used < room; i++) {
		const struct run_data *run = study_view_point(v, loops->columns[i].point);
		int repeats = 0;
		for (int k = 0; k < v->count; k++)
			repeats += strcmp(json_text(v->runs[k].manifest, "point"), loops->columns[i].point) == 0;
		if (run)
			used += (size_t)snprintf(note + used, room - used, "%s%s, repeat %.0f of %d",
			                         used ? "; " : "Shown: ", loops->columns[i].title,
			                         fmax(json_number(run->manifest, "repeat"), 1), repeats);
	}
}

static int replies_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	return study_replies_prepare(d->view, plot->of, s);
}

static void add_plot(struct study_plot *plots, int *count, const char *name, const char *heading,
                     struct study_plot plot)
{
	plots[*count] = plot;
	snprintf(plots[*count].name, sizeof(plots[*count].name), "%s", name);
	snprintf(plots[*count].heading, sizeof(plots[*count].heading), "%s", heading);
	++*count;
}

static void add_loops(struct study_plot *plots, int *count, const struct study_view *v,
                      const struct paper_loops *loops, struct study_plot plot)
{
	say_repeats(plot.note, sizeof(plot.note), v, loops);
	add_plot(plots, count, loops->name, loops->heading, plot);
}

#define GOODPUT_NOTE                                                                                                  \
	"What was acknowledged, by the capture where there is one, else by the kernel. Bytes that were acknowledged " \
	"together, behind a repeat that was waited for, stand as late as the link can have carried them"

static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	const struct paper *paper = v->paper;
	int count = 0;
	for (const struct paper_figure *f = paper->figures; f && f->name && count < room; f++)
		add_plot(ret, &count, f->name, f->heading,
		         (struct study_plot){ .script = "study.gp", .prepare = figure_prepare, .of = f });
	const char *times = paper->times ? paper->times->heading : paper->times_heading;
	if (times && count < room)
		add_plot(ret, &count, "migration_times", times,
		         (struct study_plot){ .script = "study_times.gp", .prepare = times_prepare });
	if (paper->curves && count < room)
		add_plot(ret, &count, paper->curves->name, paper->curves->heading,
		         (struct study_plot){ .script = "study_curves.gp", .prepare = study_curves_prepare });
	if (paper->curves && count < room)
		add_plot(ret, &count, "goodput", paper->curves->goodput_heading,
		         (struct study_plot){ .script = "study_goodput.gp",
		                              .prepare = study_goodput_prepare,
		                              .note = GOODPUT_NOTE });
	if (v->beside && count < room)
		add_plot(ret, &count, "tuning", paper->beside_heading,
		         (struct study_plot){ .script = "study_bars.gp", .prepare = study_beside_prepare });
	for (const struct paper_bars *b = paper->bars; b && b->name && count < room; b++)
		add_plot(ret, &count, b->name, b->heading,
		         (struct study_plot){ .script = "study_bars.gp", .prepare = study_bars_prepare, .of = b });
	for (const struct paper_loops *l = paper->loops; l && l->name && count < room; l++)
		add_loops(ret, &count, v, l,
		          (struct study_plot){ .script = "cluster.gp", .prepare = loops_prepare, .of = l });
	for (const struct paper_loops *l = paper->replies; l && l->name && count < room; l++)
		add_loops(ret, &count, v, l,
		          (struct study_plot){ .script = "replies.gp", .prepare = replies_prepare, .of = l });
	return count;
}

static bool is_there(const struct study_view *v)
{
	return v->paper != NULL;
}

const struct study_section paper_section = { is_there, plots, claims_put_summary, put };
