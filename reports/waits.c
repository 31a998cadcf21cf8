/* The picture of a post-copy's waits for pages. Declared in plot.h. */
#include "reports/csv_table.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS 1e6

enum { VCPUS_DRAWN = 8, STALLS = 4 };

/* Whose stall has no name behind it. */
static const char *first_workload(const struct run_data *run)
{
	struct json_object *list = json_at(run_vm_row(run, run_moved_vm(run)), "workloads");
	return json_object_is_type(list, json_type_array) && json_object_array_length(list)
	               ? json_text(json_object_array_get_idx(list, 0), "name")
	               : "the workload";
}

/* How long each workload of the moved VM stood still. */
static double stalls_write(FILE *s, const struct run_data *run)
{
	const struct csv_table *t = run->downtime;
	double longest = 0;
	int count = 0;
	fprintf(s, "array STALL[%d]\narray STALL_TEXT[%d]\n", STALLS, STALLS);
	for (int i = 0; i < csv_table_rows(t) && count < STALLS; i++) {
		const char *estimator = csv_table_text(t, i, "estimator");
		double value_ms = csv_table_number(t, i, "value_ms");
		char text[160], value[64];
		if (strncmp(estimator, "work", 4) != 0 || !(value_ms > 0) ||
		    strcmp(csv_table_text(t, i, "vm"), run_moved_vm(run)) != 0)
			continue;
		const char *name = estimator[4] ? estimator + 5 : first_workload(run);
		snprintf(text, sizeof(text), "%.60s stood still for %s", name,
		         value_format(value_ms, "ms", value, sizeof(value)));
		gnuplot_set_number_item(s, "STALL", ++count, value_ms);
		gnuplot_set_item(s, "STALL_TEXT", count, text);
		longest = fmax(longest, value_ms);
	}
	fprintf(s, "STALLS = %d\n", count);
	return longest;
}

/* "vCPU 0: 812 waits, 9.1 s in all" */
static void labels_write(FILE *s, const struct run_data *run, const double *waits, int vcpus)
{
	fprintf(s, "VCPUS = %d\narray LABEL[VCPUS]\n", vcpus);
	for (int v = 0; v < vcpus; v++) {
		char text[120], vcpu[32], value[64];
		snprintf(vcpu, sizeof(vcpu), "vcpu%d", v);
		const struct shown_metric *m = run_metric(run, "postcopy_blocked", run_moved_vm(run), vcpu);
		int known = m && !isnan(m->value);
		snprintf(text, sizeof(text), "vCPU %d: %.0f waits%s%s%s", v, waits[v], known ? ", " : "",
		         known ? value_format(m->value, m->unit, value, sizeof(value)) : "", known ? " in all" : "");
		gnuplot_set_item(s, "LABEL", v + 1, text);
	}
}

int waits_prepare(struct plotting *p, struct err *e)
{
	struct csv_table *t = NULL;
	double waits[VCPUS_DRAWN] = { 0 }, low = INFINITY, high = 0, most = 1;
	int vcpus = 0;
	csv_table_load(&t, p->run->directory, "plots/waits.csv", 10000, NULL);
	if (csv_table_rows(t) == 0) {
		csv_table_free(t);
		return plot_skip(p, "no vCPU was seen to wait for a page in this run");
	}
	FILE *data = plot_data_open(p, e);
	for (int i = 0; data && i < csv_table_rows(t); i++) {
		double vcpu = csv_table_number(t, i, "vcpu"), count = csv_table_number(t, i, "waits"),
		       from = csv_table_number(t, i, "from_ns") / MS, to = csv_table_number(t, i, "to_ns") / MS;
		if (!(vcpu >= 0 && vcpu < VCPUS_DRAWN))
			continue;
		fprintf(data, "%.0f %.9g %.9g %.0f\n", vcpu, from, to, count);
		vcpus = (int)vcpu >= vcpus ? (int)vcpu + 1 : vcpus;
		waits[(int)vcpu] += count;
		low = fmin(low, from);
		high = fmax(high, to);
		most = fmax(most, count);
	}
	int result = data ? plot_data_close(data, e) : -1;
	csv_table_free(t);
	labels_write(p->script, p->run, waits, vcpus);
	high = fmax(high, 1.3 * stalls_write(p->script, p->run));
	gnuplot_set_number(p->script, "LOW", low);
	gnuplot_set_number(p->script, "HIGH", high);
	gnuplot_set_number(p->script, "MOST", most);
	return result;
}
