#include "analysis/csv_field.h"

#include "analysis/series_read.h"
#include "bench/base/clock.h"

#include <math.h>

void field_number(FILE *file, double value)
{
	if (isnan(value))
		fputs(",missing", file);
	else
		fprintf(file, ",%.15g", value);
}

void field_time(FILE *file, int64_t head_ns, int64_t origin_ns)
{
	if (head_ns == MISSING)
		fputs(",missing", file);
	else
		fprintf(file, ",%.6f", (double)(head_ns - origin_ns) / NS_PER_S);
}

void field_ms(FILE *file, int64_t ns)
{
	if (ns == MISSING)
		fputs(",missing", file);
	else
		fprintf(file, ",%.3f", (double)ns / NS_PER_MS);
}
