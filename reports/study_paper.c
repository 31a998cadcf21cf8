/* A study that repeats a paper: its claims judged, the sizes of its VMs, and its figures redrawn. */
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/html.h"
#include "reports/study_roles.h"
#include "reports/study_section.h"
#include "reports/study_times.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- claims ---- */

static const char *verdict_class(const char *verdict)
{
	return strcmp(verdict, "agrees") == 0      ? "agrees"
	       : strcmp(verdict, "disagrees") == 0 ? "disagrees"
	                                           : "not-shown";
}

static void put_verdict(FILE *out, const char *verdict)
{
	fprintf(out, "<td class=\"%s\">", verdict_class(verdict));
	html_text(out, verdict);
	fputs("</td>", out);
}

/* "55.6 % (53 to 58.3), n = 3" */
static void put_value(FILE *out, const struct csv_table *t, int row, const char *unit)
{
	double value = csv_table_number(t, row, "value"), low = csv_table_number(t, row, "low");
	if (!isnan(value))
		html_textf(out, "%.3g %s", value, unit);
	if (!isnan(low))
		html_textf(out, " (%.3g to %.3g)", low, csv_table_number(t, row, "high"));
	if (!isnan(value))
		html_textf(out, ", n\u00a0=\u00a0%s", csv_table_text(t, row, "n"));
}

/* What further runs say to a part that does not agree. */
static void put_explanations(FILE *out, const struct csv_table *further, const struct csv_table *t, int row)
{
	if (!*csv_table_text(t, row, "verdict") || strcmp(csv_table_text(t, row, "verdict"), "agrees") == 0)
		return;
	for (int i = 0; i < csv_table_rows(further); i++) {
		if (strcmp(csv_table_text(further, i, "claim"), csv_table_text(t, row, "claim")) != 0 ||
		    strcmp(csv_table_text(further, i, "formula"), csv_table_text(t, row, "formula")) != 0)
			continue;
		fputs("<p class=\"explanation\">the same with ", out);
		html_textf(out, "%s: ", csv_table_text(further, i, "cause"));
		put_value(out, further, i, csv_table_text(t, row, "unit"));
		html_textf(out, ": %s", csv_table_text(further, i, "verdict"));
		fputs("</p>", out);
	}
}

static void put_ours(FILE *out, const struct csv_table *t, int row, const struct csv_table *further)
{
	double value = csv_table_number(t, row, "value");
	const char *reason = csv_table_text(t, row, "reason");
	fputs("<td>", out);
	put_value(out, t, row, csv_table_text(t, row, "unit"));
	if (*reason) {
		fputs(isnan(value) ? "<span class=\"missing\">missing: " : "<br><span class=\"missing\">", out);
		html_text(out, reason);
		fputs("</span>", out);
	}
	put_explanations(out, further, t, row);
	fputs("</td>", out);
}

static int begins_claim(const struct csv_table *t, int row)
{
	return row == 0 || strcmp(csv_table_text(t, row, "claim"), csv_table_text(t, row - 1, "claim")) != 0;
}

static void put_claim_head(FILE *out, const struct csv_table *t, int row)
{
	fputs("<tr class=\"group\"><th colspan=\"4\" scope=\"rowgroup\">", out);
	html_textf(out, "%s  %s", csv_table_text(t, row, "claim"), csv_table_text(t, row, "text"));
	fputs("</th>", out);
	put_verdict(out, csv_table_text(t, row, "claim_verdict"));
	fputs("</tr>\n", out);
}

static void put_claim_part(FILE *out, const struct csv_table *t, int row, const struct csv_table *further)
{
	fputs("<tr><td class=\"formula\">", out);
	html_text(out, csv_table_text(t, row, "formula"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "rule"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "paper"));
	fputs("</td>", out);
	put_ours(out, t, row, further);
	put_verdict(out, csv_table_text(t, row, "verdict"));
	fputs("</tr>\n", out);
}

static void put_claims(FILE *out, const struct csv_table *t, const struct csv_table *further)
{
	fputs("<section>\n<h2>Claims</h2>\n"
	      "<p class=\"note\">A formula has a value for each repeat. Its mean stands with the 95 % interval of "
	      "Student's t, from three repeats on. A part agrees when the whole interval lies in the range, disagrees "
	      "when the whole interval lies outside, and is not shown otherwise. A claim agrees when all its parts do, "
	      "and disagrees when any does. A term is metric(VMs, workload, link, role).",
	      out);
	if (csv_table_rows(further))
		fputs(" Where a part does not agree, its formula stands again over further runs in which one thing was "
		      "another; the verdict stays.",
		      out);
	fputs("</p>\n"
	      "<table class=\"claims\">\n<thead><tr><th>formula</th><th>agrees when</th><th>paper</th><th>ours</th>"
	      "<th>verdict</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (begins_claim(t, i))
			put_claim_head(out, t, i);
		put_claim_part(out, t, i, further);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

/* "K1, K3: agrees" */
static void put_summary(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->claims;
	static const char *const verdicts[] = { "agrees", "disagrees", "not shown" };
	fputs("<p class=\"verdict\">", out);
	for (size_t k = 0; k < sizeof(verdicts) / sizeof(*verdicts); k++) {
		int count = 0;
		for (int i = 0; i < csv_table_rows(t); i++) {
			if (!begins_claim(t, i) || strcmp(csv_table_text(t, i, "claim_verdict"), verdicts[k]) != 0)
				continue;
			html_textf(out, "%s%s", count++ ? ", " : "", csv_table_text(t, i, "claim"));
		}
		if (count)
			html_textf(out, ": %s. ", verdicts[k]);
	}
	fputs("</p>\n", out);
}

/* ---- sizes ---- */

/* A value as people read it: "8388608B" is "8 MiB". Returns buffer. */
static const char *option_format(const char *text, char *buffer, size_t room)
{
	char *unit;
	double value = strtod(text, &unit);
	if (unit == text || isnan(value))
		return text;
	return value_format(value, strcmp(unit, "B") == 0 ? "bytes" : unit, buffer, room);
}

/* "job 5.00 G, repeat yes" */
static void put_options(FILE *out, struct json_object *options)
{
	const char *gap = "";
	char text[64];
	if (!json_object_is_type(options, json_type_object))
		return;
	json_object_object_foreach(options, key, value)
	{
		html_textf(out, "%s%s %s", gap, key,
		           option_format(json_object_get_string(value), text, sizeof(text)));
		gap = ", ";
	}
}

/* Sizes of the VMs of one run for each workload. */
static void put_sizes(FILE *out, const struct study_view *v)
{
	char memory[64], spare[64], disk[64];
	fputs("<section>\n<h2>Sizes</h2>\n<table>\n<thead><tr><th>workload</th><th class=\"number\">memory of a VM</th>"
	      "<th class=\"number\">of it beyond the scale, zero</th><th class=\"number\">disk</th><th>its "
	      "keys</th></tr></thead>\n<tbody>\n",
	      out);
	const char *last = "";
	for (const struct paper_figure *f = v->paper->figures; f->name; f++) {
		const struct run_data *run = NULL;
		for (int r = 0; r < FIGURE_RATES && !run; r++)
			run = study_view_run(v, f->vms, f->workload, v->paper->rates_bits_per_s[r]);
		struct json_object *vm = run ? run_vm_row(run, run_moved_vm(run)) : NULL;
		struct json_object *list = json_at(vm, "workloads");
		if (!list || f->vms != v->paper->figures[0].vms || strcmp(f->workload, last) == 0)
			continue;
		last = f->workload;
		fputs("<tr><td>", out);
		html_text(out, f->workload);
		fputs("</td><td class=\"number\">", out);
		html_text(out, value_format(json_number(vm, "memory_bytes"), "bytes", memory, sizeof(memory)));
		fputs("</td><td class=\"number\">", out);
		html_text(out, value_format(json_number(vm, "spare_bytes"), "bytes", spare, sizeof(spare)));
		fputs("</td><td class=\"number\">", out);
		html_text(out, value_format(json_number(vm, "disk_bytes"), "bytes", disk, sizeof(disk)));
		fputs("</td><td>", out);
		put_options(out, json_at(json_object_array_get_idx(list, 0), "options"));
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	put_claims(out, v->claims, v->explanations);
	fputs("<section>\n<h2>Figures</h2>\n<p class=\"note\">Of each point the first complete run. Grey: the migration; "
	      "red: the VM that moves is stopped. Time counts from the start of the work, as in the paper.</p>\n",
	      out);
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

static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	int count = 0;
	if (!room)
		return 0;
	for (const struct paper_figure *f = v->paper->figures; f->name && count < room - 1; f++, count++) {
		ret[count] = (struct study_plot){ .script = "study.gp", .prepare = figure_prepare, .of = f };
		snprintf(ret[count].name, sizeof(ret[count].name), "%s", f->name);
		snprintf(ret[count].heading, sizeof(ret[count].heading), "%s", f->heading);
	}
	ret[count] = (struct study_plot){ .name = "migration_times",
		                          .script = "study_times.gp",
		                          .prepare = times_prepare };
	snprintf(ret[count].heading, sizeof(ret[count].heading), "%s", v->paper->times_heading);
	return count + 1;
}

static bool is_there(const struct study_view *v)
{
	return v->paper != NULL;
}

const struct study_section paper_section = { is_there, plots, put_summary, put };
