#include "reports/study_times.h"

#include "reports/csv_table.h"
#include "reports/gnuplot.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *workload, *label;
} kinds[] = { { "intadd", "CPU" }, { "seqread", "I/O" }, { "memdirty", "memory writing" } };

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* What stands where: of a paper's points, or of its workloads and link speeds. */
struct bars {
	int groups, series;
	const char *group[TIMES_GROUPS], *label[TIMES_SERIES];
};

static struct bars bars_of(const struct paper *p)
{
	struct bars b = { 0 };
	if (!p->times) {
		b.groups = FIGURE_RATES;
		b.series = KINDS;
		for (int g = 0; g < FIGURE_RATES; g++)
			b.group[g] = p->rate_names[g];
		for (int k = 0; k < KINDS; k++)
			b.label[k] = kinds[k].label;
		return b;
	}
	for (; b.groups < TIMES_GROUPS && p->times->groups[b.groups]; b.groups++)
		b.group[b.groups] = p->times->groups[b.groups];
	for (; b.series < TIMES_SERIES && p->times->series[b.series].label; b.series++)
		b.label[b.series] = p->times->series[b.series].label;
	return b;
}

/* Row of study.csv. */
static int row_of(const struct study_view *v, int group, int series)
{
	const struct paper *p = v->paper;
	return p->times ? study_point_row(v->values, p->times->series[series].points[group], "migration_time",
	                                  "completion")
	                : study_view_row(v, "migration_time", "", "completion", 1, kinds[series].workload,
	                                 p->rates_bits_per_s[group]);
}

/* An end of an interval, where the axis has it. */
static void put_end(FILE *s, const char *array, int index, double seconds)
{
	gnuplot_set_number_item(s, array, index, seconds > 0 ? seconds : NAN);
}

int study_times_prepare(const struct study_view *v, FILE *s)
{
	static const char *const arrays[] = { "X", "VALUE", "DOWN", "UP", "KIND", "TEXT" };
	const struct csv_table *t = v->values;
	const struct bars b = bars_of(v->paper);
	double lowest = INFINITY, highest = 0;
	int bars = 0;
	fprintf(s, "GROUPS = %d\nSERIES = %d\narray GROUP[%d]\narray LABEL[%d]\n", b.groups, b.series, b.groups,
	        b.series);
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), b.groups * b.series);
	for (int g = 0; g < b.groups; g++)
		gnuplot_set_item(s, "GROUP", g + 1, b.group[g]);
	for (int k = 0; k < b.series; k++)
		gnuplot_set_item(s, "LABEL", k + 1, b.label[k]);
	for (int g = 0; g < b.groups; g++)
		for (int k = 0; k < b.series; k++) {
			char text[64];
			int row = row_of(v, g, k);
			double value = csv_table_number(t, row, "mean"), low = csv_table_number(t, row, "low"),
			       high = csv_table_number(t, row, "high");
			if (!(value > 0))
				continue;
			bars++;
			fprintf(s, "X[%d] = %g\nVALUE[%d] = %.9g\nKIND[%d] = %d\n", bars,
			        g + 1 + 0.8 * (k - (b.series - 1) / 2.) / b.series, bars, value / 1e9, bars, k + 1);
			put_end(s, "DOWN", bars, isnan(low) ? NAN : fmax(low, value / 20) / 1e9);
			put_end(s, "UP", bars, high / 1e9);
			gnuplot_set_item(s, "TEXT", bars, value_format(value, "ns", text, sizeof(text)));
			lowest = fmin(lowest, isnan(low) ? value : fmax(low, value / 20));
			highest = fmax(highest, isnan(high) ? value : high);
		}
	bool decades = highest > 10 * lowest; /* else a bar's length is its time */
	fprintf(s, "COUNT = %d\nLOW = %.9g\nHIGH = %.9g\n", bars,
	        decades ? pow(10, floor(log10(lowest / 1e9 * 0.8))) : 0,
	        highest / 1e9 * (decades ? 2 : 1.15)); /* room for a number above the bar */
	return bars == 0;
}
