#include "reports/simulated_machine.h"

#include "reports/csv_table.h"
#include "reports/html.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

static const char *policy_of(const struct simulated_view *v, int row)
{
	int point = (int)csv_table_number(v->machine, row, "point") - 1;
	return csv_table_text(v->points, point, "policy");
}

/* "-3.6 s (-4.9 to -2.3)", without the interval where there is none. */
static const char *difference(const struct csv_table *t, int row, char *text, size_t room)
{
	double low = csv_table_number(t, row, "difference_low_s");
	int used = snprintf(text, room, "%+.1f s", csv_table_number(t, row, "difference_s"));
	if (!isnan(low))
		snprintf(text + used, room - (size_t)used, " (%+.1f to %+.1f)", low,
		         csv_table_number(t, row, "difference_high_s"));
	return text;
}

char *simulated_machine_words(const struct simulated_view *v, char *buffer, size_t room)
{
	const struct csv_table *t = v->machine;
	int last = csv_table_rows(t) - 1;
	double farthest = 0;
	char off[100];
	buffer[0] = '\0';
	for (int i = 0; i <= last; i++) {
		double percent = csv_table_number(t, i, "difference_percent");
		farthest = fabs(percent) > fabs(farthest) ? percent : farthest;
	}
	if (last >= 0)
		snprintf(
			buffer, room,
			"Against the machine: the last of %d VMs is done after %.3g s in simulation, %.3g s measured: %s, %+.1f %%; "
			"no VM is off by more than %.1f %%. ",
			(int)csv_table_number(t, last, "place"), csv_table_number(t, last, "simulated_s"),
			csv_table_number(t, last, "measured_s"), difference(t, last, off, sizeof(off)),
			csv_table_number(t, last, "difference_percent"), fabs(farthest));
	return buffer;
}

static void put_row(FILE *out, const struct simulated_view *v, int row)
{
	const struct csv_table *t = v->machine;
	double low = csv_table_number(t, row, "measured_low_s");
	char off[100];
	fputs("<tr><td>", out);
	html_text(out, policy_of(v, row));
	fputs("</td><td class=\"number\">", out);
	html_text(out, csv_table_text(t, row, "place"));
	fputs("</td><td class=\"number\">", out);
	html_textf(out, "%.1f s", csv_table_number(t, row, "simulated_s"));
	fputs("</td><td class=\"number\">", out);
	html_textf(out, "%.1f s", csv_table_number(t, row, "measured_s"));
	if (!isnan(low))
		html_textf(out, " (%.1f to %.1f)", low, csv_table_number(t, row, "measured_high_s"));
	html_textf(out, ", n\u00a0=\u00a0%s", csv_table_text(t, row, "n"));
	fputs("</td><td class=\"number\">", out);
	html_textf(out, "%s, %+.1f %%", difference(t, row, off, sizeof(off)),
	           csv_table_number(t, row, "difference_percent"));
	fputs("</td></tr>\n", out);
}

void simulated_machine_put(FILE *out, const struct simulated_view *v)
{
	if (!csv_table_rows(v->machine))
		return;
	fputs("<section>\n<h2>Against the machine</h2>\n<p class=\"note\">The same VMs with the same jobs, under the same "
	      "policy with the same keys, as `migmeter consolidate` moved them. How long a job takes alone was measured; when "
	      "each was done is what is compared, with 95 % intervals; that of the difference has the job's own in it, too. "
	      "The VMs are equal, so they are told apart by the order in which they were done. Planning begins after "
	      "simulate.baseline, and sees the CPU that simulate.cpu says: machines have a baseline, and the mean over the "
	      "policy's window.</p>\n"
	      "<table>\n<thead><tr><th>policy</th><th class=\"number\">done as number</th>"
	      "<th class=\"number\">simulated</th><th class=\"number\">measured</th>"
	      "<th class=\"number\">simulated less measured</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < csv_table_rows(v->machine); i++)
		put_row(out, v, i);
	fputs("</tbody>\n</table>\n</section>\n", out);
}
