#include "reports/calibration.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS = 16, OBSERVERS = 16, COLUMNS = 8, CELL_ROOM = 80 };
#define MS 1e6

static const struct {
	const char *kind, *heading;
} kinds[] = {
	{ "stop", "Stops of the VM" },
	{ "cut", "Cuts of its network, without a stop" },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static const char *const columns[COLUMNS] = { "observer", "bias",          "sd",     "p95 of |error|",
	                                      "n",        "shortest seen", "target", "floor" };

/* The lengths of a kind, ascending as the file has them. */
static int lengths_of(const struct csv_table *t, const char *kind, double lengths_ns[LENGTHS])
{
	int count = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		double length_ns = csv_table_number(t, i, "asked_ns");
		if (!strcmp(csv_table_text(t, i, "kind"), kind) && count < LENGTHS &&
		    (!count || length_ns > lengths_ns[count - 1]))
			lengths_ns[count++] = length_ns;
	}
	return count;
}

static int observers_of(const struct csv_table *t, const char *names[OBSERVERS])
{
	int count = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *name = csv_table_text(t, i, "observer");
		int k = 0;
		while (k < count && strcmp(names[k], name) != 0)
			k++;
		if (k == count && count < OBSERVERS)
			names[count++] = name;
	}
	return count;
}

static double find(const struct csv_table *t, const char *kind, double length_ns, const char *observer,
                   const char *column)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (!strcmp(csv_table_text(t, i, "kind"), kind) &&
		    !strcmp(csv_table_text(t, i, "observer"), observer) &&
		    fabs(csv_table_number(t, i, "asked_ns") - length_ns) < 0.5)
			return csv_table_number(t, i, column);
	return NAN;
}

static void put_ms(char cell[CELL_ROOM], double ns)
{
	double ms = ns / MS;
	snprintf(cell, CELL_ROOM,
	         isnan(ms)           ? "-"
	         : fabs(ms) < 9.9995 ? "%.3f"
	         : fabs(ms) < 999.95 ? "%.1f"
	                             : "%.0f",
	         ms);
}

/* One observer of one kind, over all lengths that the targets are for. */
static void summary_row(struct json_object *observer, const char *name, const char *kind,
                        char cells[COLUMNS][CELL_ROOM])
{
	struct json_object *own = json_at(observer, kind), *met = json_at(own, "target_met");
	double n = json_number(own, "n"), target_ns = json_number(own, "target_p95_ns");
	name_format(name, cells[0], CELL_ROOM);
	put_ms(cells[1], json_number(own, "bias_ns"));
	put_ms(cells[2], json_number(own, "sd_ns"));
	put_ms(cells[3], json_number(own, "p95_ns"));
	snprintf(cells[4], CELL_ROOM, "%.0f", isnan(n) ? 0 : n);
	put_ms(cells[5], json_number(own, "smallest_found_ns"));
	put_ms(cells[6], target_ns);
	if (met)
		strcat(cells[6], json_object_get_boolean(met) ? " met" : " missed");
	put_ms(cells[7], json_number(observer, "floor_ns"));
}

/* ---- on a terminal ---- */

static void print_summary(FILE *out, const struct run_data *run, const char *kind)
{
	static const int widths[COLUMNS] = { -16, 9, 9, 14, 4, 13, 14, 9 };
	struct json_object *observers = json_at(run->calibration_facts, "observers");
	char cells[COLUMNS][CELL_ROOM];
	for (int i = 0; i < COLUMNS; i++)
		fprintf(out, "%s%*s", i ? "  " : "", widths[i], columns[i]);
	fputc('\n', out);
	json_object_object_foreach(observers, name, observer)
	{
		summary_row(observer, name, kind, cells);
		for (int i = 0; i < COLUMNS; i++)
			fprintf(out, "%s%*s", i ? "  " : "", widths[i], cells[i]);
		fputc('\n', out);
	}
}

static void print_lengths(FILE *out, const struct csv_table *t, const char *kind)
{
	double lengths_ns[LENGTHS];
	const char *observers[OBSERVERS];
	char text[CELL_ROOM];
	int count = lengths_of(t, kind, lengths_ns), rows = observers_of(t, observers);
	fprintf(out, "%-17s", "p95, by length");
	for (int i = 0; i < count; i++)
		fprintf(out, " %9.0f", lengths_ns[i] / MS);
	fputc('\n', out);
	for (int o = 0; o < rows; o++) {
		fprintf(out, "%-17s", name_format(observers[o], text, sizeof(text)));
		for (int i = 0; i < count; i++) {
			put_ms(text, find(t, kind, lengths_ns[i], observers[o], "p95_ns"));
			fprintf(out, " %9s", text);
		}
		fputc('\n', out);
	}
}

/* What each is held against. */
static const char *truth_words(const struct run_data *run)
{
	return json_at(run->calibration_facts, "observers.qemu_clock")
	               ? "Truth of a stop: QEMU's STOP to RESUME. The guest's clock stops before that and starts after it;\n"
	                 "guest clock is held against QEMU's stamps of that, and the row qemu clock says how much longer "
	                 "it is."
	               : "Truth of a stop: QEMU's STOP to RESUME. The guest's clock stops before that and starts after it,\n"
	                 "and this QEMU does not say when: guest clock errs by as much at least.";
}

int report_calibration(FILE *out, const char *run_directory, struct err *e)
{
	struct run_data run;
	double idle_s, busy, lengths_ns[LENGTHS];
	char idle[CELL_ROOM];
	int result = run_data_load(&run, run_directory, e);
	if (result == 0 && (!json_at(run.calibration_facts, "observers") || !csv_table_rows(run.calibration)))
		result = err_set(e, EXIT_MEASURED_BAD, "there is no calibration in '%s'", run_directory);
	for (int k = 0; k < KINDS && result == 0; k++) {
		if (!lengths_of(run.calibration, kinds[k].kind, lengths_ns))
			continue;
		fprintf(out, "%s%s, of 10 ms or more (all in ms):\n", k ? "\n" : "", kinds[k].heading);
		print_summary(out, &run, kinds[k].kind);
		fputc('\n', out);
		print_lengths(out, run.calibration, kinds[k].kind);
	}
	if (result == 0)
		fputc('\n', out);
	busy = json_number(run.calibration_facts, "host.busy_share");
	if (result == 0 && !isnan(busy))
		fprintf(out, "the machine's cores were %.0f %% busy meanwhile, guests included\n", 100 * busy);
	if (result == 0 && lengths_of(run.calibration, kinds[0].kind, lengths_ns))
		fprintf(out, "%s\n", truth_words(&run));
	if (result == 0) {
		idle_s = json_number(run.calibration_facts, "idle_s");
		fprintf(out,
		        "error: value less truth; floor: the longest stop that was seen in %s of idling, where none was\n",
		        value_format(idle_s * 1e9, "ns", idle, sizeof(idle)));
	}
	run_data_free(&run);
	return result;
}

/* ---- in a page ---- */

static void page_summary(FILE *out, const struct run_data *run, const char *kind)
{
	struct json_object *observers = json_at(run->calibration_facts, "observers");
	char cells[COLUMNS][CELL_ROOM];
	fputs("<table>\n<thead><tr>", out);
	for (int i = 0; i < COLUMNS; i++)
		fprintf(out, "<th%s>%s</th>", i ? " class=\"number\"" : "", columns[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	json_object_object_foreach(observers, name, observer)
	{
		summary_row(observer, name, kind, cells);
		fputs("<tr>", out);
		for (int i = 0; i < COLUMNS; i++) {
			fprintf(out, "<td%s>", i ? " class=\"number\"" : "");
			html_text(out, cells[i]);
			fputs("</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

void page_calibration(FILE *out, const struct run_data *run)
{
	if (!json_at(run->calibration_facts, "observers"))
		return;
	fputs("<p class=\"note\">", out);
	html_text(out, truth_words(run));
	fputs("</p>\n", out);
	for (int k = 0; k < KINDS; k++) {
		fprintf(out, "<h3>%s, of 10 ms or more (all in ms)</h3>\n", kinds[k].heading);
		page_summary(out, run, kinds[k].kind);
	}
}

/* ---- the plot ---- */

int calibration_prepare(struct plotting *p, struct err *e)
{
	const struct csv_table *t = p->run->calibration;
	double lengths_ns[LENGTHS], low = INFINITY, high = 0;
	const char *observers[OBSERVERS];
	char path[5000], text[128];
	int rows = observers_of(t, observers);
	if (!rows)
		return plot_skip(p, "there is no calibration in this run");
	snprintf(path, sizeof(path), "%s/%s.data", p->work, p->plot->name);
	FILE *data = fopen(path, "we");
	if (!data)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	for (int k = 0; k < KINDS; k++) {
		int count = lengths_of(t, kinds[k].kind, lengths_ns);
		for (int o = 0; o < rows; o++) {
			fprintf(data, "%d NaN\n", 1); /* a block is never empty */
			for (int i = 0; i < count; i++) {
				double error_ns = find(t, kinds[k].kind, lengths_ns[i], observers[o], "p95_ns");
				if (!(error_ns > 0))
					continue;
				low = fmin(low, error_ns);
				high = fmax(high, error_ns);
				fprintf(data, "%.9g %.9g\n", lengths_ns[i] / MS, error_ns / MS);
			}
			fputs("\n\n", data);
		}
	}
	plot_set_text(p->script, "DATA", path);
	fprintf(p->script, "N = %d\nLOW = %.9g\nHIGH = %.9g\narray OBSERVER[N]\narray PANEL[2]\n", rows,
	        high > 0 ? pow(10, floor(log10(low / MS))) : 0.01, high > 0 ? pow(10, ceil(log10(high / MS))) : 1);
	for (int o = 0; o < rows; o++)
		plot_set_item(p->script, "OBSERVER", o + 1, name_format(observers[o], text, sizeof(text)));
	for (int k = 0; k < KINDS; k++)
		plot_set_item(p->script, "PANEL", k + 1, kinds[k].heading);
	return fclose(data) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write data of a plot");
}
