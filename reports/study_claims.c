#include "reports/study_claims.h"

#include "analysis/study.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/study_link.h"

#include <math.h>
#include <string.h>

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
/* Three digits, and no exponent for thousands. */
static char *number(double value, char *buffer, size_t room)
{
	snprintf(buffer, room, fabs(value) >= 999.5 && fabs(value) < 1e6 ? "%.0f" : "%.3g", value);
	return buffer;
}

static void put_value(FILE *out, const struct csv_table *t, int row, const char *unit)
{
	char text[64], high[64];
	double value = csv_table_number(t, row, "value"), low = csv_table_number(t, row, "low");
	if (!isnan(value))
		html_textf(out, "%s %s", number(value, text, sizeof(text)), unit);
	if (!isnan(low))
		html_textf(out, " (%s to %s)", number(low, text, sizeof(text)),
		           number(csv_table_number(t, row, "high"), high, sizeof(high)));
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

/* A row of no part in the verdict that this study was not asked for. */
static bool is_elsewhere(const struct csv_table *t, int row)
{
	return !*csv_table_text(t, row, "verdict") && isnan(csv_table_number(t, row, "value")) &&
	       strncmp(csv_table_text(t, row, "reason"), STUDY_NO_RUN, strlen(STUDY_NO_RUN)) == 0;
}

void claims_put(FILE *out, const struct study_view *v)
{
	const struct csv_table *t = v->claims;
	fputs("<section>\n<h2>Claims</h2>\n"
	      "<p class=\"note\">A formula has a value for each repeat. Its mean stands with the 95 % interval of "
	      "Student's t, from three repeats on. A part agrees when the whole interval lies in the range, disagrees "
	      "when the whole interval lies outside, and is not shown otherwise. What happens or does not is counted: the value is the share of the "
	      "repeats in which it happened, with its exact 95 % interval (Clopper and Pearson); once not is enough to "
	      "disagree, and it agrees when it happened every time. A claim agrees when all its parts do, "
	      "and disagrees when any does. A term is ",
	      out);
	html_textf(out, "%s.", v->paper->term);
	if (csv_table_rows(v->explanations))
		fputs(" Where a part does not agree, its formula stands again over further runs in which one thing was "
		      "another; the verdict stays.",
		      out);
	fputs("</p>\n", out);
	if (v->paper->curves)
		study_link_put(out, v);
	fputs("<table class=\"claims\">\n<thead><tr><th>formula</th><th>agrees when</th><th>paper</th><th>ours</th>"
	      "<th>verdict</th></tr></thead>\n<tbody>\n",
	      out);
	int elsewhere = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (begins_claim(t, i))
			put_claim_head(out, t, i);
		if (is_elsewhere(t, i))
			elsewhere++;
		else
			put_claim_part(out, t, i, v->explanations);
	}
	fputs("</tbody>\n</table>\n", out);
	if (elsewhere) {
		fputs("<p class=\"note\">", out);
		html_textf(out, "%d row%s more", elsewhere, elsewhere == 1 ? "" : "s");
		fputs(" would need points that this study has no run of, and nothing is judged by them: claims.csv.</p>\n",
		      out);
	}
	fputs("</section>\n", out);
}

/* "It takes longer, by 10.9 s (9.8 to 12.0)." */
static void put_answers(FILE *out, const struct csv_table *t)
{
	char text[64], high[64];
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *answer = csv_table_text(t, i, "answer"), *unit = csv_table_text(t, i, "unit");
		double value = csv_table_number(t, i, "value"), low = csv_table_number(t, i, "low");
		if (!*answer || isnan(value))
			continue;
		html_textf(out, "%s %s %s ", answer, number(value, text, sizeof(text)), unit);
		if (isnan(low))
			html_textf(out, "(no interval: n = %s). ", csv_table_text(t, i, "n"));
		else
			html_textf(out, "(%s to %s, n = %s). ", number(low, text, sizeof(text)),
			           number(csv_table_number(t, i, "high"), high, sizeof(high)),
			           csv_table_text(t, i, "n"));
	}
}

void claims_put_summary(FILE *out, const struct study_view *v)
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
	put_answers(out, t);
	fputs("</p>\n", out);
}
