/* What a study compares, ranked: a table and a picture for each block. */
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/ranking_rows.h"
#include "reports/study_section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLOT_ROW_PX = 24, TIES_NAMED = 4 };

static const char *cell(const struct csv_table *t, int row, const char *column)
{
	return csv_table_text(t, row, column);
}

static int has_result(const struct csv_table *t, int row)
{
	return !ranking_is_class(t, row, "failed") && !ranking_is_class(t, row, "skipped");
}

static const char *value_at(const struct csv_table *t, int row, char *buffer, size_t room)
{
	return value_format(csv_table_number(t, row, "value"), cell(t, row, "unit"), buffer, room);
}

/* "sometimes converged" with how often, else the class. */
static char *class_format(const struct csv_table *t, int row, char *buffer, size_t room)
{
	double share = csv_table_number(t, row, "share"), runs = csv_table_number(t, row, "runs");
	if (ranking_is_class(t, row, "sometimes converged"))
		snprintf(buffer, room, "converged in %.0f of %.0f", share * runs, runs);
	else
		snprintf(buffer, room, "%s", cell(t, row, "class"));
	return buffer;
}

/* ---- the page ---- */

/* Columns of one metric stand under one head. */
static void put_head(FILE *out, const struct csv_table *t, int from, int end, const char *compare)
{
	char text[128];
	fputs("<thead><tr><th rowspan=\"2\">", out);
	html_text(out, compare);
	fputs("</th>", out);
	for (int i = from, next; i < end; i = next) {
		for (next = i + 1; next < end && ranking_same(t, next, i, "metric"); next++)
			;
		fprintf(out, "<th class=\"number\" colspan=\"%d\"%s>", next - i,
		        next - i == 1 ? " rowspan=\"2\"" : "");
		html_text(out, strcmp(cell(t, i, "metric"), "cpu_per_gib") == 0
		                       ? "CPU per GiB"
		                       : name_format(cell(t, i, "metric"), text, sizeof(text)));
		fputs("</th>", out);
	}
	fputs("</tr>\n<tr>", out);
	for (int i = from; i < end; i++) {
		int several = (i > from && ranking_same(t, i - 1, i, "metric")) ||
		              (i + 1 < end && ranking_same(t, i + 1, i, "metric"));
		if (!several)
			continue;
		fputs("<th class=\"number\">", out);
		html_text(out, name_format(cell(t, i, "estimator"), text, sizeof(text)));
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void put_value(FILE *out, const struct csv_table *t, int row, int first)
{
	const struct shown_metric shown = { .unit = cell(t, row, "unit"),
		                            .value = csv_table_number(t, row, "value"),
		                            .low = csv_table_number(t, row, "low"),
		                            .high = csv_table_number(t, row, "high") };
	double ratio = csv_table_number(t, row, "ratio");
	char text[128];
	fputs("<td class=\"number\">", out);
	if (first && ranking_is_class(t, row, "never converged")) {
		const char *why = strstr(cell(t, row, "reason"), ": ");
		fputs("<em>never converged</em><br><small>", out);
		html_text(out, why ? why + 2 : "");
		fputs("</small></td>", out);
		return;
	}
	/* Of a migration that was aborted no stop came, which is no gap in the data. */
	if (ranking_is_class(t, row, "never converged") && isnan(csv_table_number(t, row, "value")))
		fputs("<small>none</small>", out);
	else
		html_text(out, value_at(t, row, text, sizeof(text)));
	if (*interval_format(&shown, text, sizeof(text))) {
		fputs("<br><small>", out);
		html_text(out, text);
		fputs("</small>", out);
	}
	if (*cell(t, row, "caution")) {
		fputs("<br><small>", out);
		html_text(out, cell(t, row, "caution"));
		fputs("</small>", out);
	}
	if (first && ranking_is_class(t, row, "sometimes converged")) {
		fputs("<br><small>", out);
		html_text(out, class_format(t, row, text, sizeof(text)));
		fputs("</small>", out);
	}
	if (!isnan(ratio) && !*cell(t, row, "caution") && strcmp(cell(t, row, "reference"), "yes") != 0) {
		fputs("<br><small>", out);
		html_textf(out, "× %s", ratio_format(ratio, text, sizeof(text)));
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

static void put_member(FILE *out, const struct csv_table *t, int row, int columns)
{
	int end = ranking_member_end(t, row), is_reference = strcmp(cell(t, row, "reference"), "yes") == 0;
	fprintf(out, "<tr%s><th scope=\"row\">", is_reference ? " class=\"reference\"" : "");
	html_text(out, cell(t, row, "member"));
	fputs("</th>", out);
	for (int i = row; i < end && has_result(t, row); i++)
		put_value(out, t, i, i == row);
	if (!has_result(t, row)) {
		fprintf(out, "<td colspan=\"%d\" class=\"missing\">", columns);
		html_textf(out, "%s: %s", cell(t, row, "class"),
		           *cell(t, row, "reason") ? cell(t, row, "reason") : "the reason is missing");
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_table(FILE *out, const struct study_view *v, int from, int end)
{
	const struct csv_table *t = v->ranking;
	int shown = from;
	while (shown < end && !has_result(t, shown))
		shown++;
	int columns = shown < end ? ranking_member_end(t, shown) - shown : 1;
	fputs("<table class=\"ranking\">\n", out);
	if (shown < end)
		put_head(out, t, shown, shown + columns, v->compare);
	fputs("<tbody>\n", out);
	for (int row = from; row < end; row = ranking_member_end(t, row))
		put_member(out, t, row, columns);
	fputs("</tbody>\n</table>\n", out);
}

/* Whether no member has two runs. */
static int is_of_single_runs(const struct csv_table *t)
{
	int single = csv_table_rows(t) > 0;
	for (int i = 0; i < csv_table_rows(t); i++)
		single &= !(csv_table_number(t, i, "runs") > 1);
	return single;
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	const struct csv_table *t = v->ranking;
	fputs("<section>\n<h2>Ranking</h2>\n<p class=\"note\">Best first; what never converged was aborted at the time limit, "
	      "and its figures are of the time until then. ",
	      out);
	if (*v->reference)
		html_textf(out, "× is the ratio to %s in the same group, where both converged. ", v->reference);
	fputs("What could not be run here stands last, with the reason. A mean is told apart from the best where Welch's "
	      "t-test shows it at 5 %, each by itself.</p>\n",
	      out);
	for (int from = 0, end; from < csv_table_rows(t); from = end) {
		end = ranking_block_end(t, from);
		study_plots_put(out, v, plots, plot_count, PART_RANKING, from);
		put_table(out, v, from, end);
	}
	fputs("</section>\n", out);
}

static int count_class(const struct csv_table *t, int from, int end, const char *class)
{
	int count = 0;
	for (int row = from; row < end; row = ranking_member_end(t, row))
		count += ranking_is_class(t, row, class);
	return count;
}

/* "load cpu: "; nothing where all is one block. */
static char *block_prefix(const struct csv_table *t, int row, char *buffer, size_t room)
{
	char block[300];
	snprintf(buffer, room, "%.290s%s", block_format(cell(t, row, "block"), block, sizeof(block)),
	         *cell(t, row, "block") ? ": " : "");
	return buffer;
}

/* "; bbr and plain cannot be told apart from it": in the block of the best, whose row it is. */
static void put_ties(FILE *out, const struct csv_table *t, int best)
{
	int rows[TIES_NAMED], count = 0;
	for (int row = best; row < ranking_block_end(t, best); row = ranking_member_end(t, row))
		if (strcmp(cell(t, row, "apart_from_best"), "no") == 0 && count++ < TIES_NAMED)
			rows[count - 1] = row;
	if (!count)
		return;
	int named = count < TIES_NAMED ? count : TIES_NAMED;
	for (int i = 0; i < named; i++)
		html_textf(out, "%s%s", !i ? "; " : i + 1 < count ? ", " : " and ", cell(t, rows[i], "member"));
	if (count > named)
		html_textf(out, " and %d more", count - named);
	fputs(" cannot be told apart from it", out);
}

/* What the best is paid with. */
static void put_lost_work(FILE *out, const struct csv_table *t, int best, const char *reference)
{
	int row = ranking_column_row(t, best, "lost_work", "");
	double times = row > best ? csv_table_number(t, row, "ratio") : NAN;
	char text[64];
	if (!isnan(times))
		html_textf(out, "; its lost work is %s × %s", ratio_format(times, text, sizeof(text)), reference);
}

/* A line a block: what is best, what may be as good, and what never converged. */
static void put_summary(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->ranking;
	char text[400], value[128], ratio[64];
	/* Of quantities none is best: the sweep says how it goes with them. */
	int shown = sweep_section.is_there(v) ? 0 : csv_table_rows(t);
	if (!shown && !is_of_single_runs(t))
		return;
	fputs("<ul class=\"verdict\">\n", out);
	for (int from = 0, end; from < shown; from = end) {
		end = ranking_block_end(t, from);
		int never = count_class(t, from, end, "never converged");
		double times = csv_table_number(t, from, "ratio");
		fputs("<li>", out);
		html_text(out, block_prefix(t, from, text, sizeof(text)));
		if (ranking_is_class(t, from, "converged") || ranking_is_class(t, from, "sometimes converged")) {
			html_textf(out, "%s is best with a %s of %s", cell(t, from, "member"),
			           name_format(cell(t, from, "metric"), text, sizeof(text)),
			           value_at(t, from, value, sizeof(value)));
			bool is_other = !isnan(times) && strcmp(cell(t, from, "reference"), "yes") != 0;
			if (is_other)
				html_textf(out, " (%s × %s)", ratio_format(times, ratio, sizeof(ratio)),
				           v->reference);
			if (*cell(t, from, "caution"))
				html_textf(out, " (%s)", cell(t, from, "caution"));
			put_ties(out, t, from);
			if (is_other)
				put_lost_work(out, t, from, v->reference);
		} else {
			fputs("nothing converged", out);
		}
		if (never)
			html_textf(out, "; %d never converged", never);
		fputs("</li>\n", out);
	}
	if (is_of_single_runs(t))
		fputs("<li>One run each: no interval, and what is near the best may be as good "
		      "(<code>experiment.repeat</code>)</li>\n",
		      out);
	fputs("</ul>\n", out);
}

/* ---- the picture of a block ---- */

enum { TIME, DOWNTIMES, LOST = DOWNTIMES + 5, NUMBERS };

static const struct {
	const char *metric, *estimator;
	double factor; /* to s, or for a downtime ms */
} drawn[NUMBERS] = {
	[TIME] = { "migration_time", "completion", 1e-9 },
	[DOWNTIMES] = { "downtime", "stop_resume", 1e-6 },
	{ "downtime", "guest_clock", 1e-6 },
	{ "downtime", "network", 1e-6 },
	{ "downtime", "work", 1e-6 },
	{ "downtime", "reported", 1e-6 },
	[LOST] = { "lost_work", "", 1 },
};

struct range {
	double low, high;
};

/* The columns of one member; what is not above 0 has no place on a logarithmic axis. */
static void write_data(FILE *data, const struct csv_table *t, int row, int place, struct range *ranges)
{
	int kind = ranking_is_class(t, row, "converged")             ? 0
	           : ranking_is_class(t, row, "sometimes converged") ? 1
	                                                             : 2;
	fprintf(data, "%d %d", place, kind);
	for (int i = 0; i < NUMBERS; i++) {
		int is_downtime = i >= DOWNTIMES && i < LOST;
		int at = ranking_column_row(t, row, drawn[i].metric, drawn[i].estimator);
		double value = at < 0 ? NAN : csv_table_number(t, at, "value") * drawn[i].factor;
		/* Below its floor it is no stop. */
		int unseen = at >= 0 && strcmp(cell(t, at, "caution"), NO_STOP_SEEN) == 0; /* in no run */
		if (isnan(value) || value < 0 || (is_downtime && (value == 0 || kind == 2 || unseen))) {
			gnuplot_put_number(data, NAN);
			continue;
		}
		gnuplot_put_number(data, value);
		struct range *range = &ranges[is_downtime ? DOWNTIMES : i];
		range->low = fmin(range->low, value);
		range->high = fmax(range->high, value);
	}
	putc('\n', data);
}

static int prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct csv_table *t = d->view->ranking;
	struct range ranges[NUMBERS];
	char path[5000];
	int count = 0, end = ranking_block_end(t, plot->row);
	double reference_s = NAN;
	snprintf(path, sizeof(path), "%s/%s.data", d->work, plot->name);
	FILE *data = fopen(path, "we");
	if (!data)
		return 1;
	for (int i = 0; i < NUMBERS; i++)
		ranges[i] = (struct range){ INFINITY, 0 };
	fprintf(s, "array MEMBER[%d]\n", end - plot->row);
	for (int row = plot->row; row < end; row = ranking_member_end(t, row)) {
		if (!has_result(t, row))
			continue;
		write_data(data, t, row, ++count, ranges);
		gnuplot_set_item(s, "MEMBER", count, cell(t, row, "member"));
		int time = ranking_column_row(t, row, "migration_time", "completion");
		if (time >= 0 && strcmp(cell(t, row, "reference"), "yes") == 0)
			reference_s = csv_table_number(t, time, "value") / 1e9;
	}
	fclose(data);
	fprintf(s, "COUNT = %d\nROW = %d\n", count, PLOT_ROW_PX);
	gnuplot_set_number(s, "REFERENCE", reference_s);
	gnuplot_set_number(s, "LONG", ranges[TIME].high > 0 ? ranges[TIME].high : 1);
	gnuplot_set_number(s, "LOST", ranges[LOST].high > 0 ? ranges[LOST].high : 1);
	gnuplot_set_number(s, "DOWN_LOW", ranges[DOWNTIMES].high > 0 ? ranges[DOWNTIMES].low : 1);
	gnuplot_set_number(s, "DOWN_HIGH", ranges[DOWNTIMES].high > 0 ? ranges[DOWNTIMES].high : 1000);
	gnuplot_set_text(s, "FILE", path);
	return count == 0;
}

/* A picture a block. */
static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	const struct csv_table *t = v->ranking;
	int count = 0;
	for (int row = 0; row < csv_table_rows(t) && count < room; row = ranking_block_end(t, row)) {
		struct study_plot *plot = &ret[count++];
		char text[300];
		*plot = (struct study_plot){
			.script = "ranking.gp", .part = PART_RANKING, .prepare = prepare, .row = row
		};
		snprintf(plot->name, sizeof(plot->name), "ranking_%d", count);
		snprintf(plot->heading, sizeof(plot->heading), "%sby %s, best first",
		         block_prefix(t, row, text, sizeof(text)), v->compare);
	}
	return count;
}

static bool is_there(const struct study_view *v)
{
	return v->ranking != NULL;
}

const struct study_section ranking_section = { is_there, plots, put_summary, put };
