#include "reports/study_bars.h"

#include "bench/base/point_label.h"
#include "reports/csv_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS_MAX = 64 };

/* Bars so far; highest in the axis' unit. */
struct bars {
	FILE *script;
	const struct csv_table *values; /* study.csv */
	double factor;                  /* the axis' unit in that of the values */
	int count;
	double highest;
};

static struct bars bars_begin(FILE *script, const struct csv_table *values, double factor)
{
	static const char *const arrays[] = { "LABEL", "VALUE", "DOWN", "UP", "TEXT" };
	gnuplot_arrays(script, arrays, sizeof(arrays) / sizeof(*arrays), POINTS_MAX);
	return (struct bars){ script, values, factor, 0, 0 };
}

static void bar_add(struct bars *b, const char *label, int row)
{
	double mean = csv_table_number(b->values, row, "mean") / b->factor,
	       low = csv_table_number(b->values, row, "low") / b->factor,
	       high = csv_table_number(b->values, row, "high") / b->factor;
	char text[64];
	if (isnan(mean) || b->count == POINTS_MAX)
		return;
	b->count++;
	gnuplot_set_item(b->script, "LABEL", b->count, label);
	gnuplot_set_number_item(b->script, "VALUE", b->count, mean);
	gnuplot_set_number_item(b->script, "DOWN", b->count, isnan(low) ? NAN : fmax(low, 0));
	gnuplot_set_number_item(b->script, "UP", b->count, high);
	gnuplot_set_item(b->script, "TEXT", b->count,
	                 value_format(mean * b->factor, csv_table_text(b->values, row, "unit"), text, sizeof(text)));
	b->highest = fmax(b->highest, isnan(high) ? mean : high);
}

static int bars_end(const struct bars *b, const char *axis, double line)
{
	fprintf(b->script, "COUNT = %d\n", b->count);
	gnuplot_set_number(b->script, "HIGH", isnan(line) ? b->highest : fmax(b->highest, line));
	gnuplot_set_number(b->script, "LINE", line);
	gnuplot_set_text(b->script, "AXIS", axis);
	return b->count == 0;
}

/* ---- values that a paper's figure names ---- */

static int row_of(const struct csv_table *t, const char *points, const char *metric, const char *vm,
                  const char *estimator)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "metric"), metric) == 0 &&
		    strcmp(csv_table_text(t, i, "vm"), vm) == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), estimator) == 0 &&
		    point_label_has(csv_table_text(t, i, "point"), points))
			return i;
	return -1;
}

int study_bars_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct paper_bars *figure = plot->of;
	struct bars b = bars_begin(s, d->view->values, figure->factor);
	for (int i = 0; i < BARS_MAX && figure->bars[i].label; i++)
		bar_add(&b, figure->bars[i].label,
		        row_of(b.values, figure->bars[i].points, figure->bars[i].metric, figure->bars[i].vm,
		               figure->bars[i].estimator));
	double line = figure->line ? csv_table_number(b.values,
	                                              row_of(b.values, figure->bars[0].points, figure->line, "", ""),
	                                              "mean") /
	                                     figure->factor
	                           : NAN;
	return bars_end(&b, figure->axis, line);
}

/* ---- the study beside it ---- */

/* "tuning=buffers-1M rtt=30ms" as "buffers-1M, rtt 30ms"; one that is alone in its list is no word of a label. */
static const char *member_of(const char *point)
{
	const char *equals = strchr(point, '=');
	return equals ? equals + 1 : point;
}

int study_beside_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	const struct csv_table *t = d->view->beside;
	struct bars b = bars_begin(s, t, 1e9);
	double rtt_ns = NAN;
	char axis[96] = "migration time (s)";
	(void)plot;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "metric"), "migration_time") != 0 ||
		    strcmp(csv_table_text(t, i, "estimator"), "completion") != 0 ||
		    isnan(csv_table_number(t, i, "mean")))
			continue;
		rtt_ns = csv_table_number(t, i, "rtt_ns");
		bar_add(&b, member_of(csv_table_text(t, i, "point")), i);
	}
	if (!isnan(rtt_ns))
		snprintf(axis, sizeof(axis), "migration time (s), RTT %g ms", rtt_ns / 1e6);
	return bars_end(&b, axis, NAN);
}
