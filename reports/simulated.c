#include "reports/simulated.h"

#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/grid.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/simulated_machine.h"
#include "reports/simulated_points.h"
#include "reports/simulated_range.h"
#include "reports/svg.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1000000, TEXT_BLOCKS = 12 };

/* In the manifest, beside the numbers: bench/simulation_words.h. */
static const char *const said[] = { "beyond_model", "shared_links" };

/* ---- loading ---- */

/* A time's unit by how long the first point takes. */
static void unit_choose(struct simulated_view *v)
{
	double ns = csv_table_number(v->summary, simulated_row(v, simulated_first_block(v), NULL, "processing_time"),
	                             "value");
	v->unit_ns = ns < 600e9 ? 1e9 : ns < 48 * 3600e9 ? 60e9 : 3600e9;
	v->unit = ns < 600e9 ? "s" : ns < 48 * 3600e9 ? "min" : "h";
}

int simulated_view_load(struct simulated_view *v, const char *directory, struct err *e)
{
	char path[5000];
	*v = (struct simulated_view){ 0 };
	snprintf(v->directory, sizeof(v->directory), "%s", directory);
	snprintf(path, sizeof(path), "%s/manifest.json", directory);
	v->manifest = json_object_from_file(path);
	if (!json_at(v->manifest, "simulation"))
		return err_set(e, EXIT_USAGE, "'%s' is no folder of a simulation", directory);
	csv_table_load(&v->machine, directory, "machine.csv", ROWS_MAX, NULL);
	if (csv_table_load(&v->points, directory, "points.csv", ROWS_MAX, e) < 0 ||
	    csv_table_load(&v->summary, directory, "summary.csv", ROWS_MAX, e) < 0 ||
	    csv_table_load(&v->judged, directory, "judged.csv", ROWS_MAX, e) < 0 ||
	    csv_table_load(&v->verdicts, directory, "verdicts.csv", ROWS_MAX, e) < 0)
		return -1;
	unit_choose(v);
	return 0;
}

void simulated_view_free(struct simulated_view *v)
{
	json_object_put(v->manifest);
	csv_table_free(v->points);
	csv_table_free(v->summary);
	csv_table_free(v->judged);
	csv_table_free(v->verdicts);
	csv_table_free(v->machine);
}

const char *simulated_first_block(const struct simulated_view *v)
{
	return csv_table_text(v->summary, 0, "block");
}

int simulated_row(const struct simulated_view *v, const char *block, const char *policy, const char *metric)
{
	for (int i = 0; i < csv_table_rows(v->summary); i++)
		if (strcmp(csv_table_text(v->summary, i, "block"), block) == 0 &&
		    (!policy || strcmp(csv_table_text(v->summary, i, "policy"), policy) == 0) &&
		    strcmp(csv_table_text(v->summary, i, "metric"), metric) == 0)
			return i;
	return -1;
}

/* ---- terminal ---- */

static void print_json(FILE *out, const struct csv_table *t)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < t->rows; i++) {
		struct json_object *row = json_object_new_object();
		for (int c = 0; c < t->columns; c++) {
			const char *text = t->cells[i * t->columns + c];
			double number = csv_number(text);
			struct json_object *value = strcmp(text, "missing") == 0 ? NULL
			                            : isnan(number)              ? json_object_new_string(text)
			                                            : json_object_new_double_s(number, text);
			json_object_object_add(row, t->names[c], value);
		}
		json_object_array_add(list, row);
	}
	fprintf(out, "%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
}

int simulated_print(FILE *out, const char *directory, enum report_format format, struct err *e)
{
	struct simulated_view v;
	char path[5000], text[1200];
	int result = simulated_view_load(&v, directory, e);
	if (result == 0 && format == REPORT_CSV) {
		snprintf(path, sizeof(path), "%s/summary.csv", directory);
		char *whole = whole_file_read(path, (size_t)64 << 20);
		fputs(whole ? whole : "", out);
		free(whole);
	} else if (result == 0 && format == REPORT_JSON) {
		print_json(out, v.summary);
	} else if (result == 0) {
		struct grid *g = simulated_points_grid(&v, TEXT_BLOCKS, false);
		simulated_points_title(&v, false, text, sizeof(text));
		grid_text.table(out, text, g);
		grid_free(g);
		simulated_range_words(&v, text, sizeof(text));
		fprintf(out, "%s%s", text, *text ? "\n" : "");
		simulated_machine_words(&v, text, sizeof(text));
		fprintf(out, "%s%s", text, *text ? "\n" : "");
		for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
			if (*json_text(json_at(v.manifest, "simulation"), said[i]))
				fprintf(out, "%s\n", json_text(json_at(v.manifest, "simulation"), said[i]));
		if (csv_table_rows(v.points) > 2 * TEXT_BLOCKS)
			fprintf(out, "(the first ones of %d points; the page has all)\n", csv_table_rows(v.points));
	}
	simulated_view_free(&v);
	return result;
}

/* ---- the page ---- */

static void put_head(FILE *out, const struct simulated_view *v)
{
	struct json_object *asked = json_at(v->manifest, "simulation");
	char words[1200];
	fputs("<header>\n<h1>", out);
	html_text(out, json_text(asked, "name"));
	fputs("</h1>\n<p class=\"question\">", out);
	html_text(out, json_text(asked, "question"));
	fputs("</p>\n", out);
	simulated_range_words(v, words, sizeof(words));
	simulated_machine_words(v, words + strlen(words), sizeof(words) - strlen(words));
	if (*words) {
		fputs("<p class=\"verdict\">", out);
		html_text(out, words);
		fputs("</p>\n", out);
	}
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		if (*json_text(asked, said[i])) {
			fputs("<p class=\"note\">", out);
			html_textf(out, "%s.", json_text(asked, said[i]));
			fputs("</p>\n", out);
		}
	double points = json_number(asked, "points"), runs = json_number(asked, "runs");
	fprintf(out,
	        "<p class=\"tags\"><span>%.0f point%s x %.0f run%s</span> <span>seed %.0f</span> <span>%s</span></p>\n",
	        points, points > 1 ? "s" : "", runs, runs > 1 ? "s" : "", json_number(asked, "seed"),
	        csv_table_rows(v->machine) ? "simulated, beside what was measured"
	                                   : "simulated, nothing was measured");
	fputs("</header>\n", out);
}

static void put_figure(FILE *out, const struct simulated_view *v, const struct simulated_plot *plot)
{
	svg_figure(out, v->directory, plot->name, plot->heading, plot->missing);
}

static void put_claim(FILE *out, const struct csv_table *t, int row)
{
	const char *verdict = csv_table_text(t, row, "verdict"), *reason = csv_table_text(t, row, "reason");
	double value = csv_table_number(t, row, "value"), low = csv_table_number(t, row, "low"),
	       share = csv_table_number(t, row, "group_share");
	fputs("<tr><td>", out);
	html_text(out, csv_table_text(t, row, "what"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "rule"));
	fputs("</td><td>", out);
	html_text(out, csv_table_text(t, row, "paper"));
	fputs("</td><td>", out);
	if (isnan(value))
		html_textf(out, "missing: %s", reason);
	else
		html_textf(out, isnan(low) ? "%.3g" : "%.3g (%.3g to %.3g)", value, low,
		           csv_table_number(t, row, "high"));
	fputs("</td><td class=\"number\">", out);
	if (!isnan(share))
		html_textf(out, "%.0f %% of %s", 100 * share, csv_table_text(t, row, "groups"));
	fprintf(out, "</td><td class=\"%s\">",
	        strcmp(verdict, "agrees") == 0      ? "agrees"
	        : strcmp(verdict, "disagrees") == 0 ? "disagrees"
	                                            : "not-shown");
	html_text(out, verdict);
	fputs("</td></tr>\n", out);
}

static void put_claims(FILE *out, const struct simulated_view *v)
{
	const struct csv_table *t = v->judged;
	double first = json_number(v->manifest, "simulation.first");
	const char *last = "";
	if (!csv_table_rows(t))
		return;
	fprintf(out,
	        "<section>\n<h2>Claims, at the first point</h2>\n<p class=\"note\">A ratio is that of the means over "
	        "the same runs, with a 95 %% interval; a part agrees when the whole interval lies in its range, and a "
	        "direction disagrees when it is missed by as much: a difference below 0.5 %% counts neither way. The paper "
	        "prints no uncertainty: for a size half and twice its figure is the range. The last column but one: of "
	        "studies of %.0f runs, as the paper had, how many would have come to it.</p>\n<table "
	        "class=\"claims\">\n<thead><tr><th></th><th>agrees when</th><th>paper</th><th>ours</th><th "
	        "class=\"number\">of %.0f runs</th><th>verdict</th></tr></thead>\n<tbody>\n",
	        first, first);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "block"), simulated_first_block(v)) != 0)
			continue;
		if (strcmp(csv_table_text(t, i, "claim"), last) != 0) {
			last = csv_table_text(t, i, "claim");
			fputs("<tr class=\"group\"><th colspan=\"6\" scope=\"rowgroup\">", out);
			html_textf(out, "%s  %s", last, csv_table_text(t, i, "text"));
			fputs("</th></tr>\n", out);
		}
		put_claim(out, t, i);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static void put_body(FILE *out, const struct simulated_view *v, const struct simulated_plot plots[SIMULATED_FIGURES])
{
	bool paper = csv_table_rows(v->judged) > 0;
	char title[700];
	simulated_machine_put(out, v);
	fprintf(out, "<section>\n<h2>%s</h2>\n", paper ? "The paper's table" : "The first point");
	put_figure(out, v, &plots[FIGURE_TABLE]);
	if (paper) {
		fputs("<p class=\"note\">", out);
		html_text(out, simulated_study_note(json_text(v->manifest, "simulation.study")));
		fputs("</p>\n", out);
	}
	fputs("</section>\n", out);
	put_claims(out, v);
	fprintf(out, "<section>\n<h2>%s</h2>\n", paper ? "For which range it holds" : "All points");
	if (paper) {
		put_figure(out, v, &plots[FIGURE_MAP]);
		simulated_range_put(out, v);
	}
	struct grid *g = simulated_points_grid(v, ROWS_MAX, true);
	simulated_points_title(v, true, title, sizeof(title));
	fputs("<details><summary>All points as a table</summary>\n", out);
	grid_html.table(out, title, g);
	fputs("</details>\n</section>\n", out);
	grid_free(g);
	fputs("<section>\n<h2>What was assumed</h2>\n<p class=\"note\">Keys of the config; of a list the first value is the "
	      "one above. What is not given has its default ('migmeter list keys').</p>\n<table>\n<tbody>\n",
	      out);
	html_facts(out, json_at(v->manifest, "simulation.keys"));
	fputs("</tbody>\n</table>\n<p class=\"note\">What happened in the first run of each point, with every plan's reasons, "
	      "is in simulated.csv; each run's sums are in runs.csv.</p>\n</section>\n",
	      out);
}

int simulated_report(const char *directory, const char *output, struct err *e)
{
	struct simulated_view v;
	struct simulated_plot plots[SIMULATED_FIGURES];
	struct whole_file page = { 0 };
	struct err drawing = { 0 };
	char path[5000], title[400];
	int result = simulated_view_load(&v, directory, e), drawn = 0;
	if (result == 0) {
		drawn = simulated_plots_draw(&v, plots, &drawing);
		snprintf(path, sizeof(path), "%s/report.html", directory);
		result = whole_file_open(&page, NULL, output ? output : path, e);
	}
	if (result == 0) {
		snprintf(title, sizeof(title), "%.200s - migmeter", json_text(v.manifest, "simulation.name"));
		int head = html_begin(page.file, title, e);
		if (head == 0) {
			put_head(page.file, &v);
			put_body(page.file, &v, plots);
			html_end(page.file);
		}
		result = whole_file_close(&page, head, head < 0 ? NULL : e);
	}
	simulated_view_free(&v);
	return result == 0 && drawn < 0 ? err_set(e, EXIT_CANNOT, "the page is without figures: %s", drawing.text)
	                                : result;
}
