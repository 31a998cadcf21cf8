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
#include "reports/study_roles.h"
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
		html_textf(out, "%s%s %s", gap, key, option_format(json_object_get_string(value), text, sizeof(text)));
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

static void put_paper(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	put_claims(out, v->claims, v->explanations);
	fputs("<section>\n<h2>Figures</h2>\n<p class=\"note\">Of each point the first complete run. Grey: the migration; "
	      "red: the VM that moves is stopped. Time counts from the start of the work, as in the paper.</p>\n",
	      out);
	for (int i = 0; i < plot_count; i++)
		if (plots[i].part == PART_PAPER)
			study_plot_put(out, v, &plots[i]);
	fputs("</section>\n", out);
	roles_put(out, v);
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
