#include "reports/study_plot.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "reports/cluster.h"
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "reports/study_boundary.h"
#include "reports/study_ranking.h"
#include "reports/study_times.h"
#include "reports/svg.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a panel shows; file "" is none. */
struct panel {
	char file[5000], title[200];
	const char *unit;
	double factor, start_s, end_s, highest;
	double from_s, to_s, stop_s, resume_s;
};

/* ---- one panel ---- */

/* Time of the first mark of this kind at or after from_s, NAN when there is none. */
static double mark(const struct run_data *run, const char *kind, double from_s)
{
	for (int i = 0; i < csv_table_rows(run->marks); i++) {
		double time_s = csv_table_number(run->marks, i, "time_s");
		if (strcmp(csv_table_text(run->marks, i, "kind"), kind) == 0 && time_s >= from_s)
			return time_s;
	}
	return NAN;
}

static void read_marks(struct panel *p, const struct run_data *run)
{
	p->from_s = mark(run, "start", -INFINITY);
	p->to_s = mark(run, "done", p->from_s);
	p->stop_s = mark(run, "stop", p->from_s);
	p->resume_s = mark(run, "resume", p->stop_s);
}

static void choose_unit(struct panel *p, const char *workload)
{
	int adds = strcmp(workload, "intadd") == 0;
	p->factor = 1e6;
	p->unit = adds ? "Mop/s" : "MB/s";
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
	choose_unit(p, f->workload);
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

/* ---- the preamble of a figure ---- */

static void put_number(FILE *s, const char *array, int index, double value)
{
	if (isnan(value))
		fprintf(s, "%s[%d] = NaN\n", array, index);
	else
		fprintf(s, "%s[%d] = %.9g\n", array, index, value);
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
	plot_set_item(s, "FILE", index, p->file);
	plot_set_item(s, "PANEL", index, p->title);
	plot_set_item(s, "UNIT", index, p->unit);
	put_number(s, "FACTOR", index, p->factor);
	put_number(s, "START", index, p->start_s);
	put_number(s, "END", index, p->end_s);
	put_number(s, "HIGH", index, high);
	put_number(s, "FROM", index, isnan(p->from_s) ? p->start_s : p->from_s);
	put_number(s, "TO", index, isnan(p->to_s) ? p->start_s : p->to_s);
	put_number(s, "STOP", index, p->stop_s);
	put_number(s, "RESUME", index, p->resume_s);
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
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		fprintf(s, "array %s[%d]\n", arrays[i], f->vms * FIGURE_RATES);
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

/* ---- drawing ---- */

static int publish(const struct study_drawing *d, const char *name, const char *ending, struct err *e)
{
	char from[5000], to[5000];
	snprintf(from, sizeof(from), "%s/%s.%s", d->work, name, ending);
	snprintf(to, sizeof(to), "%s/plots/%s.%s", d->view->directory, name, ending);
	if (strcmp(ending, "svg") == 0 && svg_repair(from) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", from);
	return rename(from, to) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write '%s'", to);
}

static int draw_one(const struct study_drawing *d, struct study_plot *plot, struct err *e)
{
	static const char *const endings[] = { "svg", "png" };
	char path[5000], text[5000], scale[64];
	const struct run_data *any = study_view_any(d->view);
	snprintf(path, sizeof(path), "%s/%s.gp", d->work, plot->name);
	FILE *s = fopen(path, "we");
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	plot_set_text(s, "SCRIPTS", d->scripts);
	plot_set_text(s, "NAME", plot->name);
	snprintf(text, sizeof(text), "%s%s", plot->heading, any ? scale_format(any, scale, sizeof(scale)) : "");
	plot_set_text(s, "CAPTION", text);
	int result = plot->prepare(d, plot, s);
	for (int i = 0; result == 0 && i < 2; i++) {
		snprintf(text, sizeof(text), "%s/%s.%s", d->work, plot->name, endings[i]);
		plot_set_text(s, "TERMINAL", endings[i]);
		plot_set_text(s, "OUT", text);
		fprintf(s, "reset\nload SCRIPTS.'/%s'\n", plot->script);
	}
	if (fclose(s) != 0 && result == 0)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	if (result == 1) {
		snprintf(plot->missing, sizeof(plot->missing), "no run of it is complete");
		return 0;
	}
	if (result == 0)
		result = plot_run_gnuplot(path, e);
	for (int i = 0; result == 0 && i < 2; i++)
		result = publish(d, plot->name, endings[i], e);
	return result;
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

static void add_plot(struct study_plot *plots, int *count, const char *name, const char *heading,
                     struct study_plot plot)
{
	plots[*count] = plot;
	snprintf(plots[*count].name, sizeof(plots[*count].name), "%s", name);
	snprintf(plots[*count].heading, sizeof(plots[*count].heading), "%s", heading);
	++*count;
}

static int paper_plots(const struct study_view *v, struct study_plot *plots, int room)
{
	const struct paper *paper = v->paper;
	int count = 0;
	if (!paper)
		return 0;
	for (const struct paper_figure *f = paper->figures; f && f->name && count < room; f++)
		add_plot(plots, &count, f->name, f->heading,
		         (struct study_plot){ .script = "study.gp", .prepare = figure_prepare, .of = f });
	if (paper->times_heading && count < room)
		add_plot(plots, &count, "migration_times", paper->times_heading,
		         (struct study_plot){ .script = "study_times.gp", .prepare = times_prepare });
	for (const struct paper_loops *l = paper->loops; l && l->name && count < room; l++)
		add_plot(plots, &count, l->name, l->heading,
		         (struct study_plot){ .script = "cluster.gp", .prepare = loops_prepare, .of = l });
	return count;
}

int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e)
{
	char folder[4200], work[4300];
	struct study_drawing d = { v, work, reports_directory(e) };
	int count = paper_plots(v, plots, STUDY_PLOTS_MAX), result = d.scripts ? 0 : -1;
	count += ranking_plots(v, plots + count, STUDY_PLOTS_MAX - count);
	count += boundary_plots(v, plots + count, STUDY_PLOTS_MAX - count);
	snprintf(folder, sizeof(folder), "%s/plots", v->directory);
	snprintf(work, sizeof(work), "%s/.draw-XXXXXX", folder);
	if (result == 0 && mkdir(folder, 0755) < 0 && errno != EEXIST)
		result = err_errno(e, EXIT_CANNOT, "cannot make '%s'", folder);
	if (result == 0 && !mkdtemp(work))
		result = err_errno(e, EXIT_CANNOT, "cannot make '%s'", work);
	int ready = result == 0;
	for (int i = 0; i < count; i++) {
		struct study_plot *plot = &plots[i];
		struct err own = { 0 };
		if (ready && draw_one(&d, plot, &own) < 0 && result == 0)
			result = err_set(e, own.status, "%s", own.text);
		if (!ready || own.status)
			snprintf(plot->missing, sizeof(plot->missing), "%.500s", ready ? own.text : e->text);
	}
	if (ready) {
		const char *argv[] = { "rm", "-rf", "--", work, NULL };
		process_run(NULL, argv, 10 * NS_PER_S, NULL, 0, NULL);
	}
	*ret_count = count;
	return result;
}
