#include "reports/simulated_points.h"

#include "reports/csv_table.h"
#include "reports/grid.h"
#include "reports/run_data.h"
#include "reports/simulated_range.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *metric, *heading;
	bool time, ratio; /* in ns; beside it what it is against the reference */
} shown[] = {
	{ "processing_time", "work done in", true, true },  { "wait", "all VMs waited", true, true },
	{ "unwaited_time", "less the waits", true, false }, { "moves", "moves", false, false },
	{ "lost_work", "work lost", true, false },          { "time_per_vm", "time of a VM", true, true },
	{ "nodes_used", "nodes in use", false, true },
};
enum { SHOWN = sizeof(shown) / sizeof(*shown), MAIN_SHOWN = 5 };

/* A number with the unit's digits, times in the view's; "-" where there is none. */
static void put_value(char cell[GRID_CELL], const struct simulated_view *v, double value, const char *unit)
{
	bool time = strcmp(unit, "ns") == 0;
	double is = time ? value / v->unit_ns : value;
	snprintf(cell, GRID_CELL,
	         isnan(value)       ? "-"
	         : fabs(is) < 0.005 ? "%.0f"
	         : fabs(is) < 9.95  ? "%.2f"
	                            : "%.1f",
	         is);
}

static void put_with_interval(char cell[GRID_CELL], const struct simulated_view *v, int row)
{
	const struct csv_table *t = v->summary;
	char part[3][GRID_CELL];
	static const char *const ends[] = { "value", "low", "high" };
	for (int i = 0; i < 3; i++)
		put_value(part[i], v, csv_table_number(t, row, ends[i]), csv_table_text(t, row, "unit"));
	if (isnan(csv_table_number(t, row, "low")))
		snprintf(cell, GRID_CELL, "%.20s", part[0]);
	else
		snprintf(cell, GRID_CELL, "%.20s (%.20s to %.20s)", part[0], part[1], part[2]);
}

static void put_ratio(char cell[GRID_CELL], const struct csv_table *t, int row)
{
	double ratio = csv_table_number(t, row, "ratio");
	if (isnan(ratio))
		snprintf(cell, GRID_CELL, "-");
	else
		snprintf(cell, GRID_CELL, "%.3g", ratio);
}

/* The row of a point's metric: summary.csv has all metrics of a point after those of the one before. */
static int point_row(const struct simulated_view *v, int point, const char *metric)
{
	int points = csv_table_rows(v->points), each = points ? csv_table_rows(v->summary) / points : 0;
	for (int i = point * each; i < (point + 1) * each; i++)
		if (strcmp(csv_table_text(v->summary, i, "metric"), metric) == 0)
			return i;
	return -1;
}

static const char *point_block(const struct simulated_view *v, int point)
{
	return csv_table_text(v->summary, point_row(v, point, shown[0].metric), "block");
}

static void point_put(const struct simulated_view *v, int point, bool wide, char (*cells)[GRID_CELL])
{
	simulated_differs(simulated_first_block(v), point_block(v, point), cells[0], GRID_CELL);
	if (!*cells[0])
		snprintf(cells[0], GRID_CELL, "%s", *simulated_first_block(v) ? "the first" : "-");
	snprintf(cells[1], GRID_CELL, "%s", csv_table_text(v->points, point, "policy"));
	for (int i = 0, at = 2; i < (wide ? SHOWN : MAIN_SHOWN); i++) {
		int row = point_row(v, point, shown[i].metric);
		if (wide)
			put_with_interval(cells[at++], v, row);
		else
			put_value(cells[at++], v, csv_table_number(v->summary, row, "value"),
			          csv_table_text(v->summary, row, "unit"));
		if (shown[i].ratio)
			put_ratio(cells[at++], v->summary, row);
	}
}

struct grid *simulated_points_grid(const struct simulated_view *v, int blocks, bool wide)
{
	int columns = 2, metrics = wide ? SHOWN : MAIN_SHOWN, points = csv_table_rows(v->points);
	for (int i = 0; i < metrics; i++)
		columns += 1 + shown[i].ratio;
	struct grid *g = grid_new(columns);
	char(*cells)[GRID_CELL] = grid_row(g);
	if (!cells)
		return g;
	snprintf(cells[0], GRID_CELL, "point");
	snprintf(cells[1], GRID_CELL, "policy");
	for (int i = 0, at = 2; i < metrics; i++) {
		snprintf(cells[at++], GRID_CELL, shown[i].time ? "%s (%s)" : "%s", shown[i].heading, v->unit);
		if (shown[i].ratio)
			snprintf(cells[at++], GRID_CELL, "of reference");
	}
	for (int first = 0; first < points && blocks > 0; first++) {
		bool seen = false;
		for (int k = 0; k < first && !seen; k++)
			seen = strcmp(point_block(v, k), point_block(v, first)) == 0;
		blocks -= !seen;
		for (int k = first; k < points && !seen; k++)
			if (strcmp(point_block(v, k), point_block(v, first)) == 0 && (cells = grid_row(g)))
				point_put(v, k, wide, cells);
	}
	return g;
}

void simulated_points_title(const struct simulated_view *v, bool wide, char *title, size_t room)
{
	const char *runs = json_text(v->manifest, "simulation.runs"), *first = simulated_first_block(v);
	bool one = strcmp(runs, "1") == 0;
	int used = snprintf(title, room, "%s%s run%s%s", one ? "" : "Means of ", runs, one ? "" : "s",
	                    wide && !one ? " (95 % interval)" : "");
	if (*first && (size_t)used < room)
		snprintf(title + used, room - (size_t)used,
		         "; the first point is %s, others are called by what differs", first);
}
