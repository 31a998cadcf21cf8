#include "reports/evacuation.h"

#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/whole_file.h"
#include "reports/bars.h"
#include "reports/csv_table.h"
#include "reports/gnuplot.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/svg.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { ROWS = 1000 };

static void text_print(FILE *out, const struct csv_table *t)
{
	const char *last = "";
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *link = csv_table_text(t, i, "link"), *never = csv_table_text(t, i, "never");
		double time_s = csv_table_number(t, i, "time_s"), low_s = csv_table_number(t, i, "low_s");
		char time[64], range[96] = "", bound[64];
		if (i == 0 || strcmp(link, last) != 0)
			fprintf(out, "%s%s%severy byte once: %s\n", i ? "\n" : "", link, *link ? "; " : "",
			        value_format(csv_table_number(t, i, "bound_s") * 1e9, "ns", bound, sizeof(bound)));
		last = link;
		if (!isnan(low_s))
			snprintf(range, sizeof(range), " (%.4g to %.4g s)", low_s, csv_table_number(t, i, "high_s"));
		fprintf(out,
		        "  %-12s %s%s, %.3g times the best, %.3g times the least; %.3g times the memory sent; %s at a time",
		        csv_table_text(t, i, "schedule"), value_format(time_s * 1e9, "ns", time, sizeof(time)), range,
		        csv_table_number(t, i, "times_best"), csv_table_number(t, i, "times_bound"),
		        csv_table_number(t, i, "sent_to_memory"), csv_table_text(t, i, "most"));
		if (strcmp(never, "0") != 0)
			fprintf(out, "; %s of %s runs came to no end", never, csv_table_text(t, i, "n"));
		putc('\n', out);
	}
}

static void csv_print(FILE *out, const struct csv_table *t)
{
	for (int i = -1; i < t->rows; i++)
		for (int c = 0; c < t->columns; c++)
			fprintf(out, "%s%s", i < 0 ? t->names[c] : t->cells[i * t->columns + c],
			        c + 1 < t->columns ? "," : "\n");
}

static void json_print(FILE *out, const struct csv_table *t)
{
	struct json_object *rows = json_object_new_array();
	for (int i = 0; i < t->rows; i++) {
		struct json_object *row = json_object_new_object();
		for (int c = 0; c < t->columns; c++) {
			const char *cell = t->cells[i * t->columns + c];
			double number = csv_number(cell);
			json_object_object_add(row, t->names[c],
			                       isnan(number) ? json_object_new_string(cell)
			                                     : json_object_new_double_s(number, cell));
		}
		json_object_array_add(rows, row);
	}
	fprintf(out, "%s\n", json_object_to_json_string_ext(rows, JSON_C_TO_STRING_PRETTY));
	json_object_put(rows);
}

/* ---- the page ---- */

/* The first row of each link. */
static int next_link(const struct csv_table *t, int row)
{
	const char *link = csv_table_text(t, row, "link");
	while (++row < csv_table_rows(t) && strcmp(csv_table_text(t, row, "link"), link) == 0)
		;
	return row;
}

static char *plot_name(int first, char *buffer, size_t room)
{
	snprintf(buffer, room, "evacuation_%d", first + 1);
	return buffer;
}

/* "link=near" as "near". */
static const char *link_name(const struct csv_table *t, int row)
{
	const char *link = csv_table_text(t, row, "link"), *equals = strchr(link, '=');
	return equals ? equals + 1 : link;
}

static int link_draw(struct gnuplot *g, const struct csv_table *t, int first, struct err *e)
{
	char name[64], caption[200], text[96], value[64];
	int last = next_link(t, first);
	snprintf(caption, sizeof(caption), "%.60s: time for the group; the line: every byte at the link's rate, once",
	         link_name(t, first));
	FILE *s = gnuplot_picture_begin(g, plot_name(first, name, sizeof(name)), caption, e);
	if (!s)
		return -1;
	struct bars b = bars_begin(s);
	for (int i = first; i < last; i++) {
		double time_s = csv_table_number(t, i, "time_s");
		snprintf(text, sizeof(text), "%s, %.3g times the best",
		         value_format(1e9 * time_s, "ns", value, sizeof(value)),
		         csv_table_number(t, i, "times_best"));
		bar_add(&b, csv_table_text(t, i, "schedule"), time_s, csv_table_number(t, i, "low_s"),
		        csv_table_number(t, i, "high_s"), text);
	}
	int prepared = bars_end(&b, "time (s)", csv_table_number(t, first, "bound_s"));
	return gnuplot_picture_end(g, name, "study_bars.gp", s, prepared, e) < 0 ? -1 : 0;
}

static void table_put(FILE *out, const struct csv_table *t)
{
	static const char *const columns[] = { "times_bound", "times_best", "sent_to_memory", "recalled", "most" };
	char value[64];
	fputs("<section>\n<h2>Schedules</h2>\n<table>\n<thead><tr><th>link</th><th>schedule</th><th class=\"number\">time"
	      "</th><th class=\"number\">to every byte once</th><th class=\"number\">to the best</th><th class=\"number\">sent, "
	      "to the memory</th><th class=\"number\">recalled</th><th class=\"number\">at a time, at most</th></tr></thead>\n"
	      "<tbody>\n",
	      out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		fputs("<tr><td>", out);
		html_text(out, link_name(t, i));
		fputs("</td><td>", out);
		html_text(out, csv_table_text(t, i, "schedule"));
		fprintf(out, "</td><td class=\"number\">%s</td>",
		        value_format(1e9 * csv_table_number(t, i, "time_s"), "ns", value, sizeof(value)));
		for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++)
			fprintf(out, "<td class=\"number\">%.4g</td>", csv_table_number(t, i, columns[c]));
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static int page_write(const char *directory, const char *output, const struct csv_table *t, struct err *e)
{
	struct whole_file page = { 0 };
	struct json_object *manifest = json_file_read(directory, "manifest.json");
	const char *question = json_text(manifest, "simulation.question");
	char name[64];
	int result = whole_file_open(&page, output ? NULL : directory, output ? output : "report.html", e);
	if (result == 0 && (result = html_begin(page.file, "A group in simulation - migmeter", e)) == 0) {
		fputs("<header>\n<h1>A group in simulation</h1>\n<p class=\"question\">", page.file);
		html_text(page.file, question);
		html_textf(page.file, " %.0f groups, the same for every schedule.", csv_table_number(t, 0, "n"));
		fputs("</p>\n</header>\n<section>\n", page.file);
		for (int i = 0; i < csv_table_rows(t); i = next_link(t, i))
			svg_figure(page.file, directory, plot_name(i, name, sizeof(name)), link_name(t, i), "");
		fputs("</section>\n", page.file);
		table_put(page.file, t);
		html_end(page.file);
	}
	json_object_put(manifest);
	return page.file ? whole_file_close(&page, result, e) : -1;
}

int evacuation_report(const char *directory, const char *output, struct err *e)
{
	struct csv_table *t;
	struct gnuplot g = { 0 };
	if (csv_table_load(&t, directory, "evacuation.csv", ROWS, e) < 0)
		return -1;
	int result = gnuplot_begin(&g, directory, e), begun = result == 0;
	for (int i = 0; result == 0 && i < csv_table_rows(t); i = next_link(t, i))
		result = link_draw(&g, t, i, e);
	if (begun && gnuplot_end(&g) < 0)
		result = -1;
	if (result == 0)
		result = page_write(directory, output, t, e);
	csv_table_free(t);
	return result;
}

/* ---- the table ---- */

int evacuation_print(FILE *out, const char *directory, enum report_format format, struct err *e)
{
	struct csv_table *t;
	if (csv_table_load(&t, directory, "evacuation.csv", ROWS, e) < 0)
		return -1;
	(format == REPORT_TEXT ? text_print : format == REPORT_CSV ? csv_print : json_print)(out, t);
	csv_table_free(t);
	return 0;
}
