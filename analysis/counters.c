#include "analysis/counters.h"

#include "analysis/csv_field.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD, VALUE, KEY, COLUMNS = KEY + COUNTER_KEYS_MAX, PLOT_BINS = 2000 };
static const int64_t least_bin_ns = 100 * NS_PER_MS;

const char *const counter_window_names[COUNTER_WINDOWS] = { "baseline", "migration", "settle", "call" };

static int on_bin(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)e;
	const struct counter *counter = context;
	const struct counters *c = counter->all;
	if (covered_ns < c->bin_ns / 4)
		return 0;
	fprintf(c->out, "%.3f", (double)(start_ns + c->bin_ns / 2 - c->origin_ns) / NS_PER_S);
	for (int i = 0; i < COUNTER_KEYS_MAX && c->keys[i]; i++) {
		putc(',', c->out);
		field_text(c->out, counter->key[i]);
	}
	fprintf(c->out, ",%.6g\n", amount * NS_PER_S / (double)covered_ns * c->plot_scale);
	return 0;
}

static int same(const struct counter *counter, const struct series_cell *cells)
{
	for (int i = 0; i < COUNTER_KEYS_MAX; i++)
		if (strcmp(counter->key[i], cells[KEY + i].text) != 0)
			return 0;
	return 1;
}

/* Rows come in rounds, so the next one is most likely the counter behind the last. */
static struct counter *find(struct counters *c, const struct series_cell *cells, struct err *e)
{
	for (int i = 1; i <= c->count; i++) {
		int at = (c->last_row + i) % c->count;
		if (same(&c->list[at], cells))
			return &c->list[c->last_row = at];
	}
	if (c->count == COUNTERS_MAX) {
		err_set(e, EXIT_MEASURED_BAD, "%s: more than %d different counters", c->file, COUNTERS_MAX);
		return NULL;
	}
	struct counter *new = &c->list[c->count];
	for (int i = 0; i < COUNTER_KEYS_MAX; i++)
		snprintf(new->key[i], sizeof(new->key[i]), "%.63s", cells[KEY + i].text);
	memcpy(new->windows, c->windows, sizeof(c->windows));
	new->last_ns = MISSING;
	new->all = c;
	c->last_row = c->count++;
	return new;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct counters *c = context;
	int64_t head_ns = cells[HEAD].integer, value = cells[VALUE].integer;
	if (head_ns == MISSING || value == MISSING)
		return 0;
	struct counter *counter = find(c, cells, e);
	if (!counter)
		return -1;
	if (counter->last_ns == MISSING)
		counter->bins =
			(struct curve_bins){ .width_ns = c->bin_ns,
			                     .end_ns = c->end_ns,
			                     .fn = on_bin,
			                     .context = counter,
			                     .start_ns = head_ns > c->first_ns ? head_ns / c->bin_ns * c->bin_ns
			                                                       : c->first_ns };
	else if (head_ns <= counter->last_ns)
		return 0;
	else if (value >= counter->last) {
		double amount = (double)(value - counter->last);
		for (int i = 0; i < COUNTER_WINDOWS; i++)
			curve_window_add(&counter->windows[i], counter->last_ns, head_ns, amount);
		if (curve_bins_add(&counter->bins, counter->last_ns, head_ns, amount, e) < 0)
			return -1;
	}
	counter->last_ns = head_ns;
	counter->last = value;
	return 0;
}

static void plan(struct counters *c, const struct run *run)
{
	for (int i = 0; i < WINDOW_CALL; i++) {
		const struct run_phase *phase = run_phase(run, counter_window_names[i]);
		if (phase)
			c->windows[i] = (struct curve_window){ .start_ns = phase->start_ns, .end_ns = phase->end_ns };
	}
	if (run->migrate_start_ns != MISSING && run->migrate_end_ns != MISSING)
		c->windows[WINDOW_CALL] =
			(struct curve_window){ .start_ns = run->migrate_start_ns, .end_ns = run->migrate_end_ns };
	if (run->event_count) {
		c->first_ns = run->events[0].head_ns;
		c->end_ns = run->events[run->event_count - 1].head_ns;
	}
	c->origin_ns = run->migrate_start_ns != MISSING ? run->migrate_start_ns : c->first_ns;
	c->bin_ns = curve_bin_width(c->end_ns - c->first_ns, least_bin_ns, PLOT_BINS);
}

int counters_read(struct counters *c, const struct run *run, struct err *e)
{
	struct series_column columns[COLUMNS] = {
		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 }, [VALUE] = { c->value, COLUMN_INTEGER, 0 }
	};
	for (int i = 0; i < COUNTER_KEYS_MAX; i++)
		columns[KEY + i] = (struct series_column){ c->keys[i] ? c->keys[i] : "", COLUMN_TEXT, 1 };
	c->list = calloc(COUNTERS_MAX, sizeof(*c->list));
	if (!c->list)
		return err_errno(e, EXIT_CANNOT, "cannot keep counters");
	plan(c, run);

	struct whole_file out = { 0 };
	if (whole_file_open(&out, run->directory, c->plot, e) < 0)
		return -1;
	c->out = out.file;
	fputs("time_s", c->out);
	for (int i = 0; i < COUNTER_KEYS_MAX && c->keys[i]; i++)
		fprintf(c->out, ",%s", c->keys[i]);
	fprintf(c->out, ",%s\n", c->plot_column);
	int read = series_read(run->directory, c->file, columns, COLUMNS, on_row, c, NULL, e);
	for (int i = 0; read == 0 && i < c->count; i++)
		read = curve_bins_finish(&c->list[i].bins, e);
	int put = whole_file_close(&out, read == 0 ? 0 : -1, e);
	return read == 0 ? put : read;
}

void counters_free(struct counters *c)
{
	free(c->list);
	c->list = NULL;
	c->count = 0;
}

const struct counter *counters_find(const struct counters *c, const char *key0, const char *key1, const char *key2)
{
	for (int i = 0; i < c->count; i++)
		if (!strcmp(c->list[i].key[0], key0) && !strcmp(c->list[i].key[1], key1) &&
		    !strcmp(c->list[i].key[2], key2))
			return &c->list[i];
	return NULL;
}
