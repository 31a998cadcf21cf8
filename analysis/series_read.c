#include "analysis/series_read.h"

#include "bench/base/err.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, LINE_MAX_BYTES = 64 * 1024, FIELDS_MAX = 128 };

struct reading {
	const char *name;
	const struct series_column *columns;
	int count;
	series_row_fn *row;
	void *context;
	struct err *e;
	int64_t line; /* of the row being read, from 1 */
	int64_t rows;
	int fields;                /* in the header */
	int field;                 /* next field of this row, from 0 */
	int wanted_by[FIELDS_MAX]; /* field -> asked column, -1: nobody asked */
	int pending;               /* fields of an unfinished row were seen */
	int failed;
	struct series_cell cells[SERIES_COLUMNS_MAX];
	char text[SERIES_COLUMNS_MAX][SERIES_TEXT_ROOM];
};

int series_integer(const char *text, unsigned long length, int64_t *ret)
{
	unsigned long i = length && text[0] == '-';
	if (i == length || length - i > 19)
		return 0;
	uint64_t value = 0; /* 19 digits fit */
	for (; i < length; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';
		if (digit > 9)
			return 0;
		value = value * 10 + digit;
	}
	if (value >= SERIES_LIMIT)
		return 0;
	*ret = text[0] == '-' ? -(int64_t)value : (int64_t)value;
	return 1;
}

int series_number(const char *text, unsigned long length, double *ret)
{
	char copy[64], *end;
	if (length == 0 || length >= sizeof(copy) || !memchr("-.0123456789", text[0], 12))
		return 0;
	memcpy(copy, text, length);
	copy[length] = '\0';
	double value = strtod(copy, &end);
	if (end != copy + length || !isfinite(value) || strpbrk(copy, "xX"))
		return 0;
	*ret = value;
	return 1;
}

static int is_missing(const char *text, size_t length)
{
	return length == 0 || (length == 7 && !memcmp(text, "missing", 7)) ||
	       (length == 11 && !memcmp(text, "unsupported", 11));
}

/* Bytes of a hostile file go to a terminal: only printable ones do. */
static void printable(const char *text, size_t length, char out[40])
{
	size_t n = length < 36 ? length : 36;
	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	snprintf(out + n, 4, "%s", n < length ? "..." : "");
}

static void bad(struct reading *r, const char *what)
{
	r->failed = 1;
	err_set(r->e, EXIT_MEASURED_BAD, "%s:%lld: %s", r->name, (long long)r->line, what);
}

static void header_field(struct reading *r, const char *text, size_t length)
{
	if (r->fields == FIELDS_MAX) {
		bad(r, "more than 128 columns");
		return;
	}
	r->wanted_by[r->fields] = -1;
	for (int i = 0; i < r->count; i++)
		if (strlen(r->columns[i].name) == length && !memcmp(r->columns[i].name, text, length))
			r->wanted_by[r->fields] = i;
	r->fields++;
}

static void on_field(void *text, size_t length, void *context)
{
	struct reading *r = context;
	r->pending = 1;
	if (r->failed)
		return;
	if (r->line == 1) {
		header_field(r, text, length);
		return;
	}
	if (r->field == r->fields) {
		bad(r, "more fields than the header has");
		return;
	}
	int wanted = r->wanted_by[r->field++];
	if (wanted < 0)
		return;
	enum column_kind kind = r->columns[wanted].kind;
	if (kind == COLUMN_TEXT) {
		size_t n = length < SERIES_TEXT_ROOM - 1 ? length : SERIES_TEXT_ROOM - 1;
		memcpy(r->text[wanted], text, n);
		r->text[wanted][n] = '\0';
	} else if (kind == COLUMN_INTEGER ? series_integer(text, length, &r->cells[wanted].integer)
	                                  : series_number(text, length, &r->cells[wanted].number)) {
		return;
	} else if (is_missing(text, length)) {
		r->cells[wanted].integer = MISSING;
		r->cells[wanted].number = NAN;
	} else {
		char shown[40], what[128];
		printable(text, length, shown);
		snprintf(what, sizeof(what), "'%s' is not %s (column '%.40s')", shown,
		         kind == COLUMN_INTEGER ? "an integer" : "a number", r->columns[wanted].name);
		bad(r, what);
	}
}

static void header_end(struct reading *r)
{
	for (int i = 0; i < r->count; i++) {
		int found = r->columns[i].optional;
		for (int f = 0; f < r->fields; f++)
			found |= r->wanted_by[f] == i;
		if (!found) {
			char what[128];
			snprintf(what, sizeof(what), "no column '%.60s' in the header", r->columns[i].name);
			bad(r, what);
			return;
		}
	}
}

static void on_row_end(int end, void *context)
{
	(void)end;
	struct reading *r = context;
	r->pending = 0;
	if (r->failed)
		return;
	if (r->line == 1) {
		header_end(r);
	} else if (r->field < r->fields) {
		char what[80];
		snprintf(what, sizeof(what), "%d of %d fields", r->field, r->fields);
		bad(r, what);
	} else {
		r->rows++;
		if (r->row(r->context, r->cells, r->e) < 0)
			r->failed = 1;
	}
	r->field = 0;
	r->line++;
}

static int parse(struct reading *r, struct csv_parser *p, int fd, int64_t *ret_bytes)
{
	static const char too_long[] = "longer than 64 KiB, or a quote that does not end";
	char chunk[CHUNK];
	ssize_t n;
	while (!r->failed && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(r->e, EXIT_MEASURED_BAD, "cannot read '%s'", r->name);
		*ret_bytes += n;
		int64_t line = r->line;
		if (csv_parse(p, chunk, (size_t)n, on_field, on_row_end, r) != (size_t)n && !r->failed)
			bad(r,
			    csv_error(p) == CSV_EPARSE ? "a quote in the wrong place" : csv_strerror(csv_error(p)));
		if (!r->failed && (p->entry_pos > LINE_MAX_BYTES || (r->line == line && n == CHUNK)))
			bad(r, too_long);
	}
	if (!r->failed && p->entry_pos && memchr(p->entry_buf, '\n', p->entry_pos))
		bad(r, too_long); /* a quote swallowed whole lines: not a cut last line */
	return r->failed ? -1 : 0;
}

int series_read(const char *directory, const char *name, const struct series_column *columns, int count,
                series_row_fn *row, void *context, struct series_facts *facts, struct err *e)
{
	struct reading r = {
		.name = name, .columns = columns, .count = count, .row = row, .context = context, .e = e, .line = 1
	};
	if (count > SERIES_COLUMNS_MAX)
		return err_set(e, EXIT_USAGE, "more than %d columns asked of '%s'", SERIES_COLUMNS_MAX, name);
	for (int i = 0; i < count; i++)
		r.cells[i] = (struct series_cell){ .integer = MISSING, .number = NAN, .text = r.text[i] };

	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return err_errno(e, EXIT_MEASURED_BAD, "cannot open '%s'", path);

	struct csv_parser p;
	if (csv_init(&p, CSV_STRICT) != 0) {
		close(fd);
		return err_set(e, EXIT_CANNOT, "cannot start the CSV parser");
	}
	int64_t bytes = 0;
	int result = parse(&r, &p, fd, &bytes);
	if (result == 0 && r.line == 1)
		result = 1; /* not even a whole header: a run killed at birth */
	if (facts)
		*facts = (struct series_facts){ .rows = r.rows,
			                        .bytes = bytes,
			                        .rows_dropped = r.pending || p.entry_pos > 0 };
	csv_free(&p);
	close(fd);
	return result;
}
