#include "reports/study_roles.h"

#include "reports/csv_table.h"
#include "reports/html.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *role, *label;
} roles[] = {
	{ "migrating", "VM that moves" },
	{ "source-neighbour", "VM that stays at the source" },
	{ "destination-neighbour", "VM at the destination" },
};
static const struct {
	const char *metric, *label;
} times[] = { { "baseline_rate", "before" }, { "mean_rate", "while" }, { "settled_rate", "after" } };
enum { ROLES = sizeof(roles) / sizeof(*roles), TIMES = sizeof(times) / sizeof(*times) };

const char *work_unit(const char *workload, double *ret_factor)
{
	*ret_factor = 1e6;
	return strcmp(workload, "intadd") == 0 ? "Mop/s" : "MB/s";
}

/* "507 ± 13": three digits of the rate, and as many decimals of the other. */
static void put_rate(FILE *out, const struct csv_table *t, int row, double factor)
{
	double mean = csv_table_number(t, row, "mean"), half = csv_table_number(t, row, "high") - mean;
	int decimals = mean > 0 ? (int)fmin(3, fmax(0, 2 - floor(log10(mean / factor)))) : 0;
	fputs("<td class=\"number\">", out);
	if (isnan(mean))
		fputs("<span class=\"missing\">missing</span>", out);
	else
		html_textf(out, "%.*f", decimals, mean / factor);
	if (!isnan(half))
		html_textf(out, " ± %.*f", decimals, half / factor);
	fputs("</td>", out);
}

/* One workload: a row a link speed. */
static void put_workload(FILE *out, const struct study_view *v, const struct paper_figure *f)
{
	double factor;
	const char *unit = work_unit(f->workload, &factor);
	fprintf(out, "<tr class=\"group\"><th colspan=\"%d\" scope=\"rowgroup\">", 1 + ROLES * TIMES);
	html_textf(out, "%s, %s", f->workload, unit);
	fputs("</th></tr>\n", out);
	for (int rate = 0; rate < FIGURE_RATES; rate++) {
		double bits_per_s = v->paper->rates_bits_per_s[rate];
		if (study_view_row(v, times[0].metric, roles[0].role, "", f->vms, f->workload, bits_per_s) < 0)
			continue;
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, v->paper->rate_names[rate]);
		fputs("</th>", out);
		for (int c = 0; c < ROLES * TIMES; c++)
			put_rate(out, v->values,
			         study_view_row(v, times[c % TIMES].metric, roles[c / TIMES].role, "", f->vms,
			                        f->workload, bits_per_s),
			         factor);
		fputs("</tr>\n", out);
	}
}

static int has_neighbours(const struct study_view *v)
{
	for (int i = 0; i < csv_table_rows(v->values); i++)
		if (strcmp(csv_table_text(v->values, i, "role"), roles[1].role) == 0)
			return 1;
	return 0;
}

void roles_put(FILE *out, const struct study_view *v)
{
	if (!has_neighbours(v))
		return;
	fputs("<section>\n<h2>Work by role</h2>\n<p class=\"note\">Mean over the repeats, with half of its 95 % interval. "
	      "Before: the baseline; while: from start to completion of the migration, stops included; after: the second "
	      "half of the time from then on.</p>\n<table class=\"roles\">\n<thead><tr><th></th>",
	      out);
	for (int r = 0; r < ROLES; r++) {
		fprintf(out, "<th colspan=\"%d\">", TIMES);
		html_text(out, roles[r].label);
		fputs("</th>", out);
	}
	fputs("</tr>\n<tr><th>link</th>", out);
	for (int c = 0; c < ROLES * TIMES; c++)
		fprintf(out, "<th class=\"number\">%s</th>", times[c % TIMES].label);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (const struct paper_figure *f = v->paper->figures; f->name; f++)
		if (f->vms > 1)
			put_workload(out, v, f);
	fputs("</tbody>\n</table>\n</section>\n", out);
}
