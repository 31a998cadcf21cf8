#include "reports/simulated.h"

#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/grid.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/simulated_machine.h"
#include "reports/simulated_range.h"
#include "reports/svg.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1000000, TEXT_BLOCKS = 12 };
#define MINUTE_NS 60e9

/* In the manifest, beside the numbers: bench/simulation_words.h. */
static const char *const said[] = { "beyond_model", "shared_links" };

/* ---- loading ---- */

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
	return csv_table_load(&v->points, directory, "points.csv", ROWS_MAX, e) < 0 ||
	                       csv_table_load(&v->summary, directory, "summary.csv", ROWS_MAX, e) < 0 ||
	                       csv_table_load(&v->judged, directory, "judged.csv", ROWS_MAX, e) < 0 ||
	                       csv_table_load(&v->verdicts, directory, "verdicts.csv", ROWS_MAX, e) < 0
	               ? -1
	               : 0;
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

int simulated_row(const struct simulated_view *v, const char *block, const char *policy, const char *metric)
{
	for (int i = 0; i < csv_table_rows(v->summary); i++)
		if (strcmp(csv_table_text(v->summary, i, "block"), block) == 0 &&
		    strcmp(csv_table_text(v->summary, i, "policy"), policy) == 0 &&
		    strcmp(csv_table_text(v->summary, i, "metric"), metric) == 0)
			return i;
	return -1;
}

/* ---- tables ---- */

static const struct {
	const char *metric, *heading;
	bool minutes, ratio; /* in ns, shown in minutes; beside it what it is against the reference */
} shown[] = {
	{ "processing_time", "work done in", true, true },
	{ "wait", "all VMs waited", true, true },
	{ "moves", "moves", false, false },
	{ "lost_work", "work lost", true, false },
	{ "time_per_vm", "time of a VM", true, true },
	{ "nodes_used", "nodes in use", false, true },
};
enum { SHOWN = sizeof(shown) / sizeof(*shown), MAIN_SHOWN = 4 };

/* A number with the unit's digits, ns as minutes; "-" where there is none. */
static void put_value(char cell[GRID_CELL], double value, const char *unit)
{
	bool time = strcmp(unit, "ns") == 0;
	double is = time ? value / MINUTE_NS : value;
	snprintf(cell, GRID_CELL,
	         isnan(value)       ? "-"
	         : fabs(is) < 0.005 ? "%.0f"
	         : fabs(is) < 9.95  ? "%.2f"
	                            : "%.1f",
	         is);
}

static void put_with_interval(char cell[GRID_CELL], const struct csv_table *t, int row, const char *prefix)
{
	const char *unit = csv_table_text(t, row, "unit");
	char name[3][32], part[3][GRID_CELL];
	static const char *const ends[] = { "value", "low", "high" };
	for (int i = 0; i < 3; i++) {
		snprintf(name[i], sizeof(name[i]), "%s%s", prefix, ends[i]);
		put_value(part[i], csv_table_number(t, row, name[i]), unit);
	}
	if (isnan(csv_table_number(t, row, name[1])))
		snprintf(cell, GRID_CELL, "%.20s", part[0]);
	else
		snprintf(cell, GRID_CELL, "%.20s (%.20s to %.20s)", part[0], part[1], part[2]);
}

static void put_ratio(char cell[GRID_CELL], const struct csv_table *t, int row)
{
	double ratio = csv_table_number(t, row, "ratio");
	if (isnan(ratio))
		snprintf(cell, GRID_CELL, "-");
	else
		snprintf(cell, GRID_CELL, "%.3g", ratio);
}

/* The row of a point's metric: summary.csv has all metrics of a point after those of the one before. */
static int point_row(const struct simulated_view *v, int point, const char *metric)
{
	int points = csv_table_rows(v->points), each = points ? csv_table_rows(v->summary) / points : 0;
	for (int i = point * each; i < (point + 1) * each; i++)
		if (strcmp(csv_table_text(v->summary, i, "metric"), metric) == 0)
			return i;
	return -1;
}

static const char *point_block(const struct simulated_view *v, int point)
{
	return csv_table_text(v->summary, point_row(v, point, shown[0].metric), "block");
}

static void point_put(const struct simulated_view *v, int point, bool wide, char (*cells)[GRID_CELL])
{
	const char *block = point_block(v, point);
	snprintf(cells[0], GRID_CELL, "%.79s", *block ? block : "-");
	snprintf(cells[1], GRID_CELL, "%.79s", csv_table_text(v->points, point, "policy"));
	for (int i = 0, at = 2; i < (wide ? SHOWN : MAIN_SHOWN); i++) {
		int row = point_row(v, point, shown[i].metric);
		if (wide)
			put_with_interval(cells[at++], v->summary, row, "");
		else
			put_value(cells[at++], csv_table_number(v->summary, row, "value"),
			          csv_table_text(v->summary, row, "unit"));
		if (shown[i].ratio)
			put_ratio(cells[at++], v->summary, row);
	}
}

/* Points with a row each, those of a block together, at most `blocks` of these; `wide` has the intervals. */
static struct grid *points_grid(const struct simulated_view *v, int blocks, bool wide)
{
	int columns = 2, metrics = wide ? SHOWN : MAIN_SHOWN, points = csv_table_rows(v->points);
	for (int i = 0; i < metrics; i++)
		columns += 1 + shown[i].ratio;
	struct grid *g = grid_new(columns);
	char(*cells)[GRID_CELL] = grid_row(g);
	if (!cells)
		return g;
	snprintf(cells[0], GRID_CELL, "point");
	snprintf(cells[1], GRID_CELL, "policy");
	for (int i = 0, at = 2; i < metrics; i++) {
		snprintf(cells[at++], GRID_CELL, "%s%s", shown[i].heading, shown[i].minutes ? " (min)" : "");
		if (shown[i].ratio)
			snprintf(cells[at++], GRID_CELL, "of reference");
	}
	for (int first = 0; first < points && blocks > 0; first++) {
		bool seen = false;
		for (int k = 0; k < first && !seen; k++)
			seen = strcmp(point_block(v, k), point_block(v, first)) == 0;
		blocks -= !seen;
		for (int k = first; k < points && !seen; k++)
			if (strcmp(point_block(v, k), point_block(v, first)) == 0 && (cells = grid_row(g)))
				point_put(v, k, wide, cells);
	}
	return g;
}

/* What came out at the first point, and how often a claim holds. */
static void verdicts_words(const struct simulated_view *v, char *text, size_t room)
{
	const struct csv_table *t = v->judged;
	size_t used = 0;
	text[0] = '\0';
	/* The first rows are the first point's; a ratio stands there before the same one's size. */
	for (int i = 0; i < csv_table_rows(t) && strcmp(csv_table_text(t, i, "size"), "0") == 0 && used < room; i++) {
		char what[160];
		used += (size_t)snprintf(text + used, room - used, "%s: %.3g times, in the paper %s. ",
		                         name_format(csv_table_text(t, i, "what"), what, sizeof(what)),
		                         csv_table_number(t, i, "value"), csv_table_text(t, i, "paper"));
	}
	for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
		const char *claim = csv_table_text(v->verdicts, i, "claim");
		int points = 0, direction = 0, size = 0;
		bool seen = false;
		for (int k = 0; k < i; k++)
			seen |= strcmp(csv_table_text(v->verdicts, k, "claim"), claim) == 0;
		for (int k = i; k < csv_table_rows(v->verdicts) && !seen; k++) {
			if (strcmp(csv_table_text(v->verdicts, k, "claim"), claim) != 0)
				continue;
			bool in_direction = strcmp(csv_table_text(v->verdicts, k, "direction"), "agrees") == 0;
			points++;
			direction += in_direction;
			size += in_direction && strcmp(csv_table_text(v->verdicts, k, "size"), "agrees") == 0;
		}
		if (!seen && used < room)
			used += (size_t)snprintf(text + used, room - used,
			                         "%s holds at %d of %d points, with sizes about the paper's at %d. ",
			                         claim, direction, points, size);
	}
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
	char path[5000], text[600];
	int result = simulated_view_load(&v, directory, e);
	if (result == 0 && format == REPORT_CSV) {
		snprintf(path, sizeof(path), "%s/summary.csv", directory);
		char *whole = whole_file_read(path, (size_t)64 << 20);
		fputs(whole ? whole : "", out);
		free(whole);
	} else if (result == 0 && format == REPORT_JSON) {
		print_json(out, v.summary);
	} else if (result == 0) {
		struct grid *g = points_grid(&v, TEXT_BLOCKS, false);
		snprintf(text, sizeof(text), "Means of %s runs", json_text(v.manifest, "simulation.runs"));
		grid_text.table(out, text, g);
		grid_free(g);
		verdicts_words(&v, text, sizeof(text));
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
	char words[600];
	fputs("<header>\n<h1>", out);
	html_text(out, json_text(asked, "name"));
	fputs("</h1>\n<p class=\"question\">", out);
	html_text(out, json_text(asked, "question"));
	fputs("</p>\n", out);
	verdicts_words(v, words, sizeof(words));
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

static const char *first_block(const struct simulated_view *v)
{
	return csv_table_text(v->summary, 0, "block");
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
	        "the same runs, with a 95 %% interval; a part agrees when the whole interval lies in its range. The paper "
	        "prints no uncertainty: for a size half and twice its figure is the range. The last column but one: of "
	        "studies of %.0f runs, as the paper had, how many would have come to it.</p>\n<table "
	        "class=\"claims\">\n<thead><tr><th></th><th>agrees when</th><th>paper</th><th>ours</th><th "
	        "class=\"number\">of %.0f runs</th><th>verdict</th></tr></thead>\n<tbody>\n",
	        first, first);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "block"), first_block(v)) != 0)
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
	char title[400];
	simulated_machine_put(out, v);
	fprintf(out, "<section>\n<h2>%s</h2>\n", paper ? "The paper's table" : "The first point");
	put_figure(out, v, &plots[FIGURE_TABLE]);
	fputs("</section>\n", out);
	put_claims(out, v);
	fprintf(out, "<section>\n<h2>%s</h2>\n", paper ? "For which range it holds" : "All points");
	if (paper) {
		fputs("<p class=\"note\">", out);
		html_text(out, simulated_study_note(json_text(v->manifest, "simulation.study")));
		fputs("</p>\n", out);
		put_figure(out, v, &plots[FIGURE_MAP]);
		simulated_range_put(out, v);
	}
	struct grid *g = points_grid(v, ROWS_MAX, true);
	snprintf(title, sizeof(title), "Means of %s runs (95 %% interval), and against the policy %s",
	         json_text(v->manifest, "simulation.runs"), json_text(v->manifest, "simulation.reference"));
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
