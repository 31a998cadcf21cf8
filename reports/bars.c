#include "reports/bars.h"

#include "reports/gnuplot.h"

#include <math.h>

enum { BARS_ROOM = 64 };

struct bars bars_begin(FILE *script)
{
	static const char *const arrays[] = { "LABEL", "VALUE", "DOWN", "UP", "TEXT" };
	gnuplot_arrays(script, arrays, sizeof(arrays) / sizeof(*arrays), BARS_ROOM);
	return (struct bars){ .script = script };
}

void bar_add(struct bars *b, const char *label, double mean, double low, double high, const char *text)
{
	if (isnan(mean) || b->count == BARS_ROOM)
		return;
	b->count++;
	gnuplot_set_item(b->script, "LABEL", b->count, label);
	gnuplot_set_number_item(b->script, "VALUE", b->count, mean);
	gnuplot_set_number_item(b->script, "DOWN", b->count, low);
	gnuplot_set_number_item(b->script, "UP", b->count, high);
	gnuplot_set_item(b->script, "TEXT", b->count, text);
	b->lowest = fmin(b->lowest, mean < 0 && !isnan(low) ? low : mean);
	b->highest = fmax(b->highest, isnan(high) ? mean : high);
}

int bars_end(const struct bars *b, const char *axis, double line)
{
	fprintf(b->script, "COUNT = %d\n", b->count);
	gnuplot_set_number(b->script, "HIGH", isnan(line) ? b->highest : fmax(b->highest, line));
	gnuplot_set_number(b->script, "LOW", b->lowest);
	gnuplot_set_number(b->script, "LINE", line);
	gnuplot_set_text(b->script, "AXIS", axis);
	return b->count == 0;
}
