#include "reports/simulated_range.h"

#include "reports/csv_table.h"
#include "reports/grid.h"
#include "reports/run_data.h"

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

char *simulated_differs(const char *first, const char *block, char *buffer, size_t room)
{
	char key[ELEMENT], value[ELEMENT], first_key[ELEMENT], first_value[ELEMENT];
	size_t used = 0;
	buffer[0] = '\0';
	for (int i = 0; simulated_element(block, i, key, value) && used < room; i++)
		if (!simulated_element(first, i, first_key, first_value) || strcmp(key, first_key) != 0 ||
		    strcmp(value, first_value) != 0)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s=%s", used ? " " : "", key, value);
	return buffer;
}

bool simulated_waits(const struct simulated_view *v, int row)
{
	return csv_table_number(v->verdicts, row, "waits") > 0;
}

/* Of points: how many; how many differ in their runs and have VMs that wait, and of these: at how many the claim's direction
 * holds, its sizes too, or it is wrong. */
struct tally {
	int points, counted, direction, size, against;
	double own_processing, own_wait, own_moves; /* where all other keys have their first value */
	double low, high;                           /* of the wait's ratio */
};

enum { ALL_POINTS = -1 };

/* Whether all elements of the block but one are those of the first block. */
static bool others_first(const char *first, const char *block, int but)
{
	char key[ELEMENT], value[ELEMENT], at_first[ELEMENT];
	for (int i = 0; simulated_element(block, i, key, value); i++)
		if (i != but && (!simulated_element(first, i, key, at_first) || strcmp(value, at_first) != 0))
			return false;
	return true;
}

static bool is_verdict(const struct simulated_view *v, int row, const char *column, const char *verdict)
{
	return strcmp(csv_table_text(v->verdicts, row, column), verdict) == 0;
}

/* Whether the row is about a point with this value of the element. */
static bool is_among(const struct simulated_view *v, int row, const char *claim, int element, const char *wanted)
{
	char key[ELEMENT], value[ELEMENT];
	if (!is_verdict(v, row, "claim", claim))
		return false;
	return element == ALL_POINTS ||
	       (simulated_element(csv_table_text(v->verdicts, row, "block"), element, key, value) &&
	        strcmp(value, wanted) == 0);
}

/* Whether a row before, of those that are counted together, has the same runs. */
static bool is_again(const struct simulated_view *v, int row, const char *claim, int element, const char *wanted)
{
	const char *alike = csv_table_text(v->verdicts, row, "alike");
	for (int i = 0; i < row; i++)
		if (is_verdict(v, i, "alike", alike) && is_among(v, i, claim, element, wanted))
			return true;
	return false;
}

static struct tally tally_of(const struct simulated_view *v, const char *claim, int element, const char *wanted)
{
	struct tally t = {
		.own_processing = NAN, .own_wait = NAN, .own_moves = NAN, .low = INFINITY, .high = -INFINITY
	};
	const char *first = csv_table_text(v->verdicts, 0, "block");
	for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
		if (!is_among(v, i, claim, element, wanted))
			continue;
		const char *block = csv_table_text(v->verdicts, i, "block");
		t.points++;
		if (element != ALL_POINTS && others_first(first, block, element)) {
			t.own_wait = simulated_ratio(v, block, claim, "wait");
			t.own_processing = simulated_ratio(v, block, claim, "processing_time");
			t.own_moves = simulated_ratio(v, block, claim, "moves");
		}
		if (!simulated_waits(v, i) || is_again(v, i, claim, element, wanted))
			continue;
		bool agrees = is_verdict(v, i, "direction", "agrees");
		double wait = element == ALL_POINTS ? NAN : simulated_ratio(v, block, claim, "wait");
		t.counted++;
		t.direction += agrees;
		t.against += is_verdict(v, i, "direction", "disagrees");
		t.size += agrees && is_verdict(v, i, "size", "agrees");
		t.low = fmin(t.low, wait);
		t.high = fmax(t.high, wait);
	}
	return t;
}

static const char *verdict_words(const struct simulated_view *v, int row, const char *column)
{
	return is_verdict(v, row, column, "not shown") ? "is not shown" : csv_table_text(v->verdicts, row, column);
}

/* "0.946 times"; one over nothing has no value. */
static const char *ratio_words(double value, const char *unit, char *buffer, size_t room)
{
	if (isfinite(value))
		snprintf(buffer, room, "%.3g%s", value, unit);
	else
		snprintf(buffer, room, "none, as nobody waits");
	return buffer;
}

/* Of the first point's sizes those that are not the paper's. */
static void sizes_words(const struct simulated_view *v, const char *claim, char *text, size_t room)
{
	const struct csv_table *t = v->judged;
	size_t used = 0;
	text[0] = '\0';
	for (int i = 0; i < csv_table_rows(t) && used < room; i++) {
		char what[160], value[64];
		if (strcmp(csv_table_text(t, i, "block"), simulated_first_block(v)) != 0 ||
		    strcmp(csv_table_text(t, i, "claim"), claim) != 0 ||
		    strcmp(csv_table_text(t, i, "size"), "1") != 0 ||
		    strcmp(csv_table_text(t, i, "verdict"), "agrees") == 0 ||
		    strcmp(csv_table_text(t, i, "verdict"), "a figure") == 0)
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s%s %s, in the paper %s", used ? "; " : " (",
		                         name_format(csv_table_text(t, i, "what"), what, sizeof(what)),
		                         ratio_words(csv_table_number(t, i, "value"), "", value, sizeof(value)),
		                         csv_table_text(t, i, "paper"));
	}
	if (used && used < room)
		snprintf(text + used, room - used, ")");
}

void simulated_range_words(const struct simulated_view *v, char *text, size_t room)
{
	const struct csv_table *t = v->judged;
	size_t used = 0;
	const char *last = "";
	text[0] = '\0';
	/* The first rows are the first point's; a ratio stands there before the same one's size. */
	for (int i = 0; i < csv_table_rows(t) && strcmp(csv_table_text(t, i, "size"), "0") == 0 && used < room; i++) {
		char what[160], value[64];
		used += (size_t)snprintf(text + used, room - used, "%s: %s, in the paper %s. ",
		                         name_format(csv_table_text(t, i, "what"), what, sizeof(what)),
		                         ratio_words(csv_table_number(t, i, "value"), " times", value, sizeof(value)),
		                         csv_table_text(t, i, "paper"));
	}
	/* The claims of a block come together. */
	for (int i = 0; i < csv_table_rows(v->verdicts) && used < room; i++) {
		const char *claim = csv_table_text(v->verdicts, i, "claim");
		if (i && strcmp(claim, csv_table_text(v->verdicts, 0, "claim")) == 0)
			break;
		if (strcmp(claim, last) == 0)
			continue;
		struct tally n = tally_of(v, claim, ALL_POINTS, "");
		char sizes[400];
		sizes_words(v, claim, sizes, sizeof(sizes));
		used += (size_t)snprintf(text + used, room - used,
		                         "At the first point the direction of %s %s, its size %s%s. Of %d point%s "
		                         "%d differ%s in their runs and have VMs that wait: it holds at %d of them, "
		                         "with sizes about the paper's at %d, and is wrong at %d. ",
		                         claim, verdict_words(v, i, "direction"), verdict_words(v, i, "size"), sizes,
		                         n.points, n.points == 1 ? "" : "s", n.counted, n.counted == 1 ? "s" : "",
		                         n.direction, n.size, n.against);
		last = claim;
	}
}

static void tally_row(struct grid *g, const char *key, const char *value, const struct tally *t)
{
	char(*cells)[GRID_CELL] = grid_row(g);
	if (!cells)
		return;
	const char *of_policy = strrchr(key, '.');
	snprintf(cells[0], GRID_CELL, "%s", of_policy ? of_policy + 1 : key);
	snprintf(cells[1], GRID_CELL, "%s", value);
	snprintf(cells[2], GRID_CELL, isnan(t->own_processing) ? "-" : "%.3f", t->own_processing);
	snprintf(cells[3], GRID_CELL, isnan(t->own_wait) ? "nobody waits" : "%.2f", t->own_wait);
	snprintf(cells[4], GRID_CELL, isnan(t->own_moves) ? "-" : "%.1f", t->own_moves);
	if (t->counted)
		snprintf(cells[5], GRID_CELL, "%.2f to %.2f", t->low, t->high);
	else
		snprintf(cells[5], GRID_CELL, "nobody waits");
	snprintf(cells[6], GRID_CELL, "%d of %d", t->counted, t->points);
	snprintf(cells[7], GRID_CELL, "%d", t->direction);
	snprintf(cells[8], GRID_CELL, "%d", t->size);
	snprintf(cells[9], GRID_CELL, "%d", t->against);
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
	static const char *const heads[] = { "key",         "value", "done in, times",
		                             "wait, times", "moves", "wait, all points",
		                             "points",      "holds", "sizes too",
		                             "wrong" };
	enum { COLUMNS = sizeof(heads) / sizeof(*heads) };
	struct grid *g = grid_new(COLUMNS);
	char(*cells)[GRID_CELL] = grid_row(g), key[ELEMENT], value[ELEMENT], title[300];
	for (int i = 0; cells && i < COLUMNS; i++)
		snprintf(cells[i], GRID_CELL, "%s", heads[i]);
	for (int element = 0; element < KEYS; element++)
		for (int i = 0; i < csv_table_rows(v->verdicts); i++) {
			if (!simulated_element(csv_table_text(v->verdicts, i, "block"), element, key, value) ||
			    seen_before(v, i, element, value))
				continue;
			struct tally t = tally_of(v, claim, element, value);
			tally_row(g, key, value, &t);
		}
	snprintf(
		title, sizeof(title),
		"%s by each value: ratios and moves with all other keys at their first value, and what all points come to that differ in "
		"their runs and have VMs that wait",
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
