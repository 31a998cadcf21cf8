#include "reports/plot.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "reports/calibration.h"
#include "reports/cluster.h"
#include "reports/csv_table.h"
#include "reports/report.h"
#include "reports/run_data.h"
#include "reports/svg.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB 1048576.0

void plot_quote(FILE *script, const char *text)
{
	fputc('\'', script);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', script);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, script);
	}
	fputc('\'', script);
}

void plot_set_text(FILE *script, const char *name, const char *text)
{
	fprintf(script, "%s = ", name);
	plot_quote(script, text);
	fputc('\n', script);
}

void plot_set_item(FILE *script, const char *array, int index, const char *text)
{
	fprintf(script, "%s[%d] = ", array, index);
	plot_quote(script, text);
	fputc('\n', script);
}

int plot_skip(struct plotting *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(p->plot->missing, sizeof(p->plot->missing), format, args);
	va_end(args);
	return 1;
}

/* Open NAME in the scratch directory and tell the script about it as variable DATA. */
static FILE *open_data(struct plotting *p, struct err *e)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/%s.data", p->work, p->plot->name);
	FILE *data = fopen(path, "we");
	if (!data)
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	else
		plot_set_text(p->script, "DATA", path);
	return data;
}

static int close_data(FILE *data, struct err *e)
{
	return fclose(data) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write data of a plot");
}

static void print_number(FILE *out, double value)
{
	if (isnan(value))
		fputs(" NaN", out);
	else
		fprintf(out, " %.9g", value);
}

/* Axis of the downtimes: logarithmic when they are far apart and all above zero. */
static void downtime_axis(const struct csv_table *t, FILE *script)
{
	double lowest = INFINITY, highest = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		double value = csv_table_number(t, i, "value_ms");
		lowest = fmin(lowest, value);
		highest = fmax(highest, fmax(value, csv_table_number(t, i, "high_ms")));
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
	int rows = csv_table_rows(t), vms = 0;
	char text[256], name[128];
	if (rows == 0)
		return plot_skip(p, "there is no downtime in this run");
	FILE *data = open_data(p, e);
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
		plot_set_item(p->script, "DOWN_LABEL", i + 1, text);
		plot_set_item(p->script, "DOWN_TEXT", i + 1, metric_format(&shown, text, sizeof(text)));
		fprintf(p->script, "DOWN_KNOWN[%d] = %d\n", i + 1, !isnan(value));
		fprintf(data, "%d", i + 1);
		print_number(data, value);
		print_number(data, isnan(low) ? value : low);
		print_number(data, isnan(high) ? value : high);
		print_number(data, csv_table_number(t, i, "floor_ms"));
		fputc('\n', data);
	}
	/* About 8.6 of the 1200 dots of the width a character. */
	fprintf(p->script, "LEFT = %.3f\n", fmin(0.42, fmax(0.20, (8.6 * (double)longest + 24) / 1200)));
	downtime_axis(t, p->script);
	return close_data(data, e);
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
	FILE *data = open_data(p, e);
	if (!data)
		return -1;
	for (int i = 0; i < csv_table_rows(t); i++) {
		double throttle = csv_table_number(t, i, "throttle_percent");
		fprintf(data, "%.9g", csv_table_number(t, i, "iteration"));
		print_number(data, csv_table_number(t, i, "processed_bytes") / MIB);
		print_number(data, csv_table_number(t, i, "remaining_bytes") / MIB);
		print_number(data, csv_table_number(t, i, "dirty_bytes_per_s") / MIB);
		print_number(data, csv_table_number(t, i, "rate_bytes_per_s") / MIB);
		print_number(data, throttle);
		fputc('\n', data);
		throttled |= throttle > 0;
	}
	fprintf(p->script, "N = %d\nTHROTTLED = %d\nFIRST = %.9g\nLAST = %.9g\n", csv_table_rows(t), throttled,
	        csv_table_number(t, 0, "iteration"), csv_table_number(t, csv_table_rows(t) - 1, "iteration"));
	return close_data(data, e);
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
			print_number(data, value > 0 ? value : NAN);
		}
		fputc('\n', data);
	}
	plot_set_item(p->script, "PANEL_FILE", number, path);
	plot_set_item(p->script, "PANEL_TITLE", number, title);
	return close_data(data, e);
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
		plot_set_item(p->script, "PHASE", i + 1, phases[i]);
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
	[PLOT_TIMELINE] = { "timeline", "timeline.gp", "Timeline", timeline_prepare },
	[PLOT_ZOOM] = { "zoom", "timeline.gp", "The switch-over", zoom_prepare },
	[PLOT_DOWNTIME] = { "downtime", "downtime.gp", "Five downtimes", downtime_prepare },
	[PLOT_ITERATIONS] = { "iterations", "iterations.gp", "Iterations", iterations_prepare },
	[PLOT_LATENCY] = { "latency", "latency.gp", "Operation latency by phase", latency_prepare },
	[PLOT_CALIBRATION] = { "calibration", "calibration.gp", "How far each observer is from what was injected",
	                       calibration_prepare },
};

int plot_run_gnuplot(const char *script_path, struct err *e)
{
	const char *argv[] = { "gnuplot", "-d", script_path, NULL };
	char output[8192];
	return process_run(NULL, argv, 120 * NS_PER_S, output, sizeof(output), e);
}

static int publish(const struct plotting *p, const char *ending, struct err *e)
{
	char from[5000], to[5000];
	snprintf(from, sizeof(from), "%s/%s.%s", p->work, p->plot->name, ending);
	snprintf(to, sizeof(to), "%s/plots/%s.%s", p->run->directory, p->plot->name, ending);
	if (strcmp(ending, "svg") == 0 && svg_repair(from) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", from);
	return rename(from, to) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write '%s'", to);
}

static int draw_one(struct plotting *p, int kind, const char *scripts, struct err *e)
{
	static const char *const endings[] = { "svg", "png" };
	char path[5000], text[5000], scale[64];
	snprintf(path, sizeof(path), "%s/%s.gp", p->work, p->plot->name);
	p->script = fopen(path, "we");
	if (!p->script)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	scale_format(p->run, scale, sizeof(scale));
	snprintf(text, sizeof(text), "%.200s%s", p->run->name, scale);
	plot_set_text(p->script, "SCRIPTS", scripts);
	plot_set_text(p->script, "NAME", p->plot->name);
	plot_set_text(p->script, "CAPTION", *scale ? text : "");
	int result = table[kind].prepare(p, e);
	for (int i = 0; result == 0 && i < 2; i++) {
		snprintf(text, sizeof(text), "%s/%s.%s", p->work, p->plot->name, endings[i]);
		plot_set_text(p->script, "TERMINAL", endings[i]);
		plot_set_text(p->script, "OUT", text);
		fprintf(p->script, "reset\nload SCRIPTS.'/%s'\n", table[kind].script);
	}
	if (fclose(p->script) != 0 && result == 0)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	for (int i = 0; result == 1 && i < 2; i++) {
		/* One from an earlier analysis would now be wrong. */
		snprintf(text, sizeof(text), "%s/plots/%s.%s", p->run->directory, p->plot->name, endings[i]);
		unlink(text);
	}
	if (result == 0)
		result = plot_run_gnuplot(path, e);
	for (int i = 0; result == 0 && i < 2; i++)
		result = publish(p, endings[i], e);
	return result;
}

int plots_draw(const struct run_data *run, struct plot plots[PLOT_COUNT], struct err *e)
{
	char plots_path[4400], work[4500];
	const char *scripts = reports_directory(e);
	struct err first = { 0 };
	snprintf(plots_path, sizeof(plots_path), "%s/plots", run->directory);
	snprintf(work, sizeof(work), "%s/.draw-XXXXXX", plots_path);
	if (*run->no_result)
		err_set(&first, EXIT_MEASURED_BAD, "%s", run->no_result);
	else if (!scripts)
		first = *e;
	else if (mkdir(plots_path, 0755) < 0 && errno != EEXIST)
		err_errno(&first, EXIT_CANNOT, "cannot make '%s'", plots_path);
	else if (!mkdtemp(work))
		err_errno(&first, EXIT_CANNOT, "cannot make '%s'", work);
	int ready = first.status == 0;
	for (int kind = 0; kind < PLOT_COUNT; kind++) {
		struct plotting p = { .run = run, .plot = &plots[kind], .work = work };
		struct err own = first;
		plots[kind] = (struct plot){ .name = table[kind].name, .heading = table[kind].heading };
		if ((!ready || draw_one(&p, kind, scripts, &own) < 0)) {
			snprintf(plots[kind].missing, sizeof(plots[kind].missing), "%.500s", own.text);
			if (first.status == 0)
				first = own;
		}
	}
	if (ready) {
		const char *argv[] = { "rm", "-rf", "--", work, NULL };
		process_run(NULL, argv, 10 * NS_PER_S, NULL, 0, NULL);
	}
	if (first.status && e)
		*e = first;
	return first.status ? -1 : 0;
}
