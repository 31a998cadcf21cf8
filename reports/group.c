/* The picture of a group's move: what went over the link, and when each VM moved. Declared in plot.h. */
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { ROWS_MAX = 32 };

/* The migration's link, in the busier direction: the other one's peak is lower. */
static int is_of_link(const void *context, const char *const keys[4])
{
	const struct run_data *run = context;
	return strcmp(keys[0], json_text(run->manifest, "migration.link")) == 0;
}

static int row_of(const char **names, int *count, const char *vm)
{
	for (int i = 0; i < *count; i++)
		if (strcmp(names[i], vm) == 0)
			return i;
	if (*count == ROWS_MAX)
		return -1;
	names[*count] = vm;
	return (*count)++;
}

static void link_prepare(struct plotting *p, double from_s, double to_s)
{
	char csv[5000], path[5000];
	struct drawn drawn = { 0 };
	snprintf(csv, sizeof(csv), "%s/plots/link.csv", p->run->directory);
	snprintf(path, sizeof(path), "%s/%s-link.data", p->work, p->plot->name);
	const struct draw_request request = { .path = csv,
		                              .keys = { "link", "direction" },
		                              .values = { "bit_per_s" },
		                              .from_s = from_s,
		                              .to_s = to_s,
		                              .wanted = is_of_link,
		                              .context = p->run };
	if (draw_series(&request, path, &drawn, NULL) < 0)
		drawn = (struct drawn){ 0 }; /* there is no such series */
	double rate = run_link_rate(p->run);
	gnuplot_set_text(p->script, "LINK", drawn.numbers ? path : "");
	fprintf(p->script, "SERIES = %d\nRATE = %.9g\nHIGHEST = %.9g\n", drawn.numbers ? drawn.series : 0,
	        isnan(rate) ? 0 : rate / 1e6, fmax(isnan(rate) ? 0 : rate, drawn.numbers ? drawn.highest : 1) / 1e6);
	fputs("array LABEL[8]\n", p->script);
	for (int i = 0; i < drawn.series; i++) {
		const char *direction = strchr(drawn.label[i], ' ');
		gnuplot_set_item(p->script, "LABEL", i + 1, direction ? direction + 1 : drawn.label[i]);
	}
}

int group_prepare(struct plotting *p, struct err *e)
{
	const char *names[ROWS_MAX];
	double last_s = 0;
	int rows = 0;
	struct csv_table *t = NULL;
	csv_table_load(&t, p->run->directory, "plots/group.csv", 1000, NULL);
	if (csv_table_rows(t) == 0) {
		csv_table_free(t);
		return plot_skip(p, "no VM of a group moved in this run");
	}
	FILE *data = plot_data_open(p, e);
	for (int i = 0; data && i < csv_table_rows(t); i++) {
		const char *kind = csv_table_text(t, i, "kind");
		double end_s = csv_table_number(t, i, "end_s"), begin_s = csv_table_number(t, i, "begin_s");
		int row = row_of(names, &rows, csv_table_text(t, i, "vm"));
		if (row < 0 || isnan(end_s) || isnan(begin_s))
			continue;
		last_s = fmax(last_s, end_s);
		fprintf(data, "%d %d %.6f %.6f\n", row + 1, *kind == 'a' ? 0 : *kind == 'r' ? 1 : 2, begin_s, end_s);
	}
	int result = data ? plot_data_close(data, e) : -1;
	fprintf(p->script, "ROWS = %d\nEND = %.9g\narray VM[ROWS]\n", rows, last_s > 0 ? 1.02 * last_s : 1);
	for (int i = 0; i < rows; i++)
		gnuplot_set_item(p->script, "VM", i + 1, names[i]);
	csv_table_free(t);
	link_prepare(p, 0, last_s > 0 ? 1.02 * last_s : 1);
	return result;
}
