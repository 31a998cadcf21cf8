#include "analysis/evacuation.h"

#include "analysis/csv_field.h"
#include "analysis/interval.h"
#include "analysis/series_read.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/line_array.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINT, LABEL, TIME, BOUND, SENT, MEMORY, RECALLED, MOST, WANTED };

struct point {
	char label[300], link[300], schedule[64];
	double *times_s;
	int runs, never;
	double bound_s, sent, memory, recalled; /* sums */
	int64_t most;
	struct interval time;
};

struct points {
	struct point *points;
	int count;
};

int evacuation_is(const char *directory)
{
	char path[4096 + 32];
	snprintf(path, sizeof(path), "%s/evacuations.csv", directory);
	return access(path, R_OK) == 0;
}

static struct point *point_of(struct points *all, int64_t number, const char *label)
{
	if (number < 1 || number > EVACUATION_POINTS || number > all->count + 1)
		return NULL;
	struct point *p = &all->points[number - 1];
	if (number > all->count) {
		all->count++;
		snprintf(p->label, sizeof(p->label), "%.299s", label);
		study_label_split(label, "schedule", p->link, sizeof(p->link), p->schedule, sizeof(p->schedule));
		p->times_s = calloc(EVACUATION_RUNS, sizeof(*p->times_s));
	}
	return p->times_s && p->runs < EVACUATION_RUNS ? p : NULL;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct point *p = point_of(context, cells[POINT].integer, cells[LABEL].text);
	if (!p)
		return err_set(e, EXIT_MEASURED_BAD, "evacuations.csv: more points or runs than can be kept");
	int never = cells[TIME].integer == MISSING;
	p->never += never;
	p->times_s[p->runs++] = never ? NAN : (double)cells[TIME].integer / 1e9;
	p->bound_s += (double)cells[BOUND].integer / 1e9;
	p->sent += (double)cells[SENT].integer;
	p->memory += (double)cells[MEMORY].integer;
	p->recalled += (double)cells[RECALLED].integer;
	p->most = cells[MOST].integer > p->most ? cells[MOST].integer : p->most;
	return 0;
}

/* The least mean time at this link; one that does not always come to an end is none. */
static double best_of(const struct points *all, const char *link)
{
	double best = NAN;
	for (int i = 0; i < all->count; i++)
		if (strcmp(all->points[i].link, link) == 0 && !all->points[i].never)
			best = fmin(best, all->points[i].time.mean);
	return best;
}

static int points_write(struct points *all, const char *directory, struct err *e)
{
	struct whole_file out = { 0 };
	for (int i = 0; i < all->count; i++)
		all->points[i].time = interval_of(all->points[i].times_s, all->points[i].runs);
	if (whole_file_open(&out, directory, "evacuation.csv", e) < 0)
		return -1;
	fputs("point,label,link,schedule,n,never,time_s,low_s,high_s,bound_s,times_bound,times_best,sent_to_memory,"
	      "recalled,most\n",
	      out.file);
	for (int i = 0; i < all->count; i++) {
		const struct point *p = &all->points[i];
		double bound_s = p->bound_s / p->runs;
		const double numbers[] = { p->time.mean,           p->time.low,
			                   p->time.high,           bound_s,
			                   p->time.mean / bound_s, p->time.mean / best_of(all, p->link),
			                   p->sent / p->memory,    p->recalled / p->runs };
		fprintf(out.file, "%d,", i + 1);
		field_text(out.file, p->label);
		putc(',', out.file);
		field_text(out.file, p->link);
		putc(',', out.file);
		field_text(out.file, p->schedule);
		fprintf(out.file, ",%d,%d", p->runs, p->never);
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
			field_number(out.file, numbers[k]);
		fprintf(out.file, ",%lld\n", (long long)p->most);
	}
	return whole_file_close(&out, 0, e);
}

int evacuation_analyze(const char *directory, struct err *e)
{
	static const struct series_column wanted[WANTED] = {
		[POINT] = { "point", COLUMN_INTEGER, 0 },       [LABEL] = { "label", COLUMN_TEXT, 0 },
		[TIME] = { "time_ns", COLUMN_INTEGER, 0 },      [BOUND] = { "bound_ns", COLUMN_INTEGER, 0 },
		[SENT] = { "sent_bytes", COLUMN_INTEGER, 0 },   [MEMORY] = { "memory_bytes", COLUMN_INTEGER, 0 },
		[RECALLED] = { "recalled", COLUMN_INTEGER, 0 }, [MOST] = { "most", COLUMN_INTEGER, 0 },
	};
	struct points all = { calloc(EVACUATION_POINTS, sizeof(*all.points)), 0 };
	if (!all.points)
		return err_set(e, EXIT_CANNOT, "no memory to sum up simulated groups");
	int result = series_read(directory, "evacuations.csv", wanted, WANTED, on_row, &all, NULL, e);
	if (result == 1)
		result = err_set(e, EXIT_USAGE, "'%s' holds no simulated group", directory);
	if (result == 0)
		result = points_write(&all, directory, e);
	for (int i = 0; i < all.count; i++)
		free(all.points[i].times_s);
	free(all.points);
	return result;
}
