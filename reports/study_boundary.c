/* The boundary that a study has looked for, what was tried, and how the hypervisor's forecasts held. */
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/study_section.h"

#include <math.h>
#include <string.h>

/* Columns of tried.csv: what the hypervisor expected, less what came. */
static const char *const forecast_errors[] = {
	"expected_downtime_error_first", "expected_downtime_error_median", "expected_downtime_error_last",
	"remaining_time_error_first",    "remaining_time_error_median",    "remaining_time_error_last",
};
enum { FORECAST_ERRORS = sizeof(forecast_errors) / sizeof(*forecast_errors) };

static const char *axis_label(const struct study_view *v)
{
	return *v->search_label ? v->search_label : "value tried";
}

/* "0.86 to 0.91", or the words for what has no two ends. */
static char *boundary_format(const struct study_view *v, int row, char *buffer, size_t room)
{
	const struct csv_table *t = v->boundary;
	const char *state = csv_table_text(t, row, "state");
	double low = csv_table_number(t, row, "low"), high = csv_table_number(t, row, "high");
	if (strcmp(state, "above") == 0)
		snprintf(buffer, room, "above %g", low);
	else if (strcmp(state, "below") == 0)
		snprintf(buffer, room, "below %g", high);
	else if (isnan(low) || isnan(high))
		snprintf(buffer, room, "not known: the search has not ended");
	else
		snprintf(buffer, room, "%g to %g%s", low, high,
		         strcmp(state, "found") == 0 ? "" : ", the search has not ended");
	return buffer;
}

/* The row of a block in boundary.csv. */
static int row_of(const struct csv_table *t, const char *block)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "block"), block) == 0)
			return i;
	return -1;
}

/* ---- the page ---- */

/* A line a block: where its boundary is. */
static void put_summary(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->boundary;
	char text[300];
	fputs("<ul class=\"verdict\">\n", out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *state = csv_table_text(t, i, "state");
		double low = csv_table_number(t, i, "low"), high = csv_table_number(t, i, "high");
		fputs("<li>", out);
		html_textf(out, "%s: ", block_format(csv_table_text(t, i, "block"), text, sizeof(text)));
		if (strcmp(state, "found") == 0)
			html_textf(out, "converges up to %g, no more at %g", low, high);
		else if (strcmp(state, "above") == 0)
			html_textf(out, "still converges at %g, the highest tried", low);
		else if (strcmp(state, "below") == 0)
			html_textf(out, "does not converge even at %g, the lowest tried", high);
		else
			fputs("the search has not ended", out);
		html_textf(out, " (%s)", axis_label(v));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void put_boundaries(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->boundary;
	char text[300];
	fputs("<table>\n<thead><tr><th></th><th>boundary, ", out);
	html_text(out, axis_label(v));
	fputs("</th><th class=\"number\">runs</th><th>contrary outcomes</th></tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		int contrary = (int)csv_table_number(t, i, "contrary");
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, block_format(csv_table_text(t, i, "block"), text, sizeof(text)));
		fputs("</th><td>", out);
		html_text(out, boundary_format(v, i, text, sizeof(text)));
		fputs("</td><td class=\"number\">", out);
		html_text(out, csv_table_text(t, i, "runs"));
		fputs("</td><td>", out);
		html_textf(out, contrary ? "%d converged above it" : "none", contrary);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

static void put_number(FILE *out, const struct csv_table *t, int row, const char *column, const char *unit)
{
	char text[128];
	double value = csv_table_number(t, row, column);
	fputs(isnan(value) ? "<td class=\"number missing\">" : "<td class=\"number\">", out);
	html_text(out, isnan(value) ? "none" : value_format(value, unit, text, sizeof(text)));
	fputs("</td>", out);
}

static void put_tried(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->tried;
	char text[300];
	fputs("<table class=\"ranking\">\n<thead><tr><th rowspan=\"2\"></th><th class=\"number\" rowspan=\"2\">",
	      out);
	html_text(out, axis_label(v));
	fputs("</th><th rowspan=\"2\">outcome</th><th class=\"number\" rowspan=\"2\">work rate before</th>"
	      "<th class=\"number\" rowspan=\"2\">migration time</th><th colspan=\"3\">expected downtime, error</th>"
	      "<th colspan=\"3\">remaining time, error</th></tr>\n<tr>",
	      out);
	for (int i = 0; i < 2; i++)
		fputs("<th class=\"number\">first</th><th class=\"number\">median</th><th class=\"number\">last</th>",
		      out);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		double share = csv_table_number(t, i, "share");
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, block_format(csv_table_text(t, i, "block"), text, sizeof(text)));
		fputs("</th><td class=\"number\">", out);
		html_text(out, csv_table_text(t, i, "at"));
		fputs("</td><td>", out);
		if (isnan(share))
			fputs("<span class=\"missing\">no result</span>", out);
		else if (share == 0)
			fputs("<em>never converged</em>", out);
		else if (share < 1)
			html_textf(out, "converged in %.0f %%", 100 * share);
		else
			fputs("converged", out);
		fputs("</td>", out);
		put_number(out, t, i, "baseline_rate", csv_table_text(t, i, "rate_unit"));
		put_number(out, t, i, "migration_time", "ns");
		for (int k = 0; k < FORECAST_ERRORS; k++)
			put_number(out, t, i, forecast_errors[k], "ns");
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	fputs("<section>\n<h2>Boundary</h2>\n<p class=\"note\">Found by bisection: both ends, then always the middle. A migration "
	      "that has not come to an end by the time limit is aborted and has not converged.</p>\n",
	      out);
	study_plots_put(out, v, plots, plot_count, PART_BOUNDARY, 0);
	put_boundaries(out, v);
	fputs("</section>\n<section>\n<h2>Forecasts</h2>\n<p class=\"note\">What the hypervisor expected at its passes over the "
	      "memory, less what came: the first pass, the median and the last; positive, it expected more. Where nothing "
	      "came there is no error.</p>\n",
	      out);
	study_plots_put(out, v, plots, plot_count, PART_FORECAST, 0);
	put_tried(out, v);
	fputs("</section>\n", out);
}

/* ---- pictures ---- */

/* Columns: row of the block, value, share, then first, median, last error of the downtime (s) and of the time (s). */
static int write_data(const struct study_view *v, const char *path)
{
	FILE *data = fopen(path, "we");
	int errors = 0;
	for (int i = 0; data && i < csv_table_rows(v->tried); i++) {
		fprintf(data, "%d", row_of(v->boundary, csv_table_text(v->tried, i, "block")) + 1);
		gnuplot_put_number(data, csv_table_number(v->tried, i, "at"));
		gnuplot_put_number(data, csv_table_number(v->tried, i, "share"));
		for (int k = 0; k < FORECAST_ERRORS; k++) {
			double error_ns = csv_table_number(v->tried, i, forecast_errors[k]);
			gnuplot_put_number(data, error_ns * 1e-9);
			errors += !isnan(error_ns);
		}
		putc('\n', data);
	}
	if (data)
		fclose(data);
	return errors;
}

static int prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	static const char *const arrays[] = { "BLOCK", "TEXT", "LOW", "HIGH" };
	const struct study_view *v = d->view;
	int count = csv_table_rows(v->boundary);
	double from = INFINITY, to = 0;
	char path[5000], text[300];
	snprintf(path, sizeof(path), "%s/%s.data", d->work, plot->name);
	int errors = write_data(v, path);
	if (!count || (plot->part == PART_FORECAST && !errors))
		return 1;
	for (int i = 0; i < csv_table_rows(v->tried); i++) {
		from = fmin(from, csv_table_number(v->tried, i, "at"));
		to = fmax(to, csv_table_number(v->tried, i, "at"));
	}
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), count);
	for (int i = 0; i < count; i++) {
		gnuplot_set_item(s, "BLOCK", i + 1,
		                 block_format(csv_table_text(v->boundary, i, "block"), text, sizeof(text)));
		gnuplot_set_item(s, "TEXT", i + 1, boundary_format(v, i, text, sizeof(text)));
		gnuplot_set_number_item(s, "LOW", i + 1, csv_table_number(v->boundary, i, "low"));
		gnuplot_set_number_item(s, "HIGH", i + 1, csv_table_number(v->boundary, i, "high"));
	}
	fprintf(s, "COUNT = %d\nFROM = %.9g\nTO = %.9g\n", count, from, to);
	gnuplot_set_text(s, "FILE", path);
	gnuplot_set_text(s, "AXIS", axis_label(v));
	return 0;
}

/* The map and the forecasts. */
static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	(void)v;
	if (room < 2)
		return 0;
	ret[0] = (struct study_plot){ .name = "boundary",
		                      .heading = "Where migrations converge",
		                      .script = "boundary.gp",
		                      .part = PART_BOUNDARY,
		                      .prepare = prepare };
	ret[1] = (struct study_plot){ .name = "forecast",
		                      .heading = "What the hypervisor expected, less what came",
		                      .script = "forecast.gp",
		                      .part = PART_FORECAST,
		                      .prepare = prepare };
	return 2;
}

static bool is_there(const struct study_view *v)
{
	return v->boundary != NULL;
}

const struct study_section boundary_section = { is_there, plots, put_summary, put };
