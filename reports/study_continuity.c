/*
 * What the client of a VM noticed of its move at each point of a study (collectors/continuity.h): whether its connection
 * lived, the gap with the VM's stop in it and what that consists of, losses, reordering, retransmits.
 */
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/study_section.h"

#include <math.h>
#include <string.h>

/* A VM at a point. */
struct conversation {
	int row; /* of study.csv, that of connection_alive */
	const char *point, *vm;
	double alive, repeats;
};
static const struct conversation before_first = { .row = -1 };

static const struct {
	const char *estimator, *label, *head;
} parts[] = {
	{ "from-guest:before", "before the stop", "before" },
	{ "from-guest:stopped", "VM stopped", "stopped" },
	{ "from-guest:starting", "it runs, its program not yet", "starting" },
	{ "from-guest:unreachable", "no flows to its new place yet", "unreach\u00adable" },
	{ "from-guest:returning", "reachable again, the first one on its way", "return\u00ading" },
};
enum { PARTS = sizeof(parts) / sizeof(*parts) };

/* Columns beside the parts. */
static const struct column {
	const char *metric, *estimator, *head;
	double factor; /* of the column's unit in that of the metric */
} others[] = {
	{ "switch_over_gap", "udp:to-guest", "to VM", 1e6 },  { "switch_over_gap", "tcp:from-guest", "from VM", 1e6 },
	{ "switch_over_gap", "tcp:to-guest", "to VM", 1e6 },  { "stream_gap", "udp:from-guest", "from VM", 1e6 },
	{ "stream_gap", "udp:to-guest", "to VM", 1e6 },       { "stream_lost", "udp:from-guest", "from VM", 1 },
	{ "stream_lost", "udp:to-guest", "to VM", 1 },        { "stream_reordered", "udp:from-guest", "from VM", 1 },
	{ "stream_reordered", "udp:to-guest", "to VM", 1 },   { "stream_retransmits", "tcp:from-guest", "by VM", 1 },
	{ "stream_retransmits", "tcp:to-guest", "to VM", 1 },
};
enum { OTHERS = sizeof(others) / sizeof(*others) };

/* The row of study.csv, -1: there is none. */
static int row_of(const struct study_view *v, const struct conversation *c, const char *metric, const char *estimator)
{
	const struct csv_table *t = v->values;
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "metric"), metric) == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), estimator) == 0 &&
		    strcmp(csv_table_text(t, i, "vm"), c->vm) == 0 &&
		    strcmp(csv_table_text(t, i, "point"), c->point) == 0)
			return i;
	return -1;
}

static double mean_of(const struct study_view *v, const struct conversation *c, const char *metric,
                      const char *estimator)
{
	return csv_table_number(v->values, row_of(v, c, metric, estimator), "mean");
}

/* In the study's order, all of them: the one behind *c. */
static bool next(const struct study_view *v, struct conversation *c)
{
	const struct csv_table *t = v->values;
	for (int i = c->row + 1; i < csv_table_rows(t); i++) {
		double mean = csv_table_number(t, i, "mean"), n = csv_table_number(t, i, "n");
		if (strcmp(csv_table_text(t, i, "metric"), "connection_alive") == 0 && !isnan(mean)) {
			*c = (struct conversation){ i, csv_table_text(t, i, "point"), csv_table_text(t, i, "vm"),
				                    round(mean * n), n };
			return true;
		}
	}
	return false;
}

static bool has_several_vms(const struct study_view *v)
{
	struct conversation first = before_first, c;
	if (next(v, &first))
		for (c = first; next(v, &c);)
			if (strcmp(c.vm, first.vm) != 0)
				return true;
	return false;
}

/* "live-512M", "rtt 0ms disk left-behind", ", vm2" behind it where there are several. */
static char *label_of(const struct conversation *c, bool several, char *buffer, size_t room)
{
	char text[280];
	const char *alone = strncmp(c->point, "case=", 5) == 0 && !strchr(c->point, ' ') ? c->point + 5 : c->point;
	snprintf(buffer, room, "%s%s%s", block_format(alone, text, sizeof(text)), several ? ", " : "",
	         several ? c->vm : "");
	return buffer;
}

/* ---- the page ---- */

/* "441", "4.5", "2.67"; with half of its interval where half is asked for. */
static void put_cell(FILE *out, const struct study_view *v, int row, double factor, bool half)
{
	double mean = csv_table_number(v->values, row, "mean") / factor,
	       high = csv_table_number(v->values, row, "high") / factor;
	if (isnan(mean)) {
		fputs("<td class=\"number missing\">-</td>", out);
		return;
	}
	double shown = fabs(mean) >= 0.005 ? mean : 0;
	int decimals = fabs(shown) >= 99.5 || shown == round(shown) ? 0 : fabs(shown) >= 9.95 ? 1 : 2;
	fprintf(out, "<td class=\"number\">%.*f", decimals, shown);
	if (half && !isnan(high))
		fprintf(out, "\u00a0± %.*f", decimals, high - mean);
	fputs("</td>", out);
}

/* Work after the move, of the workloads that are not the conversation itself. */
static int share_row(const struct study_view *v, const struct conversation *c)
{
	const struct csv_table *t = v->values;
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "metric"), "settled_share") == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), "stream") != 0 &&
		    strcmp(csv_table_text(t, i, "vm"), c->vm) == 0 &&
		    strcmp(csv_table_text(t, i, "point"), c->point) == 0)
			return i;
	return -1;
}

static bool has_shares(const struct study_view *v)
{
	for (struct conversation c = before_first; next(v, &c);)
		if (share_row(v, &c) >= 0)
			return true;
	return false;
}

static void put_row(FILE *out, const struct study_view *v, const struct conversation *c, bool several, bool shares)
{
	char text[300];
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, label_of(c, several, text, sizeof(text)));
	fputs("</th>", out);
	put_cell(out, v, row_of(v, c, "migration_time", "completion"), 1e9, false);
	fprintf(out, "<td class=\"number\">%.0f of %.0f</td>", c->alive, c->repeats);
	put_cell(out, v, row_of(v, c, "switch_over_gap", "udp:from-guest"), 1e6, true);
	for (int i = 0; i < PARTS; i++)
		put_cell(out, v, row_of(v, c, "stream_gap_part", parts[i].estimator), 1e6, false);
	for (int i = 0; i < OTHERS; i++)
		put_cell(out, v, row_of(v, c, others[i].metric, others[i].estimator), others[i].factor, false);
	if (shares)
		put_cell(out, v, share_row(v, c), 1, true);
	fputs("</tr>\n", out);
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	bool several = has_several_vms(v), shares = has_shares(v);
	fputs("<section>\n<h2>What the client noticed</h2>\n<p class=\"note\">A client in the first LAN talks to the VM all the "
	      "time. The gap is the one with the VM's stop in it; another one may be longer. It ends with the "
	      "first datagram that comes again: the VM runs, its program goes on, the switches have flows for the conversation's "
	      "way to the new place. Means over the repeats, with half of the 95 % interval behind ±; - is not known.</p>\n",
	      out);
	study_plots_put(out, v, plots, plot_count, PART_CONTINUITY, 0);
	fputs("<table class=\"continuity\">\n<thead><tr><th rowspan=\"2\"></th><th class=\"number\" rowspan=\"2\">migra\u00adtion "
	      "(s)</th><th class=\"number\" rowspan=\"2\">alive</th>",
	      out);
	fprintf(out,
	        "<th colspan=\"%d\">gap at the stop, UDP (ms)</th><th colspan=\"2\">TCP (ms)</th><th "
	        "colspan=\"2\">longest gap, UDP (ms)</th><th colspan=\"2\">lost</th><th colspan=\"2\">over\u00adtaken</th>"
	        "<th colspan=\"2\">sent again</th>",
	        PARTS + 2);
	if (shares)
		fputs("<th class=\"number\" rowspan=\"2\">work after, of before (%)</th>", out);
	fputs("</tr>\n<tr><th class=\"number\">from VM</th>", out);
	for (int i = 0; i < PARTS; i++)
		fprintf(out, "<th class=\"number\">%s</th>", parts[i].head);
	for (int i = 0; i < OTHERS; i++)
		fprintf(out, "<th class=\"number\">%s</th>", others[i].head);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (struct conversation c = before_first; next(v, &c);)
		put_row(out, v, &c, several, shares);
	fputs("</tbody>\n</table>\n</section>\n", out);
}

/* "The client's connection outlived the move in 33 of 33; around the VM's stop the client heard nothing for 312 ms to 470 ms." */
static void put_summary(FILE *out, const struct study_view *v)
{
	double alive = 0, all = 0, least = INFINITY, most = 0;
	char low[64], high[64];
	for (struct conversation c = before_first; next(v, &c);) {
		double gap = mean_of(v, &c, "switch_over_gap", "udp:from-guest");
		alive += c.alive;
		all += c.repeats;
		least = fmin(least, isnan(gap) ? least : gap);
		most = fmax(most, isnan(gap) ? most : gap);
	}
	fputs("<p class=\"verdict\">", out);
	html_textf(out, "The client's connection outlived the move in %.0f of %.0f", alive, all);
	value_format(least, "ns", low, sizeof(low));
	value_format(most, "ns", high, sizeof(high));
	if (most > 0)
		html_textf(out, "; around the VM's stop the client heard nothing for %s%s%s", low,
		           strcmp(low, high) == 0 ? "" : " to ", strcmp(low, high) == 0 ? "" : high);
	fputs(".</p>\n", out);
}

/* ---- the picture ---- */

/* Each part as an index of the file, and behind them what of the gap is in none: begin and end in ms, row. Returns how many rows
 * have a gap; ret_parts: how many indices there are to draw. */
static int write_parts(const struct study_view *v, FILE *data, int *ret_parts)
{
	int rows = 0;
	*ret_parts = PARTS;
	for (int part = 0; part <= PARTS; part++) {
		int row = 0;
		fputs("NaN NaN NaN\n", data);
		for (struct conversation c = before_first; next(v, &c);) {
			double from = 0, length = 0, gap = mean_of(v, &c, "switch_over_gap", "udp:from-guest");
			if (isnan(gap))
				continue;
			row++;
			for (int k = 0; k <= part && k < PARTS; k++) {
				length = mean_of(v, &c, "stream_gap_part", parts[k].estimator);
				length = isnan(length) ? 0 : length;
				from += k < part ? length : 0;
			}
			if (part == PARTS)
				length = gap - from > 1e6 ? gap - from : 0;
			if (length > 0 && part == PARTS)
				*ret_parts = PARTS + 1;
			if (length > 0)
				fprintf(data, "%.9g %.9g %d\n", from / 1e6, (from + length) / 1e6, row);
		}
		fputs("\n\n", data);
		rows = row;
	}
	return rows;
}

static int prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	static const char *const arrays[] = { "LABEL", "TEXT", "TOTAL" };
	int row = 0, part_count = PARTS;
	bool several = has_several_vms(d->view);
	double highest = 0;
	char path[5000], text[300];
	snprintf(path, sizeof(path), "%s/%s.data", d->work, plot->name);
	FILE *data = fopen(path, "we");
	int rows = data ? write_parts(d->view, data, &part_count) : 0;
	if (data)
		fclose(data);
	if (!rows)
		return 1;
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), rows);
	for (struct conversation c = before_first; next(d->view, &c);) {
		double gap = mean_of(d->view, &c, "switch_over_gap", "udp:from-guest");
		if (isnan(gap))
			continue;
		row++;
		gnuplot_set_item(s, "LABEL", row, label_of(&c, several, text, sizeof(text)));
		gnuplot_set_item(s, "TEXT", row, value_format(gap, "ns", text, sizeof(text)));
		gnuplot_set_number_item(s, "TOTAL", row, gap / 1e6);
		highest = fmax(highest, gap / 1e6);
	}
	fprintf(s, "COUNT = %d\nPARTS = %d\narray PART[%d]\n", rows, part_count, PARTS + 1);
	for (int i = 0; i < PARTS; i++)
		gnuplot_set_item(s, "PART", i + 1, parts[i].label);
	gnuplot_set_item(s, "PART", PARTS + 1, "not told apart");
	gnuplot_set_number(s, "HIGH", highest);
	gnuplot_set_text(s, "FILE", path);
	return 0;
}

static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	(void)v;
	if (room < 1)
		return 0;
	ret[0] = (struct study_plot){ .name = "continuity",
		                      .heading = "What the client's gap around the VM's stop consists of",
		                      .script = "study_parts.gp",
		                      .part = PART_CONTINUITY,
		                      .prepare = prepare };
	return 1;
}

static bool is_there(const struct study_view *v)
{
	struct conversation c = before_first;
	return next(v, &c);
}

const struct study_section continuity_section = { is_there, plots, put_summary, put };
