#include "bench/experiment/trace_file.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <csv.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	ARRIVAL,
	WORK,
	MEMORY,
	USED,
	HOME,
	KIND,
	DONE,
	DONE_LOW,
	DONE_HIGH,
	DONE_N,
	WORK_LOW,
	WORK_HIGH,
	POLICY,
	COLUMNS
};
enum { FIELD_ROOM = 64, CHUNK = 64 << 10, VMS_MAX = 100000000 };

static const struct {
	const char *name, *is;
	double from, below;
	bool whole;
} columns[COLUMNS] = {
	[ARRIVAL] = { "arrival_s", "a time from 0 to 2^32 s", 0, 0x1p32, false },
	[WORK] = { "work_s", "a time from 1e-9 to 2^32 s", 1e-9, 0x1p32, false },
	[MEMORY] = { "memory_bytes", "a whole number from 1 to 2^53", 1, 0x1p53, true },
	[USED] = { "used_bytes", "a whole number from 1 to 2^53", 1, 0x1p53, true },
	[HOME] = { "home", "a node: a whole number from 0", 0, 0x1p31, true },
	[KIND] = { "kind", "one of small, medium, large", 0, 0, false },
	[DONE] = { "done_s", "a number", -INFINITY, INFINITY, false },
	[DONE_LOW] = { "done_low_s", "a number", -INFINITY, INFINITY, false },
	[DONE_HIGH] = { "done_high_s", "a number", -INFINITY, INFINITY, false },
	[DONE_N] = { "done_n", "a whole number", 0, 0x1p53, true },
	[WORK_LOW] = { "work_low_s", "a number", -INFINITY, INFINITY, false },
	[WORK_HIGH] = { "work_high_s", "a number", -INFINITY, INFINITY, false },
	[POLICY] = { "policy", "a name", 0, 0, false },
};
static const char *const kind_names[SCENARIO_KINDS] = { "small", "medium", "large" };

struct reading {
	struct trace *t;
	int64_t line, newlines; /* where the row begins, from 1; line ends within its quotes */
	bool after_return;      /* the row before ended with a CR, whose LF is still to come */
	bool has_head;
	int fields, width;   /* of the row so far, and of the header */
	int column[COLUMNS]; /* of each field */
	struct simulated_vm vm;
	int64_t room;
	struct err *e;
	bool bad;
};

static void complain(struct reading *r, const char *what)
{
	if (!r->bad)
		err_set(r->e, EXIT_USAGE, "%s:%lld: %s", r->t->path, (long long)r->line, what);
	r->bad = true;
}

static void complain_of(struct reading *r, int column, const char *is, const char *what)
{
	char text[200];
	snprintf(text, sizeof(text), "%s %s %s", columns[column].name, is, what);
	complain(r, text);
}

static void head_take(struct reading *r, const char *text)
{
	const char *names[COLUMNS], *near;
	char what[200], shown[FIELD_ROOM];
	for (int i = 0; i < COLUMNS; i++) {
		names[i] = columns[i].name;
		if (strcmp(text, columns[i].name) != 0)
			continue;
		for (int k = 0; k < r->width; k++)
			if (r->column[k] == i)
				complain_of(r, i, "is", "there twice");
		if (!r->bad)
			r->column[r->width++] = i;
		return;
	}
	near = nearest_name(text, names, COLUMNS);
	snprintf(shown, sizeof(shown), "%s", text);
	for (char *at = shown; *at; at++)
		*at = isprint((unsigned char)*at) ? *at : '?';
	snprintf(what, sizeof(what), "unknown column '%s'%s%s%s", shown, near ? ", did you mean '" : "",
	         near ? near : "", near ? "'?" : "");
	complain(r, what);
}

static double number_take(struct reading *r, int column, const char *text)
{
	char *end;
	double value = strtod(text, &end);
	bool is = end != text && !*end && text[0] != '+' && !text[strspn(text, "0123456789.eE+-")];
	if (is && isfinite(value) && value >= columns[column].from && value < columns[column].below &&
	    (!columns[column].whole || value == floor(value)))
		return value;
	complain_of(r, column, "is not", columns[column].is);
	return 0;
}

static void kind_take(struct reading *r, const char *text)
{
	for (int i = 0; i < SCENARIO_KINDS; i++)
		if (strcmp(text, kind_names[i]) == 0)
			r->vm.kind = i;
	if (r->vm.kind < 0)
		complain_of(r, KIND, "is not", columns[KIND].is);
}

static void cell_take(struct reading *r, int column, const char *text)
{
	if (!text[0] || column == POLICY || (column >= DONE && strcmp(text, "missing") == 0))
		return;
	if (column == KIND) {
		kind_take(r, text);
		return;
	}
	double value = number_take(r, column, text);
	if (column == ARRIVAL)
		r->vm.arrival_ns = llround(value * NS_PER_S);
	else if (column == WORK)
		r->vm.work_ns = value * NS_PER_S;
	else if (column == MEMORY)
		r->vm.memory_bytes = (int64_t)value;
	else if (column == USED)
		r->vm.used_bytes = (int64_t)value;
	else if (column == HOME)
		r->vm.home = (int32_t)value;
}

static const char too_long[] = "a field is longer than 63 bytes, or not text";

static void take_field(void *field, size_t length, void *context)
{
	struct reading *r = context;
	char text[FIELD_ROOM] = "";
	const char *at = field;
	for (size_t i = 0; i < length; i++)
		r->newlines += at[i] == '\n';
	r->fields++;
	if (length >= sizeof(text) || (length && memchr(field, 0, length))) {
		complain(r, too_long);
		return;
	}
	if (length)
		memcpy(text, field, length);
	if (r->bad)
		return;
	if (!r->has_head)
		head_take(r, text);
	else if (r->fields <= r->width)
		cell_take(r, r->column[r->fields - 1], text);
}

static void head_end(struct reading *r)
{
	bool has_arrivals = false;
	for (int i = 0; i < r->width; i++)
		has_arrivals |= r->column[i] == ARRIVAL;
	if (!has_arrivals)
		complain(r, "there is no column arrival_s");
	r->has_head = true;
}

static void most_take(struct trace_most *most, int64_t value, int64_t line)
{
	if (value > most->value || !most->line)
		*most = (struct trace_most){ value, line };
}

static void vm_check(struct reading *r)
{
	const struct simulated_vm *v = &r->vm;
	struct trace *t = r->t;
	char what[80];
	if (r->fields != r->width) {
		snprintf(what, sizeof(what), "%d field%s, and the header has %d", r->fields,
		         r->fields == 1 ? "" : "s", r->width);
		complain(r, what);
	}
	if (v->arrival_ns < (t->count ? t->vms[t->count - 1].arrival_ns : 0))
		complain_of(r, ARRIVAL, "is", "missing, or before that of the row before");
	if (v->memory_bytes && v->used_bytes > v->memory_bytes)
		complain_of(r, USED, "is", "more than the VM's memory");
	if (t->count == VMS_MAX)
		complain(r, "more than 100000000 VMs");
	if (v->home >= 0)
		most_take(&t->home, v->home, r->line);
	if (v->memory_bytes)
		most_take(&t->memory_bytes, v->memory_bytes, r->line);
	else if (v->used_bytes)
		most_take(&t->used_bytes, v->used_bytes, r->line);
}

static void vm_keep(struct reading *r)
{
	struct trace *t = r->t;
	vm_check(r);
	if (r->bad)
		return;
	if (t->count == r->room) {
		int64_t room = r->room ? 2 * r->room : 1024;
		struct simulated_vm *larger = realloc(t->vms, (size_t)room * sizeof(*larger));
		if (!larger) {
			complain(r, "no memory for so many VMs");
			return;
		}
		t->vms = larger;
		r->room = room;
	}
	t->vms[t->count++] = r->vm;
}

static void take_row(int end, void *context)
{
	static const struct simulated_vm none = { .arrival_ns = -1, .home = -1, .kind = -1 };
	struct reading *r = context;
	bool blank = r->fields == 0, second = blank && end == '\n' && r->after_return;
	if (!blank && !r->bad) {
		if (r->has_head)
			vm_keep(r);
		else
			head_end(r);
	}
	r->line += second ? 0 : 1 + r->newlines;
	r->after_return = end == '\r';
	r->vm = none;
	r->fields = 0;
	r->newlines = 0;
}

static void read_all(struct reading *r, FILE *file, struct csv_parser *parser)
{
	static const char quote[] = "a quote in the wrong place", mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	char chunk[CHUNK];
	size_t n, skip;
	for (bool first = true; !r->bad && (n = fread(chunk, 1, sizeof(chunk), file)) > 0; first = false) {
		skip = first && n >= 3 && memcmp(chunk, mark, 3) == 0 ? 3 : 0;
		if (csv_parse(parser, chunk + skip, n - skip, take_field, take_row, r) != n - skip)
			complain(r, csv_error(parser) == CSV_EPARSE ? quote : csv_strerror(csv_error(parser)));
		if (parser->entry_pos >= FIELD_ROOM)
			complain(r, too_long);
	}
	if (!r->bad && ferror(file))
		complain(r, "cannot be read to its end");
	if (!r->bad && csv_fini(parser, take_field, take_row, r) != 0)
		complain(r, "a quote that does not end");
	if (!r->bad && r->t->count == 0)
		complain(r, "there is no VM");
}

static FILE *trace_open(const char *path, struct err *e)
{
	struct stat st;
	FILE *file;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		err_set(e, EXIT_USAGE, "cannot read '%s': it is no regular file", path);
		return NULL;
	}
	if (!(file = fopen(path, "re")))
		err_errno(e, EXIT_USAGE, "cannot read '%s'", path);
	return file;
}

struct trace *trace_read(const char *path, struct err *e)
{
	struct csv_parser parser;
	FILE *file = trace_open(path, e);
	if (!file)
		return NULL;
	struct reading r = { .t = calloc(1, sizeof(*r.t)), .line = 1, .e = e };
	if (!r.t || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
		fclose(file);
		free(r.t);
		err_set(e, EXIT_CANNOT, "no memory to read '%s'", path);
		return NULL;
	}
	snprintf(r.t->path, sizeof(r.t->path), "%s", path);
	r.t->users = 1;
	read_all(&r, file, &parser);
	csv_free(&parser);
	fclose(file);
	if (!r.bad)
		return r.t;
	trace_free(r.t);
	return NULL;
}

int trace_fits(const struct trace *t, const struct scenario *s, struct err *e)
{
	int64_t nodes = s->sites * s->nodes_per_site;
	if (t->home.line && t->home.value >= nodes)
		return err_set(e, EXIT_USAGE, "%s:%lld: home is no node: there are %lld, from 0", t->path,
		               (long long)t->home.line, (long long)nodes);
	if (t->memory_bytes.value > s->node_memory_bytes)
		return err_set(e, EXIT_USAGE,
		               "%s:%lld: memory_bytes is more than nodes.memory: the VM would never start", t->path,
		               (long long)t->memory_bytes.line);
	if (t->used_bytes.value > s->vm_memory_bytes)
		return err_set(e, EXIT_USAGE, "%s:%lld: used_bytes is more than the VM's memory (vms.memory)",
		               t->path, (long long)t->used_bytes.line);
	return 0;
}

struct trace *trace_share(struct trace *t)
{
	t->users++;
	return t;
}

void trace_free(struct trace *t)
{
	if (!t || --t->users > 0)
		return;
	free(t->vms);
	free(t);
}
