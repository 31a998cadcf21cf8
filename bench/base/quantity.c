#include "bench/base/quantity.h"

#include "bench/base/err.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	double factor;
};

/* clang-format off */
static const struct unit size_units[] = {
	{ "", 1 },          { "B", 1 },
	{ "K", 0x1p10 },    { "KiB", 0x1p10 }, { "kB", 1e3 },
	{ "M", 0x1p20 },    { "MiB", 0x1p20 }, { "MB", 1e6 },
	{ "G", 0x1p30 },    { "GiB", 0x1p30 }, { "GB", 1e9 },
	{ "T", 0x1p40 },    { "TiB", 0x1p40 }, { "TB", 1e12 },
	{ NULL, 0 },
};

static const struct unit rate_units[] = {
	{ "", 1 },        { "bit/s", 1 },     { "bps", 1 },    { "bit", 1 },
	{ "K", 1e3 },     { "kbit/s", 1e3 },  { "kbps", 1e3 }, { "kbit", 1e3 },
	{ "M", 1e6 },     { "Mbit/s", 1e6 },  { "Mbps", 1e6 }, { "Mbit", 1e6 },
	{ "G", 1e9 },     { "Gbit/s", 1e9 },  { "Gbps", 1e9 }, { "Gbit", 1e9 },
	{ "T", 1e12 },    { "Tbit/s", 1e12 }, { "Tbps", 1e12 }, { "Tbit", 1e12 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "", 1e9 },  { "ns", 1 },      { "us", 1e3 },     { "ms", 1e6 },
	{ "s", 1e9 }, { "min", 60e9 },  { "h", 3600e9 },   { NULL, 0 },
};
/* clang-format on */

static int parse(const char *text, const struct unit *units, const char *form, int64_t *ret, struct err *e)
{
	char *end;
	errno = 0;
	double number = isdigit((unsigned char)text[0]) || text[0] == '.' ? strtod(text, &end) : NAN;
	if (isnan(number) || errno)
		return err_set(e, EXIT_USAGE, "'%s' is not %s", text, form);
	while (*end == ' ')
		end++;
	const struct unit *unit = units;
	while (unit->name && strcmp(unit->name, end) != 0)
		unit++;
	for (const struct unit *u = units; !unit->name && u->name; u++)
		if (strcasecmp(u->name, end) == 0)
			unit = u;
	if (!unit->name)
		return err_set(e, EXIT_USAGE, "'%s' is not %s", text, form);
	double value = number * unit->factor;
	if (value >= 0x1p62)
		return err_set(e, EXIT_USAGE, "'%s' is too large", text);
	*ret = (int64_t)llround(value);
	return 0;
}

int size_parse(const char *text, int64_t *ret, struct err *e)
{
	return parse(text, size_units, "a size such as 512M or 1.5GiB", ret, e);
}

int rate_parse(const char *text, int64_t *ret, struct err *e)
{
	return parse(text, rate_units, "a rate such as 100M or 1Gbit/s", ret, e);
}

int duration_parse(const char *text, int64_t *ret, struct err *e)
{
	return parse(text, duration_units, "a time such as 10ms, 5s or 2min", ret, e);
}

int integer_parse(const char *text, int64_t *ret, struct err *e)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return err_set(e, EXIT_USAGE, "'%s' is not a whole number", text);
	*ret = value;
	return 0;
}

int fraction_parse(const char *text, double *ret, struct err *e)
{
	char *end;
	errno = 0;
	double value = isdigit((unsigned char)text[0]) || text[0] == '.' ? strtod(text, &end) : NAN;
	if (isnan(value) || errno)
		return err_set(e, EXIT_USAGE, "'%s' is not a fraction such as 50%%, 0.5 or 1/16", text);
	if (*end == '/') {
		char *rest;
		double divisor = strtod(end + 1, &rest);
		if (rest == end + 1 || !(divisor > 0))
			return err_set(e, EXIT_USAGE, "'%s' is not a fraction such as 50%%, 0.5 or 1/16", text);
		value /= divisor;
		end = rest;
	} else if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end || !isfinite(value))
		return err_set(e, EXIT_USAGE, "'%s' is not a fraction such as 50%%, 0.5 or 1/16", text);
	*ret = value;
	return 0;
}

static char *format(double value, double step, const char *const *names, size_t count, char *buffer, size_t room)
{
	size_t i = 0;
	while (i + 1 < count && fabs(value) >= step) {
		value /= step;
		i++;
	}
	snprintf(buffer, room, "%.4g %s", value, names[i]);
	return buffer;
}

char *size_format(int64_t bytes, char *buffer, size_t room)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	return format((double)bytes, 1024, names, 5, buffer, room);
}

char *rate_format(int64_t bits_per_s, char *buffer, size_t room)
{
	static const char *const names[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s" };
	return format((double)bits_per_s, 1000, names, 4, buffer, room);
}

char *duration_format(int64_t ns, char *buffer, size_t room)
{
	static const char *const names[] = { "ns", "us", "ms", "s" };
	return format((double)ns, 1000, names, 4, buffer, room);
}
