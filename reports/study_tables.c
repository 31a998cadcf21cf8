#include "reports/study_tables.h"

#include "reports/csv_table.h"
#include "reports/html.h"

#include <math.h>
#include <string.h>

/* The first row of the table that has these texts in two columns; other NULL: in one. -1: there is none. */
static int find(const struct csv_table *t, const char *title, const char *column, const char *text, const char *other,
                const char *other_text)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "title"), title) == 0 &&
		    strcmp(csv_table_text(t, i, column), text) == 0 &&
		    (!other || strcmp(csv_table_text(t, i, other), other_text) == 0))
			return i;
	return -1;
}

/* Whether no row of the same table before this one has the same text there. */
static int is_first(const struct csv_table *t, int row, const char *column)
{
	return find(t, csv_table_text(t, row, "title"), column, csv_table_text(t, row, column), NULL, "") == row;
}

static int is_of(const struct csv_table *t, int row, const char *title)
{
	return strcmp(csv_table_text(t, row, "title"), title) == 0;
}

/* "71.2 ± 1.3"; a count has no decimals. */
static void put_mean(FILE *out, double mean, double high, const char *unit)
{
	double digits = mean != 0 ? 2 - floor(log10(fabs(mean))) : 0;
	int decimals = *unit ? (int)fmin(fmax(digits, 0), 3) : 0;
	html_textf(out, "%.*f", decimals, mean);
	if (!isnan(high))
		html_textf(out, " ± %.*f", decimals, high - mean);
}

static void put_ours(FILE *out, const struct csv_table *t, int row)
{
	double value = csv_table_number(t, row, "value"), share = csv_table_number(t, row, "share");
	double high = csv_table_number(t, row, "share_high");
	if (isnan(value)) {
		fputs(*csv_table_text(t, row, "reason") ? "<span class=\"missing\">missing</span>" : "-", out);
		return;
	}
	put_mean(out, value, csv_table_number(t, row, "high"), csv_table_text(t, row, "unit"));
	if (isnan(share))
		return;
	fputs("<br>(", out); /* three such columns beside the paper's are a page wide */
	put_mean(out, share, high, "%");
	fputs("\u00a0%)", out);
}

static void put_head(FILE *out, const struct csv_table *t, const char *title)
{
	fputs("<thead><tr><th></th>", out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (!is_of(t, i, title) || !is_first(t, i, "column"))
			continue;
		fputs("<th colspan=\"2\">", out);
		html_text(out, csv_table_text(t, i, "column"));
		fputs("</th>", out);
	}
	fputs("</tr>\n<tr><th></th>", out);
	for (int i = 0; i < csv_table_rows(t); i++)
		if (is_of(t, i, title) && is_first(t, i, "column"))
			fputs("<th class=\"number\">paper</th><th class=\"number\">ours</th>", out);
	fputs("</tr></thead>\n", out);
}

static void put_row(FILE *out, const struct csv_table *t, const char *title, const char *name)
{
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, name);
	fputs("</th>", out);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (!is_of(t, i, title) || !is_first(t, i, "column"))
			continue;
		int cell = find(t, title, "row", name, "column", csv_table_text(t, i, "column"));
		const char *paper = cell < 0 ? "" : csv_table_text(t, cell, "paper");
		fputs("<td class=\"number paper\">", out);
		html_text(out, *paper ? paper : "-");
		fputs("</td><td class=\"number\">", out);
		if (cell >= 0)
			put_ours(out, t, cell);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

/* Why cells are missing, each reason once. */
static void put_reasons(FILE *out, const struct csv_table *t, const char *title)
{
	const char *gap = "<p class=\"missing\">Missing: ";
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *reason = csv_table_text(t, i, "reason");
		if (!is_of(t, i, title) || !isnan(csv_table_number(t, i, "value")) || !*reason ||
		    !is_first(t, i, "reason"))
			continue;
		fputs(gap, out);
		html_text(out, reason);
		gap = "; ";
	}
	fputs(*gap == ';' ? ".</p>\n" : "", out);
}

static void put_table(FILE *out, const struct csv_table *t, int first)
{
	const char *title = csv_table_text(t, first, "title"), *note = csv_table_text(t, first, "note");
	fputs("<h3>", out);
	html_text(out, title);
	fputs("</h3>\n<p class=\"note\">", out);
	html_text(out, note);
	fputs("</p>\n<table class=\"of-paper\">\n", out);
	put_head(out, t, title);
	fputs("<tbody>\n", out);
	for (int i = 0; i < csv_table_rows(t); i++)
		if (is_of(t, i, title) && is_first(t, i, "row"))
			put_row(out, t, title, csv_table_text(t, i, "row"));
	fputs("</tbody>\n</table>\n", out);
	put_reasons(out, t, title);
}

void tables_put(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->tables;
	if (!csv_table_rows(t))
		return;
	fputs("<section>\n<h2>Tables</h2>\n<p class=\"note\">Ours: the mean over the repeats, with half of its 95 % interval from three "
	      "on.</p>\n",
	      out);
	for (int i = 0; i < csv_table_rows(t); i++)
		if (is_first(t, i, "title"))
			put_table(out, t, i);
	fputs("</section>\n", out);
}
