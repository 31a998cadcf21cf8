#include "reports/calibration.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/grid.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS = 16, OBSERVERS = 16 };
#define MS 1e6

static const struct {
	const char *kind, *heading;
} kinds[] = {
	{ "stop", "Stops of the VM" },
	{ "cut", "Cuts of its network, without a stop" },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

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

static void put_ms(char cell[GRID_CELL], double ns)
{
	double ms = ns / MS;
	snprintf(cell, GRID_CELL,
	         isnan(ms)           ? "-"
	         : fabs(ms) < 9.9995 ? "%.3f"
	         : fabs(ms) < 999.95 ? "%.1f"
	                             : "%.0f",
	         ms);
}

static void put_points(char cell[GRID_CELL], double share)
{
	snprintf(cell, GRID_CELL, isnan(share) ? "-" : "%.2f", 100 * share);
}

/* NULL when memory is short. */
static struct grid *grid_with_header(const char *const *names, int columns)
{
	struct grid *g = grid_new(columns);
	char(*cells)[GRID_CELL] = grid_row(g);
	for (int i = 0; cells && i < columns; i++)
		snprintf(cells[i], GRID_CELL, "%s", names[i]);
	return g;
}

/* Each observer of one kind, over all lengths that the targets are for. */
static struct grid *summary_of(const struct run_data *run, const char *kind)
{
	static const char *const columns[] = { "observer", "bias",          "sd",     "p95 of |error|",
		                               "n",        "shortest seen", "target", "floor" };
	struct grid *g = grid_with_header(columns, sizeof(columns) / sizeof(*columns));
	struct json_object *observers = json_at(run->calibration_facts, "observers");
	json_object_object_foreach(observers, name, observer)
	{
		struct json_object *own = json_at(observer, kind), *met = json_at(own, "target_met");
		double n = json_number(own, "n");
		char(*cells)[GRID_CELL] = n > 0 ? grid_row(g) : NULL;
		if (!cells)
			continue;
		name_format(name, cells[0], GRID_CELL);
		put_ms(cells[1], json_number(own, "bias_ns"));
		put_ms(cells[2], json_number(own, "sd_ns"));
		put_ms(cells[3], json_number(own, "p95_ns"));
		snprintf(cells[4], GRID_CELL, "%.0f", n);
		put_ms(cells[5], json_number(own, "smallest_found_ns"));
		put_ms(cells[6], json_number(own, "target_p95_ns"));
		if (met)
			strcat(cells[6], json_object_get_boolean(met) ? " met" : " missed");
		put_ms(cells[7], json_number(observer, "floor_ns"));
	}
	return g;
}

static struct grid *lengths_grid(const struct csv_table *t, const char *kind)
{
	double lengths_ns[LENGTHS];
	const char *observers[OBSERVERS];
	int count = lengths_of(t, kind, lengths_ns), rows = observers_of(t, observers);
	struct grid *g = grid_new(1 + count);
	char(*cells)[GRID_CELL] = grid_row(g);
	if (cells)
		snprintf(cells[0], GRID_CELL, "observer");
	for (int i = 0; cells && i < count; i++)
		snprintf(cells[1 + i], GRID_CELL, "%.0f", lengths_ns[i] / MS);
	for (int o = 0; o < rows; o++) {
		if (!(find(t, kind, lengths_ns[0], observers[o], "n") > 0) || !(cells = grid_row(g)))
			continue;
		name_format(observers[o], cells[0], GRID_CELL);
		for (int i = 0; i < count; i++)
			put_ms(cells[1 + i], find(t, kind, lengths_ns[i], observers[o], "p95_ns"));
	}
	return g;
}

/* A row for each share asked; observers beside each other. */
static struct grid *shares_grid(const struct csv_table *t, const char *kind)
{
	static const char *const columns[] = {
		"asked", "n", "work: bias", "sd", "p95", "CPU time: bias", "sd", "p95"
	};
	struct grid *g = grid_with_header(columns, sizeof(columns) / sizeof(*columns));
	char(*cells)[GRID_CELL] = NULL;
	double asked = NAN;
	for (int i = 0; i < csv_table_rows(t); i++) {
		int at = strcmp(csv_table_text(t, i, "observer"), "work") != 0 ? 5 : 2;
		if (strcmp(csv_table_text(t, i, "kind"), kind) != 0)
			continue;
		if (!cells || fabs(csv_table_number(t, i, "asked") - asked) > 1e-6) {
			asked = csv_table_number(t, i, "asked");
			if (!(cells = grid_row(g)))
				break;
			snprintf(cells[0], GRID_CELL, "%.0f %%", 100 * asked);
			snprintf(cells[1], GRID_CELL, "%.0f", csv_table_number(t, i, "n"));
		}
		put_points(cells[at], csv_table_number(t, i, "bias"));
		put_points(cells[at + 1], csv_table_number(t, i, "sd"));
		put_points(cells[at + 2], csv_table_number(t, i, "p95"));
	}
	return g;
}

/* ---- tables ---- */

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

static void put_grid(FILE *out, const struct grid_writer *w, const char *title, struct grid *g)
{
	w->table(out, title, g);
	grid_free(g);
}

static void put_shares(FILE *out, const struct run_data *run, const struct grid_writer *w)
{
	if (!csv_table_rows(run->calibration_shares))
		return;
	put_grid(
		out, w,
		"CPU taken from a guest that computes: what it lost less what was taken (percentage points of a core)",
		shares_grid(run->calibration_shares, "taken"));
	put_grid(out, w,
	         "A guest busy for a known share of the time: what was seen less what was asked (percentage points)",
	         shares_grid(run->calibration_shares, "duty"));
	w->note(out,
	        "Work: by how much its rate fell, or a duty cycle's busy time. CPU time: the same of the vCPU's thread.\n"
	        "A guest needs some CPU for itself, more of it without KVM: a duty cycle's CPU time has that besides, "
	        "and when\nCPU is taken all of the loss is the workload's.");
}

static void put_durations(FILE *out, const struct run_data *run, const struct grid_writer *w)
{
	char text[512], idle[80];
	double idle_ns = json_number(run->calibration_facts, "idle_s") * 1e9;
	double lengths_ns[LENGTHS];
	if (!csv_table_rows(run->calibration))
		return;
	for (int k = 0; k < KINDS; k++) {
		if (!lengths_of(run->calibration, kinds[k].kind, lengths_ns))
			continue;
		snprintf(text, sizeof(text), "%s, of 10 ms or more (all in ms)", kinds[k].heading);
		put_grid(out, w, text, summary_of(run, kinds[k].kind));
		snprintf(text, sizeof(text), "%s: p95 of |error| by length (ms)", kinds[k].heading);
		put_grid(out, w, text, lengths_grid(run->calibration, kinds[k].kind));
	}
	if (lengths_of(run->calibration, kinds[0].kind, lengths_ns))
		w->note(out, truth_words(run));
	snprintf(text, sizeof(text),
	         "Error: value less truth. Floor: the longest stop that was seen in %s of idling, where none was.",
	         value_format(idle_ns, "ns", idle, sizeof(idle)));
	w->note(out, text);
}

static void put_all(FILE *out, const struct run_data *run, const struct grid_writer *w)
{
	char text[128];
	double busy = json_number(run->calibration_facts, "host.busy_share");
	put_durations(out, run, w);
	put_shares(out, run, w);
	if (isnan(busy))
		return;
	snprintf(text, sizeof(text), "The machine's cores were %.0f %% busy meanwhile, guests included.", 100 * busy);
	w->note(out, text);
}

int report_calibration(FILE *out, const char *run_directory, enum report_format format, struct err *e)
{
	struct run_data run;
	int result = run_data_load(&run, run_directory, e);
	if (result == 0 && !run.calibration_facts)
		result = err_set(e, EXIT_MEASURED_BAD, "there is no calibration in '%s'", run_directory);
	if (result == 0)
		put_all(out, &run, format == REPORT_MARKDOWN ? &grid_markdown : &grid_text);
	run_data_free(&run);
	return result;
}

void page_calibration(FILE *out, const struct run_data *run)
{
	if (run->calibration_facts)
		put_all(out, run, &grid_html);
}

/* ---- the plot ---- */

int calibration_prepare(struct plotting *p, struct err *e)
{
	const struct csv_table *t = p->run->calibration;
	double lengths_ns[LENGTHS], low = INFINITY, high = 0;
	const char *observers[OBSERVERS];
	char text[GRID_CELL];
	int rows = observers_of(t, observers);
	if (!rows)
		return plot_skip(p, "no stop or cut was injected in this run");
	FILE *data = plot_data_open(p, e);
	if (!data)
		return -1;
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
	fprintf(p->script, "N = %d\nLOW = %.9g\nHIGH = %.9g\narray OBSERVER[N]\narray PANEL[2]\n", rows,
	        high > 0 ? pow(10, floor(log10(low / MS))) : 0.01, high > 0 ? pow(10, ceil(log10(high / MS))) : 1);
	for (int o = 0; o < rows; o++)
		gnuplot_set_item(p->script, "OBSERVER", o + 1, name_format(observers[o], text, sizeof(text)));
	for (int k = 0; k < KINDS; k++)
		gnuplot_set_item(p->script, "PANEL", k + 1, kinds[k].heading);
	return plot_data_close(data, e);
}
