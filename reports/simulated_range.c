#include "reports/simulated_range.h"

#include "reports/csv_table.h"
#include "reports/grid.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ELEMENT = 64, KEYS = 12 };

int simulated_element(const char *block, int index, char *key, char *value)
{
	for (; *block; block += strspn(block, " ")) {
		size_t length = strcspn(block, " "), equals = strcspn(block, "=");
		if (index-- == 0 && equals < length) {
			snprintf(key, ELEMENT, "%.*s", (int)equals, block);
			snprintf(value, ELEMENT, "%.*s", (int)(length - equals - 1), block + equals + 1);
			return 1;
		}
		block += length;
	}
	return 0;
}

double simulated_ratio(const struct simulated_view *v, const char *block, const char *claim, const char *metric)
{
	for (int i = 0; i < csv_table_rows(v->judged); i++)
		if (strcmp(csv_table_text(v->judged, i, "block"), block) == 0 &&
		    strcmp(csv_table_text(v->judged, i, "claim"), claim) == 0 &&
		    strncmp(csv_table_text(v->judged, i, "what"), metric, strlen(metric)) == 0)
			return csv_table_number(v->judged, i, "value");
	return NAN;
}

/* Of the points with one value: how many, at how many somebody waits, the claim's direction holds, its size too. */
struct tally {
	int points, wait, direction, size;
	double own_processing, own_wait; /* where all other keys have their first value */
	double low, high;                /* of the wait's ratio */
};

/* Whether all elements of the block but one are those of the first block. */
static bool others_first(const char *first, const char *block, int but)
{
	char key[ELEMENT], value[ELEMENT], at_first[ELEMENT];
	for (int i = 0; simulated_element(block, i, key, value); i++)
		if (i != but && (!simulated_element(first, i, key, at_first) || strcmp(value, at_first) != 0))
			return false;
	return true;
}

static struct tally tally_of(const struct simulated_view *v, const char *claim, int element, const char *wanted)
{
	struct tally t = { .own_processing = NAN, .own_wait = NAN, .low = INFINITY, .high = -INFINITY };
	const char *first = csv_table_text(v->verdicts, 0, "block");
	char key[ELEMENT], value[ELEMENT];
	for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
		const char *block = csv_table_text(v->verdicts, i, "block");
		if (strcmp(csv_table_text(v->verdicts, i, "claim"), claim) != 0 ||
		    !simulated_element(block, element, key, value) || strcmp(value, wanted) != 0)
			continue;
		double wait = simulated_ratio(v, block, claim, "wait");
		bool agrees = strcmp(csv_table_text(v->verdicts, i, "direction"), "agrees") == 0;
		t.points++;
		t.wait += !isnan(wait);
		t.direction += agrees;
		t.size += agrees && strcmp(csv_table_text(v->verdicts, i, "size"), "agrees") == 0;
		t.low = fmin(t.low, wait);
		t.high = fmax(t.high, wait);
		if (others_first(first, block, element)) {
			t.own_wait = wait;
			t.own_processing = simulated_ratio(v, block, claim, "processing_time");
		}
	}
	return t;
}

static void tally_row(struct grid *g, const char *key, const char *value, const struct tally *t)
{
	char(*cells)[GRID_CELL] = grid_row(g);
	if (!cells)
		return;
	snprintf(cells[0], GRID_CELL, "%s", key);
	snprintf(cells[1], GRID_CELL, "%s", value);
	snprintf(cells[2], GRID_CELL, isnan(t->own_processing) ? "-" : "%.3f", t->own_processing);
	snprintf(cells[3], GRID_CELL, isnan(t->own_wait) ? "nobody waits" : "%.2f", t->own_wait);
	if (t->wait)
		snprintf(cells[4], GRID_CELL, "%.2f to %.2f", t->low, t->high);
	else
		snprintf(cells[4], GRID_CELL, "nobody waits");
	snprintf(cells[5], GRID_CELL, "%d of %d", t->direction, t->points);
	snprintf(cells[6], GRID_CELL, "%d of %d", t->size, t->points);
}

static bool seen_before(const struct simulated_view *v, int row, int element, const char *wanted)
{
	char key[ELEMENT], value[ELEMENT];
	for (int i = 0; i < row; i++)
		if (simulated_element(csv_table_text(v->verdicts, i, "block"), element, key, value) &&
		    strcmp(value, wanted) == 0)
			return true;
	return false;
}

static void claim_put(FILE *out, const struct simulated_view *v, const char *claim)
{
	static const char *const heads[] = { "key",
		                             "value",
		                             "work done in, times",
		                             "waited, times",
		                             "waited, at all points",
		                             "direction as in the paper",
		                             "sizes too" };
	struct grid *g = grid_new(7);
	char(*cells)[GRID_CELL] = grid_row(g), key[ELEMENT], value[ELEMENT], title[200];
	for (int i = 0; cells && i < 7; i++)
		snprintf(cells[i], GRID_CELL, "%s", heads[i]);
	for (int element = 0; element < KEYS; element++)
		for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
			if (!simulated_element(csv_table_text(v->verdicts, i, "block"), element, key, value) ||
			    seen_before(v, i, element, value))
				continue;
			struct tally t = tally_of(v, claim, element, value);
			tally_row(g, key, value, &t);
		}
	snprintf(title, sizeof(title),
	         "%s by each value: ratios with all other keys at their first value, and what all points come to",
	         claim);
	grid_html.table(out, title, g);
	grid_free(g);
}

void simulated_range_put(FILE *out, const struct simulated_view *v)
{
	char key[ELEMENT], value[ELEMENT];
	const char *last = "";
	if (!simulated_element(csv_table_text(v->verdicts, 0, "block"), 1, key, value))
		return;
	for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
		const char *claim = csv_table_text(v->verdicts, i, "claim");
		if (i && strcmp(claim, csv_table_text(v->verdicts, 0, "claim")) == 0)
			break; /* those of a block come together */
		if (strcmp(claim, last) != 0)
			claim_put(out, v, claim);
		last = claim;
	}
}
