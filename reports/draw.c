#include "reports/draw.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point {
	double time_s, value[2];
};

struct points {
	struct point *point;
	long count, room;
};

struct drawing {
	const struct draw_request *request;
	struct drawn *drawn;
	struct points series[DRAWN_SERIES];
	int time, keys[4], values[2];
	int header_seen, failed;
};

static int find_columns(struct drawing *d, char **names, int count)
{
	const struct draw_request *r = d->request;
	d->time = csv_column(names, count, "time_s");
	for (int i = 0; i < 2; i++)
		d->values[i] = r->values[i] ? csv_column(names, count, r->values[i]) : -1;
	for (int i = 0; i < 4; i++)
		d->keys[i] = -1;
	for (int i = 0; i < 4 && r->keys[i]; i++)
		d->keys[i] = csv_column(names, count, r->keys[i]);
	d->header_seen = 1;
	return d->time < 0 || d->values[0] < 0;
}

static struct points *find_series(struct drawing *d, char **cells, int count)
{
	char label[sizeof(d->drawn->label[0])] = "";
	const char *keys[4];
	for (int i = 0; i < 4; i++) {
		size_t used = strlen(label);
		keys[i] = d->keys[i] >= 0 && d->keys[i] < count ? cells[d->keys[i]] : "";
		if (*keys[i])
			snprintf(label + used, sizeof(label) - used, "%s%s", used ? " " : "", keys[i]);
	}
	if (d->request->wanted && !d->request->wanted(d->request->context, keys))
		return NULL;
	for (int i = 0; i < d->drawn->series; i++)
		if (strcmp(d->drawn->label[i], label) == 0)
			return &d->series[i];
	if (d->drawn->series == DRAWN_SERIES) {
		d->drawn->left_out++;
		return NULL;
	}
	snprintf(d->drawn->label[d->drawn->series], sizeof(label), "%s", label);
	return &d->series[d->drawn->series++];
}

static int take_row(void *context, char **cells, int count)
{
	struct drawing *d = context;
	if (!d->header_seen)
		return find_columns(d, cells, count);
	double time_s = d->time < count ? csv_number(cells[d->time]) : NAN;
	if (!(time_s >= d->request->from_s && time_s <= d->request->to_s))
		return 0;
	struct points *p = find_series(d, cells, count);
	if (!p)
		return 0;
	if (p->count == p->room) {
		long room = p->room ? 2 * p->room : 1024;
		struct point *grown = reallocarray(p->point, (size_t)room, sizeof(*grown));
		if (!grown)
			return d->failed = 1;
		p->point = grown;
		p->room = room;
	}
	struct point *new = &p->point[p->count++];
	new->time_s = time_s;
	for (int i = 0; i < 2; i++)
		new->value[i] = d->values[i] >= 0 && d->values[i] < count ? csv_number(cells[d->values[i]]) : NAN;
	if (!isnan(new->value[0])) {
		d->drawn->numbers++;
		d->drawn->highest = fmax(d->drawn->highest, new->value[0]);
	}
	d->drawn->first_s = fmin(d->drawn->first_s, time_s);
	d->drawn->last_s = fmax(d->drawn->last_s, time_s);
	return 0;
}

static void write_point(FILE *out, const struct point *p)
{
	fprintf(out, "%.6f", p->time_s);
	for (int i = 0; i < 2; i++) {
		if (isnan(p->value[i]))
			fputs(" NaN", out);
		else
			fprintf(out, " %.8g", p->value[i]);
	}
	fputc('\n', out);
}

/* The lowest and the highest of a bin, in the order of their times, and a break if the bin has one. */
static void write_bin(FILE *out, const struct point *p, long count)
{
	long low = -1, high = -1, gap = -1;
	for (long i = 0; i < count; i++) {
		if (isnan(p[i].value[0])) {
			gap = i;
			continue;
		}
		if (low < 0 || p[i].value[0] < p[low].value[0])
			low = i;
		if (high < 0 || p[i].value[0] > p[high].value[0])
			high = i;
	}
	if (low >= 0)
		write_point(out, &p[low < high ? low : high]);
	if (low >= 0 && low != high)
		write_point(out, &p[low < high ? high : low]);
	if (gap >= 0)
		write_point(out, &p[gap]);
}

static void write_series(FILE *out, const struct points *s)
{
	if (s->count <= 2 * DRAWN_BINS) {
		for (long i = 0; i < s->count; i++)
			write_point(out, &s->point[i]);
		return;
	}
	for (long bin = 0; bin < DRAWN_BINS; bin++) {
		long from = s->count * bin / DRAWN_BINS, to = s->count * (bin + 1) / DRAWN_BINS;
		write_bin(out, s->point + from, to - from);
	}
}

int draw_series(const struct draw_request *request, const char *out_path, struct drawn *ret, struct err *e)
{
	struct drawing d = { .request = request, .drawn = ret };
	memset(ret, 0, sizeof(*ret));
	ret->first_s = ret->last_s = ret->highest = NAN;
	int result = csv_scan(request->path, take_row, &d, e);
	if (result == 0 && d.failed)
		result = err_set(e, EXIT_CANNOT, "no memory to draw '%s'", request->path);
	FILE *out = result == 0 ? fopen(out_path, "we") : NULL;
	if (result == 0 && !out)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", out_path);
	for (int i = 0; out && i < ret->series; i++) {
		fputs(i ? "\n\n" : "", out);
		write_series(out, &d.series[i]);
	}
	if (out && fclose(out) != 0)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", out_path);
	for (int i = 0; i < DRAWN_SERIES; i++)
		free(d.series[i].point);
	return result;
}
