#include "reports/study_times.h"

#include "reports/csv_table.h"
#include "reports/gnuplot.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *workload, *label;
} kinds[] = { { "intadd", "CPU" }, { "seqread", "I/O" }, { "memdirty", "memory writing" } };

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* An end of an interval, where the axis has it. */
static void put_end(FILE *s, const char *array, int index, double seconds)
{
	gnuplot_set_number_item(s, array, index, seconds > 0 ? seconds : NAN);
}

int study_times_prepare(const struct study_view *v, FILE *s)
{
	static const char *const arrays[] = { "X", "VALUE", "DOWN", "UP", "KIND", "TEXT" };
	const struct csv_table *t = v->values;
	double lowest = INFINITY, highest = 0;
	int bars = 0;
	fprintf(s, "GROUPS = %d\nSERIES = %d\narray GROUP[%d]\narray LABEL[%d]\n", FIGURE_RATES, KINDS, FIGURE_RATES,
	        KINDS);
	gnuplot_arrays(s, arrays, sizeof(arrays) / sizeof(*arrays), FIGURE_RATES * KINDS);
	for (int g = 0; g < FIGURE_RATES; g++)
		gnuplot_set_item(s, "GROUP", g + 1, v->paper->rate_names[g]);
	for (int k = 0; k < KINDS; k++)
		gnuplot_set_item(s, "LABEL", k + 1, kinds[k].label);
	for (int g = 0; g < FIGURE_RATES; g++)
		for (int k = 0; k < KINDS; k++) {
			char text[64];
			int row = study_view_row(v, "migration_time", "", "completion", 1, kinds[k].workload,
			                         v->paper->rates_bits_per_s[g]);
			double value = csv_table_number(t, row, "mean"), low = csv_table_number(t, row, "low"),
			       high = csv_table_number(t, row, "high");
			if (!(value > 0))
				continue;
			bars++;
			fprintf(s, "X[%d] = %g\nVALUE[%d] = %.9g\nKIND[%d] = %d\n", bars,
			        g + 1 + 0.8 * (k - (KINDS - 1) / 2.) / KINDS, bars, value / 1e9, bars, k + 1);
			put_end(s, "DOWN", bars, isnan(low) ? NAN : fmax(low, value / 20) / 1e9);
			put_end(s, "UP", bars, high / 1e9);
			gnuplot_set_item(s, "TEXT", bars, value_format(value, "ns", text, sizeof(text)));
			lowest = fmin(lowest, isnan(low) ? value : fmax(low, value / 20));
			highest = fmax(highest, isnan(high) ? value : high);
		}
	fprintf(s, "COUNT = %d\nLOW = %.9g\nHIGH = %.9g\n", bars, pow(10, floor(log10(lowest / 1e9 * 0.8))),
	        highest / 1e9 * 2); /* room for a number above the bar */
	return bars == 0;
}
