#include "reports/plot.h"

#include "bench/base/err.h"
#include "reports/calibration.h"
#include "reports/cluster.h"
#include "reports/csv_table.h"
#include "reports/pages.h"
#include "reports/reuse.h"
#include "reports/run_data.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define MIB 1048576.0

int plot_skip(struct plotting *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(p->plot->missing, sizeof(p->plot->missing), format, args);
	va_end(args);
	return 1;
}

FILE *plot_data_open(struct plotting *p, struct err *e)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/%s.data", p->work, p->plot->name);
	FILE *data = fopen(path, "we");
	if (!data)
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	else
		gnuplot_set_text(p->script, "DATA", path);
	return data;
}

int plot_data_close(FILE *data, struct err *e)
{
	return fclose(data) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write data of a plot");
}

/* Axis of the downtimes: logarithmic when they are far apart and all above zero. */
static void downtime_axis(const struct csv_table *t, FILE *script)
{
	double lowest = INFINITY, highest = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		double value = csv_table_number(t, i, "value_ms");
		lowest = fmin(lowest, value);
		highest = fmax(highest, fmax(value, csv_table_number(t, i, "high_ms")));
		highest = fmax(highest, csv_table_number(t, i, "floor_ms"));
	}
	int logarithmic = lowest > 0 && highest > 30 * lowest;
	fprintf(script, "LOG = %d\nLOW = %.9g\nHIGH = %.9g\n", logarithmic,
	        logarithmic ? pow(10, floor(log10(lowest * 0.9))) : 0.0,
	        logarithmic   ? pow(10, ceil(log10(highest * 1.1)))
	        : highest > 0 ? highest * 1.05
	                      : 1.0);
}

static int downtime_prepare(struct plotting *p, struct err *e)
{
	const struct csv_table *t = p->run->downtime;
	int rows = csv_table_rows(t), vms = 0, known = 0;
	char text[256], name[128];
	for (int i = 0; i < rows; i++)
		known += !isnan(csv_table_number(t, i, "value_ms"));
	if (known == 0)
		return plot_skip(p, "there is no downtime in this run");
	FILE *data = plot_data_open(p, e);
	if (!data)
		return -1;
	for (int i = 1; i < rows; i++)
		vms |= strcmp(csv_table_text(t, i, "vm"), csv_table_text(t, 0, "vm")) != 0;
	size_t longest = 0;
	fprintf(p->script, "N = %d\narray DOWN_LABEL[N]\narray DOWN_TEXT[N]\narray DOWN_KNOWN[N]\n", rows);
	for (int i = 0; i < rows; i++) {
		double value = csv_table_number(t, i, "value_ms"), low = csv_table_number(t, i, "low_ms");
		double high = csv_table_number(t, i, "high_ms");
		struct shown_metric shown = { .unit = "ms", .value = value, .low = low, .high = high };
		name_format(csv_table_text(t, i, "estimator"), name, sizeof(name));
		snprintf(text, sizeof(text), "%.60s%s%.60s", vms ? csv_table_text(t, i, "vm") : "", vms ? " " : "",
		         name);
		longest = strlen(text) > longest ? strlen(text) : longest;
		gnuplot_set_item(p->script, "DOWN_LABEL", i + 1, text);
		gnuplot_set_item(p->script, "DOWN_TEXT", i + 1, metric_format(&shown, text, sizeof(text)));
		fprintf(p->script, "DOWN_KNOWN[%d] = %d\n", i + 1, !isnan(value));
		fprintf(data, "%d", i + 1);
		gnuplot_put_number(data, value);
		gnuplot_put_number(data, isnan(low) ? value : low);
		gnuplot_put_number(data, isnan(high) ? value : high);
		gnuplot_put_number(data, csv_table_number(t, i, "floor_ms"));
		fputc('\n', data);
	}
	/* About 8.6 of the 1200 dots of the width a character. */
	fprintf(p->script, "LEFT = %.3f\n", fmin(0.42, fmax(0.20, (8.6 * (double)longest + 24) / 1200)));
	downtime_axis(t, p->script);
	return plot_data_close(data, e);
}

static int iterations_prepare(struct plotting *p, struct err *e)
{
	const struct csv_table *t = p->run->iterations;
	int throttled = 0, amounts = 0, rates = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		amounts |= csv_table_number(t, i, "processed_bytes") >= 0 ||
		           csv_table_number(t, i, "remaining_bytes") >= 0;
		rates |= csv_table_number(t, i, "dirty_bytes_per_s") >= 0 ||
		         csv_table_number(t, i, "rate_bytes_per_s") >= 0;
	}
	if (csv_table_rows(t) == 0)
		return plot_skip(p, "there are no iterations in this run");
	if (!amounts || !rates) /* gnuplot refuses a panel without a point */
		return plot_skip(p, "no pass over memory was watched to its end in this run");
	FILE *data = plot_data_open(p, e);
	if (!data)
		return -1;
	for (int i = 0; i < csv_table_rows(t); i++) {
		double throttle = csv_table_number(t, i, "throttle_percent");
		fprintf(data, "%.9g", csv_table_number(t, i, "iteration"));
		gnuplot_put_number(data, csv_table_number(t, i, "processed_bytes") / MIB);
		gnuplot_put_number(data, csv_table_number(t, i, "remaining_bytes") / MIB);
		gnuplot_put_number(data, csv_table_number(t, i, "dirty_bytes_per_s") / MIB);
		gnuplot_put_number(data, csv_table_number(t, i, "rate_bytes_per_s") / MIB);
		gnuplot_put_number(data, throttle);
		fputc('\n', data);
		throttled |= throttle > 0;
	}
	fprintf(p->script, "N = %d\nTHROTTLED = %d\nFIRST = %.9g\nLAST = %.9g\n", csv_table_rows(t), throttled,
	        csv_table_number(t, 0, "iteration"), csv_table_number(t, csv_table_rows(t) - 1, "iteration"));
	return plot_data_close(data, e);
}

/* Of a consolidation loop. */
static int loop_prepare(struct plotting *p, struct err *e)
{
	const struct cluster_column column = { .run = p->run, .title = "" };
	(void)e;
	return cluster_prepare(p->script, p->work, p->plot->name, &column, 1)
	               ? plot_skip(p, "no loop of this run was watched")
	               : 0;
}

enum { LATENCY_PANELS = 8, LATENCY_PHASES = 12 };

static int find_text(const char **list, int *count, int room, const char *text)
{
	for (int i = 0; i < *count; i++)
		if (strcmp(list[i], text) == 0)
			return i;
	if (*count == room)
		return -1;
	list[*count] = text;
	return (*count)++;
}

static int latency_panel(struct plotting *p, int number, const char *vm, const char *workload, const char **phases,
                         int phase_count, struct err *e)
{
	static const char *const columns[] = { "p50_ms", "p99_ms", "p999_ms", "max_ms" };
	const struct csv_table *t = p->run->latency;
	char path[5000], title[256];
	snprintf(path, sizeof(path), "%s/latency-%d.data", p->work, number);
	snprintf(title, sizeof(title), "%.100s %.100s", vm, workload);
	FILE *data = fopen(path, "we");
	if (!data)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "vm"), vm) != 0 ||
		    strcmp(csv_table_text(t, i, "workload"), workload) != 0)
			continue;
		int phase = find_text(phases, &phase_count, phase_count, csv_table_text(t, i, "phase"));
		if (phase < 0)
			continue;
		fprintf(data, "%d", phase + 1);
		for (int c = 0; c < 4; c++) {
			double value = csv_table_number(t, i, columns[c]);
			gnuplot_put_number(data, value > 0 ? value : NAN);
		}
		fputc('\n', data);
	}
	gnuplot_set_item(p->script, "PANEL_FILE", number, path);
	gnuplot_set_item(p->script, "PANEL_TITLE", number, title);
	return plot_data_close(data, e);
}

static int latency_prepare(struct plotting *p, struct err *e)
{
	const struct csv_table *t = p->run->latency;
	const char *phases[LATENCY_PHASES], *vms[LATENCY_PANELS], *workloads[LATENCY_PANELS];
	int phase_count = 0, panels = 0;
	double low = INFINITY, high = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *vm = csv_table_text(t, i, "vm"), *workload = csv_table_text(t, i, "workload");
		double max = csv_table_number(t, i, "max_ms"), median = csv_table_number(t, i, "p50_ms");
		int known = 0;
		if (!(max > 0))
			continue;
		high = fmax(high, max);
		low = fmin(low, median > 0 ? median : max);
		find_text(phases, &phase_count, LATENCY_PHASES, csv_table_text(t, i, "phase"));
		for (int k = 0; k < panels; k++)
			known |= strcmp(vms[k], vm) == 0 && strcmp(workloads[k], workload) == 0;
		if (!known && panels < LATENCY_PANELS) {
			vms[panels] = vm;
			workloads[panels++] = workload;
		}
	}
	if (panels == 0)
		return plot_skip(p, "no operation latency was measured in this run");
	fprintf(p->script, "PANELS = %d\nCOLUMNS = %d\nPHASES = %d\nLOW = %.9g\nHIGH = %.9g\n", panels,
	        panels > 1 ? 2 : 1, phase_count, pow(10, floor(log10(low * 0.8))), pow(10, ceil(log10(high * 1.2))));
	fprintf(p->script, "array PANEL_FILE[PANELS]\narray PANEL_TITLE[PANELS]\narray PHASE[PHASES]\n");
	for (int i = 0; i < phase_count; i++)
		gnuplot_set_item(p->script, "PHASE", i + 1, phases[i]);
	for (int i = 0; i < panels; i++)
		if (latency_panel(p, i + 1, vms[i], workloads[i], phases, phase_count, e) < 0)
			return -1;
	return 0;
}

static const struct {
	const char *name, *script, *heading;
	int (*prepare)(struct plotting *p, struct err *e);
} table[PLOT_COUNT] = {
	[PLOT_CLUSTER] = { "cluster", "cluster.gp", "Nodes and VMs", loop_prepare },
	[PLOT_GROUP] = { "group", "group.gp", "The group's moves", group_prepare },
	[PLOT_TIMELINE] = { "timeline", "timeline.gp", "Timeline", timeline_prepare },
	[PLOT_ZOOM] = { "zoom", "timeline.gp", "The switch-over", zoom_prepare },
	[PLOT_DOWNTIME] = { "downtime", "downtime.gp", "Five downtimes", downtime_prepare },
	[PLOT_ITERATIONS] = { "iterations", "iterations.gp", "Iterations", iterations_prepare },
	[PLOT_PAGES] = { "pages", "pages.gp", "What need not have been sent", pages_prepare },
	[PLOT_REUSE] = { "reuse", "reuse.gp", "What relays kept off the link", reuse_prepare },
	[PLOT_WAITS] = { "waits", "waits.gp", "How long vCPUs waited for pages", waits_prepare },
	[PLOT_LATENCY] = { "latency", "latency.gp", "Operation latency by phase", latency_prepare },
	[PLOT_CALIBRATION] = { "calibration", "calibration.gp", "How far each observer is from what was injected",
	                       calibration_prepare },
};

static int draw_one(struct gnuplot *g, struct plotting *p, int kind, struct err *e)
{
	char caption[300], scale[64];
	scale_format(p->run, scale, sizeof(scale));
	snprintf(caption, sizeof(caption), "%.200s%s", p->run->name, scale);
	p->script = gnuplot_picture_begin(g, p->plot->name, *scale ? caption : "", e);
	if (!p->script)
		return -1;
	int prepared = table[kind].prepare(p, e);
	return gnuplot_picture_end(g, p->plot->name, table[kind].script, p->script, prepared, e);
}

int plots_draw(const struct run_data *run, struct plot plots[PLOT_COUNT], struct err *e)
{
	struct gnuplot g = { 0 };
	struct err first = { 0 }, own[PLOT_COUNT] = { 0 };
	if (*run->no_result)
		err_set(&first, EXIT_MEASURED_BAD, "%s", run->no_result);
	int ready = !*run->no_result && gnuplot_begin(&g, run->directory, &first) == 0;
	for (int kind = 0; kind < PLOT_COUNT; kind++) {
		struct plotting p = { .run = run, .plot = &plots[kind], .work = g.work };
		plots[kind] = (struct plot){ .name = table[kind].name, .heading = table[kind].heading };
		if (ready)
			draw_one(&g, &p, kind, &own[kind]);
		else
			own[kind] = first;
	}
	if (ready)
		gnuplot_end(&g);
	for (int kind = 0; kind < PLOT_COUNT; kind++) {
		if (!own[kind].status)
			continue;
		snprintf(plots[kind].missing, sizeof(plots[kind].missing), "%.500s", own[kind].text);
		if (!first.status)
			first = own[kind];
	}
	if (first.status && e)
		*e = first;
	return first.status ? -1 : 0;
}
