#include "reports/study_bars.h"

#include "bench/base/point_label.h"
#include "reports/bars.h"
#include "reports/csv_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A row of study.csv; factor: the axis' unit in that of the values. */
static void row_add(struct bars *b, const char *label, const struct csv_table *t, int row, double factor)
{
	double mean = csv_table_number(t, row, "mean");
	char text[64];
	bar_add(b, label, mean / factor, csv_table_number(t, row, "low") / factor,
	        csv_table_number(t, row, "high") / factor,
	        value_format(mean, csv_table_text(t, row, "unit"), text, sizeof(text)));
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
	const struct csv_table *t = d->view->values;
	struct bars b = bars_begin(s);
	double line = NAN;
	for (int i = 0; i < BARS_MAX && figure->bars[i].label; i++)
		row_add(&b, figure->bars[i].label, t,
		        row_of(t, figure->bars[i].points, figure->bars[i].metric, figure->bars[i].vm,
		               figure->bars[i].estimator),
		        figure->factor);
	if (figure->line)
		line = csv_table_number(t, row_of(t, figure->bars[0].points, figure->line, "", ""), "mean") /
		       figure->factor;
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
	struct bars b = bars_begin(s);
	double rtt_ns = NAN;
	char axis[96] = "migration time (s)";
	(void)plot;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "metric"), "migration_time") != 0 ||
		    strcmp(csv_table_text(t, i, "estimator"), "completion") != 0 ||
		    isnan(csv_table_number(t, i, "mean")))
			continue;
		rtt_ns = csv_table_number(t, i, "rtt_ns");
		row_add(&b, member_of(csv_table_text(t, i, "point")), t, i, 1e9);
	}
	if (!isnan(rtt_ns))
		snprintf(axis, sizeof(axis), "migration time (s), RTT %g ms", rtt_ns / 1e6);
	return bars_end(&b, axis, NAN);
}
