#include "reports/study_plot.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/picture.h"
#include "reports/plot.h"
#include "reports/study_boundary.h"
#include "reports/study_ranking.h"
#include "reports/study_times.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a panel shows; file "" is none. */
struct panel {
	char file[5000], title[200];
	const char *unit;
	double factor, start_s, end_s, highest;
	double from_s, to_s, stop_s, resume_s;
};

/* ---- one panel ---- */

static void read_marks(struct panel *p, const struct run_data *run)
{
	p->from_s = mark_time(run->marks, "start", -INFINITY);
	p->to_s = mark_time(run->marks, "done", p->from_s);
	p->stop_s = mark_time(run->marks, "stop", p->from_s);
	p->resume_s = mark_time(run->marks, "resume", p->stop_s);
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

struct drawing_of {
	const struct study_view *view;
	const struct study_plot *plot;
};

static int prepare(const struct pictures *p, FILE *script, void *context, struct err *e)
{
	const struct drawing_of *of = context;
	const struct study_drawing d = { of->view, p->work };
	(void)e;
	return of->plot->prepare(&d, of->plot, script);
}

static int draw_one(const struct study_view *v, const struct pictures *p, struct study_plot *plot, struct err *e)
{
	char caption[500], scale[64];
	const struct run_data *any = study_view_any(v);
	struct drawing_of of = { v, plot };
	snprintf(caption, sizeof(caption), "%s%s", plot->heading, any ? scale_format(any, scale, sizeof(scale)) : "");
	const struct picture picture = { plot->name, caption, plot->script, prepare, &of };
	int result = picture_draw(p, &picture, e);
	if (result == 1)
		snprintf(plot->missing, sizeof(plot->missing), "no run of it is complete");
	return result < 0 ? -1 : 0;
}

static int times_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	(void)plot;
	return study_times_prepare(d->view, s);
}

static int paper_plots(const struct study_view *v, struct study_plot *plots, int room)
{
	int count = 0;
	if (!v->paper || !room)
		return 0;
	for (const struct paper_figure *f = v->paper->figures; f->name && count < room - 1; f++, count++) {
		plots[count] = (struct study_plot){ .script = "study.gp", .prepare = figure_prepare, .of = f };
		snprintf(plots[count].name, sizeof(plots[count].name), "%s", f->name);
		snprintf(plots[count].heading, sizeof(plots[count].heading), "%s", f->heading);
	}
	plots[count] = (struct study_plot){ .name = "migration_times",
		                            .script = "study_times.gp",
		                            .prepare = times_prepare };
	snprintf(plots[count].heading, sizeof(plots[count].heading), "%s", v->paper->times_heading);
	return count + 1;
}

int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e)
{
	struct pictures p;
	struct err trouble = { 0 };
	int count = paper_plots(v, plots, STUDY_PLOTS_MAX);
	count += ranking_plots(v, plots + count, STUDY_PLOTS_MAX - count);
	count += boundary_plots(v, plots + count, STUDY_PLOTS_MAX - count);
	int ready = pictures_begin(&p, v->directory, &trouble) == 0;
	for (int i = 0; i < count; i++) {
		struct err own = trouble;
		if (!ready || draw_one(v, &p, &plots[i], &own) < 0) {
			snprintf(plots[i].missing, sizeof(plots[i].missing), "%.500s", own.text);
			if (trouble.status == 0)
				trouble = own;
		}
	}
	pictures_end(&p);
	*ret_count = count;
	return trouble.status ? err_set(e, trouble.status, "%s", trouble.text) : 0;
}
