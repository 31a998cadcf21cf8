/* The figures of a simulation: the paper's table redrawn as bars, and the map of where its claims hold. */
#include "reports/simulated.h"

#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/gnuplot.h"
#include "reports/run_data.h"
#include "reports/simulated_range.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLICIES = 6, PANELS = 3, GROUPS = 3, TICKS = 40, TICK_ROOM = 80, ELEMENTS = 12 };
/* ---- bars ---- */

static const struct {
	const char *metric, *title;
	bool time;
} panels[PANELS] = {
	{ "processing_time", "work of all VMs done in", true },
	{ "wait", "VMs waited, all together", true },
	{ "moves", "moves", false },
};

/* Policies of the first block, in their order. */
static int policies_of(const struct simulated_view *v, const char *block, const char *names[POLICIES])
{
	int count = 0;
	for (int i = 0; i < csv_table_rows(v->summary) && count < POLICIES; i++) {
		const char *name = csv_table_text(v->summary, i, "policy");
		int k = 0;
		while (k < count && strcmp(names[k], name) != 0)
			k++;
		if (k == count && strcmp(csv_table_text(v->summary, i, "block"), block) == 0)
			names[count++] = name;
	}
	return count;
}

/* Bars beside each other: value, low, high of which columns. The paper has no interval. */
struct group {
	const char *columns[3];
	char label[80];
};

static int groups_of(const struct simulated_view *v, struct group ret[GROUPS])
{
	double runs = json_number(v->manifest, "simulation.runs"),
	       first = json_number(v->manifest, "simulation.first");
	int count = 0;
	if (csv_table_rows(v->judged))
		ret[count++] = (struct group){ { "paper", "", "" }, "paper" };
	if (runs > first) {
		ret[count] = (struct group){ { "first_value", "first_low", "first_high" }, "" };
		snprintf(ret[count++].label, sizeof(ret->label), "first %.0f run%s", first, first > 1 ? "s" : "");
	}
	ret[count] = (struct group){ { "value", "low", "high" }, "" };
	snprintf(ret[count++].label, sizeof(ret->label), "%.0f run%s", runs, runs > 1 ? "s" : "");
	return count;
}

static int put_bars(const struct simulated_view *v, FILE *s, const char *block, const struct group *groups,
                    int group_count)
{
	const char *names[POLICIES];
	int policies = policies_of(v, block, names), bars = 0;
	double high[PANELS] = { 0 };
	for (int i = 0; i < PANELS; i++)
		for (int g = 0; g < group_count; g++)
			for (int k = 0; k < policies; k++) {
				int row = simulated_row(v, block, names[k], panels[i].metric);
				double value[3];
				for (int c = 0; c < 3; c++)
					value[c] = csv_table_number(v->summary, row, groups[g].columns[c]) /
					           (panels[i].time ? v->unit_ns : 1);
				if (isnan(value[0]))
					continue;
				bars++;
				fprintf(s, "PANEL[%d] = %d\nX[%d] = %g\nKIND[%d] = %d\n", bars, i + 1, bars,
				        g + 1 + 0.8 * (k - (policies - 1) / 2.) / policies, bars, k + 1);
				gnuplot_set_number_item(s, "VALUE", bars, value[0]);
				gnuplot_set_number_item(s, "DOWN", bars, value[1]);
				gnuplot_set_number_item(s, "UP", bars, value[2]);
				high[i] = fmax(high[i], isnan(value[2]) ? value[0] : value[2]);
			}
	for (int i = 0; i < PANELS; i++)
		gnuplot_set_number_item(s, "HIGH", i + 1, high[i] > 0 ? 1.18 * high[i] : 1);
	for (int k = 0; k < policies; k++)
		gnuplot_set_item(s, "LABEL", k + 1, names[k]);
	fprintf(s, "COUNT = %d\nSERIES = %d\n", bars, policies);
	return bars;
}

static int table_prepare(const struct simulated_view *v, FILE *s)
{
	static const char *const arrays[] = { "PANEL", "X", "KIND", "VALUE", "DOWN", "UP" };
	const char *block = simulated_first_block(v);
	struct group groups[GROUPS];
	char text[500];
	int group_count = groups_of(v, groups);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		fprintf(s, "array %s[%d]\n", arrays[i], PANELS * GROUPS * POLICIES);
	fprintf(s, "array HIGH[%d]\narray TITLE[%d]\narray LABEL[%d]\narray GROUP[%d]\nGROUPS = %d\n", PANELS, PANELS,
	        POLICIES, GROUPS, group_count);
	for (int i = 0; i < PANELS; i++) {
		snprintf(text, sizeof(text), panels[i].time ? "%s (%s)" : "%s", panels[i].title, v->unit);
		gnuplot_set_item(s, "TITLE", i + 1, text);
	}
	snprintf(text, sizeof(text), "%s%s%s", *block ? "at " : "", block,
	         json_number(v->manifest, "simulation.runs") < 3 ? ""
	         : *block                                        ? "; error bars: 95 %"
	                                                         : "error bars: 95 %");
	gnuplot_set_text(s, "BELOW", text);
	for (int g = 0; g < group_count; g++)
		gnuplot_set_item(s, "GROUP", g + 1, groups[g].label);
	return put_bars(v, s, block, groups, group_count) == 0;
}

/* ---- the map ---- */

struct axis {
	char key[64], ticks[TICKS][TICK_ROOM];
	int count;
};

static int tick_of(struct axis *a, const char *value)
{
	int i = 0;
	while (i < a->count && strcmp(a->ticks[i], value) != 0)
		i++;
	if (i == a->count && i < TICKS)
		snprintf(a->ticks[a->count++], TICK_ROOM, "%.79s", value);
	return i < TICKS ? i : TICKS - 1;
}

/* By number where all have the same unit ("5min", "20min"); else as they come. */
static void ticks_sort(struct axis *a)
{
	char *unit, *other;
	for (int i = 0; i < a->count; i++) {
		strtod(a->ticks[0], &unit);
		strtod(a->ticks[i], &other);
		if (other == a->ticks[i] || strcmp(unit, other) != 0)
			return;
	}
	for (int i = 1; i < a->count; i++)
		for (int k = i; k > 0 && strtod(a->ticks[k], NULL) < strtod(a->ticks[k - 1], NULL); k--) {
			char moved[TICK_ROOM];
			memcpy(moved, a->ticks[k], TICK_ROOM);
			memcpy(a->ticks[k], a->ticks[k - 1], TICK_ROOM);
			memcpy(a->ticks[k - 1], moved, TICK_ROOM);
		}
}

/* The two elements of blocks with the most values, as they come. */
static void axes_choose(const struct simulated_view *v, int elements[2])
{
	int counts[2] = { 0, 0 };
	struct axis a;
	elements[0] = 0;
	elements[1] = 1;
	for (int element = 0; element < ELEMENTS; element++) {
		char key[64], value[64];
		a = (struct axis){ 0 };
		for (int i = 0; i < csv_table_rows(v->verdicts); i++)
			if (simulated_element(csv_table_text(v->verdicts, i, "block"), element, key, value))
				tick_of(&a, value);
		int place = a.count > counts[0] ? 0 : a.count > counts[1] ? 1 : 2;
		if (place == 0) {
			counts[1] = counts[0];
			elements[1] = elements[0];
		}
		if (place < 2) {
			counts[place] = a.count;
			elements[place] = element;
		}
	}
	if (counts[1] == 0)
		elements[1] = elements[0] == 0; /* there is one only */
	if (elements[0] > elements[1]) {
		int other = elements[0];
		elements[0] = elements[1];
		elements[1] = other;
	}
}

/* Places of a block; what varies besides the two axes is not on the map but at its first value. */
static int place(struct axis axes[2], const int elements[2], const char *first, const char *block, int at[2])
{
	char key[64], value[64], first_key[64], first_value[64];
	at[0] = at[1] = 0;
	for (int i = 0; simulated_element(block, i, key, value); i++) {
		int axis = i == elements[0] ? 0 : i == elements[1] ? 1 : 2;
		if (axis < 2) {
			snprintf(axes[axis].key, sizeof(axes[axis].key), "%s", key);
			at[axis] = tick_of(&axes[axis], value);
		} else if (!simulated_element(first, i, first_key, first_value) || strcmp(value, first_value) != 0) {
			return 0;
		}
	}
	return 1;
}

/* 1 as the paper, 2 its direction, 3 not shown, 4 against it, 5 nobody waits with the reference. */
static int state_of(const struct simulated_view *v, int row)
{
	const char *direction = csv_table_text(v->verdicts, row, "direction");
	if (!simulated_waits(v, row))
		return 5;
	if (strcmp(direction, "agrees") == 0)
		return strcmp(csv_table_text(v->verdicts, row, "size"), "agrees") == 0 ? 1 : 2;
	return strcmp(direction, "disagrees") == 0 ? 4 : 3;
}

/* What a key that varies is, for people; others have their own name. */
static const char *axis_title(const char *key)
{
	static const struct {
		const char *key, *title;
	} titles[] = {
		{ "interval", "a VM starts each" },
		{ "used", "memory in use of small/medium/large, %" },
		{ "scale", "length of the jobs, times (jobs.scale)" },
		{ "memory_threshold", "a node is loaded above" },
		{ "cores", "cores of a node" },
	};
	const char *of_policy = strrchr(key, '.'), *name = of_policy ? of_policy + 1 : key;
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (strcmp(titles[i].key, name) == 0)
			return titles[i].title;
	return name;
}

/* What a cell says, of two lines. */
static void cell_put(const struct simulated_view *v, FILE *s, int cell, const char *block, const char *claim)
{
	double wait = simulated_ratio(v, block, claim, "wait"),
	       percent = 100 * (simulated_ratio(v, block, claim, "processing_time") - 1);
	char saved[40] = "done as soon", waits[40] = "nobody waits";
	if (fabs(percent) >= 0.05)
		snprintf(saved, sizeof(saved), "done %.1f %% %s", fabs(percent), percent < 0 ? "sooner" : "later");
	if (!isnan(wait))
		snprintf(waits, sizeof(waits), "waits x %.2f", wait);
	gnuplot_set_item(s, "SAVED", cell, saved);
	gnuplot_set_item(s, "WAIT", cell, waits);
}

/* What is on the map, and what not: two lines under its caption. */
static void slice_put(const struct simulated_view *v, FILE *s, const char *first, const int elements[2], int cells,
                      int rows)
{
	char text[600], key[64], value[64];
	const char *policy = csv_table_text(v->judged, 0, "what"), *runs = json_text(v->manifest, "simulation.runs");
	policy += strcspn(policy, " ") + (*policy != '\0'); /* "wait, POLICY / REFERENCE" */
	snprintf(text, sizeof(text),
	         "In a cell, %s: how much sooner all work is done, and how long VMs wait together; means of %s run%s",
	         policy, runs, strcmp(runs, "1") == 0 ? "" : "s");
	gnuplot_set_text(s, "BELOW", text);
	int used = snprintf(text, sizeof(text), cells < rows ? "%d of %d points, those at" : "all %d points", cells,
	                    rows);
	for (int i = 0; cells < rows && simulated_element(first, i, key, value) && (size_t)used < sizeof(text); i++)
		if (i != elements[0] && i != elements[1])
			used += snprintf(text + used, sizeof(text) - (size_t)used, " %s=%s", key, value);
	gnuplot_set_text(s, "SLICE", text);
}

static int map_prepare(const struct simulated_view *v, FILE *s)
{
	static const char *const arrays[] = { "X", "Y", "STATE", "SAVED", "WAIT" };
	const char *first = csv_table_text(v->verdicts, 0, "block"), *claim = csv_table_text(v->verdicts, 0, "claim");
	struct axis axes[2] = { 0 };
	int cells = 0, points = 0, rows = csv_table_rows(v->verdicts), at[2], elements[2];
	if (rows < 2)
		return 1;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		fprintf(s, "array %s[%d]\n", arrays[i], rows);
	axes_choose(v, elements);
	for (int i = 0; i < rows; i++)
		place(axes, elements, first, csv_table_text(v->verdicts, i, "block"), at);
	ticks_sort(&axes[0]);
	ticks_sort(&axes[1]);
	for (int i = 0; i < rows; i++) {
		const char *block = csv_table_text(v->verdicts, i, "block");
		if (strcmp(csv_table_text(v->verdicts, i, "claim"), claim) != 0)
			continue;
		points++;
		if (!place(axes, elements, first, block, at))
			continue;
		cells++;
		fprintf(s, "X[%d] = %d\nY[%d] = %d\nSTATE[%d] = %d\n", cells, at[1] + 1, cells, at[0] + 1, cells,
		        state_of(v, i));
		cell_put(v, s, cells, block, claim);
	}
	slice_put(v, s, first, elements, cells, points);
	int columns = axes[1].count ? axes[1].count : 1, lines = axes[0].count ? axes[0].count : 1;
	fprintf(s, "COUNT = %d\nCOLUMNS = %d\nROWS = %d\narray COLUMN[%d]\narray ROW[%d]\n", cells, columns, lines,
	        columns, lines);
	for (int i = 0; i < columns; i++)
		gnuplot_set_item(s, "COLUMN", i + 1, axes[1].count ? axes[1].ticks[i] : "");
	for (int i = 0; i < lines; i++)
		gnuplot_set_item(s, "ROW", i + 1, axes[0].count ? axes[0].ticks[i] : "");
	gnuplot_set_text(s, "XLABEL", axis_title(axes[1].key));
	gnuplot_set_text(s, "YLABEL", axis_title(axes[0].key));
	return 0;
}

/* ---- drawing ---- */

static void table_caption(const struct simulated_view *v, char *text, size_t room)
{
	const char *table = simulated_study_table(json_text(v->manifest, "simulation.study"));
	if (*table)
		snprintf(text, room, "%s: the paper's, and simulated", table);
	else
		snprintf(text, room, "%s", json_text(v->manifest, "simulation.name"));
}

static void map_caption(const struct simulated_view *v, char *text, size_t room)
{
	snprintf(text, room, "Where %s holds. %s", csv_table_text(v->judged, 0, "claim"),
	         csv_table_text(v->judged, 0, "text"));
}

static const struct {
	const char *name, *script, *heading;
	int (*prepare)(const struct simulated_view *v, FILE *script);
	void (*caption)(const struct simulated_view *v, char *text, size_t room);
} table[SIMULATED_FIGURES] = {
	[FIGURE_TABLE] = { "table", "simulated_table.gp", "The first point: each policy", table_prepare,
	                   table_caption },
	[FIGURE_MAP] = { "map", "simulated_map.gp", "Where the paper's claims hold", map_prepare, map_caption },
};

int simulated_plots_draw(const struct simulated_view *v, struct simulated_plot plots[SIMULATED_FIGURES],
                         struct err *e)
{
	struct gnuplot g;
	struct err own[SIMULATED_FIGURES] = { 0 };
	int drawn[SIMULATED_FIGURES], result = gnuplot_begin(&g, v->directory, e);
	bool begun = result == 0;
	for (int i = 0; i < SIMULATED_FIGURES; i++) {
		char caption[300];
		table[i].caption(v, caption, sizeof(caption));
		plots[i] = (struct simulated_plot){ .name = table[i].name, .heading = table[i].heading };
		FILE *s = begun ? gnuplot_picture_begin(&g, table[i].name, caption, &own[i]) : NULL;
		drawn[i] = s ? gnuplot_picture_end(&g, table[i].name, table[i].script, s, table[i].prepare(v, s),
		                                   &own[i])
		             : -1;
	}
	if (begun)
		gnuplot_end(&g);
	for (int i = 0; i < SIMULATED_FIGURES; i++) {
		if (drawn[i] == 0 && !own[i].status)
			continue;
		snprintf(plots[i].missing, sizeof(plots[i].missing), "%.500s",
		         drawn[i] > 0    ? "there is nothing to draw"
		         : own[i].status ? own[i].text
		                         : e->text);
		if (own[i].status && result == 0)
			result = err_set(e, own[i].status, "%s", own[i].text);
	}
	return result;
}
