#include "reports/study_curves.h"

#include "bench/base/point_label.h"

#include "reports/csv_table.h"
#include "reports/draw.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a panel draws. */
static const struct {
	const char *metric, *estimator, *title;
} lines[] = { { "migration_time", "completion", "whole migration" }, { "transfer_time", "", "memory on the wire" } };

enum { LINES = sizeof(lines) / sizeof(*lines), POINTS_MAX = 64 };

struct at {
	double rtt_ms, mean, low, high;
};

static int by_rtt(const void *a, const void *b)
{
	const struct at *x = a, *y = b;
	return (x->rtt_ms > y->rtt_ms) - (x->rtt_ms < y->rtt_ms);
}

/* Points of a member with this metric, by their round trip; in ms and s. */
static int collect(const struct csv_table *t, const char *member, int line, struct at *ret)
{
	int count = 0;
	for (int i = 0; i < csv_table_rows(t) && count < POINTS_MAX; i++) {
		struct at p = { csv_table_number(t, i, "rtt_ns") / 1e6, csv_table_number(t, i, "mean") / 1e9,
			        csv_table_number(t, i, "low") / 1e9, csv_table_number(t, i, "high") / 1e9 };
		if (strcmp(csv_table_text(t, i, "metric"), lines[line].metric) == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), lines[line].estimator) == 0 &&
		    point_label_has(csv_table_text(t, i, "point"), member) && !isnan(p.rtt_ms) && !isnan(p.mean))
			ret[count++] = p;
	}
	qsort(ret, (size_t)count, sizeof(*ret), by_rtt);
	return count;
}

/* Each panel's lines as an index of the file: round trip, mean, and the interval where there is one. */
static int write_curves(const struct study_view *v, FILE *data, double *ret_highest, double *ret_longest)
{
	int all = 0;
	for (int panel = 0; panel < CURVE_PANELS; panel++)
		for (int line = 0; line < LINES; line++) {
			struct at points[POINTS_MAX] = { 0 };
			int count = collect(v->values, v->paper->curves->panels[panel].member, line, points);
			for (int i = 0; i < count; i++) {
				const struct at *p = &points[i];
				fprintf(data, "%.9g", p->rtt_ms);
				gnuplot_put_number(data, p->mean);
				gnuplot_put_number(data, isnan(p->low) ? p->mean : fmax(p->low, 0));
				gnuplot_put_number(data, isnan(p->high) ? p->mean : p->high);
				putc('\n', data);
				*ret_highest = fmax(*ret_highest, isnan(p->high) ? p->mean : p->high);
				*ret_longest = fmax(*ret_longest, p->rtt_ms);
			}
			if (!count)
				fputs("NaN NaN NaN NaN\n", data);
			fputs("\n\n", data);
			all += count;
		}
	return all;
}

int study_curves_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct paper_curves *curves = d->view->paper->curves;
	double highest = 0, longest = 0;
	char path[5000];
	snprintf(path, sizeof(path), "%s/%s.data", d->work, plot->name);
	FILE *data = fopen(path, "we");
	int count = data ? write_curves(d->view, data, &highest, &longest) : 0;
	if (data)
		fclose(data);
	if (!count)
		return 1;
	fprintf(s, "PANELS = %d\nLINES = %d\narray PANEL[%d]\narray LINE[%d]\n", CURVE_PANELS, LINES, CURVE_PANELS,
	        LINES);
	for (int i = 0; i < CURVE_PANELS; i++)
		gnuplot_set_item(s, "PANEL", i + 1, curves->panels[i].title);
	for (int i = 0; i < LINES; i++)
		gnuplot_set_item(s, "LINE", i + 1, lines[i].title);
	gnuplot_set_number(s, "HIGH", highest);
	gnuplot_set_number(s, "LONG", longest > 0 ? longest : 1);
	gnuplot_set_text(s, "FILE", path);
	return 0;
}

/* ---- what TCP carried over time ---- */

/* The first complete runs of a member, one a round trip, by it. */
static int runs_by_rtt(const struct study_view *v, const char *member, const struct run_data **ret,
                       double *ret_rtt_ms)
{
	int count = 0;
	for (int i = 0; i < v->count; i++) {
		struct json_object *manifest = v->runs[i].manifest;
		const char *point = json_text(manifest, "point");
		double rtt_ms = csv_table_number(v->values, study_point_row(v->values, point, "tcp_goodput", "mean"),
		                                 "rtt_ns") /
		                1e6;
		int at = 0;
		if (isnan(rtt_ms) || count == DRAWN_SERIES || !point_label_has(point, member) ||
		    study_view_point(v, point) != &v->runs[i])
			continue;
		while (at < count && ret_rtt_ms[at] < rtt_ms)
			at++;
		memmove(ret + at + 1, ret + at, (size_t)(count - at) * sizeof(*ret));
		memmove(ret_rtt_ms + at + 1, ret_rtt_ms + at, (size_t)(count - at) * sizeof(*ret_rtt_ms));
		ret[at] = &v->runs[i];
		ret_rtt_ms[at] = rtt_ms;
		count++;
	}
	return count;
}

int study_goodput_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	static const char *const arrays[] = { "FILE", "LABEL" };
	const struct run_data *runs[DRAWN_SERIES + 1];
	double rtts_ms[DRAWN_SERIES + 1], longest = 0, highest = 0, ideal = NAN;
	int shown = 0,
	    count = runs_by_rtt(d->view, d->view->paper->curves->panels[CURVE_PANELS - 1].member, runs, rtts_ms);
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), DRAWN_SERIES);
	for (int i = 0; i < count; i++) {
		char path[5000], file[5000], label[64];
		struct drawn drawn;
		snprintf(file, sizeof(file), "%s/%s-%d.data", d->work, plot->name, i);
		struct draw_request request = {
			.path = path, .values = { "bit_per_s" }, .from_s = -INFINITY, .to_s = INFINITY
		};
		/* The capture's; the kernel's count where there is none. */
		snprintf(path, sizeof(path), "%s/plots/segments.csv", runs[i]->directory);
		if (access(path, R_OK) < 0)
			snprintf(path, sizeof(path), "%s/plots/tcp.csv", runs[i]->directory);
		if (draw_series(&request, file, &drawn, NULL) < 0 || drawn.numbers == 0)
			continue;
		snprintf(label, sizeof(label), "RTT %g ms", rtts_ms[i]);
		gnuplot_set_item(s, "FILE", ++shown, file);
		gnuplot_set_item(s, "LABEL", shown, label);
		longest = fmax(longest, drawn.last_s);
		highest = fmax(highest, drawn.highest);
		ideal = json_number(runs[i]->manifest, "link.measured.ideal_bits_per_s");
	}
	fprintf(s, "COUNT = %d\n", shown);
	gnuplot_set_number(s, "LONG", longest);
	gnuplot_set_number(s, "HIGH", fmax(highest, ideal) / 1e6);
	gnuplot_set_number(s, "IDEAL", ideal / 1e6);
	return shown == 0;
}
