/* Numbers as people read them; declared in run_data.h. */
#include "reports/run_data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct prefix {
	double factor;
	const char *text;
};

static const struct prefix decimal[] = { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } };
static const struct prefix binary[] = {
	{ 1099511627776.0, "TiB" }, { 1073741824.0, "GiB" }, { 1048576.0, "MiB" }, { 1024.0, "KiB" }, { 1, "B" }
};
static const struct prefix seconds[] = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "µs" }, { 1e-9, "ns" } };

/* Three significant digits without an exponent; whole numbers stay whole. */
static void digits(double value, char *buffer, size_t room)
{
	double size = fabs(value);
	if (size < 1e-9)
		snprintf(buffer, room, "0");
	else if (size >= 99.95 || (fabs(value - round(value)) < 1e-9 && size < 1e15))
		snprintf(buffer, room, "%.0f", value);
	else if (size >= 9.995)
		snprintf(buffer, room, "%.1f", value);
	else if (size >= 0.9995)
		snprintf(buffer, room, "%.2f", value);
	else
		snprintf(buffer, room, "%.2g", value);
}

/* How a value of some size is shown: divided by a factor, with a suffix. */
struct look {
	double factor;
	char suffix[80];
};

static void look_scaled(struct look *look, double value, const struct prefix *table, size_t count, const char *unit)
{
	const struct prefix *p = table;
	/* 0.9995 so that what rounds to 1000 of a unit is 1 of the next. */
	while (p < table + count - 1 && fabs(value) < 0.9995 * p->factor)
		p++;
	look->factor = p->factor;
	snprintf(look->suffix, sizeof(look->suffix), "%s%s%.60s", *p->text || *unit ? " " : "", p->text, unit);
}

static struct look look_of(double value, const char *unit)
{
	enum { DECIMALS = sizeof(decimal) / sizeof(*decimal), BINARIES = sizeof(binary) / sizeof(*binary) };
	static const struct prefix times[] = {
		{ 1, "s" }, { 1e-3, "ms" }, { 1e-6, "us" }, { 1e-6, "µs" }, { 1e-9, "ns" }
	};
	struct look look = { .factor = 1 };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		if (strcmp(unit, times[i].text) != 0)
			continue;
		/* No time at all is 0 s, not 0 ns. */
		look_scaled(&look, value != 0 ? value * times[i].factor : 1, seconds,
		            sizeof(seconds) / sizeof(*seconds), "");
		look.factor /= times[i].factor;
		return look;
	}
	if (strcmp(unit, "bytes") == 0 || strcmp(unit, "B") == 0)
		look_scaled(&look, value, binary, BINARIES, "");
	else if (strcmp(unit, "bytes/s") == 0 || strcmp(unit, "B/s") == 0 || strcmp(unit, "byte/s") == 0)
		look_scaled(&look, value, binary, BINARIES, "/s");
	else if (strcmp(unit, "percent") == 0 || strcmp(unit, "%") == 0)
		snprintf(look.suffix, sizeof(look.suffix), " %%");
	else if (strcmp(unit, "1") == 0 || strcmp(unit, "count") == 0 || strcmp(unit, "ratio") == 0)
		look.suffix[0] = '\0';
	else if (strncmp(unit, "bit", 3) == 0)
		look_scaled(&look, value, decimal, DECIMALS, unit);
	else if (fabs(value) >= 10000) {
		char counted[72];
		snprintf(counted, sizeof(counted), "%s%.60s", *unit ? " " : "", unit);
		look_scaled(&look, value, decimal, DECIMALS, counted);
	} else if (*unit)
		snprintf(look.suffix, sizeof(look.suffix), " %.60s", unit);
	return look;
}

char *value_format(double value, const char *unit, char *buffer, size_t room)
{
	char number[64];
	if (isnan(value)) {
		snprintf(buffer, room, "missing");
		return buffer;
	}
	struct look look = look_of(value, unit);
	digits(value / look.factor, number, sizeof(number));
	snprintf(buffer, room, "%s%s", number, look.suffix);
	return buffer;
}

double unit_of_axis(double value, const char *unit, char *buffer, size_t room)
{
	struct look look = look_of(value, unit);
	snprintf(buffer, room, "%s", look.suffix + (look.suffix[0] == ' '));
	return look.factor;
}

char *ratio_format(double ratio, char *buffer, size_t room)
{
	snprintf(buffer, room, ratio < 0.0995 ? "%.3f" : ratio < 9.995 ? "%.2f" : "%.1f", ratio);
	return buffer;
}

char *interval_format(const struct shown_metric *m, char *buffer, size_t room)
{
	char value[128];
	buffer[0] = '\0';
	if (isnan(m->value) || isnan(m->low) || isnan(m->high) || m->low > m->high)
		return buffer;
	value_format(m->value, m->unit, value, sizeof(value));
	struct look look = look_of(m->value, m->unit);
	double low = m->low / look.factor, high = m->high / look.factor;
	/* As many decimals as tell the two ends apart, and no fewer than the value has. */
	const char *point = strchr(value, '.');
	int shown = point ? (int)strspn(point + 1, "0123456789") : 0;
	int decimals = high > low ? (int)floor(1.3 - log10(high - low)) : 1;
	decimals = decimals < shown ? shown : decimals > 4 ? 4 : decimals;
	snprintf(buffer, room, "%.*f to %.*f", decimals, low, decimals, high);
	return buffer;
}

char *metric_format(const struct shown_metric *m, char *buffer, size_t room)
{
	char interval[128];
	value_format(m->value, m->unit, buffer, room);
	interval_format(m, interval, sizeof(interval));
	size_t used = strlen(buffer);
	if (*interval)
		snprintf(buffer + used, room - used, " (%s)", interval);
	return buffer;
}

char *name_format(const char *name, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s", name);
	for (char *c = buffer; *c; c++)
		if (*c == '_')
			*c = ' ';
	return buffer;
}

char *scale_format(const struct run_data *run, char *buffer, size_t room)
{
	double inverse = 1 / run->scale;
	buffer[0] = '\0';
	if (fabs(run->scale - 1) > 1e-9 && fabs(inverse - round(inverse)) < 1e-6)
		snprintf(buffer, room, " at scale 1/%.0f", inverse);
	else if (fabs(run->scale - 1) > 1e-9)
		snprintf(buffer, room, " at scale %g", run->scale);
	return buffer;
}
