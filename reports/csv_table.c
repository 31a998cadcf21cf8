#include "reports/csv_table.h"

#include "bench/base/err.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMN_ROOM = 64, TEXT_ROOM = 32 * 1024, CHUNK = 128 * 1024 };

struct scan {
	csv_row_fn *row;
	void *context;
	int count, stopped;
	size_t used;
	size_t offset[COLUMN_ROOM];
	char text[TEXT_ROOM];
};

static void take_field(void *field, size_t length, void *data)
{
	struct scan *s = data;
	if (s->count == COLUMN_ROOM)
		return;
	if (length > TEXT_ROOM - s->used - 1)
		length = TEXT_ROOM - s->used - 1;
	s->offset[s->count++] = s->used;
	if (length)
		memcpy(s->text + s->used, field, length);
	s->text[s->used + length] = '\0';
	/* The last byte is kept for the empty fields that follow when the room is used up. */
	s->used += length + 1 < TEXT_ROOM - s->used ? length + 1 : length;
}

static void take_row(int terminator, void *data)
{
	struct scan *s = data;
	char *cells[COLUMN_ROOM];
	(void)terminator;
	for (int i = 0; i < s->count; i++)
		cells[i] = s->text + s->offset[i];
	if (!s->stopped)
		s->stopped = s->row(s->context, cells, s->count);
	s->count = 0;
	s->used = 0;
}

int csv_scan(const char *path, csv_row_fn *row, void *context, struct err *e)
{
	int result = -1, fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, EXIT_MEASURED_BAD, "cannot read '%s'", path);
	struct csv_parser parser;
	struct scan *s = calloc(1, sizeof(*s));
	char *chunk = malloc(CHUNK);
	if (!s || !chunk || csv_init(&parser, 0) != 0) {
		err_set(e, EXIT_CANNOT, "no memory to read '%s'", path);
		goto fail;
	}
	s->row = row;
	s->context = context;
	ssize_t n = 0;
	while (!s->stopped && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || csv_parse(&parser, chunk, (size_t)n, take_field, take_row, s) != (size_t)n)
			break;
	}
	csv_fini(&parser, take_field, take_row, s);
	result = s->stopped || n == 0 ? 0 : err_set(e, EXIT_MEASURED_BAD, "cannot read '%s' as CSV", path);
	csv_free(&parser);
fail:
	free(chunk);
	free(s);
	close(fd);
	return result;
}

struct loading {
	struct csv_table *table;
	int room, limit, failed;
};

static int load_row(void *context, char **cells, int count)
{
	struct loading *l = context;
	struct csv_table *t = l->table;
	if (!t->names) {
		t->names = calloc((size_t)count + 1, sizeof(*t->names));
		for (int i = 0; t->names && i < count; i++)
			t->names[i] = strdup(cells[i]);
		t->columns = count;
		return l->failed = !t->names;
	}
	if (t->rows == l->limit)
		return 1;
	if (t->rows == l->room) {
		int room = l->room ? 2 * l->room : 64;
		char **grown = reallocarray(t->cells, (size_t)room * (size_t)t->columns + 1, sizeof(*grown));
		if (!grown)
			return l->failed = 1;
		t->cells = grown;
		l->room = room;
	}
	for (int i = 0; i < t->columns; i++)
		t->cells[t->rows * t->columns + i] = strdup(i < count ? cells[i] : "");
	t->rows++;
	return 0;
}

int csv_table_load(struct csv_table **ret, const char *directory, const char *name, int row_limit, struct err *e)
{
	char path[PATH_MAX];
	struct loading l = { .table = calloc(1, sizeof(*l.table)), .limit = row_limit };
	*ret = NULL;
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!l.table)
		return err_set(e, EXIT_CANNOT, "no memory to read '%s'", path);
	if (csv_scan(path, load_row, &l, e) < 0 || l.failed) {
		csv_table_free(l.table);
		return l.failed ? err_set(e, EXIT_CANNOT, "no memory to read '%s'", path) : -1;
	}
	*ret = l.table;
	return 0;
}

void csv_table_free(struct csv_table *t)
{
	if (!t)
		return;
	for (int i = 0; t->cells && i < t->rows * t->columns; i++)
		free(t->cells[i]);
	for (int i = 0; t->names && i < t->columns; i++)
		free(t->names[i]);
	free(t->cells);
	free(t->names);
	free(t);
}

int csv_table_rows(const struct csv_table *t)
{
	return t ? t->rows : 0;
}

int csv_column(char **names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *csv_table_text(const struct csv_table *t, int row, const char *column)
{
	int i = t && row >= 0 && row < t->rows ? csv_column(t->names, t->columns, column) : -1;
	return i >= 0 && t->cells[row * t->columns + i] ? t->cells[row * t->columns + i] : "";
}

double csv_number(const char *cell)
{
	char *end;
	double value = strtod(cell, &end);
	return end == cell || *end || !isfinite(value) ? NAN : value;
}

double csv_table_number(const struct csv_table *t, int row, const char *column)
{
	return csv_number(csv_table_text(t, row, column));
}
