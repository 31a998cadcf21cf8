/* The page of a study: of one that repeats a paper its claims judged and its figures redrawn, of one that compares its
 * ranking, of one that looks for a boundary the map. */
#include "reports/study_page.h"

#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/study_boundary.h"
#include "reports/study_ranking.h"
#include "reports/study_plot.h"
#include "reports/svg.h"

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

static void put_ours(FILE *out, const struct csv_table *t, int row)
{
	double value = csv_table_number(t, row, "value"), low = csv_table_number(t, row, "low");
	const char *unit = csv_table_text(t, row, "unit"), *reason = csv_table_text(t, row, "reason");
	fputs("<td>", out);
	if (!isnan(value))
		html_textf(out, "%.3g %s", value, unit);
	if (!isnan(low))
		html_textf(out, " (%.3g to %.3g)", low, csv_table_number(t, row, "high"));
	if (!isnan(value))
		html_textf(out, ", n = %s", csv_table_text(t, row, "n"));
	if (*reason) {
		fputs(isnan(value) ? "<span class=\"missing\">missing: " : "<br><span class=\"missing\">", out);
		html_text(out, reason);
		fputs("</span>", out);
	}
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

static void put_claim_part(FILE *out, const struct csv_table *t, int row)
{
	fputs("<tr><td class=\"formula\">", out);
	html_text(out, csv_table_text(t, row, "formula"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "rule"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "paper"));
	fputs("</td>", out);
	put_ours(out, t, row);
	put_verdict(out, csv_table_text(t, row, "verdict"));
	fputs("</tr>\n", out);
}

static void put_claims(FILE *out, const struct csv_table *t, const char *term)
{
	fputs("<section>\n<h2>Claims</h2>\n"
	      "<p class=\"note\">A formula has a value for each repeat. Its mean stands with the 95 % interval of "
	      "Student's t, from three repeats on. A part agrees when the whole interval lies in the range, disagrees "
	      "when the whole interval lies outside, and is not shown otherwise. A claim agrees when all its parts do, "
	      "and disagrees when any does. A term is ",
	      out);
	html_text(out, term);
	fputs(".</p>\n"
	      "<table class=\"claims\">\n<thead><tr><th>formula</th><th>agrees when</th><th>paper</th><th>ours</th>"
	      "<th>verdict</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (begins_claim(t, i))
			put_claim_head(out, t, i);
		put_claim_part(out, t, i);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

/* "It takes longer, by 10.9 s (9.8 to 12.0)." */
static void put_answers(FILE *out, const struct csv_table *t)
{
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *answer = csv_table_text(t, i, "answer"), *unit = csv_table_text(t, i, "unit");
		double value = csv_table_number(t, i, "value"), low = csv_table_number(t, i, "low");
		if (!*answer || isnan(value))
			continue;
		html_textf(out, "%s %.3g %s ", answer, value, unit);
		if (isnan(low))
			html_textf(out, "(no interval: n = %s). ", csv_table_text(t, i, "n"));
		else
			html_textf(out, "(%.3g to %.3g, n = %s). ", low, csv_table_number(t, i, "high"),
			           csv_table_text(t, i, "n"));
	}
}

/* "K1, K3: agrees" */
static void put_summary(FILE *out, const struct csv_table *t)
{
	static const char *const verdicts[] = { "agrees", "disagrees", "not shown" };
	fputs("<p class=\"verdict\">", out);
	for (size_t v = 0; v < sizeof(verdicts) / sizeof(*verdicts); v++) {
		int count = 0;
		for (int i = 0; i < csv_table_rows(t); i++) {
			if (!begins_claim(t, i) || strcmp(csv_table_text(t, i, "claim_verdict"), verdicts[v]) != 0)
				continue;
			html_textf(out, "%s%s", count++ ? ", " : "", csv_table_text(t, i, "claim"));
		}
		if (count)
			html_textf(out, ": %s. ", verdicts[v]);
	}
	put_answers(out, t);
	fputs("</p>\n", out);
}

/* ---- the rest ---- */

static const char *page_title(const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	return v->paper ? v->paper->title : any && *any->name ? any->name : "Study";
}

static void put_head(FILE *out, const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	char scale[64] = "";
	fputs("<header>\n<h1>", out);
	html_textf(out, "%s%s", page_title(v), any ? scale_format(any, scale, sizeof(scale)) : "");
	fputs("</h1>\n<p class=\"question\">", out);
	html_text(out, any ? any->question : "");
	fputs("</p>\n", out);
	if (v->paper)
		put_summary(out, v->claims);
	if (v->ranking)
		ranking_put_summary(out, v);
	if (v->boundary)
		boundary_put_summary(out, v);
	fputs("<p class=\"tags\">\n<span>", out);
	/* How many a search takes is known at its end. */
	html_textf(out, "%d of %d runs complete", v->complete, v->planned && !v->boundary ? v->planned : v->count);
	fputs("</span>\n<span>", out);
	html_textf(out, "accelerator %s", any ? json_text(any->manifest, "accelerator") : "missing");
	fputs("</span>\n<span><a href=\"./index.html\">all runs</a></span>\n</p>\n", out);
	if (v->paper) {
		fputs("<p class=\"note\">", out);
		html_text(out, v->paper->cited);
		fputs("</p>\n", out);
	}
	fputs("</header>\n", out);
}

void study_plot_put(FILE *out, const struct study_view *v, const struct study_plot *plot)
{
	char path[5000];
	if (*plot->missing) { /* a picture says what it is by itself */
		fputs("<h3>", out);
		html_text(out, plot->heading);
		fputs("</h3>\n<p class=\"missing\">No plot: ", out);
		html_text(out, plot->missing);
		fputs("</p>\n", out);
		return;
	}
	snprintf(path, sizeof(path), "%s/plots/%s.svg", v->directory, plot->name);
	fputs("<figure role=\"img\" aria-label=\"", out);
	html_text(out, plot->heading);
	fputs("\">\n", out);
	if (svg_inline(out, path, plot->name) < 0)
		fputs("<p class=\"missing\">No plot: it cannot be read</p>\n", out);
	fputs("</figure>\n", out);
}

/* "job 5000000000, repeat yes"; what is empty is left out. */
static void put_options(FILE *out, struct json_object *options)
{
	const char *gap = "";
	char text[256], *end;
	if (!json_object_is_type(options, json_type_object))
		return;
	json_object_object_foreach(options, key, value)
	{
		fact_format(key, value, text, sizeof(text));
		double number = strtod(text, &end);
		if (!*text)
			continue;
		if (*end)
			html_textf(out, "%s%s %s", gap, key, text);
		else
			html_textf(out, "%s%s %.12g", gap, key, number);
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

static void put_sizes(FILE *out, const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	char rate[64];
	fputs("<section>\n<h2>Sizes</h2>\n<p class=\"note\">", out);
	if (v->paper->loops && any)
		html_textf(out, "VMs move over %s.", value_format(run_link_rate(any), "bit/s", rate, sizeof(rate)));
	fputs("</p>\n<table>\n<thead><tr><th>workload</th><th class=\"number\">memory of a VM</th>"
	      "<th class=\"number\">of it beyond the scale, zero</th><th class=\"number\">disk</th><th>its "
	      "keys</th></tr></thead>\n<tbody>\n",
	      out);
	put_figure_sizes(out, v);
	put_loop_sizes(out, v);
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static void put_paper(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	put_claims(out, v->claims, v->paper->term);
	fputs("<section>\n<h2>Figures</h2>\n<p class=\"note\">Of each point the first complete run. ", out);
	html_text(out, v->paper->note);
	fputs("</p>\n", out);
	for (int i = 0; i < plot_count; i++)
		if (plots[i].part == PART_PAPER)
			study_plot_put(out, v, &plots[i]);
	fputs("</section>\n", out);
	put_sizes(out, v);
}

int study_page_write(const struct study_view *v, const struct study_plot *plots, int plot_count, const char *output,
                     struct err *e)
{
	struct whole_file page = { 0 };
	char title[512];
	if (whole_file_open(&page, NULL, output, e) < 0)
		return -1;
	snprintf(title, sizeof(title), "%s - migmeter", page_title(v));
	if (html_begin(page.file, title, e) < 0) {
		whole_file_close(&page, -1, NULL);
		return -1;
	}
	put_head(page.file, v);
	if (v->paper)
		put_paper(page.file, v, plots, plot_count);
	if (v->ranking)
		ranking_put(page.file, v, plots, plot_count);
	if (v->boundary)
		boundary_put(page.file, v, plots, plot_count);
	html_end(page.file);
	return whole_file_close(&page, 0, e);
}
